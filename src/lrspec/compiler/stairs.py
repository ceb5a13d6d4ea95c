"""Values that each hold for a period: as one run where steps and stairs go together, or as a piece for each stair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from lrspec.compiler.formula import (
    FADED,
    MAX_SPANS,
    Clock,
    Curve,
    Formula,
    Run,
    Span,
    Time,
    changes_of,
    check_spans,
    first_faded,
    held,
    is_faded,
    joined,
    nothing,
    plain,
    shifted,
    simple,
)
from lrspec.compiler.near import Near


def stairs(
    clock: Clock,
    curve: Curve,
    period: Time,
    *,
    listed: bool = False,
    fades: bool = False,
    near: Callable[[Clock], Near | None] = lambda _: None,
) -> Formula:
    """Return the formula `curve(floor(t / period))`: a value that holds for `period` at a time.

    Up to the first step at which a stair begins exactly, there is a span for each stair; from there on, one run. Where
    those are too many, the run begins as soon as it can; and stairs that fade end with 0 where they no longer show.
    `near` gives the curve nearly, over a clock of stairs.
    """
    stride = simple(Fraction(period) / clock.rate)
    begins = clock.first_multiple(period) if stride >= 1 else clock.stop
    if stride >= 1 and _are_many(replace(clock, stop=begins), period):
        begins = clock.first_multiple(period, late=True)
    parts: list[tuple[int, Formula]] = []
    if begins:
        before = replace(clock, stop=begins)
        end = _end(before, curve, period) if fades else begins
        spans = _each_stair(replace(clock, stop=end), curve, period)
        if end < begins:
            return plain([*spans, Span(start=end, curve=nothing, constant=True, hidden=-FADED)])
        parts.append((0, plain(spans)))
    if begins < clock.stop:
        first = int(clock.at(begins) // period)
        stair = shifted(curve, first)
        changes = None if listed else changes_of(stair)
        about = near(Clock(offset=first))
        span = Span(start=0, curve=stair, listed=listed, fades=fades, changes=changes, near=about)
        parts.append((begins, Formula(runs=(Run(start=0, spans=(span,), stride=stride),))))
    return joined(parts)


def _stairs_within(clock: Clock, period: Time) -> tuple[int, int]:
    """Return the first and the last stair of a clock's steps."""
    return int(clock.offset // period), int(clock.at(clock.stop - 1) // period)


def _are_many(clock: Clock, period: Time) -> bool:
    first, last = _stairs_within(clock, period)
    return min(last - first + 1, clock.stop) > MAX_SPANS


def _end(clock: Clock, curve: Curve, period: Time) -> int:
    """Return the step from which on stairs that fade no longer show, or `stop` where they need no end."""
    first, last = _stairs_within(clock, period)
    if not _are_many(clock, period) or not is_faded(curve, last):
        return clock.stop
    return clock.first((first + first_faded(shifted(curve, first), last - first + 1)) * period)


def _each_stair(clock: Clock, curve: Curve, period: Time) -> list[Span]:
    if clock.stop == 0:
        return []
    first, last = _stairs_within(clock, period)
    check_spans(min(last - first + 1, clock.stop))
    spans: list[Span] = []
    some = (int(clock.at(step) // period) for step in range(clock.stop))
    for k in range(first, last + 1) if last - first < clock.stop else some:
        start = clock.first(k * period)
        if spans and spans[-1].start == start:
            spans.pop()
        spans.append(Span(start=start, curve=held(curve, k), constant=True))
    return spans
