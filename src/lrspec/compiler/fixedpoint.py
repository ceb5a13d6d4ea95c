"""Elementary functions on integers: the only arithmetic in which a schedule is compiled.

A real number v is held as the integer nearest below or above `v * 2**precision` ("fixed point with `precision` fraction
bits"). Everything here is addition, multiplication, division, shift and `math.isqrt` on Python integers: no float, no
libm, no library, so that every Python on every machine computes the same bits. Each result is within a few units of the
last of `precision` bits (`exp2`: relative to its size).
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt

_GUARD = 32


@lru_cache
def pi(precision: int) -> int:
    """Return pi in fixed point, by Machin's formula `pi = 16 atan(1/5) - 4 atan(1/239)`."""
    work = precision + _GUARD
    return (16 * _arctan_inverse(5, work) - 4 * _arctan_inverse(239, work)) >> _GUARD


def _arctan_inverse(n: int, precision: int) -> int:
    """Return `atan(1/n)` by its Taylor series."""
    power = total = (1 << precision) // n
    k = 1
    while power:
        power //= n * n
        k += 2
        total += power // k if k % 4 == 1 else -(power // k)
    return total


@lru_cache
def ln2(precision: int) -> int:
    """Return the natural logarithm of 2 in fixed point, by `ln 2 = 2 atanh(1/3)`."""
    work = precision + _GUARD
    return 2 * _atanh((1 << work) // 3, work) >> _GUARD


def _atanh(z: int, precision: int) -> int:
    """Return `atanh(z)` for small z >= 0 by its Taylor series."""
    square = z * z >> precision
    power, total, k = z, z, 1
    while power:
        power = power * square >> precision
        k += 2
        total += power // k
    return total


@lru_cache(maxsize=64)
def log2(numerator: int, denominator: int, precision: int) -> int:
    """Return `log2(numerator / denominator)` in fixed point, for positive integers."""
    work = precision + _GUARD
    exponent = numerator.bit_length() - denominator.bit_length()
    if exponent > 0:
        denominator <<= exponent
    else:
        numerator <<= -exponent
    if numerator < denominator:
        numerator <<= 1
        exponent -= 1
    root = (numerator << work) // denominator  # in [1, 2)
    for _ in range(3):  # its eighth root, in [1, 1.0906), so that the series is short
        root = isqrt(root << work)
    one = 1 << work
    log = 16 * _atanh(((root - one) << work) // (root + one), work)
    return (exponent << precision) + (((log << work) // ln2(work)) >> _GUARD)


def exp2(y: int, precision: int) -> tuple[int, int]:
    """Return `2**y` as `(mantissa, exponent)`: the fixed-point mantissa in [1, 2] times `2**exponent`."""
    work = precision + _GUARD
    fraction = y & ((1 << precision) - 1)
    x = ((fraction << _GUARD) * ln2(work)) >> (work + 8)
    term = total = 1 << work
    k = 0
    while term:
        k += 1
        term = (term * x >> work) // k
        total += term
    for _ in range(8):
        total = total * total >> work
    return total >> _GUARD, y >> precision


def versine(theta: int, precision: int) -> int:
    """Return `1 - cos(theta)` in fixed point, for theta in [0, 2 pi]: precise near 0, where the cosine would cancel."""
    work = precision + _GUARD
    square = (theta << (_GUARD - 6)) ** 2 >> work  # theta / 64, squared
    term = total = square >> 1
    k = 2
    while term:
        term = (term * square >> work) // ((k + 1) * (k + 2))
        k += 2
        total += term if k % 4 == 2 else -term
    for _ in range(6):  # 1 - cos 2a = 2 (1 - cos a) (2 - (1 - cos a))
        total = (total * ((2 << work) - total)) >> (work - 1)
    return total >> _GUARD


def divide(numerator: int, denominator: int) -> int:
    """Return the quotient of two integers rounded to nearest, ties to even."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient & 1))
