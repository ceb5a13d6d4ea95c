"""What Keras documents that its schedules compute, in float64, and how a reading is compared with an object.

The formulas are written from Keras' parameters alone; nothing of a schedule of ours is used. Steps are exact: a floor
or a cycle is found with fractions, not with a float32 quotient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.formula import HORIZON, Time, formula_of, rounded, simple
from lrspec.kinds import Freeze
from lrspec.native.reading import Reading
from lrspec.spec import Node

SLACK = 1e-5
"""The largest difference that float32 explains, relative to the largest value; measured are 3e-7 and less."""
_ROUNDING = 1e-12
_FLOAT32_STEPS = 2**24
_MOST_CYCLES = 300


@dataclass(frozen=True, kw_only=True)
class Own:
    """What an object documents: its formula, and where to look.

    Args:
        at: The formula in float64, at an exact time.
        end: A time after which nothing new comes.
        kinks: Times at which the curve bends or jumps.
        slack: The difference that float32 explains at a time, relative to the largest value.
        near_jump: Whether a time is within a step of a jump that frameworks are known to miss.
        faults: Where the object, compiled, departs from its documentation, in words.
    """

    at: Callable[[Time], float]
    end: Time = 0
    kinks: tuple[Time, ...] = ()
    slack: Callable[[Time], float] = lambda _: SLACK
    near_jump: Callable[[Time], bool] = lambda _: False
    faults: tuple[str, ...] = ()

    def steps(self, most: int, stop: int) -> list[int]:
        """Return the steps to compare below `stop`: all where these are few; else those at kinks, and even ones."""
        last = min(math.ceil(self.end) + 2, stop - 1)
        if last < most:
            return sorted({*range(last + 1), stop - 1})
        kinks = [kink for kink in self.kinks if kink < stop]
        some = [*kinks[: most // 8], *kinks[:: max(1, -(-len(kinks) * 16 // most))]]
        near = {math.floor(kink) + i for kink in some for i in (-1, 0, 1, 2)}
        even = {last * i // (most // 2) for i in range(most // 2 + 1)}
        return sorted(step for step in near | even | {1, 2, stop - 1} if 0 <= step < stop)


def compared(reading: Reading, own: Own, stop: int = HORIZON) -> Reading:
    """Return the reading with the comparison of its exact formula against what the object documents.

    Raises:
        LrspecError: They differ by more than the rounding of float64.
    """
    formula = formula_of(reading.schedule.node)
    steps = own.steps(1024, stop)
    expected = [rounded(formula, min(step, formula.last_step)) for step in steps]
    found = [own.at(step) for step in steps]
    scale = max(map(abs, expected + found)) or 1.0
    differences = [abs(a - b) / scale for a, b in zip(expected, found, strict=True)]
    worst = max(range(len(steps)), key=differences.__getitem__)
    if not all(difference <= _ROUNDING for difference in differences):
        raise _mismatch(reading, steps[worst], expected[worst], found[worst], "its documentation says")
    return replace(reading, checked_steps=len(steps), largest_difference=differences[worst], at_step=steps[worst])


def called(reading: Reading, own: Own, call: Callable[[int], float], stop: int = HORIZON) -> Reading:
    """Return the reading with what the object itself gave at some steps, and where it contradicts its documentation.

    Raises:
        LrspecError: The object differs by more than float32 explains, where no fault of it is known.
    """
    steps = own.steps(64, min(stop, _FLOAT32_STEPS))
    documented = [own.at(step) for step in steps]
    scale = max(map(abs, documented)) or 1.0
    largest, at_step, faults = 0.0, steps[0], []
    for step, expected in zip(steps, documented, strict=True):
        found = call(step)
        difference = abs(found - expected) / scale
        if difference <= own.slack(step):
            largest, at_step = max((largest, at_step), (difference, step))
        elif own.near_jump(step):
            faults.append(f"{found:.6g} at step {step}, documented {expected:.6g}")
        else:
            raise _mismatch(reading, step, expected, found, "the object itself gives")
    share = f"by {largest:.1e} of the largest value at most, at step {at_step}: float32"
    notes = [f"the object, called at {len(steps)} steps, differs {share}", *own.faults]
    if faults:
        some = "; ".join(faults[:5])
        notes.append(
            f"the object contradicts its documentation, which was read, at {len(faults)} steps: it gives {some}"
        )
    return replace(reading, conventions=(*reading.conventions, *notes))


def _mismatch(reading: Reading, step: int, expected: float, found: float, whose: str) -> LrspecError:
    return LrspecError(
        f"{reading.framework}: {reading.construct} was read as {reading.schedule!r}, which is {expected!r} at step "
        f"{step}, where {whose} {found!r}"
    )


def bounded(node: Node, sample: int | None, framework: str, name: str) -> tuple[Node, int]:
    """Return the node, or where it has no short form without an end, the same up to step `sample`; and that step.

    Raises:
        UnsupportedError: It needs an end, and there is no `sample`; or it is too long with one.
    """
    try:
        node.program  # noqa: B018 - compiled here, to see whether it can be
    except SpecError as error:
        if sample is None:
            raise UnsupportedError(
                framework,
                name,
                f"without an end it has no short form ({error}); give sample=N, the number of steps of the run",
            ) from None
        held = Freeze(part=node, steps=sample)
        try:
            held.program  # noqa: B018
        except SpecError as again:
            raise UnsupportedError(
                framework, name, f"too long for a program ({again}); give a smaller sample=N"
            ) from None
        return held, sample
    return node, HORIZON


def time_of(number: Any) -> Time:
    """Return a number of steps exactly: a float is the decimal that is written."""
    return simple(Fraction(int(number)) if isinstance(number, int | np.integer) else Fraction(repr(float(number))))


def half_cosine(share: Time) -> float:
    """Return `(1 + cos(pi * share)) / 2` without cancellation."""
    return math.sin(math.pi / 2 * float(1 - share)) ** 2


def power_of(base: float, exponent: float) -> float:
    """Return a power of a number that is 0 or above; infinity where it is too large."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def loose(power: float) -> Callable[[Time], float]:
    """Return the slack of a power of what float32 knows to 2e-7."""
    return lambda _: max(SLACK, 2e-7 ** min(power, 1.0))


def stairs_or_not(period: Time, *, staircase: bool) -> dict[str, Any]:
    """Return the fields of `Own` for a decay with a period, in stairs or smooth."""
    kinks = tuple(simple(period * Fraction(k)) for k in (*range(1, 51), *range(60, 1000, 20)))
    if not staircase:
        return {"kinks": kinks, "end": 120 * period}
    return {
        "kinks": kinks,
        "end": 120 * period,
        "near_jump": lambda t: min(t % period, -t % period) <= 1,
        "faults": late_stairs(period, "a stair"),
    }


def late_stairs(period: Time, what: str) -> tuple[str, ...]:
    """Return where XLA, which multiplies by the float32 nearest to 1 / period, comes to a stair one step late."""
    inverse = np.float32(1) / np.float32(float(period))
    drops = ((k, math.ceil(k * period)) for k in range(1, 51))
    late = [step for k, step in drops if math.floor(np.float32(step) * inverse) < k]
    if not late:
        return ()
    some = ", ".join(map(str, late[:5]))
    where = f"one step late at {len(late)} of the first 50, such as {some}; the documented steps were read"
    return (f"compiled by XLA (jit, fit on JAX or TensorFlow) the object comes to {what} {where}",)


def _decay(config: Mapping[str, Any], *, inverse: bool) -> Own:
    init, rate = float(config["initial_learning_rate"]), float(config["decay_rate"])
    period, stairs = time_of(config["decay_steps"]), bool(config["staircase"])

    def at(t: Time) -> float:
        periods = float(t // period if stairs else Fraction(t) / period)
        return init / (1 + rate * periods) if inverse else init * power_of(rate, periods)

    return Own(at=at, **stairs_or_not(period, staircase=stairs))


def _piecewise(config: Mapping[str, Any]) -> Own:
    boundaries, values = [time_of(b) for b in config["boundaries"]], [float(v) for v in config["values"]]

    def at(t: Time) -> float:
        return values[sum(t > boundary for boundary in boundaries)]

    return Own(at=at, kinks=tuple(boundaries), end=max(*boundaries, 0))


def _polynomial(config: Mapping[str, Any]) -> Own:
    init, end = float(config["initial_learning_rate"]), float(config["end_learning_rate"])
    steps, power, cycle = time_of(config["decay_steps"]), float(config["power"]), bool(config["cycle"])

    def at(t: Time) -> float:
        whole = steps * max(1, math.ceil(Fraction(t) / steps)) if cycle else steps
        left = 1 - Fraction(min(t, whole)) / whole
        return (init - end) * power_of(float(left), power) + end

    kinks = tuple(simple(steps * Fraction(k)) for k in range(1, 51 if cycle else 2))
    faults = () if cycle else unfinished(steps, power, init, end)
    jump = (lambda t: min(t % steps, -t % steps) <= 1) if cycle else (lambda _: False)
    return Own(at=at, kinks=kinks, end=kinks[-1], slack=loose(power), near_jump=jump, faults=faults)


def unfinished(steps: Time, power: float, init: float, end: float) -> tuple[str, ...]:
    """Return that XLA's `1 - T / T` is not 0, where a power below 1 makes that visible."""
    rest = 1 - float(steps) * float(np.float32(1) / np.float32(float(steps)))
    if not 0 < power < 1 or rest <= 0 or init == end:
        return ()
    value = (init - end) * rest**power + end
    why = f"its 1 - T * (1 / T) is {rest:.1e} and not 0, and it rests at about {value:.4g}"
    return (f"compiled by XLA the object may never come to the {end:g} that was read: {why}",)


def _cosine(config: Mapping[str, Any]) -> Own:
    init, steps, alpha = (
        float(config["initial_learning_rate"]),
        time_of(config["decay_steps"]),
        float(config["alpha"]),
    )
    target, warmup = config.get("warmup_target"), time_of(config.get("warmup_steps") or 0)
    top, begins = (init, 0) if target is None else (float(target), warmup)

    def at(t: Time) -> float:
        if t < begins:
            return init + (top - init) * float(Fraction(t) / begins)
        return top * ((1 - alpha) * half_cosine(Fraction(min(t - begins, steps)) / steps) + alpha)

    return Own(at=at, kinks=(begins, begins + steps), end=begins + steps)


def cycles(first: Time, growth: Time, stop: Time) -> list[tuple[Time, Time]]:
    """Return the starts and lengths of cycles of growing or shrinking length up to `stop`, some hundreds at most."""
    found: list[tuple[Time, Time]] = [(0, first)]
    while sum(found[-1]) < stop and len(found) < _MOST_CYCLES and found[-1][1] > Fraction(1, 10**9):
        start, length = found[-1]
        found.append((simple(Fraction(start + length)), simple(Fraction(length * growth))))
    return found


def _restarts(config: Mapping[str, Any]) -> Own:
    init, first = float(config["initial_learning_rate"]), time_of(config["first_decay_steps"])
    growth, shrink, alpha = time_of(config["t_mul"]), float(config["m_mul"]), float(config["alpha"])
    listed = cycles(first, growth, HORIZON)

    def locate(t: Time) -> tuple[int, Time, Time]:
        if growth == 1:
            return int(t // first), t % first, first
        number = sum(start <= t for start, _ in listed) - 1
        return number, t - listed[number][0], listed[number][1]

    def at(t: Time) -> float:
        number, since, length = locate(t)
        return init * ((1 - alpha) * power_of(shrink, number) * half_cosine(Fraction(since) / length) + alpha)

    def near_jump(t: Time) -> bool:
        _, since, length = locate(t)
        reach = max(1, t * 4e-6)  # of a float32 logarithm
        return since <= reach or length - since <= reach

    return Own(
        at=at,
        kinks=tuple(start for start, _ in listed[1:]),
        end=min(listed[-1][0], HORIZON),
        slack=lambda t: SLACK + 1e-6 * float(Fraction(t) / locate(t)[2]),
        near_jump=near_jump,
        faults=late_stairs(first, "a restart") if growth == 1 else (),
    )


DOCUMENTED: dict[str, Callable[[Mapping[str, Any]], Own]] = {
    "ExponentialDecay": partial(_decay, inverse=False),
    "InverseTimeDecay": partial(_decay, inverse=True),
    "PiecewiseConstantDecay": _piecewise,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
}
"""The formula of each class, from its `get_config()`."""
