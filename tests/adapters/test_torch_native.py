"""PyTorch's own schedulers, read: against their formulas in mpmath, and against the objects themselves, stepped.

The traps are in test_torch_native_joined.py and test_torch_native_course.py.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath
import pytest
import torch
from torch.optim import lr_scheduler as native
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec.compiler.formula import formula_of, rounded
from torch_steps import VERSION, Make, optimizer_with, stepped

pytestmark = pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")  # SequentialLR before torch 2.9
Formula = Callable[[int], Any]
mp: Any = mpmath.MPContext()
mp.prec = 120
BASE = mp.mpf(0.1)


def ramp(t: Any, first: Any, last: Any, steps: Any) -> Any:
    return first + (last - first) * min(t, steps) / steps


def wave(t: Any, first: Any, last: Any, steps: Any) -> Any:
    """A cosine that goes on after its end."""
    return last + (first - last) * (1 + mp.cos(mp.pi * t / steps)) / 2


def restarted(t: int, first: int, growth: int, low: float) -> Any:
    length = first
    while t >= length:
        t, length = t - length, length * growth
    return wave(t, BASE, mp.mpf(low), mp.mpf(length))


def triangle(t: int, up: float, down: float, scale: Callable[[int, int], Any] = lambda _t, _k: 1) -> Any:
    cycle, since = int(t // (up + down)), mp.mpf(t) % (up + down)
    share = since / up if since <= up else (up + down - since) / down
    return mp.mpf(0.01) + (BASE - mp.mpf(0.01)) * share * scale(t, cycle)


def phases(t: int, knots: list[tuple[float, Any]], curve: Callable[..., Any] = wave) -> Any:
    """The value between the first knots around a step, each of which is a time and a rate; the last one is held."""
    for (begin, first), (end, last) in pairwise(knots):
        if t <= end:
            return curve(t - mp.mpf(begin), first, last, mp.mpf(end) - begin)
    return knots[-1][1]


PEAK = mp.mpf(0.2)
LOW, HIGH, TINY = float(mp.mpf(0.2) / 25), mp.mpf(0.2), 0.2 / 25 / 1e4
ROWS: dict[str, tuple[Make, Formula]] = {
    "StepLR": (lambda o: native.StepLR(o, 7, 0.5), lambda t: BASE / 2 ** (t // 7)),
    "StepLR, step_size not whole": (lambda o: native.StepLR(o, 2.5, 0.5), lambda t: BASE / 2 ** (t // 5)),
    "StepLR, gamma 0": (lambda o: native.StepLR(o, 7, 0.0), lambda t: BASE if t < 7 else 0),
    "MultiStepLR": (lambda o: native.MultiStepLR(o, [3, 9], 0.5), lambda t: BASE / 2 ** ((t >= 3) + (t >= 9))),
    "MultiStepLR, at 0, twice, below 0, not whole": (
        lambda o: native.MultiStepLR(o, [-1, 0, 2.5, 4.0, 9, 9], 0.5),
        lambda t: BASE / 2 ** (1 + (t >= 4) + 2 * (t >= 9)),
    ),
    "MultiStepLR, none": (lambda o: native.MultiStepLR(o, []), lambda _: BASE),
    "ConstantLR": (lambda o: native.ConstantLR(o, 0.5, 5), lambda t: BASE / 2 if t < 5 else BASE),
    "ConstantLR, total_iters 0": (lambda o: native.ConstantLR(o, 0.5, 0), lambda _: BASE / 2),
    "ConstantLR, total_iters not whole": (lambda o: native.ConstantLR(o, 0.5, 2.5), lambda _: BASE / 2),
    "LinearLR": (lambda o: native.LinearLR(o, 0.25, 1.0, 10), lambda t: ramp(t, BASE / 4, BASE, 10)),
    "LinearLR, total_iters 0": (lambda o: native.LinearLR(o, 0.25, 1.0, 0), lambda _: BASE / 4),
    "LinearLR, total_iters not whole": (
        lambda o: native.LinearLR(o, 0.25, 1.0, 2.5),
        lambda t: ramp(min(t, 2), BASE / 4, BASE, mp.mpf(2.5)),
    ),
    "LinearLR, to 0": (lambda o: native.LinearLR(o, 1.0, 0.0, 9), lambda t: ramp(t, BASE, 0, 9)),
    "ExponentialLR": (lambda o: native.ExponentialLR(o, 0.9), lambda t: BASE * mp.mpf(0.9) ** t),
    "ExponentialLR, gamma 1": (lambda o: native.ExponentialLR(o, 1.0), lambda _: BASE),
    "ExponentialLR, gamma 0": (lambda o: native.ExponentialLR(o, 0.0), lambda t: 0 if t else BASE),
    "PolynomialLR": (
        lambda o: native.PolynomialLR(o, 30, 2.0),
        lambda t: BASE * (1 - mp.mpf(min(t, 30)) / 30) ** 2,
    ),
    "PolynomialLR, total_iters 0": (lambda o: native.PolynomialLR(o, 0), lambda _: BASE),
    "PolynomialLR, total_iters not whole": (
        lambda o: native.PolynomialLR(o, 2.5, 0.5),
        lambda t: BASE * mp.sqrt(1 - mp.mpf(min(t, 2)) / mp.mpf(2.5)),
    ),
    "PolynomialLR, power 0": (lambda o: native.PolynomialLR(o, 5, 0.0), lambda _: BASE),
    "CosineAnnealingLR": (
        lambda o: native.CosineAnnealingLR(o, 10, 0.01),
        lambda t: wave(t, BASE, mp.mpf(0.01), 10),
    ),
    "CosineAnnealingLR, T_max not whole": (
        lambda o: native.CosineAnnealingLR(o, 7.5),
        lambda t: wave(t, BASE, 0, mp.mpf(7.5)),
    ),
    "CosineAnnealingLR, T_max 1": (
        lambda o: native.CosineAnnealingLR(o, 1, 0.01),
        lambda t: mp.mpf(0.01) if t % 2 else BASE,
    ),
    "CosineAnnealingLR, upwards": (lambda o: native.CosineAnnealingLR(o, 9, 0.3), lambda t: wave(t, BASE, 0.3, 9)),
    "CosineAnnealingWarmRestarts": (
        lambda o: native.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
        lambda t: restarted(t, 3, 2, 0.01),
    ),
    "CosineAnnealingWarmRestarts, of one step": (
        lambda o: native.CosineAnnealingWarmRestarts(o, 1, 1, 0.01),
        lambda _: BASE,
    ),
    "CosineAnnealingWarmRestarts, T_mult 3": (
        lambda o: native.CosineAnnealingWarmRestarts(o, 1, 3),
        lambda t: restarted(t, 1, 3, 0.0),
    ),
    "CyclicLR": (lambda o: native.CyclicLR(o, 0.01, 0.1, 7, 3), lambda t: triangle(t, 7, 3)),
    "CyclicLR, triangular2": (
        lambda o: native.CyclicLR(o, 0.01, 0.1, 4, mode="triangular2"),
        lambda t: triangle(t, 4, 4, lambda _, cycle: mp.mpf(0.5) ** cycle),
    ),
    "CyclicLR, steps not whole": (
        lambda o: native.CyclicLR(o, 0.01, 0.1, 2.5, 1.25, cycle_momentum=False),
        lambda t: triangle(t, 2.5, 1.25),
    ),
    "CyclicLR, straight down": (
        lambda o: native.CyclicLR(o, 0.01, 0.1, 7, 0, cycle_momentum=False),
        lambda t: triangle(t % 7, 7, 1),
    ),
    "OneCycleLR": (
        lambda o: native.OneCycleLR(o, 0.2, 40),
        lambda t: phases(t, [(0, LOW), (0.3 * 40 - 1, PEAK), (39, TINY)]),
    ),
    "OneCycleLR, three phases, a peak between steps": (
        lambda o: native.OneCycleLR(o, 0.2, 33, pct_start=0.25, three_phase=True, cycle_momentum=False),
        lambda t: phases(t, [(0, LOW), (7.25, PEAK), (14.5, LOW), (32, TINY)]),
    ),
    "OneCycleLR, linear, a peak before step 0": (
        lambda o: native.OneCycleLR(o, 0.2, 32, pct_start=1 / 64, anneal_strategy="linear"),
        lambda t: phases(t, [(-0.5, PEAK), (31, TINY)], ramp),
    ),
    "SWALR": (lambda o: SWALR(o, 0.05, 20), lambda t: wave(min(t, 20), BASE, mp.mpf(0.05), 20)),
    "SWALR, linear": (lambda o: SWALR(o, 0.05, 30, "linear"), lambda t: ramp(t, BASE, mp.mpf(0.05), 30)),
    "SWALR, anneal_epochs 0": (lambda o: SWALR(o, 0.05, 0), lambda _: mp.mpf(0.05)),
    "SequentialLR": (
        lambda o: native.SequentialLR(o, [native.LinearLR(o, 0.25, 1.0, 5), native.CosineAnnealingLR(o, 9)], [5]),
        lambda t: ramp(t, BASE / 4, BASE, 5) if t < 5 else wave(t - 5, BASE, 0, 9),
    ),
    "SequentialLR, cut short, and two milestones alike": (
        lambda o: native.SequentialLR(
            o,
            [native.LinearLR(o, 0.25, 1.0, 5), native.StepLR(o, 1), native.ExponentialLR(o, 0.9)],
            [3, 3],
        ),
        lambda t: ramp(t, BASE / 4, BASE, 5) if t < 3 else BASE * mp.mpf(0.9) ** (t - 3),
    ),
    "ChainedScheduler": (
        lambda o: native.ChainedScheduler([native.LinearLR(o, 0.25, 1.0, 5), native.ExponentialLR(o, 0.9)]),
        lambda t: ramp(t, BASE / 4, BASE, 5) * mp.mpf(0.9) ** t,
    ),
    "ChainedScheduler, of one, in another": (
        lambda o: native.ChainedScheduler([native.ChainedScheduler([native.CosineAnnealingLR(o, 9)])]),
        lambda t: wave(t, BASE, 0, 9),
    ),
}
CODE = {"LambdaLR", "MultiplicativeLR"}
STEPS, MID = 40, 11


def test_every_class_of_torch_has_a_row_and_a_degenerate_one() -> None:
    classes = [row.split(",")[0] for row in ROWS]
    listed = {name for name in native.__all__ if not name.startswith("_")} | {"SWALR"}
    assert set(classes) == listed - CODE - {"LRScheduler", "ReduceLROnPlateau"}
    assert min(map(classes.count, classes)) > 1


@pytest.mark.parametrize(("make", "formula"), ROWS.values(), ids=ROWS)
def test_each_class_is_its_formula_and_what_stepping_gives(make: Make, formula: Formula) -> None:
    optimizer = optimizer_with()
    scheduler = make(optimizer)
    reading = lrspec.read_native(scheduler)
    exact = formula_of(reading.schedule.node)
    for step in range(STEPS):
        assert abs(rounded(exact, step) - formula(step)) < 4e-16
        if step < getattr(scheduler, "total_steps", STEPS):
            assert abs(optimizer.param_groups[0]["lr"] - formula(step)) < 1e-13
            stepped(scheduler, optimizer, 1)
    assert reading.construct == type(scheduler).__name__
    assert reading.position == 0
    assert reading.checked_steps >= 32
    assert reading.largest_difference < 1e-13


@pytest.mark.parametrize("make", [row[0] for row in ROWS.values()], ids=ROWS)
def test_an_object_in_the_middle_of_its_run_is_the_same_and_stays_as_it_is(make: Make) -> None:
    optimizer = optimizer_with()
    scheduler = stepped(make(optimizer), optimizer, MID)
    before = copy.deepcopy((optimizer.param_groups, scheduler.state_dict()))
    reading = lrspec.read_native(scheduler)
    assert reading.position == MID
    assert reading.schedule.fingerprint == lrspec.from_native(make(optimizer_with())).fingerprint
    assert (optimizer.param_groups, scheduler.state_dict()) == before
    stepped(scheduler, optimizer, 1)
    assert abs(optimizer.param_groups[0]["lr"] - reading.schedule.exact(MID + 1)) < 1e-13


@pytest.mark.parametrize("make", [row[0] for row in ROWS.values()], ids=ROWS)
def test_a_rate_that_is_a_tensor_is_read_in_float64(make: Make) -> None:
    optimizer = optimizer_with(torch.tensor(0.1))
    scheduler = stepped(make(optimizer), optimizer, MID)
    if isinstance(scheduler, native.SequentialLR) and VERSION < (2, 10):
        with pytest.raises(lrspec.MismatchError, match="writes over a base rate that is a tensor"):
            lrspec.read_native(scheduler)
        return
    reading = lrspec.read_native(scheduler)
    assert any("a tensor of torch.float32" in note for note in reading.conventions)
    assert abs(float(optimizer.param_groups[0]["lr"]) - reading.schedule.exact(MID)) < 1e-7
    assert reading.largest_difference < 1e-13


def test_exp_range_needs_an_end() -> None:
    def make(optimizer: Any) -> Any:
        return native.CyclicLR(optimizer, 0.01, 0.1, 4, 3, mode="exp_range", gamma=0.9)

    with pytest.raises(lrspec.UnsupportedError, match=r"CyclicLR .*without an end .*give sample=N"):
        lrspec.from_native(make(optimizer_with()))
    exact = formula_of(lrspec.from_native(make(optimizer_with()), sample=30).node)
    for step in range(31):
        expected = triangle(step, 4, 3, lambda t, _: mp.mpf(0.9) ** t)
        assert abs(rounded(exact, step) - expected) < 1e-16
    assert rounded(exact, 60) == rounded(exact, 30)


@pytest.mark.parametrize(("kind", "key"), [(torch.optim.SGD, "momentum"), (torch.optim.AdamW, "betas")])
@pytest.mark.parametrize(
    "make",
    [
        lambda o: native.CyclicLR(o, 0.01, 0.1, 7, 3, mode="triangular2", base_momentum=0.7, max_momentum=0.95),
        lambda o: native.OneCycleLR(o, 0.2, 40, three_phase=True, pct_start=0.4),
    ],
    ids=["CyclicLR", "OneCycleLR"],
)
def test_a_momentum_that_cycles_is_a_schedule_of_the_document(make: Make, kind: Any, key: str) -> None:
    optimizer = optimizer_with(kind=kind)
    scheduler = make(optimizer)
    document = lrspec.from_native(scheduler)
    assert isinstance(document, lrspec.Document)
    assert list(document) == ["learning_rate", "momentum"]
    for step in range(40):
        held = optimizer.param_groups[0][key]
        assert abs((held if key == "momentum" else held[0]) - document["momentum"].exact(step)) < 1e-14
        stepped(scheduler, optimizer, 1)


def test_a_long_schedule_is_compared_one_step_at_a_time_beyond_what_is_played() -> None:
    optimizer = optimizer_with()
    warmup, decay = native.LinearLR(optimizer, 0.25, 1.0, 2000), native.CosineAnnealingLR(optimizer, 300_000, 0.001)
    reading = lrspec.read_native(native.SequentialLR(optimizer, [warmup, decay], [2000]))
    assert any("of the steps from 100000 to 1202002 were compared" in note for note in reading.conventions)
    expected = wave(mp.mpf(150_000), BASE, mp.mpf(0.001), 300_000)
    assert abs(rounded(formula_of(reading.schedule.node), 152_000) - expected) < 1e-16
    assert math.isclose(reading.schedule.exact(302_000), 0.001)
