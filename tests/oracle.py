"""The formulas of docs/spec.md, written a second time with mpmath and fractions: what `lrspec` is tested against.

Nothing of `lrspec` is used here but the attributes of its nodes.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath

CONTEXT: Any = mpmath.MPContext()
CONTEXT.prec = 300
LAST_STEP = 2**31 - 1
TINY = 2.0**-126
"""A value smaller in size than this is 0 by the specification."""


class NoValueError(Exception):
    """The schedule has no value at this step."""


def real(number: float | Fraction) -> Any:
    """Return a number as an mpf: a float is exactly the binary64 number that it is."""
    if isinstance(number, Fraction):
        return CONTEXT.mpf(number.numerator) / number.denominator
    return CONTEXT.mpf(number)


def period_of(node: Any) -> Fraction:
    """Return the decay period as the decimal or fraction that was written."""
    period = node.decay_period
    return Fraction(repr(period)) if isinstance(period, float) else Fraction(period)


def length_of(node: Any) -> int | None:
    """Return how many steps a node lasts, None where it has no end."""
    if node.kind != "sequence":
        length: int | None = node.steps
        return length
    total = 0
    for part in node.parts:
        steps = length_of(part)
        if steps is None:
            return None
        total += steps
    return total


def value(node: Any, step: int) -> Any:
    """Return the exact value of a node at a step, to 300 bits.

    Raises:
        NoValueError: The schedule has no value there.
    """
    if not 0 <= step <= LAST_STEP:
        raise NoValueError(step)
    while node.kind == "sequence":
        for part in node.parts[:-1]:
            length = length_of(part)
            assert length is not None
            if step < length:
                node = part
                break
            step -= length
        else:
            node = node.parts[-1]
    if node.steps is not None and step >= node.steps:
        if node.after == "error":
            raise NoValueError(step)
        if node.after == "hold":
            step = node.steps
    return _leaf(node, step)


def _leaf(node: Any, t: int) -> Any:
    if node.kind == "constant":
        return real(node.value)
    if node.kind == "piecewise_constant":
        return real(node.levels[sum(1 for boundary in node.boundaries if boundary <= t)])
    if node.kind == "exponential":
        exponent = t / period_of(node)
        if node.staircase:
            exponent = Fraction(math.floor(exponent))
        return real(node.init_value) * CONTEXT.power(real(node.decay_rate), real(exponent))
    init, end = Fraction(node.init_value), Fraction(node.end_value)
    if node.kind == "linear":
        return real(init + (end - init) * t / node.steps)
    if node.kind == "polynomial":
        left = 1 - Fraction(t, node.steps)
        if float(node.power).is_integer():
            return real(end + (init - end) * left ** int(node.power))
        return real(end) + real(init - end) * CONTEXT.power(real(left), real(node.power))
    assert node.kind == "cosine"
    turn = real(Fraction(t % (2 * node.steps), node.steps))
    return real(end) + real(init - end) * (1 + CONTEXT.cospi(turn)) / 2


def round_to_float32(exact: Any) -> float:
    """Return the float32 number nearest to `exact`, ties to even, or 0 where the specification says so."""
    sign, mantissa, exponent, bits = exact._mpf_
    mantissa = int(mantissa)
    if mantissa == 0 or exponent + bits <= -126:
        return 0.0
    excess = bits - 24
    if excess > 0:
        rest, half = mantissa & ((1 << excess) - 1), 1 << (excess - 1)
        mantissa >>= excess
        exponent += excess
        mantissa += rest > half or (rest == half and mantissa & 1)
    return math.ldexp(-mantissa if sign else mantissa, exponent)


def ulp_error(float32_value: float, exact: Any) -> float:
    """Return how far a value is from the exact one, in units of the last place of the exact one in float32.

    Where the specification says that the value is 0, the error is 0 for a 0 and infinite for all else.
    """
    _, mantissa, exponent, bits = exact._mpf_
    if not mantissa or exponent + bits <= -126:
        return 0.0 if float32_value == 0 else math.inf
    return float(abs(CONTEXT.mpf(float32_value) - exact) * CONTEXT.ldexp(1, 24 - (exponent + bits)))
