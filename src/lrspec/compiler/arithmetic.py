"""Spans multiplied, added, or put through a function: the value at an index, and bounds of its changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from lrspec.compiler import near as nearly
from lrspec.compiler.formula import (
    ACCURACY,
    BEYOND,
    Budget,
    Changes,
    Curve,
    Formula,
    Run,
    Span,
    Time,
    is_beyond,
    nothing,
    saturated,
)
from lrspec.errors import SpecError

Bounds: TypeAlias = tuple[int, int]
"""The least and the greatest of some numbers, in fixed point."""
Slopes: TypeAlias = Callable[[int, int, int], "Bounds | None"]
"""`slopes(low, high, precision)`: bounds of a function's derivative at values from low to high, or None."""

_GUARD = 160
_LARGE = 128
"""Factors of so many bits above 1 together are multiplied with `_GUARD` bits more than are wanted, larger ones not."""
_MOST_BITS = 1 << 15
_SUM_GUARD = 16
_UNITS = 16
_RELATIVE = 100
_SIZE_BITS = 256
_MOST_LOOKS = 4096
SHOWS, BESIDE_OTHERS = -126, -172
"""What was left out of a span must be below 2 to this power; the second where the span has other values than 0."""


def each_span(formula: Formula, change: Callable[[Span], Span]) -> Formula:
    """Return a formula with every span changed."""

    def run(old: Run) -> Run:
        return replace(old, spans=tuple(change(span) for span in old.spans))

    return replace(formula, runs=tuple(run(old) for old in formula.runs))


def check_hidden(span: Span) -> Span:
    """Return a span; raise `SpecError` where what was left out of it, because it no longer showed, would show again."""
    if span.hidden is not None and span.hidden > (SHOWS if span.curve is nothing else BESIDE_OTHERS):
        found = f"a factor or a power that makes what fades below 2^{-_SIZE_BITS} about 2^{span.hidden} again"
        raise SpecError("", found=found, expected="a scale, factors and powers within float32, or an end")
    return span


MAX_WIDTH = 64
"""How many curves may be multiplied or added at a time."""


def _width(spans: Sequence[Span], budget: Budget) -> int:
    """Return how many curves spans together have.

    Raises:
        SpecError: They are too many.
    """
    width = sum(span.width for span in spans if not span.constant)
    if width > MAX_WIDTH:
        raise SpecError("", found=f"{width} curves multiplied or added at a time", expected=f"at most {MAX_WIDTH}")
    budget.spend(width)
    return max(width, 1)


def product(spans: Sequence[Span], count: int, budget: Budget) -> list[Span]:
    """Return the product of spans."""
    curves = [span.curve for span in spans]
    frozen = [span.constant for span in spans]

    def factors(k: Time, work: int) -> list[int]:
        return [factor(0 if constant else k, work) for factor, constant in zip(curves, frozen, strict=True)]

    def curve(k: Time, precision: int) -> int:
        work = precision + _GUARD
        values = factors(k, work)
        large = sum(max(0, abs(value).bit_length() - work) for value in values)
        if large > _LARGE:
            if any(is_beyond(value, work) for value in values):
                return _beyond_product(values, work, precision)
            if large > _MOST_BITS:
                raise SpecError("", found=f"factors of 2^{large} together", expected="factors within float32")
            work += large
            values = factors(k, work)
        total = 1 << work
        for value in values:
            total = total * value >> work
        return total >> (work - precision)

    hidden = _hidden_of_product(spans, count)
    is_nothing = hidden is not None and any(span.curve is nothing for span in spans)
    found = Span(
        start=0,
        curve=nothing if is_nothing else curve,
        constant=all(frozen),
        listed=any(span.listed for span in spans),
        wave=_shortest_wave(spans),
        hidden=hidden,
        width=_width(spans, budget),
        changes=_changes_of_product(spans),
        near=_near_product(spans),
    )
    return [check_hidden(found)]


def _near_product(spans: Sequence[Span]) -> nearly.Near | None:
    nears = [nearly.constant(span.curve) if span.constant else span.near for span in spans]
    known = [near for near in nears if near is not None]
    return nearly.product(known) if len(known) == len(nears) else None


def _beyond_product(values: Sequence[int], work: int, precision: int) -> int:
    """Return a product of which a factor is beyond all numbers; an error where another is small, or may be 0."""
    if any(abs(value) >> (work - _GUARD) == 0 for value in values):
        raise SpecError(
            "", found=f"a factor above 2^{BEYOND} and a small one", expected="an end: `steps` of the growth"
        )
    return saturated(-1 if sum(value < 0 for value in values) % 2 else 1, precision)


def _hidden_of_product(spans: Sequence[Span], count: int) -> int | None:
    """Return log2 of a number above what the product leaves out, or None where it leaves out nothing."""
    if all(span.hidden is None for span in spans):
        return None
    known = [-_SIZE_BITS if span.hidden is None else span.hidden for span in spans]
    sizes = [max(size_bits(span, count), hidden) for span, hidden in zip(spans, known, strict=True)]
    left_out = [
        hidden - size for span, hidden, size in zip(spans, known, sizes, strict=True) if span.hidden is not None
    ]
    return sum(sizes) + max(left_out) + (len(left_out) - 1).bit_length()


def size_bits(span: Span, count: int) -> int:
    """Return the least b with all values of `count` indices below 2**b in size, from -256 on, or a little more.

    Raises:
        SpecError: The curve turns too often to say.
    """
    if span.constant:
        return abs(span.curve(0, _SIZE_BITS)).bit_length() - _SIZE_BITS
    if span.listed:
        return max(abs(span.curve(k, _SIZE_BITS)).bit_length() for k in range(count)) - _SIZE_BITS
    ahead, largest, looks = [(0, count - 1)], 0, 0
    while ahead:
        first, last = ahead.pop()
        looks += 1
        ends = max(abs(span.curve(k, _SIZE_BITS)) for k in (first, last))
        found = (0, 0) if last - first < 2 else span.changes and span.changes(first, last - first, _SIZE_BITS)
        bounds = found and _value_bounds(span, found, (first, last), _SIZE_BITS)
        if not bounds or max(map(abs, bounds)) > 4 * max(ends, largest, _UNITS):
            if last - first > 1:
                if looks > _MOST_LOOKS:
                    raise SpecError("", found="a factor that turns too often", expected="an end of what fades")
                ahead += [(first, (first + last) // 2), ((first + last) // 2, last)]
                continue
            bounds = (ends, ends)
        largest = max(largest, *map(abs, bounds))
    return largest.bit_length() - _SIZE_BITS


def _changes_of_product(spans: Sequence[Span]) -> Changes | None:
    """Return bounds of the changes of a product: of each factor's, times bounds of the values of the others."""
    moving = [span for span in spans if not span.constant]
    if any(span.changes is None for span in moving):
        return None

    def changes(first: int, count: int, precision: int) -> Bounds | None:
        value, change = (1 << precision, 1 << precision), (0, 0)
        for span in spans:
            found = (0, 0) if span.constant else span.changes and span.changes(first, count, precision)
            if found is None:
                return None
            inner = _value_bounds(span, found, (first, first + count), precision)
            change = _plus(_times(change, inner, precision), _times(value, found, precision))
            value = _times(value, inner, precision)
        return change[0] - _UNITS, change[1] + _UNITS

    return changes


def added(spans: Sequence[Span], count: int, budget: Budget) -> list[Span]:  # noqa: ARG001 - one signature for all
    """Return the sum of spans: exactly 0 where it is no more than the error of its terms."""
    curves = [span.curve for span in spans]
    frozen = [span.constant for span in spans]

    def curve(k: Time, precision: int) -> int:
        work = precision + _SUM_GUARD
        terms = [term(0 if constant else k, work) for term, constant in zip(curves, frozen, strict=True)]
        found, sizes = sum(terms), sum(map(abs, terms))
        if is_beyond(sizes, work):
            signs = {term > 0 for term in terms if is_beyond(term, work)}
            if len(signs) != 1:
                expected = "an end: `steps` of the growth"
                raise SpecError("", found=f"terms above 2^{BEYOND} of both signs", expected=expected)
            return saturated(1 if signs.pop() else -1, precision)
        return 0 if abs(found) <= (sizes >> ACCURACY) + len(terms) else found >> _SUM_GUARD

    def changes(first: int, indices: int, precision: int) -> Bounds | None:
        bounds = (0, 0)
        for span in spans:
            found = (0, 0) if span.constant else span.changes and span.changes(first, indices, precision)
            if found is None:
                return None
            bounds = _plus(bounds, found)
        return bounds[0] - _UNITS, bounds[1] + _UNITS

    hidden = [span.hidden for span in spans if span.hidden is not None]
    known = all(span.constant or span.changes for span in spans)
    found = Span(
        start=0,
        curve=nothing if all(span.curve is nothing for span in spans) else curve,
        constant=all(frozen),
        listed=any(span.listed for span in spans),
        wave=_shortest_wave(spans),
        width=_width(spans, budget),
        hidden=max(hidden) + (len(hidden) - 1).bit_length() if hidden else None,
        changes=changes if known else None,
    )
    return [check_hidden(found)]


def composed(span: Span, curve: Curve, slopes: Slopes, *, hidden: int | None = None, fades: bool = False) -> Span:
    """Return a span of `curve`, which is a function of the values of `span`.

    Args:
        span: The span of the values.
        curve: The function of its values, over its indices.
        slopes: Bounds of the function's derivative.
        hidden: What the result leaves out.
        fades: Whether the result's values only fall in size, to 0.
    """

    def changes(first: int, count: int, precision: int) -> Bounds | None:
        found = span.changes and span.changes(first, count, precision)
        if found is None:
            return None
        inner = _value_bounds(span, found, (first, first + count), precision)
        bounds = slopes(*inner, precision)
        if bounds is None:
            return None
        low, high = _times(found, bounds, precision)
        margin = _UNITS + (max(abs(low), abs(high)) >> _RELATIVE)
        return low - margin, high + margin

    return check_hidden(
        replace(span, curve=curve, hidden=hidden, fades=fades, changes=changes if span.changes else None, near=None)
    )


def _value_bounds(span: Span, change: Bounds, where: tuple[int, int], precision: int) -> Bounds:
    """Return bounds of a span's values, by those at both ends and by how fast it can leave them."""
    first, last = (span.curve(0 if span.constant else k, precision) for k in where)
    count = where[1] - where[0]
    low = max(first + min(change[0], 0) * count, last - max(change[1], 0) * count)
    high = min(first + max(change[1], 0) * count, last - min(change[0], 0) * count)
    return min(low, first, last) - _UNITS, max(high, first, last) + _UNITS


def _times(a: Bounds, b: Bounds, precision: int) -> Bounds:
    products = [x * y for x in a for y in b]
    return min(products) >> precision, (max(products) >> precision) + 1


def _plus(a: Bounds, b: Bounds) -> Bounds:
    return a[0] + b[0], a[1] + b[1]


def _shortest_wave(spans: Sequence[Span]) -> int:
    return min((span.wave for span in spans if span.wave and not span.constant), default=0)
