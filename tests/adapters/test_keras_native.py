"""Keras' own schedules, read: against their formulas in mpmath, and against what the objects give."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import mpmath
import pytest

import lrspec
from lrspec.adapters.keras import KerasSchedule
from lrspec.compiler.formula import formula_of, rounded
from lrspec.readers import read_native
from lrspec.readers.configs import read_config

SCHEDULES: Any = keras.optimizers.schedules
Formula = Callable[[int], Any]
mp: Any = mpmath.MPContext()
mp.prec = 120


def half_cosine(share: Any) -> Any:
    return (1 + mp.cos(mp.pi * share)) / 2


def ramp(t: int, init: float, end: float, steps: float) -> Any:
    return mp.mpf(init) + (mp.mpf(end) - mp.mpf(init)) * min(t, steps) / steps


def restarts(t: int, first: int, growth: float, shrink: float, alpha: float) -> Any:
    start, length, i = mp.mpf(0), mp.mpf(first), 0
    while t >= start + length:
        start, length, i = start + length, length * growth, i + 1
    return mp.mpf(0.1) * ((1 - mp.mpf(alpha)) * mp.mpf(shrink) ** i * half_cosine((t - start) / length) + mp.mpf(alpha))


def cycled(t: int, steps: float, power: float, end: float) -> Any:
    share = t / (steps * mp.mpf(max(1, math.ceil(t / steps))))
    return (mp.mpf(0.1) - mp.mpf(end)) * (1 - share) ** power + mp.mpf(end)


def decayed(periods: Any, rate: float) -> Any:
    return mp.mpf(0.1) * mp.mpf(rate) ** periods


def hundredth(t: int, boundaries: list[float], values: list[float]) -> float:
    return values[sum(boundary < t for boundary in boundaries)]


ROWS: dict[str, tuple[Any, Formula]] = {
    "exponential": (SCHEDULES.ExponentialDecay(0.1, 10, 0.5), lambda t: decayed(mp.mpf(t) / 10, 0.5)),
    "exponential stairs, 41": (
        SCHEDULES.ExponentialDecay(0.1, 41, 0.5, staircase=True),
        lambda t: decayed(t // 41, 0.5),
    ),
    "exponential stairs, not whole": (
        SCHEDULES.ExponentialDecay(0.1, 2.5, 0.9, staircase=True),
        lambda t: decayed(2 * t // 5, 0.9),
    ),
    "exponential to 0 at once": (SCHEDULES.ExponentialDecay(0.1, 10, 0.0), lambda t: 0.0 if t else 0.1),
    "exponential stairs to 0": (
        SCHEDULES.ExponentialDecay(0.1, 10, 0.0, staircase=True),
        lambda t: 0.1 if t < 10 else 0.0,
    ),
    "inverse time": (SCHEDULES.InverseTimeDecay(0.1, 10, 0.5), lambda t: mp.mpf(0.1) / (1 + mp.mpf(t) / 20)),
    "inverse time stairs": (
        SCHEDULES.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
        lambda t: mp.mpf(0.1) / (1 + mp.mpf(t // 10) / 2),
    ),
    "inverse time, rate 0": (SCHEDULES.InverseTimeDecay(0.1, 10, 0.0), lambda _: 0.1),
    "piecewise": (
        SCHEDULES.PiecewiseConstantDecay([5, 9], [0.1, 0.05, 0.01]),
        lambda t: hundredth(t, [5, 9], [0.1, 0.05, 0.01]),
    ),
    "piecewise at 0, twice, and not whole": (
        SCHEDULES.PiecewiseConstantDecay([0.0, 3.0, 3.0, 7.5], [0.1, 0.05, 0.9, 0.02, 0.01]),
        lambda t: hundredth(t, [0, 3, 3, 7.5], [0.1, 0.05, 0.9, 0.02, 0.01]),
    ),
    "polynomial, default end": (SCHEDULES.PolynomialDecay(0.1, 30), lambda t: ramp(t, 0.1, 0.0001, 30)),
    "polynomial, power 0.5": (
        SCHEDULES.PolynomialDecay(0.1, 100, 0.01, 0.5),
        lambda t: (mp.mpf(0.1) - mp.mpf(0.01)) * mp.sqrt(1 - mp.mpf(min(t, 100)) / 100) + mp.mpf(0.01),
    ),
    "polynomial, power 0": (SCHEDULES.PolynomialDecay(0.1, 30, 0.01, 0.0), lambda _: 0.1),
    "polynomial, not whole": (SCHEDULES.PolynomialDecay(0.1, 7.5, 0.0), lambda t: ramp(t, 0.1, 0.0, 7.5)),
    "cosine": (
        SCHEDULES.CosineDecay(0.1, 30, 0.1),
        lambda t: mp.mpf(0.1) * ((1 - mp.mpf(0.1)) * half_cosine(mp.mpf(min(t, 30)) / 30) + mp.mpf(0.1)),
    ),
    "cosine after a warmup": (
        SCHEDULES.CosineDecay(0.0, 30, 0.1, warmup_target=0.2, warmup_steps=10),
        lambda t: (
            ramp(t, 0.0, 0.2, 10)
            if t < 10
            else mp.mpf(0.2) * ((1 - mp.mpf(0.1)) * half_cosine(mp.mpf(min(t - 10, 30)) / 30) + mp.mpf(0.1))
        ),
    ),
    "cosine, warmup_steps 0": (
        SCHEDULES.CosineDecay(0.0, 30, warmup_target=0.2, warmup_steps=0),
        lambda t: mp.mpf(0.2) * half_cosine(mp.mpf(min(t, 30)) / 30),
    ),
    "cosine, warmup_steps without a target": (
        SCHEDULES.CosineDecay(0.1, 30, warmup_steps=10),
        lambda t: mp.mpf(0.1) * half_cosine(mp.mpf(min(t, 30)) / 30),
    ),
    "restarts": (SCHEDULES.CosineDecayRestarts(0.1, 10), lambda t: restarts(t, 10, 2.0, 1.0, 0.0)),
    "restarts, 1.5 and 0.9": (
        SCHEDULES.CosineDecayRestarts(0.1, 50, 1.5, 0.9, 0.1),
        lambda t: restarts(t, 50, 1.5, 0.9, 0.1),
    ),
    "restarts of one length": (
        SCHEDULES.CosineDecayRestarts(0.1, 41, 1.0, 0.5, 0.1),
        lambda t: restarts(t, 41, 1.0, 0.5, 0.1),
    ),
    "restarts, m_mul 0": (
        SCHEDULES.CosineDecayRestarts(0.1, 10, 1.0, 0.0, 0.1),
        lambda t: restarts(t, 10, 1.0, 0.0, 0.1),
    ),
}


@pytest.mark.parametrize(("native", "formula"), ROWS.values(), ids=ROWS)
def test_each_class_is_its_formula_and_what_the_object_gives(native: Any, formula: Formula) -> None:
    reading = read_native(native)
    exact = formula_of(reading.schedule.node)
    for step in [*range(140), 999, 20_000]:
        assert abs(rounded(exact, step) - formula(step)) < 1e-15
        if step < 110 and step % 10 < 2:
            assert abs(float(native(step)) - formula(step)) < 1e-7
    assert reading.construct == type(native).__name__
    assert reading.checked_steps >= 9
    assert reading.largest_difference < 1e-14
    assert any("the object, called at" in note for note in reading.conventions)


@pytest.mark.parametrize("native", [row[0] for row in ROWS.values()], ids=ROWS)
def test_a_serialized_schedule_is_the_same(native: Any) -> None:
    configuration = SCHEDULES.serialize(native)
    expected = lrspec.from_native(native).fingerprint
    assert lrspec.from_native(configuration).fingerprint == expected
    short = {"class_name": type(native).__name__, "config": native.get_config()}
    assert lrspec.from_native(short).fingerprint == expected


def noted(native: Any, words: str, *, sample: int | None = None) -> bool:
    return any(words in note for note in read_native(native, sample=sample).conventions)


def faulty(native: Any, words: str) -> bool:
    return any(words in fault for fault in read_native(native).native_faults)


def test_what_was_mapped_is_said() -> None:
    assert noted(
        SCHEDULES.PiecewiseConstantDecay([5], [0.1, 0.2]), "at a boundary itself Keras still has the old value"
    )
    assert noted(SCHEDULES.PolynomialDecay(0.1, 30), "end_learning_rate=0.0001 is reached at step 30")
    assert noted(SCHEDULES.CosineDecay(0.1, 30, warmup_steps=10), "Keras ignores warmup_steps=10")
    warm = SCHEDULES.CosineDecay(0.0, 30, warmup_target=0.2, warmup_steps=10)
    assert noted(warm, "decay_steps=30 does not include the 10 steps of warmup: the end is at step 40")
    assert noted(SCHEDULES.CosineDecay(0.2, 30, 0.5), "alpha=0.5 is a share of 0.2")


def test_a_staircase_that_xla_makes_late_is_said_with_its_steps() -> None:
    assert faulty(SCHEDULES.ExponentialDecay(0.1, 41, 0.5, staircase=True), "such as 41, 82, 164, 287, 328")
    assert faulty(SCHEDULES.CosineDecayRestarts(0.1, 41, 1.0), "comes to a restart one step late")
    assert not faulty(SCHEDULES.ExponentialDecay(0.1, 40, 0.5, staircase=True), "one step late")


def test_the_late_steps_are_those_of_a_compiled_schedule() -> None:
    if keras.backend.backend() != "jax":
        pytest.skip("compiles with jax.jit")
    import jax

    compiled = jax.jit(SCHEDULES.ExponentialDecay(0.1, 41, 0.5, staircase=True))
    assert [float(compiled(step)) > 0.06 for step in (40, 41, 42)] == [True, True, False]
    unfinished = SCHEDULES.PolynomialDecay(0.1, 100, 0.001, 0.5)
    assert faulty(unfinished, f"it rests at about {float(jax.jit(unfinished)(150)):.4g}")


def test_a_power_below_1_that_xla_never_ends_is_said() -> None:
    assert faulty(SCHEDULES.PolynomialDecay(0.1, 100, 0.001, 0.5), "may never come to the 0.001")
    assert not faulty(SCHEDULES.PolynomialDecay(0.1, 100, 0.001, 2.0), "may never come")


class WholeCycleOff(SCHEDULES.CosineDecayRestarts):  # type: ignore[misc]  # keras is untyped
    """What float32 logarithms do on some backends at some lengths, on every one."""

    def __call__(self, step: Any) -> Any:
        return 0.01 if int(step) == 125 else super().__call__(step)


WholeCycleOff.__module__ = SCHEDULES.CosineDecayRestarts.__module__
WholeCycleOff.__qualname__ = WholeCycleOff.__name__ = "CosineDecayRestarts"


def test_a_restart_a_whole_cycle_off_is_read_as_documented_and_said() -> None:
    native = WholeCycleOff(0.1, 50, 1.5, 1.0, 0.1)
    assert lrspec.from_native(native)(125) == lrspec.Constant(value=0.1)(0)
    assert faulty(native, "0.01 at step 125, documented 0.1")


class Wrong(SCHEDULES.CosineDecay):  # type: ignore[misc]  # keras is untyped
    def __call__(self, step: Any) -> Any:
        return super().__call__(step) * 1.001


Wrong.__module__ = SCHEDULES.CosineDecay.__module__
Wrong.__qualname__ = Wrong.__name__ = "CosineDecay"


def test_a_difference_above_rounding_is_an_error() -> None:
    with pytest.raises(lrspec.LrspecError, match=r"at step 0, where the object itself gives 0\.1001"):
        lrspec.from_native(Wrong(0.1, 30))


@pytest.mark.parametrize(("steps", "power"), [(10, 2.0), (10, 1.0), (2.5, 2.0), (1, 1.0), (10, 0.5)])
def test_a_cycle_ends_at_its_last_step_itself(steps: float, power: float) -> None:
    native = SCHEDULES.PolynomialDecay(0.1, steps, 0.001, power, cycle=True)
    if steps != 1:
        with pytest.raises(lrspec.UnsupportedError, match="give sample=N, the number of steps of the run"):
            lrspec.from_native(native)
    reading = read_native(native, sample=60)
    exact = formula_of(reading.schedule.node)
    for step in range(60):
        assert abs(rounded(exact, step) - cycled(step, steps, power, 0.001)) < 1e-15
    assert noted(native, "the jump is one step later", sample=60)
    if steps == 10:
        assert reading.schedule(20) == lrspec.Constant(value=0.001)(0)
        assert reading.schedule(60) == reading.schedule(59 + 500)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SCHEDULES.ExponentialDecay(1, 2, 0.5), "an integer initial_learning_rate, 1, .* write 1.0"),
        (lambda: SCHEDULES.CosineDecay(0, 9, warmup_target=0.1, warmup_steps=9), "an integer initial_learning_rate, 0"),
        (lambda: SCHEDULES.CosineDecayRestarts(1, 10), "CosineDecayRestarts is not supported: an integer"),
        (lambda: SCHEDULES.PiecewiseConstantDecay([10], [1, 0.1]), "an integer value, 1"),
        (lambda: SCHEDULES.PiecewiseConstantDecay([5, 2], [0.1, 0.2, 0.3]), "not in order"),
        (lambda: SCHEDULES.PiecewiseConstantDecay([], [0.1]), "no boundaries"),
        (lambda: SCHEDULES.ExponentialDecay(0.1, 10, -0.5), "a decay_rate of -0.5"),
        (lambda: SCHEDULES.ExponentialDecay(0.1, 10, 1.5), "beyond the range of float32"),
        (lambda: SCHEDULES.ExponentialDecay(0.1, 0.5, 0.5, staircase=True), "at least 1 step for a staircase"),
        (lambda: SCHEDULES.PolynomialDecay(0.1, 10, 0.01, -1.0), "a power of -1.0"),
        (lambda: SCHEDULES.CosineDecay(0.1, 9, warmup_target=0.1, warmup_steps=-1), "warmup_steps=-1"),
        (lambda: SCHEDULES.CosineDecayRestarts(0.1, 100, 0.5), "t_mul=0.5, below 1: from step 200 on the rate is NaN"),
        (lambda: SCHEDULES.CosineDecayRestarts(0.1, 10, 2.0, -0.5), "one is below 0"),
        (lambda: {"initial_learning_rate": 0.1, "decay_steps": 10}, "without a class_name"),
        (lambda: {"class_name": "Own", "config": {"beta_1": 0.1}}, "keras: Own is not supported"),
        (lambda: SCHEDULES.serialize(Custom()), "Custom is not supported"),
        (lambda: keras.layers.Dense(1), "keras: Dense is not supported: neither a schedule nor an optimizer"),
        (
            lambda: keras.callbacks.LearningRateScheduler(lambda _: 0.1),
            "a function of the epoch is code; give sample=N",
        ),
        (lambda: keras.optimizers.SGD(lambda: 0.1), "a function without an argument"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(lrspec.UnsupportedError, match=message):
        lrspec.from_native(make())


def test_shrinking_cycles_are_a_table_up_to_where_keras_has_no_value() -> None:
    native = SCHEDULES.CosineDecayRestarts(0.1, 100, 0.5, 0.5)
    read = lrspec.from_native(native, sample=160)
    assert isinstance(read, lrspec.Table)
    assert max(abs(read(step) - float(native(step))) for step in range(0, 160, 20)) < 1e-6
    assert math.isnan(float(native(250)))
    with pytest.raises(lrspec.UnsupportedError, match="at most 200"):
        lrspec.from_native(native, sample=201)


def test_growth_without_an_end_is_read_up_to_a_step() -> None:
    native = SCHEDULES.ExponentialDecay(0.1, 100, 1.5)
    read = lrspec.from_native(native, sample=200)
    assert abs(read(150) - 0.1 * 1.5**1.5) < 1e-7
    assert noted(native, "read up to step 200", sample=200)


class Custom(SCHEDULES.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    def __call__(self, step: Any) -> Any:
        return 0.5 / (1.0 + float(step))

    def get_config(self) -> dict[str, Any]:
        return {}


def test_a_class_of_the_users_own_is_a_table() -> None:
    with pytest.raises(lrspec.UnsupportedError, match=r"Custom is not supported: a class of its own.* give sample=N"):
        lrspec.from_native(Custom())
    read = lrspec.from_native(Custom(), sample=4)
    assert read.values(0, 5).tolist() == [0.5, 0.25, pytest.approx(0.5 / 3), 0.125, 0.125]


def test_a_callback_is_a_table_of_epochs() -> None:
    callback = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5**epoch)
    assert lrspec.from_native(callback, sample=3).values(0, 4).tolist() == [1, 0.5, 0.25, 0.25]
    assert noted(callback, "a step is an epoch", sample=3)
    recursive = keras.callbacks.LearningRateScheduler(lambda _, rate: rate * 0.5)
    with pytest.raises(lrspec.UnsupportedError, match="a recursion"):
        lrspec.from_native(recursive, sample=3)


def test_an_optimizer_holds_a_schedule_or_a_rate() -> None:
    schedule = SCHEDULES.CosineDecay(0.1, 30)
    expected = lrspec.from_native(schedule)
    optimizer = keras.optimizers.Adam(schedule)
    assert lrspec.from_native(optimizer) == expected
    assert lrspec.from_native(keras.optimizers.LossScaleOptimizer(optimizer)) == expected
    assert lrspec.from_native(keras.optimizers.serialize(optimizer)) == expected
    assert lrspec.from_native(optimizer.get_config()) == expected
    assert lrspec.from_native(keras.optimizers.SGD(0.25)) == lrspec.Constant(value=0.25)
    assert lrspec.from_native(keras.optimizers.SGD(expected.to_keras())) is expected


def test_accumulated_gradients_count_updates_and_not_batches() -> None:
    schedule = SCHEDULES.CosineDecay(0.0, 30, warmup_target=0.1, warmup_steps=10)
    optimizer = keras.optimizers.SGD(schedule, gradient_accumulation_steps=3)
    for native in (optimizer, optimizer.get_config()):
        read = lrspec.from_native(native)
        inside = lrspec.from_native(schedule)
        assert read.values(0, 20).tolist() == [inside(3 * update + 2) for update in range(20)]
        assert noted(native, "update k uses the rate of batch 3 * k + 2")


def test_our_own_schedule_in_an_optimizer_is_read_in_updates() -> None:
    """Keras hands it the batches, and it was told how many make an update: they are not to be divided a second time."""
    document = lrspec.Linear(init_value=1.0, end_value=0.0, steps=100)
    for accumulated in (1, 2, 4, 7):
        options = {"gradient_accumulation_steps": accumulated} if accumulated > 1 else {}
        optimizer = keras.optimizers.SGD(document.to_keras(**options), **options)
        scaled = keras.optimizers.LossScaleOptimizer(optimizer)
        rate = document.to_keras(**options)
        for native in (
            optimizer,
            scaled,
            rate,
            rate.get_config(),
            SCHEDULES.serialize(rate),
            optimizer.get_config(),
            scaled.get_config(),
            keras.optimizers.serialize(optimizer),
            keras.optimizers.serialize(scaled),
        ):
            assert lrspec.from_native(native) == document
            if isinstance(native, dict):
                assert read_config(native).schedule == document


@pytest.mark.parametrize(("told", "accumulated"), [(1, 3), (2, 6), (3, 3)])
def test_an_optimizer_that_accumulates_more_than_ours_was_told_is_read_as_it_trains(
    told: int, accumulated: int
) -> None:
    document = lrspec.Linear(init_value=1.0, end_value=0.0, steps=100)
    optimizer = keras.optimizers.SGD(
        document.to_keras(gradient_accumulation_steps=told), gradient_accumulation_steps=accumulated
    )
    variable, applied = keras.Variable([0.0]), []
    for batch in range(accumulated * 5):
        if batch % accumulated == accumulated - 1:
            applied.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
        optimizer.apply([keras.ops.convert_to_tensor([-1.0])], [variable])
    for native in (optimizer, keras.optimizers.serialize(optimizer)):
        assert lrspec.from_native(native).values(0, 5).tolist() == applied


def test_an_optimizer_that_accumulates_less_than_ours_was_told_is_refused() -> None:
    document = lrspec.Linear(init_value=1.0, end_value=0.0, steps=100)
    for told, accumulated in ((4, None), (4, 2), (2, 3)):
        rate = document.to_keras(gradient_accumulation_steps=told)
        optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulated)
        for native in (optimizer, keras.optimizers.serialize(optimizer)):
            with pytest.raises(lrspec.UnsupportedError, match=f"gradient_accumulation_steps={told}, in an optimizer"):
                lrspec.from_native(native)


class Halved(KerasSchedule):
    """Derives from ours and computes something else."""

    def __call__(self, step: Any = 0) -> Any:
        return super().__call__(step) * 0.5


class Around(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """Keeps a schedule of ours under the name that ours has, and computes something else."""

    def __init__(self, schedule: lrspec.Schedule) -> None:
        self.schedule = schedule

    def __call__(self, step: Any) -> Any:
        return self.schedule.to_keras()(step) * 0.5


@pytest.mark.parametrize("make", [Halved, Around])
def test_what_a_user_makes_of_ours_is_not_taken_for_ours(make: Any) -> None:
    rate = make(lrspec.Linear(init_value=1.0, end_value=0.0, steps=4))
    for native in (rate, keras.optimizers.SGD(rate)):
        with pytest.raises(lrspec.UnsupportedError, match="sample=N"):
            lrspec.from_native(native)
        assert lrspec.from_native(native, sample=4).values(0, 4).tolist() == [0.5, 0.375, 0.25, 0.125]


def test_a_document_in_place_of_a_schedule_is_refused_by_name() -> None:
    optimizer = keras.optimizers.SGD(lrspec.Linear(init_value=1.0, end_value=0.0, steps=4))
    with pytest.raises(lrspec.UnsupportedError, match=r"schedule\.to_keras\(\)"):
        lrspec.from_native(optimizer)


@pytest.mark.parametrize(
    "config",
    [
        {"document": 5},
        {"document": {"lrspec": 1}},
        {"class_name": "KerasSchedule", "config": {"document": {}}, "registered_name": "lrspec>KerasSchedule"},
        {"class_name": "KerasSchedule", "config": 3, "registered_name": "lrspec>KerasSchedule"},
        {"document": {"lrspec": 1, "learning_rate": {"kind": "cosines"}}},
        {"learning_rate": {"document": lrspec.to_dict(lrspec.Constant(value=1.0)), "gradient_accumulation_steps": 0}},
        {"optimizer_map": {"class_name": "OptimizerMap", "config": {"default_optimizer": 1, "optimizer_map": {}}}},
        {"optimizer_map": 3},
    ],
    ids=str,
)
def test_configs_of_ours_that_are_none_are_refused(config: Any) -> None:
    with pytest.raises(lrspec.LrspecError):
        lrspec.from_native(config)
    with pytest.raises(lrspec.LrspecError):
        read_config(config)
