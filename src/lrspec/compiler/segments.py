"""Segments: polynomials with small integer coefficients, fitted to a curve in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from lrspec.compiler.fixedpoint import divide
from lrspec.compiler.formula import Span
from lrspec.errors import SpecError
from lrspec.program import ACC_BITS, DEGREE, X_BITS, Segment

TOLERANCE_BITS = 42
"""The fixed-point result is within 2**-42 of the exact value, relative to its size."""

_PRECISION = 224
_TINY = 1 << (_PRECISION - 126)
_OVERFLOW = (2**25 - 1) << (_PRECISION + 103)  # halfway from the largest float32 to 2**128


class Fitter:
    """Cuts the indices of one span into segments, each a polynomial within the tolerance.

    From left to right: the first guess is the whole rest; a miss tells by its size how long a segment would fit, and so
    does a hit for the next one.
    """

    def __init__(self, span: Span, indices: int, step: int) -> None:
        self._curve = span.curve
        self._step = step
        self._indices = indices
        self._constant = span.constant
        self._listed = span.listed
        self._wave = span.wave
        self._cache: dict[int, int] = {}

    def segments(self) -> Iterator[Segment]:
        """Yield the segments in order."""
        if self._constant:
            yield self._single(0)
            return
        start, guess = 0, self._indices
        most = min(1 << X_BITS, _WAVES * self._wave or 1 << X_BITS)
        while start < self._indices:
            count = min(guess, self._indices - start, most)
            segment, guess = self._attempt(start, count)
            if segment is not None:
                yield segment
                start += count
                self._cache.clear()

    def _attempt(self, start: int, count: int) -> tuple[Segment | None, int]:
        """Return the segment of `count` indices from `start` on, or None, and the next length to try."""
        if count == 1:
            return self._single(start), 2
        segment, slack = self._fit(start, count)
        if segment is None:
            return None, min(_scaled(count, slack), count * 7 // 8 if count > _CHECK_ALL else count - 1)
        return segment, 2 * count if count <= _CHECK_ALL else _scaled(count, slack)

    def _value(self, index: int) -> int:
        value = self._cache.get(index)
        if value is None:
            value = self._cache[index] = self._curve(index, _PRECISION)
            if abs(value) >= _OVERFLOW:
                found = f"a value beyond the range of float32, from step {self._step} on"
                advice = "" if self._constant else "; what grows needs an end, such as `steps`"
                raise SpecError("", found=found, expected=f"values up to 3.4e+38{advice}")
        return value

    def _single(self, index: int) -> Segment:
        """Return the segment of one index: its value rounded to float32, 0 below the normal numbers."""
        mantissa, exponent = _rounded(self._value(index), _PRECISION)
        return Segment(index, 0, exponent, (mantissa, *(0,) * DEGREE))

    def _fit(self, start: int, count: int) -> tuple[Segment | None, int]:
        """Return the segment of `count` indices, or None where it does not fit, and its slack.

        The slack is log2(allowed error / error): how far a miss missed, and how much room a hit leaves.
        """
        first, last = self._value(start), self._value(start + count - 1)
        if not self._may_fit(first, last):
            return None, -(DEGREE + 1)
        nodes = _spread(count, _NODES)
        values = [self._value(start + u) for u in nodes]
        checks = _spread(count, _CHECKS)
        if max(map(abs, (first, last, *values))) < _TINY:
            zero = all(abs(self._value(start + u)) < _TINY for u in checks)
            return (Segment(start, 0, 0, _ZEROS), X_BITS * DEGREE) if zero else (None, -(DEGREE + 1))
        if not self._may_fit(min(values), max(values)):
            return None, -(DEGREE + 1)
        bits = (count - 1).bit_length()
        exponent, coefficients = _quantized(_interpolate(nodes, values, bits))
        shift = X_BITS - bits
        if self._listed:
            checks = list(range(count))
        degree = max((k for k in range(DEGREE + 1) if coefficients[k]), default=0)
        used = coefficients[: degree + 1]
        slack = min(_slack(used, exponent, u << shift, self._value(start + u)) for u in checks)
        segment = Segment(start, shift, exponent, coefficients)
        if slack >= 0 and self._listed and not all(self._is_exact(segment, start + u) for u in checks):
            return None, -1
        return (segment if slack >= 0 else None), slack

    def _is_exact(self, segment: Segment, index: int) -> bool:
        """Tell whether a segment's value at an index is the float32 number nearest to the curve's."""
        x, acc = (index - segment.start) << segment.shift, 0
        for c in reversed(segment.coefficients):
            acc = (acc * x >> X_BITS) + c
        return _rounded(acc, segment.exponent) == _rounded(self._value(index), _PRECISION)

    @staticmethod
    def _may_fit(a: int, b: int) -> bool:
        """Tell whether one segment can hold both values: both tiny, or of one sign and within three binades."""
        a_tiny, b_tiny = abs(a) < _TINY, abs(b) < _TINY
        if a_tiny or b_tiny:
            return a_tiny and b_tiny
        return (a < 0) == (b < 0) and abs(abs(a).bit_length() - abs(b).bit_length()) <= 3


def _rounded(value: int, precision: int) -> tuple[int, int]:
    """Return (mantissa, exponent) of a fixed-point number rounded to float32, 0 below the normal numbers."""
    excess = abs(value).bit_length() - 24
    if excess + 24 <= precision - 126:
        return 0, 0
    mantissa = divide(value, 1 << excess) if excess >= 0 else value << -excess
    if abs(mantissa) == 1 << 24:
        mantissa, excess = mantissa // 2, excess + 1
    return mantissa, precision - excess


_CHECK_ALL = 16
_WAVES = 8
"""More of them than this are never tried as one segment: a few values would not tell them from a straight line."""
_ZEROS = (0,) * (DEGREE + 1)
# (1 - cos(angle)) / 2 in 2**-30: where the Chebyshev polynomial of degree 8 is 0, and some of where it is largest.
_NODES = (10315824, 90479063, 238601414, 432132593, 641609231, 835140410, 983262761, 1063426000)
_CHECKS = (0, 40866865, 536870912, 1032874959, 1073741824)


def _spread(count: int, where: tuple[int, ...]) -> list[int]:
    """Return distinct indices of 0 .. count - 1: those near `where`, or all of them where they are few."""
    if count <= (len(where) if where is _NODES else _CHECK_ALL):
        return list(range(count))
    return [((count - 1) * w + (1 << (X_BITS - 1))) >> X_BITS for w in where]


def _scaled(count: int, slack: int) -> int:
    """Return `count * 2**(slack / (DEGREE + 1))`: the length at which an error of that order would just fit."""
    octaves, eighths = divmod(max(-64, min(64, slack)) * 8 // (DEGREE + 1), 8)
    scaled = count * _EIGHTHS[eighths]
    return max(1, scaled << octaves >> 10 if octaves >= 0 else scaled >> (10 - octaves))


_EIGHTHS = (1024, 1116, 1217, 1327, 1448, 1579, 1722, 1878)
"""2**(i/8) in 2**-10, rounded down."""


def _interpolate(nodes: list[int], values: list[int], bits: int) -> list[int]:
    """Return the coefficients, in powers of `x = u / 2**bits`, of the polynomial through the values at the nodes."""
    newton = list(values)
    for j in range(1, len(nodes)):
        for i in range(len(nodes) - 1, j - 1, -1):
            newton[i] = ((newton[i] - newton[i - 1]) << bits) // (nodes[i] - nodes[i - j])
    result = [newton[-1]]
    for u, c in zip(reversed(nodes[:-1]), reversed(newton[:-1]), strict=True):
        shifted = [0, *result]
        result = [shifted[k] - (result[k] * u >> bits if k < len(result) else 0) for k in range(len(shifted))]
        result[0] += c
    return result


def _quantized(exact: list[int]) -> tuple[int, tuple[int, ...]]:
    """Return (exponent, coefficients): the largest integers that keep every intermediate below 2**ACC_BITS."""
    excess = sum(abs(c) for c in exact).bit_length() - ACC_BITS
    while True:
        coefficients = [divide(c << -excess, 1) if excess < 0 else divide(c, 1 << excess) for c in exact]
        if sum(abs(c) for c in coefficients) + DEGREE < 1 << ACC_BITS:
            padded = coefficients + [0] * (DEGREE + 1 - len(exact))
            return _PRECISION - excess, tuple(padded)
        excess += 1


def _slack(coefficients: tuple[int, ...], exponent: int, x: int, value: int) -> int:
    """Return log2(allowed error / error) of the polynomial at one index, rounded down; negative where it misses.

    The error of the Horner scheme is that of the polynomial, doubled here because it is seen at a few indices alone,
    and that of the flooring shifts, less than one unit for each. The last coefficient is not 0, unless all are.
    """
    degree = len(coefficients) - 1
    polynomial = 0
    for k in range(degree, -1, -1):
        polynomial = polynomial * x + (coefficients[k] << X_BITS * (degree - k))
    polynomial <<= X_BITS * (DEGREE - degree)
    scale = X_BITS * DEGREE
    drop = _PRECISION - exponent
    wanted = value << (scale - drop) if drop <= scale else value >> (drop - scale)
    allowed = (abs(wanted) >> TOLERANCE_BITS) - (degree << scale)
    error = 2 * abs(polynomial - wanted)
    if error <= allowed:
        return allowed.bit_length() - error.bit_length() - 1 if error < allowed >> 1 else 0
    return min(-1, allowed.bit_length() - error.bit_length()) if allowed > 0 else -(DEGREE + 1)
