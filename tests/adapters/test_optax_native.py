"""Optax' own schedules, read: against their formulas in mpmath, and against what the functions give."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import optax
import pytest

import lrspec
from lrspec.compiler.formula import formula_of, rounded
from lrspec.readers import read_native

pytestmark = [  # NumPy and Optax of 2024
    pytest.mark.filterwarnings("ignore:The value of the smallest subnormal"),
    pytest.mark.filterwarnings("ignore:invalid value encountered in divide"),
]
Formula = Callable[[int], Any]
mp: Any = mpmath.MPContext()
mp.prec = 120


def poly(t: Any, init: float, end: float, power: float, steps: float, begin: float = 0) -> Any:
    share = mp.mpf(min(max(t - begin, 0), steps)) / steps
    return (mp.mpf(init) - mp.mpf(end)) * (1 - share) ** power + mp.mpf(end)


def cosine(t: Any, init: float, steps: float, alpha: float = 0.0, exponent: float = 1.0) -> Any:
    share = mp.mpf(min(t, steps)) / steps
    return mp.mpf(init) * ((1 - mp.mpf(alpha)) * ((1 + mp.cos(mp.pi * share)) / 2) ** exponent + mp.mpf(alpha))


def between(t: int, knots: list[tuple[float, Any]], *, curved: bool = False) -> Any:
    for (begin, first), (end, last) in pairwise(knots):
        if begin <= t < end:
            share = mp.mpf(t - begin) / (end - begin)
            share = (1 - mp.cos(mp.pi * share)) / 2 if curved else share
            return mp.mpf(first) + (mp.mpf(last) - mp.mpf(first)) * share
    return mp.mpf(knots[-1][1])


def warm(t: int, *, warmup: int, then: Formula, peak: float = 0.1) -> Any:
    return mp.mpf(peak) * t / warmup if t < warmup else then(t - warmup)


def stairs(t: int, begin: int, low: float) -> Any:
    return max(mp.mpf(0.1) * mp.mpf(0.5) ** max((t - begin) // 41, 0), mp.mpf(low))


TENTH = mp.mpf(0.1)
CYCLES = [
    {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 5, "decay_steps": 30},
    {"init_value": 0.0, "peak_value": 0.05, "warmup_steps": 5, "decay_steps": 40},
]
ONE = optax.linear_schedule(1.0, 0.0, 10)
ROWS: dict[str, tuple[optax.Schedule, Formula]] = {
    "constant": (optax.constant_schedule(0.1), lambda _: 0.1),
    "constant, an integer": (optax.constant_schedule(1), lambda _: 1.0),
    "linear": (optax.linear_schedule(0.0, 0.1, 10), lambda t: poly(t, 0.0, 0.1, 1, 10)),
    "linear, begun later": (optax.linear_schedule(0.0, 0.1, 10, 5), lambda t: poly(t, 0.0, 0.1, 1, 10, 5)),
    "linear, begun before": (optax.linear_schedule(0.0, 0.1, 10, -5), lambda t: poly(t, 0.0, 0.1, 1, 10)),
    "linear, no steps": (optax.linear_schedule(0.3, 0.1, 0), lambda _: 0.3),
    "polynomial, 0.5": (optax.polynomial_schedule(0.1, 0.001, 0.5, 100), lambda t: poly(t, 0.1, 0.001, 0.5, 100)),
    "polynomial, 0": (optax.polynomial_schedule(0.1, 0.001, 0, 100), lambda _: 0.1),
    "polynomial, not whole": (
        optax.polynomial_schedule(0.1, 0.001, 2, 7.5, 1.5),
        lambda t: poly(t, 0.1, 0.001, 2, 7.5, 1.5),
    ),
    "exponential": (optax.exponential_decay(0.1, 41, 0.5), lambda t: TENTH * mp.mpf(0.5) ** (mp.mpf(t) / 41)),
    "exponential stairs": (optax.exponential_decay(0.1, 41, 0.5, staircase=True), lambda t: stairs(t, 0, 0.0)),
    "exponential, begun later, bounded": (
        optax.exponential_decay(0.1, 41, 0.5, 10, staircase=True, end_value=0.03),
        lambda t: stairs(t, 10, 0.03),
    ),
    "exponential, bounded above its start": (
        optax.exponential_decay(0.1, 41, 0.5, 10, staircase=True, end_value=0.2),
        lambda t: stairs(t, 10, 0.2),
    ),
    "exponential growth, bounded": (
        optax.exponential_decay(0.1, 41, 1.5, end_value=0.5),
        lambda t: min(TENTH * mp.mpf(1.5) ** (mp.mpf(t) / 41), mp.mpf(0.5)),
    ),
    "exponential, no steps": (optax.exponential_decay(0.1, 0, 0.5), lambda _: 0.1),
    "exponential, rate 0": (optax.exponential_decay(0.1, 10, 0.0), lambda _: 0.1),
    "cosine": (optax.cosine_decay_schedule(0.1, 100, 0.1), lambda t: cosine(t, 0.1, 100, 0.1)),
    "cosine, exponent 0.5": (optax.cosine_decay_schedule(0.1, 50, 0.1, 0.5), lambda t: cosine(t, 0.1, 50, 0.1, 0.5)),
    "cosine, exponent 0": (optax.cosine_decay_schedule(0.1, 50, 0.1, 0), lambda _: 0.1),
    "piecewise constant": (
        optax.piecewise_constant_schedule(1.0, {9: 0.25, 5: 0.5}),
        lambda t: 0.5 ** (t >= 5) * 0.25 ** (t >= 9),
    ),
    "piecewise constant at 0, and not whole": (
        optax.piecewise_constant_schedule(1.0, {0: 0.5, 2.2: 0.5, 2.8: 0.25}),
        lambda t: 0.5 * 0.5 ** (t >= 2.2) * 0.25 ** (t >= 2.8),
    ),
    "piecewise constant, no boundaries": (optax.piecewise_constant_schedule(0.1), lambda _: 0.1),
    "piecewise linear": (
        optax.piecewise_interpolate_schedule("linear", 1.0, {4: 0.5, 8: 0.25}),
        lambda t: between(t, [(0, 1.0), (4, 0.5), (8, 0.125)]),
    ),
    "piecewise cosine": (
        optax.piecewise_interpolate_schedule("cosine", 1.0, {4: 0.5, 8: 0.25}),
        lambda t: between(t, [(0, 1.0), (4, 0.5), (8, 0.125)], curved=True),
    ),
    "piecewise linear, no boundaries": (optax.piecewise_interpolate_schedule("linear", 0.1), lambda _: 0.1),
    "linear one cycle": (
        optax.linear_onecycle_schedule(100, 0.1),
        lambda t: between(t, [(0, TENTH / 25), (30, TENTH), (85, TENTH / 25), (100, TENTH / 250_000)]),
    ),
    "cosine one cycle": (
        optax.cosine_onecycle_schedule(100, 0.1),
        lambda t: between(t, [(0, TENTH / 25), (30, TENTH), (100, TENTH / 250_000)], curved=True),
    ),
    "warmup constant": (optax.warmup_constant_schedule(0.0, 0.1, 10), lambda t: poly(t, 0.0, 0.1, 1, 10)),
    "warmup constant, no warmup": (optax.warmup_constant_schedule(0.3, 0.1, 0), lambda _: 0.3),
    "warmup cosine, warmup inside": (
        optax.warmup_cosine_decay_schedule(0.0, 0.1, 10, 60, 0.01),
        lambda t: warm(t, warmup=10, then=lambda u: cosine(u, 0.1, 50, 0.01 / 0.1)),
    ),
    "warmup cosine, no warmup": (
        optax.warmup_cosine_decay_schedule(0.3, 0.1, 0, 60),
        lambda t: cosine(t, 0.1, 60),
    ),
    "warmup exponential": (
        optax.warmup_exponential_decay_schedule(0.0, 0.1, 10, 41, 0.5, 5, staircase=True, end_value=0.03),
        lambda t: max(warm(t, warmup=10, then=lambda u: stairs(u, 5, 0.03)), 0),
    ),
    "sgdr": (
        optax.sgdr_schedule(CYCLES),
        lambda t: (
            warm(t, warmup=5, then=lambda u: cosine(u, 0.1, 25))
            if t < 30
            else warm(t - 30, warmup=5, then=lambda u: cosine(u, 0.05, 35), peak=0.05)
        ),
    ),
    "join, out of order": (
        optax.join_schedules([optax.constant_schedule(0.1), ONE, optax.constant_schedule(0.3)], [5, 3]),
        lambda t: 0.1 if t < 3 else 0.3,
    ),
    "join, at 0": (optax.join_schedules([optax.constant_schedule(0.1), ONE], [0]), lambda t: poly(t, 1, 0, 1, 10)),
    "join, before 0": (
        optax.join_schedules([optax.constant_schedule(0.1), ONE], [-3]),
        lambda t: poly(t + 3, 1, 0, 1, 10),
    ),
    "join, not whole": (
        optax.join_schedules([optax.constant_schedule(0.1), ONE], [2.5]),
        lambda t: 0.1 if t < 2.5 else poly(t - 2.5, 1, 0, 1, 10),
    ),
    "join, one too many": (
        optax.join_schedules([optax.constant_schedule(0.1), ONE, ONE], [4]),
        lambda t: 0.1 if t < 4 else poly(t - 4, 1, 0, 1, 10),
    ),
    "join, cut short": (
        optax.join_schedules([ONE, optax.constant_schedule(0.3)], [4]),
        lambda t: 0.3 if t >= 4 else poly(t, 1, 0, 1, 10),
    ),
    "join with one of ours": (
        optax.join_schedules([ONE, lrspec.Linear(init_value=0.0, end_value=0.5, steps=8).to_optax()], [4]),
        lambda t: poly(t, 1, 0, 1, 10) if t < 4 else poly(t - 4, 0, 0.5, 1, 8),
    ),
}


@pytest.mark.parametrize(("native", "formula"), ROWS.values(), ids=ROWS)
def test_each_builder_is_its_formula_and_what_the_function_gives(native: optax.Schedule, formula: Formula) -> None:
    reading = read_native(native)
    exact = formula_of(reading.schedule.node)
    for step in [*range(130), 999, 2**31 - 1]:
        assert abs(rounded(exact, step) - formula(step)) < 2e-15
        if step < 110 and step % 10 < 3:
            assert abs(float(native(jnp.int32(step))) - formula(step)) < 5e-7
    assert reading.construct in str(native)
    assert reading.largest_difference < 1e-14
    assert any("the object, called at" in note for note in reading.conventions)


def noted(native: Any, words: str, *, sample: int | None = None) -> bool:
    return any(words in note for note in read_native(native, sample=sample).conventions)


def faulty(native: Any, words: str) -> bool:
    return any(words in fault for fault in read_native(native).native_faults)


def test_what_was_mapped_is_said() -> None:
    assert noted(optax.warmup_cosine_decay_schedule(0.0, 0.1, 10, 60), "include the warmup")
    assert noted(optax.linear_schedule(0.0, 0.1, 10, 5), "transition_begin=5")
    assert noted(optax.warmup_constant_schedule(0.0, 0.1, 0), "Optax holds init_value for ever")
    assert noted(optax.exponential_decay(0.1, 10, 0.5, end_value=0.2), "a lower bound, also before the decay begins")
    assert noted(optax.exponential_decay(0.1, 10, 1.5, end_value=0.2), "an upper bound")
    assert noted(optax.join_schedules([ONE, ONE, ONE], [5, 3]), "some are never used")


def test_a_knot_at_0_replaces_the_first_value() -> None:
    native = optax.cosine_onecycle_schedule(10, 0.1, pct_start=0.0)
    if math.isnan(float(native(0))):  # Optax before 0.2.7 divides by the length of the empty interval
        with pytest.raises(lrspec.LrspecError, match="the object itself gives nan"):
            lrspec.from_native(native)
    else:
        assert lrspec.from_native(native)(0) == float(np.float32(0.1))
        assert noted(native, "init_value itself is never used")


def test_a_staircase_that_jit_makes_late_is_read_as_documented_and_said() -> None:
    native = optax.exponential_decay(0.1, 41, 0.5, staircase=True)
    assert lrspec.from_native(native)(41) == float(np.float32(0.05))
    assert float(jax.jit(native)(41)) == float(np.float32(0.1))
    assert faulty(native, "such as 41, 82, 164, 287, 328")


def test_an_end_that_jit_never_reaches_is_said_with_its_value() -> None:
    native = optax.polynomial_schedule(0.1, 0.001, 0.5, 100)
    assert lrspec.from_native(native)(100) == float(np.float32(0.001))
    assert faulty(native, f"it rests at about {float(jax.jit(native)(jnp.int32(150))):.4g}")


def test_a_decay_that_was_called_before_is_the_same() -> None:
    native = optax.cosine_decay_schedule(0.1, 30)
    before = lrspec.from_native(native)
    native(3)  # turns decay_steps into a float, in the closure
    assert lrspec.from_native(native) == before


def test_a_difference_above_rounding_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    native = optax.linear_schedule(0.1, 0.2, 10)
    monkeypatch.setitem(native.__globals__, "jnp", type("Wrong", (), {"clip": staticmethod(lambda *_: 1)}))
    with pytest.raises(lrspec.LrspecError, match=r"0\.1 at step 0, where the object itself gives 0\.11"):
        lrspec.from_native(native)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        (optax.polynomial_schedule(0.1, 0.0, -1, 10), "a power of -1.0"),
        (optax.exponential_decay(0.1, 10, -0.5), "a decay_rate of -0.5"),
        (optax.exponential_decay(0.1, 10, 1.5), "without an end it has no short form"),
        (optax.exponential_decay(0.1, 0.5, 0.5, staircase=True), "at least 1 step for a staircase"),
        (optax.cosine_decay_schedule(0.1, 10, exponent=-1), "an exponent of -1.0"),
        (optax.piecewise_interpolate_schedule("linear", 1.0, {-5: 0.5, 5: 0.5}), "a boundary below 0"),
        (optax.linear_schedule(jnp.ones(2), 0.0, 10), "a parameter without an equivalent"),
        (optax.piecewise_constant_schedule(0.1, {3: math.inf}), "a parameter without an equivalent"),
        (optax.piecewise_constant_schedule(0.1, {3: 1e300, 4: 1e300}), "a parameter without an equivalent"),
        (optax.piecewise_constant_schedule(0.1, {2**40: 0.5}), "the object itself cannot be evaluated"),
        (optax.piecewise_constant_schedule(0.1, {"3": 0.5}), "a parameter without an equivalent"),
        (optax.exponential_decay(0.1, 10, 1.5, end_value=math.inf), "a parameter without an equivalent"),
        (optax.join_schedules([ONE, ONE], [2**40]), "the object itself cannot be evaluated"),
        (optax.join_schedules([], []), "a parameter without an equivalent"),
        (optax.join_schedules([ONE, lambda count: count], [5]), "<lambda> is not supported: .* sample=N"),
        (lambda count: count, "code, of which no formula can be read; give sample=N"),
        (optax.sgd(0.1), "no schedule in it"),
        (optax.sgd(lambda count: count), "<lambda> is not supported"),
        (
            optax.chain(optax.sgd(ONE), optax.sgd(optax.linear_schedule(0.0, 0.1, 10))),
            "2 schedules in it .* give each by itself",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(native: Any, message: str) -> None:
    with pytest.raises(lrspec.UnsupportedError, match=message):
        lrspec.from_native(native)


@pytest.mark.parametrize("wrap", [lambda f: f, optax.sgd, lambda f: optax.join_schedules([f, ONE], [100])])
def test_code_is_a_table(wrap: Callable[[Any], Any]) -> None:
    read = lrspec.from_native(wrap(lambda count: 0.5 / (1 + count)), sample=4)
    assert isinstance(read, lrspec.Table)
    assert read.values(0, 5).tolist() == [0.5, 0.25, pytest.approx(0.5 / 3), 0.125, 0.125]


def test_growth_without_an_end_is_read_up_to_a_step() -> None:
    native = optax.exponential_decay(0.1, 100, 1.5)
    assert abs(lrspec.from_native(native, sample=200)(150) - 0.1 * math.pow(1.5, 1.5)) < 1e-7
    assert noted(native, "read up to step 200", sample=200)


@pytest.mark.parametrize(
    "make",
    [
        optax.sgd,
        optax.adamw,
        optax.adafactor,
        optax.lion,
        lambda rate: optax.inject_hyperparams(optax.sgd)(learning_rate=rate),
        lambda rate: optax.chain(optax.clip(1.0), optax.scale_by_schedule(rate)),
        lambda rate: optax.MultiSteps(optax.adam(rate), 4),
        jax.jit,
    ],
)
@pytest.mark.parametrize(
    "rate", [optax.warmup_cosine_decay_schedule(0.0, 0.1, 10, 60), optax.cosine_decay_schedule(0.1, 9)]
)
def test_a_schedule_in_an_optimizer_is_found(make: Callable[[Any], Any], rate: optax.Schedule) -> None:
    assert lrspec.from_native(make(rate)) == lrspec.from_native(rate)


def test_one_of_ours_in_an_optimizer_is_itself() -> None:
    own = lrspec.Linear(init_value=0.0, end_value=0.1, steps=5)
    assert lrspec.from_native(optax.adamw(own.to_optax())) is own


def test_updates_are_counted_and_not_batches() -> None:
    rate = optax.linear_schedule(0.0, 0.1, 10)
    assert noted(optax.MultiSteps(optax.sgd(rate), 4), "it counts updates that are applied")
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=rate)
    read, params = lrspec.from_native(optimizer), jnp.zeros(1)
    state = optimizer.init(params)
    for step in range(4):
        updates, state = optimizer.update(-jnp.ones(1), state, params)
        assert abs(float(updates[0]) - read(step)) < 1e-8
