"""Curves nearly, in a tenth of the time: to some 90 bits, which is far more than a fit keeps of them.

A `Curve` has one possible result in every bit, by series that are cut off at one place. What a fit keeps of a value
has 47 bits, so that it seldom matters which of two values 2^-90 apart it had; quick.py tells whether it does. Here are
the same functions by tables and short series, each with a bound of its error, and no bit is promised.

`x` has `BITS` fraction bits where nothing else is said. Tables are made when they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TypeAlias

from lrspec.compiler import fixedpoint

Values: TypeAlias = tuple[list[int], int]
"""Values in fixed point, and how far each may be from the curve's own and from the truth, in the same units."""
Near: TypeAlias = Callable[[Sequence[int], int], Values | None]
"""`near(indices, precision)`: about `curve(k, precision)` at each index; None where it cannot say."""
Numbers: TypeAlias = Callable[[Sequence[int]], list[int]]
"""What is put into a function: a number for each index, with `BITS` fraction bits."""

BITS = 192
"""Fraction bits of arguments: an index has up to 31 bits, so that a line is known to 2^-160."""
_ONE = 1 << BITS
_SLICES = 11
_CURVE_UNITS, _CURVE_BITS = 16, 108
"""The error of a curve itself: so many units, and 2^-108 of the larger of its terms."""
_HUGE = 4096
_LARGE = 128
"""What is larger than 2**128 is left to the curve, which says what becomes of it."""


def bound(values: list[int], bits: int, term: int = 0) -> int:
    """Return the bound of errors of 2^-bits of the largest value, with those of a curve that has another term."""
    largest = _largest(values)
    return (largest >> bits) + (max(largest, term) >> _CURVE_BITS) + 2 * _CURVE_UNITS


def _largest(values: list[int]) -> int:
    return abs(max(values, key=abs))


def line(start: Fraction, slope: Fraction) -> Numbers:
    """Return `start + slope * k`, to 2^-160."""
    first, rise = int(start * _ONE // 1), int(slope * _ONE // 1)
    return lambda indices: [first + rise * k for k in indices]


def multiplier(factor: Fraction) -> tuple[int, int]:
    """Return (m, shift) of a factor `m * 2**-shift`, with 128 bits in m."""
    shift = 128 - factor.numerator.bit_length() + factor.denominator.bit_length()
    numerator = factor.numerator << shift if shift >= 0 else factor.numerator >> -shift
    return numerator // factor.denominator, shift


# --- powers of two


@lru_cache(maxsize=1)
def _exp2_tables() -> tuple[list[int], list[int]]:
    """Return `2**(i / 2**11)` and `2**(i / 2**22)`, with 120 fraction bits."""
    tables = []
    for slices in (_SLICES, 2 * _SLICES):
        step = fixedpoint.exp2(1 << (160 - slices), 160)[0]
        power, table = 1 << 160, []
        for _ in range(1 << _SLICES):
            table.append(power >> 40)
            power = power * step >> 160
        tables.append(table)
    return tables[0], tables[1]


def exponential(logs: Numbers, factor: Fraction) -> Near:
    """Return `factor * 2**log`."""
    times = exp2_times(factor)

    def near(indices: Sequence[int], precision: int) -> Values:
        values = times(logs(indices), precision)
        return values, bound(values, 90)

    return near


def exp2_times(factor: Fraction) -> Callable[[list[int], int], list[int]]:
    """Return a function from logarithms to `factor * 2**log`, to 2^-92 of itself."""
    coarse, fine = _exp2_tables()
    scale, drop = multiplier(factor)
    ln2, three = fixedpoint.ln2(120), 3 << 120
    slice_, rest = (1 << _SLICES) - 1, (1 << BITS - 2 * _SLICES) - 1

    def values(logs: list[int], precision: int) -> list[int]:
        found = []
        for log in logs:
            mantissa = coarse[log >> BITS - _SLICES & slice_] * fine[log >> BITS - 2 * _SLICES & slice_] >> 120
            x = (log & rest) * ln2 >> BITS  # below 2^-22.5
            half = x * x >> 121
            mantissa += mantissa * (x + half + half * x // three) >> 120
            shift = min(log >> BITS, _HUGE) + precision - 120 - drop
            found.append(mantissa * scale << shift if shift >= 0 else mantissa * scale >> -shift)
        return found

    return values


# --- logarithms and powers


@lru_cache(maxsize=1)
def _log2_tables() -> tuple[list[int], list[int]]:
    """Return `log2((1025 + i) / 1024)` for i up to 1023, and `log2(1 + j / 2**21)` for j up to 2100, with 128 bits."""
    return _logarithms(1024, 1025)[1:], _logarithms(1 << 21, 2100)


def _logarithms(whole: int, count: int) -> list[int]:
    """Return `log2((whole + i) / whole)` for i from 0 to `count - 1`, by `log(1 + 1/n) = 2 atanh(1 / (2 n + 1))`."""
    two_by_ln2 = (2 << 320) // fixedpoint.ln2(160)
    total, found = 0, []
    for n in range(whole, whole + count):
        found.append(total >> 32)
        term = (1 << 160) // (2 * n + 1)
        square, log, k = (2 * n + 1) ** 2, 0, 1
        while term:
            log += term // k
            term //= square
            k += 2
        total += log * two_by_ln2 >> 160
    return found


def log2_of(numbers: list[int]) -> list[int] | None:
    """Return log2 of positive numbers, to 2^-98; None where one is not positive, or too small to be known well."""
    if min(numbers) >> _LEAST <= 0:
        return None
    coarse, fine = _log2_tables()
    one, by_ln2, three = 1 << 128, (1 << 256) // fixedpoint.ln2(128), 3 << 127
    found = []
    for x in numbers:
        exponent = x.bit_length() - 128
        mantissa = x >> exponent if exponent > 0 else x << -exponent
        i = mantissa >> 117
        share = (mantissa << 11) // (i + 1)  # in [1 - 2^-10, 1)
        j = one - share >> 107
        rest = one - share - (share * j >> 21)  # below 2^-19
        half = rest * rest >> 129
        log = rest + half + half * rest // three + (half * half >> 128)
        log2 = (exponent + 127 - BITS << 128) + coarse[i - 1024] - fine[j] - (log * by_ln2 >> 128)
        found.append(log2 << BITS - 128)
    return found


_LEAST = BITS - 72
"""Below 2^-72 a number on a line is not known to 2^-88 of itself."""
_LOWEST = BITS - 62
"""Below 2^-62 a share is not known well enough."""


def power_of(numbers: Callable[[Sequence[int]], list[int]], power: Fraction, factor: Fraction) -> Near:
    """Return `factor * x ** power` for x from 0 up to 2 or so and a power above 0; x is known to 2^-88 of itself."""
    if power.denominator == 1 and power <= 16:  # as curves.times_power
        return _whole_power(numbers, power.numerator, factor)
    times = exp2_times(factor)
    loss = 1 + int(power).bit_length()

    def near(indices: Sequence[int], precision: int) -> Values | None:
        logs = log2_of(numbers(indices))
        if logs is None:
            return None
        values = times([log * power.numerator // power.denominator for log in logs], precision)
        return values, bound(values, 88 - loss)

    return near


def inverse_power(numbers: Numbers, power: Fraction, factor: Fraction) -> Near:
    """Return `factor * x ** -power`."""
    times = exp2_times(factor)
    loss = 1 + int(power).bit_length()

    def near(indices: Sequence[int], precision: int) -> Values | None:
        logs = log2_of(numbers(indices))
        if logs is None:
            return None
        values = times([-log * power.numerator // power.denominator for log in logs], precision)
        return values, bound(values, 88 - loss)

    return near


def _whole_power(numbers: Numbers, power: int, factor: Fraction) -> Near:
    scale, drop = multiplier(factor)
    loss = power.bit_length()

    def near(indices: Sequence[int], precision: int) -> Values | None:
        found, down = numbers(indices), power * BITS + drop - precision
        if min(found) >> _LEAST <= 0 or down < 0:
            return None
        values = [x * scale >> down for x in (found if power == 1 else [x**power for x in found])]
        return values, bound(values, 88 - loss)

    return near


# --- cosines


@lru_cache(maxsize=1)
def _angles() -> list[tuple[int, int, int]]:
    """Return `1 - cos a`, `cos a` and `sin a` for `a = i pi / 2**11`, with 160 fraction bits."""
    bits = 200
    one = 1 << bits
    fall = fixedpoint.versine(fixedpoint.pi(bits) >> _SLICES, bits)
    c, s = one - fall, isqrt(fall * (2 * one - fall))
    cosine, sine, found = one, 0, []
    for _ in range((1 << _SLICES) + 1):
        found.append((one - cosine >> 40, cosine >> 40, sine >> 40))
        cosine, sine = cosine * c - sine * s >> bits, sine * c + cosine * s >> bits
    return found


def versines(turns: list[int]) -> list[int]:
    """Return `(1 - cos(pi x)) / 2` for x from 0 to 1, to 2^-90 of itself and 2^-150; with `BITS` fraction bits."""
    table, pi = _angles(), fixedpoint.pi(160)
    bits, rest = 160, (1 << BITS - _SLICES) - 1
    sixth, of_120, of_5040 = (1 << bits) // 6, (1 << bits) // 120, (1 << bits) // 5040
    of_24, of_720, of_40320 = (1 << bits) // 24, (1 << bits) // 720, (1 << bits) // 40320
    found = []
    for x in turns:
        fall, cosine, sine = table[x >> BITS - _SLICES]
        a = (x & rest) * pi >> BITS  # below 2^-9
        square = a * a >> bits
        s = a - (a * (square * (sixth - (square * (of_120 - (square * of_5040 >> bits)) >> bits)) >> bits) >> bits)
        v = (square >> 1) - (
            square * (square * (of_24 - (square * (of_720 - (square * of_40320 >> bits)) >> bits)) >> bits) >> bits
        )
        found.append((fall << 31) + (cosine * v + sine * s >> 129))
    return found


def cosine(way: Numbers, exponent: Fraction, factor: Fraction) -> Near:
    """Return `factor * ((1 + cos(pi * x)) / 2) ** exponent`, where x, which has any size, is given with `BITS` bits."""

    def share(indices: Sequence[int]) -> list[int]:
        shares = versines([abs(_ONE - (x & 2 * _ONE - 1)) for x in way(indices)])
        return shares if min(shares) >> _LOWEST else [0]

    return power_of(share, exponent, factor)


# --- what curves are put together of


def plus(near: Near, offset: Fraction) -> Near:
    """Return a curve and a constant."""
    if not offset:
        return near
    numerator, denominator = offset.as_integer_ratio()

    def near_plus(indices: Sequence[int], precision: int) -> Values | None:
        found = near(indices, precision)
        if found is None:
            return None
        constant = (numerator << precision) // denominator
        return [value + constant for value in found[0]], found[1] + (abs(constant) >> _CURVE_BITS) + 1

    return near_plus


def mapped(near: Near, scale: Fraction, offset: Fraction) -> Near:
    """Return `scale * near + offset`."""
    times, drop = multiplier(scale)
    guard = max(0, 128 - drop)
    numerator, denominator = offset.as_integer_ratio()

    def mapped_near(indices: Sequence[int], precision: int) -> Values | None:
        found = near(indices, precision + guard)
        if found is None:
            return None
        inner, error = found
        if _largest(inner) >> precision + guard + _LARGE:
            return None
        constant = (numerator << precision) // denominator
        values = [(value * times >> drop + guard) + constant for value in inner]
        grown = (error * abs(times) >> drop + guard) + (abs(constant) >> _CURVE_BITS - 1)
        return values, grown + bound(values, _CURVE_BITS)  # the size of the first term is that of the sum and the other

    return mapped_near


_FACTOR_BITS = 152


def product(nears: Sequence[Near]) -> Near:
    """Return the product of curves."""

    def near(indices: Sequence[int], precision: int) -> Values | None:
        values: list[int] = []
        error, size = 0, 1 << _FACTOR_BITS
        for factor in nears:
            found = factor(indices, _FACTOR_BITS)
            if found is None:
                return None
            others, away = found
            if _largest(others) >> _FACTOR_BITS + _LARGE:
                return None
            error = (size * away + (_largest(others) + away) * error >> _FACTOR_BITS) + 2
            products = [a * b >> _FACTOR_BITS for a, b in zip(values, others, strict=False)]
            values = products or others
            size = _largest(values)
        up = precision - _FACTOR_BITS
        if up >= 0:
            return [value << up for value in values], (error << up) + _CURVE_UNITS
        return [value >> -up for value in values], (error >> -up) + 1 + _CURVE_UNITS

    return near


def shifted(near: Near | None, offset: int) -> Near | None:
    """Return `near(k + offset)`."""
    if near is None or not offset:
        return near
    return lambda indices, precision: near([k + offset for k in indices], precision)


def constant(curve: Callable[[int, int], int]) -> Near:
    """Return the curve that always has the value at 0."""

    def near(indices: Sequence[int], precision: int) -> Values:
        value = curve(0, precision)
        return [value] * len(indices), bound([value], _CURVE_BITS)

    return near
