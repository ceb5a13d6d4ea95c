"""Several formulas as one, point by point: the least or the greatest of them, or what arithmetic.py makes of them.

Where the formulas' runs have one modulo and division, or none, the result has it too. Runs that differ are written out
step by step (`flat`), up to `MAX_SPANS` pieces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import TypeAlias

from lrspec.compiler.formula import MAX_SPANS, Budget, Formula, Run, Span, check_spans, held, joined, shown
from lrspec.errors import SpecError

Combine: TypeAlias = Callable[[Sequence[Span], int, Budget], list[Span]]
"""`combine(spans, count, budget)`: the combination of spans that start at 0, over indices 0 to `count - 1`."""


def merged(formulas: Sequence[Formula], stop: int, combine: Combine) -> Formula:
    """Return the combination of formulas over the steps 0 to `stop - 1`.

    Raises:
        SpecError: It has no short form, or too many curves.
    """
    budget = Budget()
    moving = sum(any(not span.constant for run in formula.runs for span in run.spans) for formula in formulas)
    if moving > _MOST_PARTS:
        raise SpecError("parts", found=f"{moving} parts that change", expected=f"at most {_MOST_PARTS}")
    starts = _cuts(formulas, stop)
    parts: list[tuple[int, Formula]] = []
    count = 0
    for start, end in pairwise([*starts, stop]):
        tails = [_tail(formula, start, end) for formula in formulas]
        run = _merged_runs(tails, end - start, lambda spans, count: combine(spans, count, budget))
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


def _merged_runs(runs: Sequence[Run], steps: int, combine: Callable[[Sequence[Span], int], list[Span]]) -> Run:
    clocks = {(run.stride, run.period) for run in runs if not run.is_constant}
    if len(clocks) > 1:
        runs = [Run(start=0, spans=flat(run, steps)) for run in runs]
    stride, period = clocks.pop() if len(clocks) == 1 else (1, 0)
    frame = Run(start=0, spans=(), stride=stride, period=period)
    count = frame.indices(steps)
    starts = sorted({span.start for run in runs for span in run.spans if span.start < count})
    check_spans(len(starts))
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
    for span, end in written_out(run.spans, count):
        for index in range(span.start, span.start + 1 if span.constant else end):
            start = int(-(-index * run.stride // 1))
            yield Span(start=start, curve=held(span.curve, index - span.start), constant=True, hidden=span.hidden)


def written_out(spans: Sequence[Span], count: int) -> list[tuple[Span, int]]:
    """Return spans of `count` indices, each with its end, that are few enough for a constant span of each index.

    Raises:
        SpecError: There would be too many, also without those that no longer show.
    """
    if pieces(spans, count) > MAX_SPANS:
        spans = shown([span for span in spans if span.start < count], count)
        check_spans(pieces(spans, count))
    return _with_ends(spans, count)


def pieces(spans: Sequence[Span], count: int) -> int:
    """Return how many constant spans it takes to write out the spans of `count` indices."""
    return sum(1 if span.constant else end - span.start for span, end in _with_ends(spans, count))


def _with_ends(spans: Sequence[Span], count: int) -> list[tuple[Span, int]]:
    kept = [span for span in spans if span.start < count]
    return list(zip(kept, [*(span.start for span in kept[1:]), count], strict=True))


def least(spans: Sequence[Span], count: int, budget: Budget) -> list[Span]:
    """Return the spans of the smallest value."""
    return reduce(lambda found, span: _either(found, span, count, 1, budget), spans[1:], [spans[0]])


def greatest(spans: Sequence[Span], count: int, budget: Budget) -> list[Span]:
    """Return the spans of the largest value."""
    return reduce(lambda found, span: _either(found, span, count, -1, budget), spans[1:], [spans[0]])


def _either(found: Sequence[Span], other: Span, count: int, sign: int, budget: Budget) -> list[Span]:
    chosen: list[Span] = []
    for a, end in zip(found, [*(span.start for span in found[1:]), count], strict=True):
        budget.spend(sum(span.width for span in (a, other) if not span.constant))
        b = other.begun_at(a.start)
        for start, first_wins in _crossings(replace(a, start=0), b, end - a.start, sign):
            span = replace(a, start=0) if first_wins else b
            chosen.append(replace(span.begun_at(start), start=a.start + start))
    return chosen


_MOST_PARTS = 1024
_LOOK = 224
_NOTHING = 1 << _LOOK - 160
"""2^-160, which is nothing beside the numbers of float32."""
_EQUAL = 80
"""Two values are one where they are no further apart than 2^-80 of the larger, or `_NOTHING`."""
_ALIKE = 60
"""Two curves are one where they are no further apart than 2^-60 of their values, or `_NOTHING`, at any index."""


class _Gap:
    """How far one curve is above another: positive where the first of two is to be chosen, 0 where they are equal."""

    def __init__(self, a: Span, b: Span, sign: int) -> None:
        self._a, self._b, self._sign = a, b, sign
        self._cache: dict[int, tuple[int, int]] = {}

    def at(self, k: int) -> int:
        """Return the gap at an index, 0 where it is as small as the error of the curves."""
        gap, size = self.raw(k)
        return gap if abs(gap) > max(size >> _EQUAL, _NOTHING) else 0

    def raw(self, k: int) -> tuple[int, int]:
        """Return the gap at an index, and the larger of the sizes of the two values."""
        found = self._cache.get(k)
        if found is None:
            left, right = (span.curve(0 if span.constant else k, _LOOK) for span in (self._a, self._b))
            found = self._cache[k] = self._sign * (right - left), max(abs(left), abs(right))
        return found

    def changes(self, first: int, count: int) -> tuple[int, int] | None:
        """Return bounds of what the gap changes by from index to index."""
        bounds = [(0, 0) if s.constant else s.changes and s.changes(first, count, _LOOK) for s in (self._a, self._b)]
        if bounds[0] is None or bounds[1] is None:
            return None
        low, high = bounds[1][0] - bounds[0][1], bounds[1][1] - bounds[0][0]
        return (low, high) if self._sign > 0 else (-high, -low)

    def is_simple(self, first: int, last: int) -> bool:
        """Tell whether the gap only grows or only falls from one index to another, or keeps its sign, or is nothing."""
        count = last - first
        bounds = self.changes(first, count)
        if bounds is None:
            return False
        low, high = bounds
        if low >= 0 or high <= 0:
            return True
        (start, size), (end, other) = self.raw(first), self.raw(last)
        if max(abs(start), abs(end)) + (high - low) * count <= max(min(size, other) >> _ALIKE, _NOTHING):
            return True
        if (start > 0) != (end > 0):
            return False
        if start < 0:
            start, end, low, high = -start, -end, -high, -low
        # above both lines, start + low * k and end - high * (count - k), which meet where k is from 0 to count
        return start * (low - high) + low * (end - start - high * count) < 0


def _crossings(a: Span, b: Span, count: int, sign: int) -> list[tuple[int, bool]]:
    """Return where the smaller (`sign` 1) or larger (-1) of two curves changes: (first index, whether it is `a`).

    That is, each first index at which the other one is smaller or larger by more than the error of both. The indices
    are halved until the gap between the curves only grows or only falls, or keeps its sign; there its first change is
    found by bisection.
    """
    if a.constant and b.constant:
        count = 1
    gap = _Gap(a, b, sign)
    points = list(range(count)) if a.listed or b.listed else _simple_points(gap, count)
    first_wins = next((gap.at(k) > 0 for k in points if gap.at(k)), True)
    found = [(0, first_wins)]
    for left, right in pairwise(points):
        if gap.at(right) and (gap.at(right) > 0) != first_wins:
            first_wins = not first_wins
            found.append((_first(left, right, gap.at, above=first_wins), first_wins))
    return found


def _simple_points(gap: _Gap, count: int) -> list[int]:
    """Return indices from 0 to `count - 1` between any two of which the gap is simple.

    Raises:
        SpecError: There would be too many: the curves cross or touch too often.
    """
    points, ahead = [0], [count - 1]
    if all(gap.at(k) == 0 for k in _scattered(count)):
        return points + ahead  # one curve, said in two ways
    while ahead:
        left, right = points[-1], ahead[-1]
        if right - left > 1 and not gap.is_simple(left, right):
            ahead.append((left + right) // 2)
            continue
        points.append(ahead.pop())
        check_spans(len(points) // _PIECES)
    return points


def _scattered(count: int) -> Iterator[int]:
    """Yield indices from 0 to `count - 1` that no wave goes along with: multiples of the golden ratio, modulo 1."""
    yield from (0, count - 1)
    for i in range(1, 33):
        yield (i * _GOLDEN & (1 << 64) - 1) * count >> 64


_GOLDEN = 0x9E3779B97F4A7C15
"""The golden ratio, modulo 1, with 64 bits."""
_PIECES = 4
"""How many of these pieces there may be for each span that a formula may need."""


def _first(left: int, right: int, at: Callable[[int], int], *, above: bool) -> int:
    """Return the first index in (left, right] from which on the difference has the sign that it has at `right`."""
    while right - left > 1:
        middle = (left + right) // 2
        if at(middle) > 0 if above else at(middle) < 0:
            right = middle
        else:
            left = middle
    return right
