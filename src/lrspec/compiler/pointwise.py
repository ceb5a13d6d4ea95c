"""Several formulas as one, point by point: their product, or the least or the greatest of them.

Where the formulas' runs have one modulo and division, or none, the result has it too. Runs that differ are written out
step by step (`flat`), up to `MAX_SPANS` pieces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, reduce
from itertools import pairwise
from typing import TypeAlias

from lrspec.compiler.formula import Formula, Run, Span, Time, check_spans, held, joined

Combine: TypeAlias = Callable[[Sequence[Span], int], list[Span]]
"""`combine(spans, count)`: the spans, over indices 0 to `count - 1`, of the combination of spans that start at 0."""

_GUARD = 160


def merged(formulas: Sequence[Formula], stop: int, combine: Combine) -> Formula:
    """Return the combination of formulas over the steps 0 to `stop - 1`."""
    starts = _cuts(formulas, stop)
    parts: list[tuple[int, Formula]] = []
    count = 0
    for start, end in pairwise([*starts, stop]):
        tails = [_tail(formula, start, end) for formula in formulas]
        run = _merged_runs(tails, end - start, combine)
        parts.append((start, Formula(runs=(run,))))
        count += len(run.spans)
        check_spans(count)
    return replace(joined(parts), last_step=min(formula.last_step for formula in formulas))


def _cuts(formulas: Sequence[Formula], stop: int) -> list[int]:
    """Return the steps at which a run begins; where clocks differ, also those at which a span or a clock does."""
    cuts = sorted({run.start for formula in formulas for run in formula.runs if run.start < stop})
    more: set[int] = set()
    for start, end in pairwise([*cuts, stop]):
        runs = [_run_at(formula, start) for formula in formulas]
        clocks = {(run.stride, run.period) for run in runs if not run.is_constant}
        if len(clocks) > 1:
            inner = {run.start + span.start for run in runs if run.is_plain for span in run.spans}
            inner = {step for step in inner if start < step < end} | {start}
            aligned = {_aligned(run, step) for run in runs if not run.is_plain for step in inner}
            more |= {step for step in inner | aligned if start < step < end}
    return sorted({*cuts, *more})


def _run_at(formula: Formula, step: int) -> Run:
    return formula.runs[bisect_right(formula.runs, step, key=lambda run: run.start) - 1]


def _aligned(run: Run, step: int) -> int:
    """Return the first step from `step` on at which a run's clock begins anew."""
    unit = run.period or Fraction(run.stride).numerator
    return step + (run.start - step) % unit


def _tail(formula: Formula, start: int, end: int) -> Run:
    """Return the run of a formula that holds from `start` to `end`, as one that starts at 0 with the step `start`."""
    run = _run_at(formula, start)
    offset = start - run.start
    if offset == 0 or run.is_constant:
        return replace(run, start=0)
    if run.is_plain:
        return replace(run, start=0, spans=_spans_from(run.spans, offset))
    if run.period:
        into = offset % run.period
        if into == 0:
            return replace(run, start=0)
        if run.stride == 1:
            last = run.period - into
            again = (replace(span, start=span.start + last) for span in run.spans if span.start < into)
            return replace(run, start=0, spans=(*_spans_from(run.spans, into), *again))
    elif Fraction(offset) % run.stride == 0:
        return replace(run, start=0, spans=_spans_from(run.spans, int(offset // run.stride)))
    return Run(start=0, spans=_spans_from(flat(run, end - run.start), offset))


def _spans_from(spans: Sequence[Span], index: int) -> tuple[Span, ...]:
    first = bisect_right(spans, index, key=lambda span: span.start) - 1
    rest = (replace(span, start=span.start - index) for span in spans[first + 1 :])
    return (spans[first].begun_at(index), *rest)


def _span_at(spans: Sequence[Span], index: int) -> Span:
    return spans[bisect_right(spans, index, key=lambda span: span.start) - 1].begun_at(index)


def _merged_runs(runs: Sequence[Run], steps: int, combine: Combine) -> Run:
    clocks = {(run.stride, run.period) for run in runs if not run.is_constant}
    if len(clocks) > 1:
        runs = [Run(start=0, spans=flat(run, steps)) for run in runs]
    stride, period = clocks.pop() if len(clocks) == 1 else (1, 0)
    frame = Run(start=0, spans=(), stride=stride, period=period)
    count = frame.indices(steps)
    starts = sorted({span.start for run in runs for span in run.spans if span.start < count})
    spans: list[Span] = []
    for start, end in pairwise([*starts, count]):
        found = [_span_at(run.spans, start) for run in runs]
        spans += [replace(span, start=span.start + start) for span in combine(found, end - start)]
    return replace(frame, spans=tuple(spans))


def flat(run: Run, steps: int) -> tuple[Span, ...]:
    """Return the spans of a run over its first steps, without a modulo or a division.

    Raises:
        SpecError: There would be too many.
    """
    if run.is_plain or run.is_constant:
        return tuple(span for span in run.spans if span.start < steps)
    if run.period:
        once = flat(replace(run, period=0), min(run.period, steps))
        check_spans(-(-steps // run.period) * len(once))
        repeated = (replace(span, start=begin + span.start) for begin in range(0, steps, run.period) for span in once)
        return tuple(span for span in repeated if span.start < steps)
    return tuple(_stairs(run, steps))


def _stairs(run: Run, steps: int) -> Iterator[Span]:
    count = run.indices(steps)
    ends = [span.start for span in run.spans[1:]] + [count]
    check_spans(sum(1 if span.constant else end - span.start for span, end in zip(run.spans, ends, strict=True)))
    for span, end in zip(run.spans, ends, strict=True):
        for index in range(span.start, min(end, count)):
            start = int(-(-index * run.stride // 1))
            yield Span(start=start, curve=held(span.curve, index - span.start), constant=True)
            if span.constant:
                break


def product(spans: Sequence[Span], count: int) -> list[Span]:  # noqa: ARG001 - one signature for all combinations
    """Return the product of spans."""
    curves = [span.curve for span in spans]
    frozen = [span.constant for span in spans]

    def curve(k: Time, precision: int) -> int:
        work = precision + _GUARD
        total = 1 << work
        for factor, constant in zip(curves, frozen, strict=True):
            total = total * factor(0 if constant else k, work) >> work
        return total >> _GUARD

    listed = any(span.listed for span in spans)
    return [Span(start=0, curve=curve, constant=all(frozen), listed=listed, wave=_shortest_wave(spans))]


def _shortest_wave(spans: Sequence[Span]) -> int:
    return min((span.wave for span in spans if span.wave and not span.constant), default=0)


def least(spans: Sequence[Span], count: int) -> list[Span]:
    """Return the spans of the smallest value."""
    return reduce(lambda found, span: _either(found, span, count, 1), spans[1:], [spans[0]])


def greatest(spans: Sequence[Span], count: int) -> list[Span]:
    """Return the spans of the largest value."""
    return reduce(lambda found, span: _either(found, span, count, -1), spans[1:], [spans[0]])


def _either(found: Sequence[Span], other: Span, count: int, sign: int) -> list[Span]:
    chosen: list[Span] = []
    for a, end in zip(found, [*(span.start for span in found[1:]), count], strict=True):
        b = other.begun_at(a.start)
        for start, first_wins in _crossings(replace(a, start=0), b, end - a.start, sign):
            span = replace(a, start=0) if first_wins else b
            chosen.append(replace(span.begun_at(start), start=a.start + start))
    return chosen


_LOOK = 96


def _crossings(a: Span, b: Span, count: int, sign: int) -> list[tuple[int, bool]]:
    """Return where the smaller (`sign` 1) or larger (-1) of two curves changes: (first index, whether it is `a`).

    The curves are compared at indices that are dense near both ends and even between, and at several of each wave;
    between two of them, where the difference changes its sign, by bisection; and where it comes near to 0 and goes
    back, at its nearest.
    """
    if a.constant and b.constant:
        count = 1

    @cache
    def at(k: int) -> int:
        left, right = a.curve(0 if a.constant else k, _LOOK), b.curve(0 if b.constant else k, _LOOK)
        return sign * (right - left)

    points = _looks(count, listed=a.listed or b.listed, wave=_shortest_wave([a, b]))
    points = sorted({*points, *_nearest(points, at)})
    first_wins = next((at(k) > 0 for k in points if at(k)), True)
    found = [(0, first_wins)]
    for left, right in pairwise(points):
        if at(right) and (at(right) > 0) != first_wins:
            first_wins = not first_wins
            found.append((_first(left, right, at, above=first_wins), first_wins))
    return found


def _looks(count: int, *, listed: bool, wave: int) -> list[int]:
    if listed or count <= _ALL:
        return list(range(count))
    waves = range(0, count, max(1, wave // 4)) if wave else range(0)
    check_spans(len(waves) // 4)
    steps = [4**j for j in range(16) if 4**j < count]
    even = [(count - 1) * j // 32 for j in range(33)]
    return sorted({0, count - 1, *steps, *(count - 1 - step for step in steps), *even, *waves})


_ALL = 24


def _nearest(points: Sequence[int], at: Callable[[int], int]) -> Iterator[int]:
    """Yield where the difference may touch 0 between points at which its sign is the same."""
    for left, middle, right in zip(points, points[1:], points[2:], strict=False):
        values = [at(left), at(middle), at(right)]
        if all(value > 0 for value in values) or all(value < 0 for value in values):
            low, high = left, right
            if abs(values[1]) > min(abs(values[0]), abs(values[2])) or values[0] == values[1] == values[2]:
                continue
            while high - low > 2:
                third = (high - low) // 3
                if abs(at(low + third)) <= abs(at(high - third)):
                    high -= third
                else:
                    low += third
            yield from range(low, high + 1)


def _first(left: int, right: int, at: Callable[[int], int], *, above: bool) -> int:
    """Return the first index in (left, right] from which on the difference has the sign that it has at `right`."""
    while right - left > 1:
        middle = (left + right) // 2
        if at(middle) > 0 if above else at(middle) < 0:
            right = middle
        else:
            left = middle
    return right
