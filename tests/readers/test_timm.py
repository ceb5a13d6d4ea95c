"""Schedulers of `timm.scheduler`, read: against their formulas in mpmath, and against what they set."""

import argparse
import itertools
import math
from functools import partial
from typing import Any

import pytest
import timm.scheduler as timm

import lrspec
from lrspec import UnsupportedError
from lrspec.readers import read_native
from lrspec.readers.configs import read_config
from lrspec.readers.param_groups import nodes_of
from lrspec.readers.reading import MismatchError, bounded, exact_values
from reader_rows import Formula, check_formula, check_live, cos01, mp, optimizer, rates_of, share

RATES = (0.1, 0.03)
STEPS = 150
LOW = mp.mpf(1e-3)


def fall(base: Any, part: Any, low: Any = 0) -> Any:
    return low + (mp.mpf(base) - low) * part


def cycle(t: int, first: int, growth: int, count: int) -> tuple[int, int, int]:
    """Return the cycle's number, the step in it, and its length; -1 after the last one."""
    start, length = 0, first
    for number in range(count):
        if t < start + length:
            return number, t - start, length
        start, length = start + length, length * growth
    return -1, 0, 1


def cycles(base: float, t: int, first: int, growth: int, count: int, shrink: float = 1.0, low: Any = 0) -> Any:
    number, step, length = cycle(t, first, growth, count)
    if number < 0:
        return low
    return fall(base * mp.mpf(shrink) ** number, cos01(share(step, length)), low)


def tanh01(x: Any) -> Any:
    return (1 - mp.tanh(-7 * (1 - x) + 3 * x)) / 2


def warm(t: int, steps: float, first: float, peak: Any, then: Formula) -> Any:
    return mp.mpf(first) + (mp.mpf(peak) - mp.mpf(first)) * share(t, steps) if t < steps else then(t)


def wsd(base: float, s: int, stable: Any, decay: Any, total: int, last: int, low: Any) -> Any:
    level = max(base * stable(s), low)
    x = share(min(max(s - (total - last), 0), last), last)
    return low + (level - low) * decay(x)


Row = tuple[type, tuple[Any, ...], dict[str, Any], Any]
C, T, P = timm.CosineLRScheduler, timm.TanhLRScheduler, timm.PolyLRScheduler
S, M, W = timm.StepLRScheduler, timm.MultiStepLRScheduler, timm.WSDLRScheduler
ROWS: dict[str, Row] = {
    "cosine": (C, (60,), {}, lambda b, t: cycles(b, t, 60, 1, 1)),
    "cosine, warmup over its beginning": (
        C, (60,), {"warmup_t": 5, "warmup_lr_init": 1e-4, "lr_min": 1e-3},
        lambda b, t: warm(t, 5, 1e-4, b, lambda t: cycles(b, t, 60, 1, 1, low=LOW)),
    ),
    "cosine, warmup in front": (
        C, (60,), {"warmup_t": 5, "warmup_lr_init": 1e-4, "warmup_prefix": True},
        lambda b, t: warm(t, 5, 1e-4, b, lambda t: cycles(b, t - 5, 60, 1, 1)),
    ),
    "cosine, three cycles with a falling peak": (
        C, (20,), {"cycle_limit": 3, "cycle_decay": 0.5, "lr_min": 1e-3},
        lambda b, t: cycles(b, t, 20, 1, 3, 0.5, LOW),
    ),
    "cosine, cycles three times as long": (
        C, (9,), {"cycle_limit": 3, "cycle_mul": 3.0, "warmup_t": 4, "warmup_prefix": True},
        lambda b, t: warm(t, 4, 0, b, lambda t: cycles(b, t - 4, 9, 3, 3)),
    ),
    "cosine, k_decay": (C, (60,), {"k_decay": 2.0}, lambda b, t: fall(b, cos01(share(min(t, 60), 60) ** 2))),
    "cosine, no cycle": (C, (60,), {"cycle_limit": 0, "lr_min": 1e-3}, lambda *_: LOW),
    "cosine of 1 step": (C, (1,), {}, lambda b, t: b if t == 0 else 0),
    "cosine, warmup of 2.5": (
        C, (60,), {"warmup_t": 2.5}, lambda b, t: warm(t, 2.5, 0, b, lambda t: cycles(b, t, 60, 1, 1)),
    ),
    "tanh": (T, (60,), {}, lambda b, t: fall(b, tanh01(share(t, 60))) if t < 60 else 0),
    "tanh, warmup to where it is then": (
        T, (60,), {"warmup_t": 5, "warmup_lr_init": 1e-4},
        lambda b, t: warm(
            t, 5, 1e-4, fall(b, tanh01(share(5, 60))), lambda t: fall(b, tanh01(share(t, 60))) if t < 60 else 0
        ),
    ),
    "tanh, two cycles": (
        T, (30,), {"cycle_limit": 2, "lr_min": 1e-3},
        lambda b, t: fall(b, tanh01(share(t % 30, 30)), LOW) if t < 60 else LOW,
    ),
    "poly": (P, (60,), {}, lambda b, t: fall(b, mp.sqrt(1 - share(min(t, 60), 60)))),
    "poly, power 2 and k_decay": (
        P, (60,), {"power": 2.0, "k_decay": 1.5, "lr_min": 1e-3},
        lambda b, t: fall(b, (1 - share(min(t, 60), 60) ** mp.mpf(1.5)) ** 2, LOW),
    ),
    "poly, power 0": (P, (60,), {"power": 0}, lambda b, t: b if t < 60 else 0),
    "step": (S, (30,), {"decay_rate": 0.5}, lambda b, t: mp.mpf(b) / 2 ** (t // 30)),
    "step, warmup in front": (
        S, (30,), {"decay_rate": 0.5, "warmup_t": 5},
        lambda b, t: warm(t, 5, 0, b, lambda t: mp.mpf(b) / 2 ** ((t - 5) // 30)),
    ),
    "step, warmup over it": (
        S, (3,), {"decay_rate": 0.5, "warmup_t": 5, "warmup_prefix": False},
        lambda b, t: warm(t, 5, 0, b, lambda t: mp.mpf(b) / 2 ** (t // 3)),
    ),
    "step, rate 1": (S, (1,), {"decay_rate": 1.0}, lambda b, _: b),
    "step, rate 0": (S, (7,), {"decay_rate": 0.0}, lambda b, t: b if t < 7 else 0),
    "step, period of 2.5": (S, (2.5,), {"decay_rate": 0.5}, lambda b, t: mp.mpf(b) / 2 ** (2 * t // 5)),
    "multi-step": (
        M, ([30, 60, 60],), {"decay_rate": 0.5}, lambda b, t: mp.mpf(b) / (1 if t < 29 else 2 if t < 59 else 8),
    ),
    "multi-step, a first milestone": (M, ([1],), {"decay_rate": 0.5}, lambda b, _: mp.mpf(b) / 2),
    "multi-step, warmup": (
        M, ([30],), {"decay_rate": 0.5, "warmup_t": 5},
        lambda b, t: warm(t, 5, 0, b, lambda t: mp.mpf(b) / (1 if t < 34 else 2)),
    ),
    "multi-step without milestones": (M, ([],), {"decay_rate": 0.5}, lambda b, _: b),
    "wsd": (
        W, (90, 20), {"warmup_t": 10, "lr_min": 1e-3},
        lambda b, t: warm(
            t, 10, 0, b, lambda t: wsd(b, t - 10, lambda _: 1, lambda x: 1 - mp.sqrt(x), 90, 20, LOW)
        ),
    ),
    "wsd, rsqrt and linear": (
        W, (90, 20), {"warmup_t": 10, "lr_min": 1e-3, "stable_fn": "rsqrt", "decay_fn": "linear"},
        lambda b, t: warm(
            t, 10, 0, b, lambda t: wsd(b, t - 10, lambda s: mp.sqrt(share(10, 10 + s)), lambda x: 1 - x, 90, 20, LOW)
        ),
    ),
    "wsd, a power below lr_min, and exp": (
        W, (90, 90),
        {"lr_min": 0.02, "stable_fn": "power", "stable_power": 2, "stable_timescale": 30.0, "decay_fn": "exp"},
        lambda b, t: wsd(
            b, t, lambda s: share(30, 30 + s) ** 2, lambda x: (mp.mpf(0.1) ** x - mp.mpf(0.1)) / (1 - mp.mpf(0.1)),
            90, 90, mp.mpf(0.02),
        ),
    ),
    "wsd, cosine": (
        W, (90, 20), {"decay_fn": "cosine"}, lambda b, t: wsd(b, t, lambda _: 1, cos01, 90, 20, mp.mpf(0)),
    ),
    "wsd, power": (
        W, (90, 20), {"decay_fn": "power", "decay_power": 2.0},
        lambda b, t: wsd(b, t, lambda _: 1, lambda x: 1 - x**2, 90, 20, mp.mpf(0)),
    ),
}  # fmt: skip
ids = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def made(row: Row, *rates: float, **more: Any) -> Any:
    kind, given, named, _ = row
    return kind(optimizer(*rates), *given, **named, **more)


@ids
def test_formula(row: Row) -> None:
    reading = read_native(made(row, *RATES))
    check_formula(reading, [partial(row[-1], base) for base in RATES], STEPS)
    assert (reading.framework, reading.construct) == ("timm", row[0].__name__)
    assert reading.checked_steps >= 64
    assert reading.largest_difference < 1e-13


@ids
@pytest.mark.parametrize("t_in_epochs", [True, False], ids=["epochs", "updates"])
def test_live_steps(row: Row, *, t_in_epochs: bool) -> None:
    scheduler = made(row, *RATES, t_in_epochs=t_in_epochs)
    reading = read_native(scheduler)
    step = scheduler.step if t_in_epochs else scheduler.step_update
    check_live(reading, rates_of(scheduler.optimizer, step, STEPS))
    assert reading.conventions[0].startswith("t_in_epochs" if t_in_epochs else "not t_in_epochs")
    assert read_native(scheduler).schedule == reading.schedule  # in the middle of its training


@ids
def test_values_compile(row: Row) -> None:
    found = lrspec.from_native(made(row, 0.1)).values(0, STEPS)
    assert found == pytest.approx([float(row[-1](0.1, t)) for t in range(STEPS)], rel=1e-7, abs=1e-16)


def test_every_class_has_a_row_or_is_refused() -> None:
    classes = {name for name in vars(timm) if name.endswith("Scheduler")}
    assert {row[0].__name__ for row in ROWS.values()} | {"PlateauLRScheduler"} == classes


def test_layer_scales_are_scales_of_groups() -> None:
    layers = optimizer(0.1, 0.1, 0.1, groups=[{"lr_scale": 0.25}, {"lr_scale": 0.5}, {}])
    scheduler = C(layers, 60, warmup_t=5)
    reading = read_native(scheduler)
    assert isinstance(reading.schedule, lrspec.Document)
    assert reading.schedule.to_dict()["groups"] == [{"scale": 0.25}, {"scale": 0.5}, {}]
    check_live(reading, rates_of(layers, scheduler.step, STEPS))
    assert any("lr_scale" in note for note in reading.conventions)


@pytest.mark.parametrize(
    ("native", "words"),
    [
        (lambda: C(optimizer(0.1), 10, noise_range_t=3), "noise.*sample=N"),
        (
            lambda: C(optimizer(0.1), 10, cycle_mul=0.5, cycle_limit=2),
            "cycle_mul=1/2, below 1: timm fails from step 20",
        ),
        (lambda: C(optimizer(0.1), 10, cycle_decay=0.0, cycle_limit=2), "cycle_decay=0.*sample=N"),
        (lambda: P(optimizer(0.1), 10, power=-1.0), "power=-1.*sample=N"),
        (lambda: M(optimizer(0.1), [9, 3]), "not in order"),
        (lambda: W(optimizer(0.1), 10, 5, decay_fn=lambda x: 1 - x), "decay_fn is a function"),
    ],
)
def test_refused(native: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        lrspec.from_native(native())


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_plateau_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match=r"PlateauLRScheduler.*metric"):
        lrspec.from_native(timm.PlateauLRScheduler(optimizer(0.1)))


def test_noise_is_sampled() -> None:
    scheduler = C(optimizer(*RATES), 30, noise_range_t=[5, 20])
    reading = read_native(scheduler, sample=40)
    check_live(reading, rates_of(scheduler.optimizer, scheduler.step, 40), 1e-15)


def test_a_class_of_the_users_is_refused_and_sampled() -> None:
    class Mine(C):  # type: ignore[misc, valid-type]
        def _get_lr(self, t: int) -> list[float]:
            return [base / (1 + t) for base in self.base_values]

    with pytest.raises(UnsupportedError, match="formula is code"):
        lrspec.from_native(Mine(optimizer(0.1), 10))
    assert lrspec.from_native(Mine(optimizer(0.1), 10), sample=9)(4) == pytest.approx(0.02)


def test_a_class_that_only_has_the_name_of_one_of_timm_is_code() -> None:
    class CosineLRScheduler(C):  # type: ignore[misc, valid-type]
        def _get_values(self, t: int, on_epoch: bool = True) -> list[float]:  # noqa: FBT001, FBT002 - timm's own
            return [value / 2 for value in super()._get_values(t, on_epoch)]

    CosineLRScheduler.__qualname__ = "CosineLRScheduler"
    with pytest.raises(UnsupportedError, match=r"CosineLRScheduler is not supported: .* whose formula is code"):
        lrspec.from_native(CosineLRScheduler(optimizer(0.1), 10))
    scheduler = CosineLRScheduler(optimizer(0.1), 10)
    reading = read_native(scheduler, sample=9)
    check_live(reading, rates_of(scheduler.optimizer, scheduler.step, 9), 1e-15)
    assert reading.schedule(0) == pytest.approx(0.05)


def test_what_the_object_rounds_is_reported() -> None:
    """A period of 2.1 as a float is above 2.1, and so timm's floor division drops one step late at 21."""
    scheduler = S(optimizer(0.1), 2.1, decay_rate=0.5)
    reading = read_native(scheduler)
    node = nodes_of(reading.schedule, 1)[0]
    late = [t for t in range(60) if not math.isclose(exact_values(node, [t])[0], scheduler._get_lr(t)[0], rel_tol=1e-9)]
    assert late == [21, 42]
    assert exact_values(node, [21])[0] == pytest.approx(0.1 * 0.5**10, rel=1e-15)
    assert any("at step 21, documented 9.7656" in note for note in reading.conventions)


def test_what_the_constructor_leaves_is_reported() -> None:
    reading = read_native(M(optimizer(0.1), [1], decay_rate=0.5))
    assert any("has 0.05 at step 0; the constructor leaves 0.1" in note for note in reading.conventions)
    assert not any("constructor" in note for note in read_native(M(optimizer(0.1), [2], decay_rate=0.5)).conventions)


def test_an_object_that_computes_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = C(optimizer(0.1), 50)
    monkeypatch.setattr(scheduler, "_get_lr", lambda t: [0.1 * (1 - t / 50)])
    with pytest.raises(MismatchError, match="CosineLRScheduler was read as"):
        lrspec.from_native(scheduler)


CONFIG: dict[str, Any] = {
    "lr": 0.5, "epochs": 12, "warmup_lr": 0.001, "min_lr": 0.0, "decay_epochs": 4, "decay_rate": 0.3,
    "decay_milestones": [4, 9], "lr_cycle_decay": 0.5, "lr_k_decay": 1.0, "lr_stable_timescale": 2.0,
}  # fmt: skip
WARMUPS = [(0, False), (3, False), (3, True), (2.5, False)]
CYCLES = [(1, 1.0), (3, 1.0), (3, 2.0)]
MORE: list[dict[str, Any]] = [{}, {"min_lr": 0.01, "decay_epochs": 2.4, "lr_k_decay": 2.0}]
NAMES = ("cosine", "tanh", "poly", "step", "multistep", "constant", "wsd", "rsqrt")


@pytest.mark.parametrize("on_updates", [False, True], ids=["epochs", "updates"])
@pytest.mark.parametrize("sched", NAMES)
def test_an_object_and_the_config_that_makes_it_are_one_schedule(sched: str, *, on_updates: bool) -> None:
    cycles = CYCLES if sched in {"cosine", "tanh", "poly"} else CYCLES[:1]
    for (warmup, prefix), (count, growth), more in itertools.product(WARMUPS, cycles, MORE):
        config = {**CONFIG, "sched": sched, "sched_on_updates": on_updates, **more}
        config |= {"warmup_epochs": warmup, "warmup_prefix": prefix, "lr_cycle_limit": count, "lr_cycle_mul": growth}
        scheduler, _ = timm.create_scheduler(argparse.Namespace(**config), optimizer(0.5), updates_per_epoch=7)
        reading = read_config(config, steps_per_epoch=7)
        node = read_native(scheduler).schedule.node
        node, _ = bounded(node if on_updates else lrspec.Every(part=node, period=7), reading.total, "timm", sched)
        assert reading.schedule.node == node, config
    assert reading.schedule.fingerprint == node.fingerprint


def test_the_defaults_of_a_config_are_those_of_the_script_not_of_a_function() -> None:
    """`scheduler_kwargs` has 100 epochs, steps of 30 and milestones 30, 60; train.py has others."""
    given = {"sched": "multistep", "lr": 0.1, "warmup_epochs": 0}
    reading = read_config(given, steps_per_epoch=2)
    assert reading.defaults["decay_milestones"] == [90, 180, 270]
    assert reading.total == 600
    assert exact_values(reading.schedule.node, [177, 178]) == [0.1, 0.01]
    assert reading.version == "0.9.0 to 1.0.29"
    assert any("decay_milestones was [30, 60] before 0.9.0" in note for note in reading.conventions)
    for newer in ("warmup_prefix", "grad_accum_steps", "amp_dtype"):
        found = read_config({**given, newer: False}, steps_per_epoch=2)
        assert not any("before 0.9.0" in note for note in found.conventions)


def test_a_file_of_an_older_release_has_no_defaults_of_newer_ones() -> None:
    older = {"sched": "cosine", "lr": 0.1, "warmup_lr": 0.0, "min_lr": 0.0, "native_amp": False}
    whole = {**older, "epochs": 10, "warmup_epochs": 2}
    assert read_config(whole, steps_per_epoch=2).total == 20
    for key, was in (("epochs", "200 before 0.5.4"), ("warmup_epochs", "3 before 0.9.0"), ("min_lr", "1e-6 before")):
        part = {name: value for name, value in whole.items() if name != key}
        with pytest.raises(lrspec.SpecError, match=rf"{key}: found nothing.*native_amp is of an older release.*{was}"):
            read_config(part, system="timm", steps_per_epoch=2)
    with pytest.raises(lrspec.SpecError, match=r"lr_base: found nothing.*an lr of 0.05 before 0.9.0"):
        read_config({**whole, "lr": None}, steps_per_epoch=2, batch_size=256)


def test_the_run_of_a_config_is_as_long_as_timm_trains() -> None:
    for more in ({}, {"warmup_prefix": True}, {"lr_cycle_limit": 3}, {"lr_cycle_limit": 3, "lr_cycle_mul": 2.0}):
        for sched, on_updates in itertools.product(NAMES, (False, True)):
            config = {**CONFIG, "sched": sched, "warmup_epochs": 3, "cooldown_epochs": 2, **more}
            config |= {"sched_on_updates": on_updates, "lr_decay_fn": "linear"}
            _, epochs = timm.create_scheduler(argparse.Namespace(**config), optimizer(0.5), updates_per_epoch=7)
            assert read_config(config, steps_per_epoch=7).total == epochs * 7, config


def test_what_the_constructor_leaves_is_the_first_rate_of_a_config() -> None:
    config = {"sched": "multistep", "lr": 0.1, "warmup_epochs": 0, "decay_milestones": [1, 4], "decay_rate": 0.5}
    found = read_config(config, steps_per_epoch=2).schedule.node
    assert exact_values(found, range(8)) == [0.1, 0.1, *[0.05] * 4, 0.025, 0.025]


def test_what_timm_computes_from_the_batch_needs_the_whole_batch() -> None:
    config = {"sched": "constant", "warmup_epochs": 0, "lr_base": 0.2, "lr_base_size": 512, "batch_size": 64}
    with pytest.raises(lrspec.SpecError, match=r"lr: found nothing, expected batch_size=.*of all devices"):
        read_config(config, steps_per_epoch=2)
    for opt, scale, rate in (
        ("sgd", None, 0.4), ("adamw", None, 0.2 * math.sqrt(2)), ("lamb", "", 0.2 * math.sqrt(2)),
        ("adamw", "linear", 0.4), ("sgd", "sqrt", 0.2 * math.sqrt(2)),
    ):  # fmt: skip
        more = {**config, "opt": opt, "lr_base_scale": scale}
        assert read_config(more, steps_per_epoch=2, batch_size=1024).schedule.node.exact(0) == rate
        assert read_config({**more, "lr": 0.0}, steps_per_epoch=2, batch_size=1024).schedule.node.exact(0) == rate
        assert read_config({**more, "lr": 0.3}, steps_per_epoch=2).schedule.node.exact(0) == 0.3
    with pytest.raises(UnsupportedError, match="train_img_sizes"):
        read_config({**config, "train_img_sizes": [160, 224]}, steps_per_epoch=2, batch_size=1024)
