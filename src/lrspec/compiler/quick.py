"""Fits of values that are known nearly: the segment and slack that the exact ones have, or none where they may differ.

Every number of a fit is a whole one that some real number is rounded to, or the bits of its size. Here each of those is
computed with a bound of its error; where both ends of what it may be give the same whole number, so do the curve's own
values. That is nearly always: a coefficient has 47 bits, and is known to some 70.
"""

from __future__ import annotations

from collections.abc import Sequence

from lrspec.compiler.near import Near
from lrspec.compiler.polynomials import (
    NO_FIT,
    TOLERANCE_BITS,
    amplification,
    checks_of,
    degree_of,
    interpolate,
    nodes_of,
    octaves,
)
from lrspec.program import ACC_BITS, DEGREE, X_BITS

_KEPT = 104
"""How many bits of a value are looked at."""
_MOST = 224
_GUARD = 40
"""Bits of a polynomial below its coefficients' last one, in which it is compared with the curve."""

Found = tuple[int, int, tuple[int, ...], int]
"""Shift, exponent and coefficients of a segment that fits or does not, and its slack."""


class Quick:
    """Fits of one curve.

    Args:
        near: The curve, nearly.
        tiny: The least size, times `2**-_MOST`, of what is not tiny.
        overflow: The size, times `2**-_MOST`, from which on it is beyond float32.
    """

    def __init__(self, near: Near, tiny: int, overflow: int) -> None:
        self._near = near
        self._limits = tiny, overflow
        self._precision = _MOST
        self._start = -1
        self._first = self._error = self._reach = 0

    def fit(self, start: int, count: int) -> Found | int | None:
        """Return what a polynomial through the values of `count` indices from `start` on is.

        Returns:
            The segment and its slack; the slack alone where there is none; None where that is not certain.
        """
        if start != self._start and not self._begin(start):
            return None
        nodes, checks = nodes_of(count), checks_of(count)
        wanted = [u for u in dict.fromkeys([count - 1, *nodes, *checks]) if u]
        known, error = {0: self._first}, self._error
        for some in (wanted,) if count <= 2 * self._reach else (wanted[:1], wanted[1:]):  # the last alone may tell
            found = self._values([start + u for u in some]) if some else ([], 0)
            if found is None:
                return None
            known.update(zip(some, found[0], strict=True))
            error = max(error, found[1])
            if not _may_fit(self._first, known[count - 1], error):
                return NO_FIT if _cannot_fit(self._first, known[count - 1], error) else None
        self._reach = count
        values = [known[u] for u in nodes]
        least, most = min(values), max(values)
        if not _may_fit(least, most, error):
            if self._is_tiny(max(-least, most), error):
                return None
            return NO_FIT if _cannot_fit(least, most, error) else None
        return self._fitted(count, nodes, values, [(u, known[u]) for u in checks], error)

    def _begin(self, start: int) -> bool:
        """Take up the index at which the next fits begin, and look at so many bits that its value has `_KEPT`."""
        for _ in range(3):
            found = self._values((start,))
            if found is None:
                return False
            first, error = found[0][0], found[1]
            if self._is_tiny(abs(first), error):
                return False
            precision = min(_MOST, self._precision + _KEPT - abs(first).bit_length())
            if -8 < precision - self._precision < 8:
                self._start, self._first, self._error = start, first, error
                return True
            self._precision = precision
        return False

    def _is_tiny(self, size: int, error: int) -> bool:
        """Tell whether a value is tiny, or may be."""
        return size - error <= self._limits[0] >> _MOST - self._precision

    def _values(self, indices: Sequence[int]) -> tuple[list[int], int] | None:
        """Return values and the bound of their errors; None where one is beyond float32, or may be, or too large."""
        if self._precision <= 0:
            return None
        found = self._near(indices, self._precision)
        if found is None:
            return None
        values, error = found
        if abs(max(values, key=abs)) + error >= self._limits[1] >> _MOST - self._precision:
            return None
        return values, error

    def _fitted(
        self, count: int, nodes: list[int], values: list[int], checks: list[tuple[int, int]], error: int
    ) -> Found | int | None:
        if self._is_tiny(min(map(abs, values)), error):
            return None
        bits = (count - 1).bit_length()
        exact = interpolate(nodes, values, bits)
        found = _quantized(exact, amplification(count) * error)
        if found is None:
            return None
        excess, coefficients = found
        slack = _slack(coefficients, excess, bits, checks, error)
        if slack is None:
            return None
        return X_BITS - bits, self._precision - excess, coefficients, slack


def _size(value: int, error: int) -> int | None:
    """Return how many bits a value has, or None where that is not certain."""
    least, most = (abs(value) - error).bit_length(), (abs(value) + error).bit_length()
    return least if least == most and abs(value) > error else None


def _may_fit(a: int, b: int, error: int) -> bool:
    """Tell whether two values are of one sign and within three binades for certain."""
    if (a < 0) != (b < 0):
        return False
    sizes = _size(a, error), _size(b, error)
    return sizes[0] is not None and sizes[1] is not None and abs(sizes[0] - sizes[1]) <= 3


def _cannot_fit(a: int, b: int, error: int) -> bool:
    """Tell whether two values, of which one is not tiny, are not of one sign, or not within three binades."""
    small, large = sorted((abs(a), abs(b)))
    if (a < 0) != (b < 0) and small > error:
        return True
    return (small + error).bit_length() + 3 < (large - error).bit_length()


def _quantized(exact: list[int], error: int) -> tuple[int, tuple[int, ...]] | None:
    """Return the excess and the coefficients, or None where they are not certain."""
    total, count = sum(map(abs, exact)), len(exact)
    excess = total.bit_length() - ACC_BITS
    if excess < 1 or _size(total, count * error) is None:
        return None
    while True:
        half = 1 << excess - 1
        low, high = half - error, half + error
        rounded = [c + low >> excess for c in exact]
        if rounded != [c + high >> excess for c in exact]:
            return None
        if sum(map(abs, rounded)) + DEGREE < 1 << ACC_BITS:
            return excess, (*rounded, *(0,) * (DEGREE + 1 - count))
        excess += 1


def _slack(
    coefficients: tuple[int, ...], excess: int, bits: int, checks: list[tuple[int, int]], error: int
) -> int | None:
    """Return the least slack of all checks, or None where it is not certain."""
    degree = degree_of(coefficients)
    inner = [c << _GUARD for c in coefficients[degree::-1]]
    drop = excess - _GUARD
    if drop < 0:
        return None
    margin = (error >> drop) + 2 + degree  # and each floor of the scheme loses less than one
    least = most = 10**6
    units = degree << _GUARD
    for u, value in checks:
        acc = inner[0]
        for c in inner[1:]:
            acc = (acc * u >> bits) + c
        away, size = abs(acc - (value >> drop)), abs(value) >> drop
        low, high = (size - margin >> TOLERANCE_BITS) - units, (size + margin >> TOLERANCE_BITS) + 1 - units
        if low > 0:
            least = min(least, octaves(2 * (away + margin), low))
            if away > margin:  # else it may be any
                most = min(most, octaves(2 * (away - margin), high))
        elif high < 0:
            least, most = min(least, NO_FIT), min(most, NO_FIT)
        else:
            return None
    return least if least == most else None
