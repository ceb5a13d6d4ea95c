"""What Keras documents that its schedules compute, in float64.

The formulas are written from Keras' parameters alone; nothing of a schedule of ours is used. Steps are exact: a floor
or a cycle is found with fractions, not with a float32 quotient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.readers.reading import SLACK, Own

_MOST_CYCLES = 300


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
