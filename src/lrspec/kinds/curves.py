"""The arithmetic that the curves of several kinds share, on integers (see fixedpoint.py)."""

from __future__ import annotations

from fractions import Fraction

from lrspec.compiler import fixedpoint
from lrspec.compiler.formula import Curve, Time

ONE = Fraction(1)
"""The factor of a power alone."""
RATIONAL_POWER = 16
"""Whole powers up to this one are computed as fractions."""
_EXP_BITS = 128
LOG_BITS = _EXP_BITS + 64
"""Fraction bits of a logarithm: an index has up to 31 bits, and a period may be as short as 2**-31 steps."""
_HUGE = 4096  # log2 of a number that is past the end of float32 and of float64 by far


def fixed(value: float | Fraction, precision: int) -> int:
    """Return a number in fixed point."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator << precision) // denominator


def constant(value: float) -> Curve:
    """`value`."""
    return lambda _, precision: fixed(value, precision)


def ratio(a: Time, b: Time) -> tuple[int, int]:
    """Return a numerator and a denominator, above 0, of `a / b`, where b is above 0."""
    return a.numerator * b.denominator, a.denominator * b.numerator


def log2(numerator: int, denominator: int) -> int:
    """Return log2 of a positive ratio, with `LOG_BITS` fraction bits."""
    return fixedpoint.log2(numerator, denominator, LOG_BITS)


def log2_of(value: Fraction | float) -> int:
    """Return log2 of a positive number, with `LOG_BITS` fraction bits."""
    return log2(*value.as_integer_ratio())


def times_exp2(factor: Fraction, log: int, precision: int) -> int:
    """Return `factor * 2**log`, where `log` has `LOG_BITS` fraction bits, with `precision` fraction bits."""
    mantissa, exponent = fixedpoint.exp2(log >> (LOG_BITS - _EXP_BITS), _EXP_BITS)
    shift = min(exponent, _HUGE) + precision - _EXP_BITS
    scaled = mantissa * factor.numerator
    if shift >= 0:
        return (scaled << shift) // factor.denominator
    return scaled // (factor.denominator << min(-shift, 8 * _HUGE))


def times_power(factor: Fraction, base: tuple[int, int], power: Fraction, precision: int) -> int:
    """Return `factor * base ** power` with `precision` fraction bits; a base below 0 needs a whole power."""
    numerator, denominator = base
    if power.denominator == 1 and power <= RATIONAL_POWER:
        exponent: int = power.numerator
        share = int(numerator**exponent) * factor.numerator << precision
        return share // (int(denominator**exponent) * factor.denominator)
    if numerator == 0:
        return 0
    log = log2(abs(numerator), denominator) * power.numerator // power.denominator
    return times_exp2(-factor if numerator < 0 and power % 2 else factor, log, precision)
