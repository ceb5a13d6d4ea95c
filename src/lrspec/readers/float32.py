"""What float32, and XLA, make of formulas: how far an object may be from its documentation, and where it jumps late."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from lrspec.compiler.formula import Time, simple
from lrspec.readers.reading import SLACK


def loose(power: float) -> Callable[[Time], float]:
    """Return the slack of a power of what float32 knows to 2e-7.

    Args:
        power: The exponent.
    """
    return lambda _: max(SLACK, 2e-7 ** min(power, 1.0))


def stairs_or_not(period: Time, *, staircase: bool) -> dict[str, Any]:
    """Return the fields of `Own` for a decay with a period, in stairs or smooth.

    Args:
        period: The period.
        staircase: Whether it is in stairs.
    """
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
    """Return where XLA, which multiplies by the float32 nearest to 1 / period, comes to a stair one step late.

    Args:
        period: The length of a stair.
        what: What a stair is, in words.
    """
    inverse = np.float32(1) / np.float32(float(period))
    drops = ((k, math.ceil(k * period)) for k in range(1, 51))
    late = [step for k, step in drops if math.floor(np.float32(step) * inverse) < k]
    if not late:
        return ()
    some = ", ".join(map(str, late[:5]))
    where = f"one step late at {len(late)} of the first 50, such as {some}; the documented steps were read"
    return (f"compiled by XLA (jit, fit on JAX or TensorFlow) the object comes to {what} {where}",)


def unfinished(steps: Time, power: float, init: float, end: float) -> tuple[str, ...]:
    """Return that XLA's `1 - T / T` is not 0, where a power below 1 makes that visible.

    Args:
        steps: T.
        power: The exponent.
        init: The first value.
        end: The last value.
    """
    rest = 1 - float(steps) * float(np.float32(1) / np.float32(float(steps)))
    if not 0 < power < 1 or rest <= 0 or init == end:
        return ()
    value = (init - end) * rest**power + end
    why = f"its 1 - T * (1 / T) is {rest:.1e} and not 0, and it rests at about {value:.4g}"
    return (f"compiled by XLA the object may never come to the {end:g} that was read: {why}",)
