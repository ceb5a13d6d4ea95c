"""Polynomials with small integer coefficients through the values of a curve, in exact arithmetic.

Every function here is a part of what a program is: its result may never change, in any bit. Where values are known
nearly, `amplification` says how much farther off the coefficients are.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from operator import sub

from lrspec.compiler.fixedpoint import divide
from lrspec.program import ACC_BITS, DEGREE, X_BITS

TOLERANCE_BITS = 42
"""The fixed-point result is within 2**-42 of the exact value, relative to its size."""
CHECK_ALL = 16
"""Up to so many values, all are compared."""
NO_FIT = -(DEGREE + 1)
"""The slack of what cannot be one segment: half as many indices are tried next."""

# (1 - cos(angle)) / 2 in 2**-30: where the Chebyshev polynomial of degree 8 is 0, and some of where it is largest.
_NODES = (10315824, 90479063, 238601414, 432132593, 641609231, 835140410, 983262761, 1063426000)
_CHECKS = (0, 40866865, 536870912, 1032874959, 1073741824)
_HALF = 1 << (X_BITS - 1)


def nodes_of(count: int) -> list[int]:
    """Return the indices of 0 .. count - 1 that a polynomial goes through: all of them where they are few."""
    if count <= len(_NODES):
        return list(range(count))
    return [((count - 1) * w + _HALF) >> X_BITS for w in _NODES]


def checks_of(count: int) -> list[int]:
    """Return the indices of 0 .. count - 1 at which a polynomial is compared: all of them where they are few."""
    if count <= CHECK_ALL:
        return list(range(count))
    return [((count - 1) * w + _HALF) >> X_BITS for w in _CHECKS]


def interpolate(nodes: list[int], values: list[int], bits: int) -> list[int]:
    """Return the coefficients, in powers of `x = u / 2**bits`, of the polynomial through the values at the nodes."""
    row, newton = values, [values[0]]
    for j in range(1, len(nodes)):
        gaps = map(sub, nodes[j:], nodes)
        row = [(b - a << bits) // gap for a, b, gap in zip(row, row[1:], gaps, strict=False)]
        newton.append(row[0])
    result = [newton[-1]]
    for u, c in zip(reversed(nodes[:-1]), reversed(newton[:-1]), strict=True):
        inner = [low - (high * u >> bits) for low, high in pairwise(result)]
        result = [c - (result[0] * u >> bits), *inner, result[-1]]
    return result


@lru_cache(maxsize=1024)
def amplification(count: int) -> int:
    """Return by how many units a coefficient may differ where the values differ by one, rounding included.

    For values that differ by e units it is at most e times that. Where indices are many, it is a bound for all counts.
    """
    if count > _MANY:
        return amplification(_MANY)
    bits = (count - 1).bit_length()
    nodes = nodes_of(count)
    gaps = [[(v - u) / 2**bits for u, v in zip(nodes, nodes[j:], strict=False)] for j in range(len(nodes))]
    if count == _MANY:  # as if the nodes were as near to each other as they come, in units of the power of two
        gaps = [
            [((v - w) / 2**X_BITS - 1 / (_MANY - 1)) / 2 for w, v in zip(_NODES, _NODES[j:], strict=False)]
            for j in range(len(_NODES))
        ]
    row, newton = [1.0] * len(nodes), [1.0]
    for j in range(1, len(nodes)):
        row = [(a + b) / gap + 1 for a, b, gap in zip(row, row[1:], gaps[j], strict=False)]
        newton.append(max(row))
    result = [newton[-1]]
    for c in reversed(newton[:-1]):
        inner = [low + high + 1 for low, high in pairwise(result)]
        result = [c + result[0] + 1, *inner, result[-1]]
    return int(1.01 * max(result)) + 1  # the sums are in floating point


_MANY = 65


def quantized(exact: list[int], precision: int) -> tuple[int, tuple[int, ...]]:
    """Return (exponent, coefficients): the largest integers that keep every intermediate below 2**ACC_BITS."""
    excess = sum(abs(c) for c in exact).bit_length() - ACC_BITS
    while True:
        coefficients = [divide(c << -excess, 1) if excess < 0 else divide(c, 1 << excess) for c in exact]
        if sum(abs(c) for c in coefficients) + DEGREE < 1 << ACC_BITS:
            padded = coefficients + [0] * (DEGREE + 1 - len(exact))
            return precision - excess, tuple(padded)
        excess += 1


def degree_of(coefficients: tuple[int, ...]) -> int:
    """Return the highest power with a coefficient other than 0."""
    return max((k for k in range(DEGREE + 1) if coefficients[k]), default=0)


def slack_of(coefficients: tuple[int, ...], drop: int, x: int, value: int) -> int:
    """Return log2(allowed error / error) of a polynomial at one index, rounded down; negative where it misses.

    The error of the Horner scheme is that of the polynomial, doubled here because it is seen at a few indices alone,
    and that of the flooring shifts, less than one unit for each. The last coefficient is not 0, unless all are. One
    unit of them is `2**drop` units of the value.
    """
    degree = len(coefficients) - 1
    polynomial = 0
    for k in range(degree, -1, -1):
        polynomial = polynomial * x + (coefficients[k] << X_BITS * (degree - k))
    polynomial <<= X_BITS * (DEGREE - degree)
    scale = X_BITS * DEGREE
    wanted = value << (scale - drop) if drop <= scale else value >> (drop - scale)
    allowed = (abs(wanted) >> TOLERANCE_BITS) - (degree << scale)
    error = 2 * abs(polynomial - wanted)
    return octaves(error, allowed)


def octaves(error: int, allowed: int) -> int:
    """Return log2(allowed / error), rounded down; it only falls as the error grows, and as less is allowed."""
    if error <= allowed:
        return allowed.bit_length() - error.bit_length() - 1 if error < allowed >> 1 else 0
    return min(-1, allowed.bit_length() - error.bit_length()) if allowed > 0 else NO_FIT


def scaled(count: int, slack: int) -> int:
    """Return `count * 2**(slack / (DEGREE + 1))`: the length at which an error of that order would just fit."""
    octave, eighths = divmod(max(-64, min(64, slack)) * 8 // (DEGREE + 1), 8)
    length = count * _EIGHTHS[eighths]
    return max(1, length << octave >> 10 if octave >= 0 else length >> (10 - octave))


_EIGHTHS = (1024, 1116, 1217, 1327, 1448, 1579, 1722, 1878)
"""2**(i/8) in 2**-10, rounded down."""
