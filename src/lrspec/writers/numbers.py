"""Numbers as Python text, and as multiples of each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from lrspec.writers.result import NoMatch


def factor(value: float, base: float) -> float:
    """Return a number f with `base * f` within a unit in the last place of `value`: the shortest there is.

    Raises:
        NoMatch: `base` is 0 and `value` is not.
    """
    if value == base:
        return 1.0
    if base == 0:
        raise NoMatch("a value that is no multiple of 0")
    near = value / base
    return next((one for one in _short(near) if abs(base * one - value) <= math.ulp(value)), near)


def shortest(exact: Fraction) -> float:
    """Return the shortest number within a unit in the last place of an exact one.

    Example:
        >>> 0.1 * 0.3, shortest(Fraction(0.1) * Fraction(0.3))
        (0.03, 0.03)
        >>> 0.1 * 0.7, shortest(Fraction(0.1) * Fraction(0.7))
        (0.06999999999999999, 0.07)
    """
    near = exact.numerator / exact.denominator
    return next((one for one in _short(near) if abs(Fraction(one) - exact) <= math.ulp(near)), near)


def _short(near: float) -> Iterator[float]:
    return (float(f"{near:.{digits}g}") for digits in (3, 6, 15))


def literal(value: float | Fraction) -> str:
    """Return a number as Python text: a whole one without a point, a fraction that is no float as a division.

    Example:
        >>> literal(3.0), literal(0.8), literal(Fraction(4, 5)), literal(Fraction(1, 3))
        ('3', '0.8', '0.8', '(1 / 3)')
    """
    exact = Fraction(value)
    if exact.denominator == 1:
        return str(exact.numerator)
    near = exact.numerator / exact.denominator
    return (
        repr(near) if exact in (Fraction(near), Fraction(repr(near))) else f"({exact.numerator} / {exact.denominator})"
    )


def gamma_of(levels: Sequence[float]) -> float:
    """Return the factor from each level to the next one, where it is the same everywhere.

    Raises:
        NoMatch: It is not.
    """
    if levels[0] != 0:
        rate = factor(levels[1], levels[0])
        exact = [float(Fraction(levels[0]) * Fraction(rate) ** i) for i in range(len(levels))]
        if all(abs(a - b) <= 2 * math.ulp(b) for a, b in zip(exact, levels, strict=True)):
            return rate
    raise NoMatch("levels without a common factor")
