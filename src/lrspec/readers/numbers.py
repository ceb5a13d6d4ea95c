"""Numbers as other libraries hold them, and the elementary functions of their formulas in float64."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from lrspec.compiler.formula import Time, simple


def decimal_time(number: Any) -> Time:
    """Return a number of steps exactly, where a float means the decimal that is written: 0.1 is 1/10.

    Args:
        number: The number.

    Example:
        >>> decimal_time(0.1)
        Fraction(1, 10)
    """
    return simple(Fraction(int(number)) if isinstance(number, int | np.integer) else Fraction(repr(float(number))))


def binary_time(number: Any) -> Time:
    """Return a number of steps exactly, where a float means what it is in binary: 0.1 is a little more than 1/10.

    Args:
        number: The number.

    Example:
        >>> binary_time(0.25), binary_time(0.1) > decimal_time(0.1)
        (Fraction(1, 4), True)
    """
    return simple(Fraction(number))


def short_float32(number: float) -> float:
    """Return the shortest decimal of a number that is one of float32; any other number as it is.

    Args:
        number: The number, such as 0.10000000149011612, which is what float32 makes of 0.1.

    Example:
        >>> short_float32(0.10000000149011612), short_float32(0.1), short_float32(0.5)
        (0.1, 0.1, 0.5)
    """
    if not abs(number) <= float(np.finfo(np.float32).max):
        return number
    near = np.float32(number)
    return float(str(near)) if float(near) == number else number


def decimal_product(number: float, factor: float) -> float:
    """Return the product of two numbers as they are written: 0.1 times 0.1 is 0.01.

    Args:
        number: One.
        factor: The other.

    Example:
        >>> decimal_product(0.1, 0.1), 0.1 * 0.1
        (0.01, 0.010000000000000002)
    """
    return float(Fraction(repr(float(number))) * Fraction(repr(float(factor))))


def half_cosine(share: Time) -> float:
    """Return `(1 + cos(pi * share)) / 2` without cancellation.

    Args:
        share: From 0, where it is 1, to 1, where it is 0.
    """
    return math.sin(math.pi / 2 * float(1 - share)) ** 2


def power_of(base: float, exponent: float) -> float:
    """Return a power of a number that is 0 or above; infinity where it is too large.

    Args:
        base: The number.
        exponent: The exponent.
    """
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def short_decimal(number: float) -> float:
    """Return the decimal of at most 12 digits beside which float64's rounding put a number, if there is one.

    Args:
        number: A product, a power or a quotient, in float64.

    Returns:
        The decimal, where it is at most 4 units in the last place away; else the number.
    """
    decimal = float(f"{number:.12g}")
    return decimal if abs(decimal - number) <= 4 * math.ulp(number) else number
