"""Segments: polynomials with small integer coefficients, fitted to a curve in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from lrspec.compiler.fixedpoint import divide
from lrspec.compiler.formula import Span
from lrspec.compiler.polynomials import (
    CHECK_ALL,
    NO_FIT,
    checks_of,
    degree_of,
    interpolate,
    nodes_of,
    quantized,
    scaled,
    slack_of,
)
from lrspec.compiler.quick import Quick
from lrspec.errors import SpecError
from lrspec.program import DEGREE, X_BITS, Segment

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
        self._quick = None if span.near is None or span.listed else Quick(span.near, _TINY, _OVERFLOW)

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
        segment, slack = self._quickly(start, count) or self._fit(start, count)
        if segment is None:
            return None, min(scaled(count, slack), count * 7 // 8 if count > CHECK_ALL else count - 1)
        return segment, 2 * count if count <= CHECK_ALL else scaled(count, slack)

    def _quickly(self, start: int, count: int) -> tuple[Segment | None, int] | None:
        """Return what `_fit` does, or None where that is not certain from values that are known nearly."""
        found = None if self._quick is None else self._quick.fit(start, count)
        if found is None or isinstance(found, int):
            return found if found is None else (None, found)
        shift, exponent, coefficients, slack = found
        return (Segment(start, shift, exponent, coefficients) if slack >= 0 else None), slack

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
            return None, NO_FIT
        nodes, checks = nodes_of(count), checks_of(count)
        values = [self._value(start + u) for u in nodes]
        if max(map(abs, (first, last, *values))) < _TINY:
            zero = all(abs(self._value(start + u)) < _TINY for u in checks)
            return (Segment(start, 0, 0, _ZEROS), X_BITS * DEGREE) if zero else (None, NO_FIT)
        if not self._may_fit(min(values), max(values)):
            return None, NO_FIT
        bits = (count - 1).bit_length()
        exponent, coefficients = quantized(interpolate(nodes, values, bits), _PRECISION)
        shift = X_BITS - bits
        if self._listed:
            checks = list(range(count))
        used, drop = coefficients[: degree_of(coefficients) + 1], _PRECISION - exponent
        slack = min(slack_of(used, drop, u << shift, self._value(start + u)) for u in checks)
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


_WAVES = 8
"""More of them than this are never tried as one segment: a few values would not tell them from a straight line."""
_ZEROS = (0,) * (DEGREE + 1)
