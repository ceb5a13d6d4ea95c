"""Schedulers of `fvcore.common.param_scheduler`, read: against their formulas in mpmath, and against what they give."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import fvcore.common.param_scheduler as fvcore
import pytest
import torch

import lrspec
from lrspec import UnsupportedError
from lrspec.readers import read_native
from lrspec.readers.configs import read_config
from lrspec.readers.reading import MismatchError, exact_values
from reader_rows import apart, check_formula, check_live, cos01, mp, optimizer, rates_of, share

RUN = 120
Share = Callable[[int, int], Any]
NEAR = Fraction(1, 10**6)


def level(values: list[float], t: int, run: int, bounds: list[Fraction]) -> Any:
    """Return the value that holds where the bounds are shares of the run."""
    return mp.mpf(values[sum(Fraction(t, run) + NEAR >= bound for bound in bounds)])


def line(first: float, last: float, x: Any) -> Any:
    return mp.mpf(first) + (mp.mpf(last) - mp.mpf(first)) * x


def warmed(t: int, run: int) -> Any:
    """Return a warmup over a tenth of the run, and then the levels of the whole of it."""
    if Fraction(t, run) + NEAR <= Fraction(1, 10):
        return line(0.001, 0.1, share(10 * t, run))
    return level([0.1, 0.01, 0.001], t, run, [Fraction(6, 9), Fraction(8, 9)])


def three(t: int, run: int) -> Any:
    """Return a line, stairs and, nested in the last part, a constant and a power."""
    where = Fraction(t, run)
    if where + NEAR <= Fraction(1, 4):
        return line(0.001, 0.1, share(4 * t, run))
    if where + NEAR <= Fraction(1, 2):
        inner = where * 4 - 1
        return mp.mpf([0.1, 0.01][inner + NEAR >= Fraction(1, 2)])
    inner = where * 2 - 1
    if inner + NEAR <= Fraction(1, 2):
        return mp.mpf(0.3)
    rest = inner * 2 - 1
    return mp.mpf(0.1) * (1 - share(rest.numerator, rest.denominator)) ** 2


LINE, LEVELS = fvcore.LinearParamScheduler, fvcore.MultiStepParamScheduler
STEPS, POWER, CONSTANT = fvcore.StepParamScheduler, fvcore.PolynomialDecayParamScheduler, fvcore.ConstantParamScheduler
JOINED = fvcore.CompositeParamScheduler
BOTH = ["rescaled", "rescaled"]
ROWS: dict[str, tuple[Callable[[], Any], Share]] = {
    "constant": (lambda: CONSTANT(0.1), lambda *_: mp.mpf(0.1)),
    "cosine": (
        lambda: fvcore.CosineParamScheduler(0.1, 0.001),
        lambda t, run: line(0.001, 0.1, cos01(share(t, run))),
    ),
    "linear": (lambda: LINE(0.001, 0.1), lambda t, run: line(0.001, 0.1, share(t, run))),
    "exponential": (
        lambda: fvcore.ExponentialParamScheduler(2.0, 0.02),
        lambda t, run: 2 * mp.mpf(0.02) ** share(t, run),
    ),
    "exponential of 1": (lambda: fvcore.ExponentialParamScheduler(2.0, 1.0), lambda *_: mp.mpf(2)),
    "polynomial": (lambda: POWER(0.1, 0.5), lambda t, run: mp.mpf(0.1) * mp.sqrt(1 - share(t, run))),
    "polynomial, power 1": (lambda: POWER(0.1, 1), lambda t, run: mp.mpf(0.1) * (1 - share(t, run))),
    "polynomial, power 0": (lambda: POWER(0.1, 0), lambda *_: mp.mpf(0.1)),
    "multi-step": (
        lambda: LEVELS([0.1, 0.01, 0.001], milestones=[30, 61, 90]),
        lambda t, run: level([0.1, 0.01, 0.001], t, run, [Fraction(30, 90), Fraction(61, 90)]),
    ),
    "multi-step, even": (
        lambda: LEVELS([0.1, 0.01, 0.001], num_updates=100),
        lambda t, run: level([0.1, 0.01, 0.001], t, run, [Fraction(34, 100), Fraction(68, 100)]),
    ),
    "step": (
        lambda: STEPS(values=[0.1, 0.01, 0.001], num_updates=77),
        lambda t, run: level([0.1, 0.01, 0.001], t, run, [Fraction(1, 3), Fraction(2, 3)]),
    ),
    "step, one value": (lambda: STEPS(values=[0.1], num_updates=1), lambda *_: mp.mpf(0.1)),
    "step with fixed gamma": (
        lambda: fvcore.StepWithFixedGammaParamScheduler(0.1, 3, 0.5, 120),
        lambda t, run: level([0.1, 0.05, 0.025, 0.0125], t, run, [Fraction(k, 4) for k in (1, 2, 3)]),
    ),
    "composite": (
        lambda: JOINED([CONSTANT(0.42), fvcore.CosineParamScheduler(0.42, 0.0)], [0.25, 0.75], BOTH),
        lambda t, run: (
            mp.mpf(0.42)
            if Fraction(t, run) + NEAR <= Fraction(1, 4)
            else mp.mpf(0.42) * cos01(share(4 * t - run, 3 * run))
        ),
    ),
    "composite of whole ranges": (
        lambda: JOINED(
            [LINE(0.001, 0.1), LEVELS([0.1, 0.01, 0.001], milestones=[6, 8, 9])], [0.1, 0.9], ["rescaled", "fixed"]
        ),
        warmed,
    ),
    "composite in a composite": (
        lambda: JOINED(
            [
                LINE(0.001, 0.1),
                STEPS(values=[0.1, 0.01], num_updates=9),
                JOINED([CONSTANT(0.3), POWER(0.1, 2.0)], [0.5, 0.5], BOTH),
            ],
            [0.25, 0.25, 0.5],
            ["rescaled"] * 3,
        ),
        three,
    ),
    "composite, a part of no length": (
        lambda: JOINED([LINE(0.001, 0.1), POWER(0.1, 1)], [0.0, 1.0], BOTH),
        lambda t, run: mp.mpf(0.1) * (1 - share(t, run)),
    ),
    "composite, no length at the end": (
        lambda: JOINED([LINE(0.001, 0.1), POWER(0.1, 1)], [1.0, 0.0], BOTH),
        lambda t, run: line(0.001, 0.1, share(t, run)),
    ),
}
ids = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


@ids
@pytest.mark.parametrize("run", [RUN, 100, 7, 1, 1013])
def test_formula_and_object(row: tuple[Callable[[], Any], Share], run: int) -> None:
    native, formula = row[0](), row[1]
    reading = read_native(native, sample=run)
    check_formula(reading, [lambda t: formula(t, run)], run)
    check_live(reading, [[native(t / run)] for t in range(run)], 1e-13)
    assert (reading.framework, reading.construct) == ("fvcore", type(native).__name__)
    assert reading.checked_steps == run
    assert "detectron2" in reading.conventions[1]


@ids
def test_a_long_run(row: tuple[Callable[[], Any], Share]) -> None:
    run = 90_000
    reading = read_native(row[0](), sample=run)
    some = [*range(0, run, 997), *(run * k // 36 + i for k in range(1, 36) for i in (-1, 0, 1)), run - 1]
    assert apart(exact_values(reading.schedule.node, some), [row[1](t, run) for t in some]) < 2e-15
    assert reading.checked_steps >= 1000


@ids
def test_values_compile(row: tuple[Callable[[], Any], Share]) -> None:
    found = lrspec.from_native(row[0](), sample=RUN).values(0, RUN)
    assert found == pytest.approx([float(row[1](t, RUN)) for t in range(RUN)], rel=1e-7, abs=1e-16)


def test_every_class_has_a_row() -> None:
    assert {type(row[0]()).__name__ for row in ROWS.values()} == {*fvcore.__all__} - {"ParamScheduler"}


def test_steps_are_asked_for() -> None:
    with pytest.raises(UnsupportedError, match=r"CosineParamScheduler.*without steps; give sample=N, the run's number"):
        lrspec.from_native(fvcore.CosineParamScheduler(0.1, 0.0))


class Mine(fvcore.ParamScheduler):  # type: ignore[misc]
    def __call__(self, where: float) -> float:
        return 1 - where**3


class Warmup(JOINED):  # type: ignore[misc, valid-type]
    """What detectron2's `WarmupParamScheduler` does: a composite that its constructor fills."""

    def __init__(
        self, scheduler: Any, factor: float, length: float, method: str = "linear", *, rescaled: bool = False
    ) -> None:
        first = factor * scheduler(0.0)
        warmup = LINE(first, scheduler(0.0 if rescaled else length)) if method == "linear" else CONSTANT(first)
        scaling = ["rescaled", "rescaled" if rescaled else "fixed"]
        super().__init__([warmup, scheduler], [length, 1 - length], scaling)


@pytest.mark.parametrize("steps", [0, -3, True, "3"])
def test_what_is_no_number_of_steps_is_refused(steps: Any) -> None:
    with pytest.raises(lrspec.SpecError, match=r"sample: found .* expected a number of steps"):
        lrspec.from_native(fvcore.CosineParamScheduler(0.1, 0.0), sample=steps)


def test_a_class_of_the_users_becomes_a_table() -> None:
    reading = read_native(Mine(), sample=50)
    check_live(reading, [[1 - (t / 50) ** 3] for t in range(50)], 1e-15)
    assert any("code" in note for note in reading.conventions)


@pytest.mark.parametrize(
    ("native", "words"),
    [
        (lambda: POWER(0.1, -1.0), "power=-1"),
        (lambda: fvcore.ExponentialParamScheduler(1.0, 0.0), "decay=0"),
        (Mine, "code.*65536 values at most"),
    ],
)
def test_refused_where_no_table_can_hold_it(native: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        lrspec.from_native(native(), sample=100_000)


def test_a_derived_class_with_the_same_formula_is_read() -> None:
    scheduler = Warmup(fvcore.CosineParamScheduler(1.0, 0.0), 0.001, 1 / 10)
    schedule = lrspec.from_native(scheduler, sample=200_000)
    some = range(0, 200_000, 9_973)
    assert exact_values(schedule.node, some) == pytest.approx([scheduler(t / 200_000) for t in some], rel=1e-12)


def test_the_object_that_ends_too_early_is_reported() -> None:
    """Over more than a million steps fvcore's 1e-6 takes the index of a level beyond the last one."""
    reading = read_native(STEPS(values=[0.1, 0.01], num_updates=1), sample=3_000_000)
    with pytest.raises(IndexError):
        STEPS(values=[0.1, 0.01], num_updates=1)(2_999_997 / 3_000_000)
    assert any("fails from step 2999997 on" in note for note in reading.conventions)
    assert exact_values(reading.schedule.node, [1_499_996, 1_499_997, 2_999_999]) == [0.1, 0.01, 0.01]


def multiplier(inner: Any, steps: int, *rates: float) -> Any:
    """Return what detectron2's `LRMultiplier` is: a scheduler of torch with a multiplier of fvcore in it."""

    class LRMultiplier(torch.optim.lr_scheduler.LRScheduler):  # type: ignore[misc]
        def __init__(self) -> None:
            self._multiplier, self._max_iter = inner, steps
            super().__init__(optimizer(*rates))

        def get_lr(self) -> list[float]:
            return [base * inner(self.last_epoch / steps) for base in self.base_lrs]

    LRMultiplier.__module__, LRMultiplier.__qualname__ = "detectron2.solver.lr_scheduler", "LRMultiplier"
    return LRMultiplier()


def test_a_multiplier_knows_its_steps_and_its_position() -> None:
    native = multiplier(Warmup(fvcore.CosineParamScheduler(1.0, 0.0), 0.001, 0.1), 80, 0.1, 0.03)
    rows = rates_of(native.optimizer, lambda k: (native.optimizer.step(), native.step()) if k else None, 60)
    reading = read_native(native)
    check_live(reading, rows)
    assert (reading.framework, reading.construct, reading.position) == ("detectron2", "LRMultiplier", 59)
    native.optimizer.param_groups[1]["lr"] = 1.0
    with pytest.raises(MismatchError, match="group 1"):
        lrspec.from_native(native)


SOLVER: dict[str, Any] = {
    "BASE_LR": 0.02, "BASE_LR_END": 0.0002, "GAMMA": 0.1, "STEPS": [420, 630, 9000], "MAX_ITER": 700,
    "WARMUP_FACTOR": 0.001, "NUM_DECAYS": 3,
}  # fmt: skip
DECAYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "WarmupMultiStepLR": lambda solver: LEVELS(
        [solver["GAMMA"] ** k for k in range(3)], milestones=solver["STEPS"][:2], num_updates=solver["MAX_ITER"]
    ),
    "WarmupCosineLR": lambda solver: fvcore.CosineParamScheduler(1, solver["BASE_LR_END"] / solver["BASE_LR"]),
    "WarmupStepWithFixedGammaLR": lambda solver: fvcore.StepWithFixedGammaParamScheduler(
        1.0, solver["NUM_DECAYS"], solver["GAMMA"], solver["MAX_ITER"]
    ),
}


@pytest.mark.parametrize("rescaled", [False, True], ids=["fixed", "rescaled"])
@pytest.mark.parametrize("method", ["linear", "constant"])
@pytest.mark.parametrize("warmup", [0, 63, 500])
@pytest.mark.parametrize("name", DECAYS)
def test_a_config_of_detectron2_is_the_schedule_of_the_object_that_it_makes(
    name: str, warmup: int, method: str, *, rescaled: bool
) -> None:
    solver = {**SOLVER, "LR_SCHEDULER_NAME": name, "WARMUP_ITERS": warmup, "WARMUP_METHOD": method}
    reading = read_config({"VERSION": 2, "SOLVER": {**solver, "RESCALE_INTERVAL": rescaled}})
    run = SOLVER["MAX_ITER"]
    inner = Warmup(DECAYS[name](solver), SOLVER["WARMUP_FACTOR"], warmup / run, method, rescaled=rescaled)
    native = multiplier(inner, run, SOLVER["BASE_LR"])
    check_live(reading, [[SOLVER["BASE_LR"] * inner(step / run)] for step in range(run)], 1e-14)
    own = read_native(native).schedule.node
    if name != "WarmupCosineLR" or rescaled or method == "constant":
        assert (reading.schedule.node, reading.schedule.fingerprint) == (own, own.fingerprint)
    assert apart(exact_values(own, range(run)), [*exact_values(reading.schedule.node, range(run))]) < 1e-15
    assert reading.total == run


def test_values_of_a_multiplier_are_written_as_people_write_them() -> None:
    native = multiplier(Warmup(LEVELS([1.0, 0.1, 0.1**2], milestones=[60, 80, 90]), 0.001, 7 / 90), 90, 0.02)
    line = lrspec.Linear(init_value=2e-05, end_value=0.02, steps=7)
    levels = lrspec.PiecewiseConstant(boundaries=[53, 73], values=[0.02, 0.002, 0.0002])
    assert lrspec.from_native(native) == lrspec.Sequence(parts=[line, levels])


def test_another_epsilon_is_code() -> None:
    class Exact(LEVELS):  # type: ignore[misc, valid-type]
        WHERE_EPSILON = 1e-9

    with pytest.raises(UnsupportedError, match=r"WHERE_EPSILON=1e-09.*1e-06"):
        lrspec.from_native(Exact([0.1, 0.01], milestones=[3], num_updates=9), sample=100_000)
    assert lrspec.from_native(Exact([0.1, 0.01], milestones=[3], num_updates=9), sample=9)(3) == pytest.approx(0.01)


def test_an_object_that_computes_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def straight(self: Any, where: float) -> float:
        return float(self._start_value * (1 - where))

    original = fvcore.CosineParamScheduler.__call__
    straight.__module__, straight.__qualname__ = original.__module__, original.__qualname__
    monkeypatch.setattr(fvcore.CosineParamScheduler, "__call__", straight)
    with pytest.raises(MismatchError, match="CosineParamScheduler was read as"):
        lrspec.from_native(fvcore.CosineParamScheduler(0.1, 0.0), sample=10)
