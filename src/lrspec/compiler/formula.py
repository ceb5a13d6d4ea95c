"""What a schedule means, in exact arithmetic: the stretches of steps on which one smooth curve holds.

A node answers `formula(clock)` with a `Formula`: *runs* of steps, each of which maps a step to an index by a modulo and
a division, and in each run *spans* of indices on which the value is one smooth `Curve`. A curve is the formula itself:
`curve(k, precision)` is the value at index k in fixed point (fixedpoint.py). The mathematics of a kind stands with its
node, in `kinds/`; program.py turns a formula into integers without knowing any kind.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from math import floor, gcd, lcm
from typing import TypeAlias

from lrspec.compiler import near as nearly
from lrspec.compiler.near import Near
from lrspec.errors import SpecError, StepError
from lrspec.fields import LAST_STEP, whole_step
from lrspec.spec import Node

Time: TypeAlias = int | Fraction
"""A number of steps, not necessarily whole."""
Curve: TypeAlias = Callable[[Time, int], int]
"""`curve(k, precision)`: the value at index or time k, times `2**precision`.

To within a few units, or to within 2**-120 of the larger of the terms that are added, whichever is the larger.
"""

Changes: TypeAlias = Callable[[int, int, int], tuple[int, int] | None]
"""`changes(first, count, precision)`: bounds of `curve(k + 1) - curve(k)` for k from `first` to `first + count - 1`.

In fixed point; None where the curve bends too often there to say.
"""

HORIZON = LAST_STEP + 1
ACCURACY = 110
"""Bits to which a curve is known for certain, relative to the larger of the terms that are added in it."""
MAX_SPANS = 4096
"""How many spans a formula may need where it has no shorter form."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """The indices from `start` on, up to the next span, on which the value is `curve(index - start)`.

    A constant span has `curve(0)` at every index. A span is `listed` where its values are data, so that a fit is
    checked at every index. Where the curve turns many times, `wave` is how many indices there are between two turns at
    least, and 0 otherwise. It `fades` where its values only fall in size, to 0 in the end. `changes` bounds what the
    curve does from one index to the next; a span that has none is constant or listed. Where values were left out
    because they no longer show, `hidden` is log2 of a number above them. `width` is how many curves make a
    value; a bound of `clamp` has 0. `near` is the curve nearly, and much sooner, where it is known so.
    """

    start: int
    curve: Curve
    constant: bool = False
    listed: bool = False
    wave: int = 0
    fades: bool = False
    hidden: int | None = None
    width: int = 1
    changes: Changes | None = None
    near: Near | None = None

    def begun_at(self, index: int) -> Span:
        """Return what is left of the span from `index` on, as a span that starts at 0."""
        if self.constant:
            return replace(self, start=0)
        offset, changes = index - self.start, self.changes
        moved = changes and (lambda first, count, precision: changes(first + offset, count, precision))
        near = nearly.shifted(self.near, offset)
        return replace(self, start=0, curve=shifted(self.curve, offset), changes=moved, near=near)


@dataclass(frozen=True, kw_only=True)
class Run:
    """The steps from `start` on, up to the next run, with `index = floor(u / stride)`, `u = (step - start) mod period`.

    A `period` of 0 means no modulo. The first span starts at index 0.
    """

    start: int
    spans: tuple[Span, ...]
    stride: Time = 1
    period: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether the index grows by one with each step."""
        return self.stride == 1 and not self.period

    @property
    def is_constant(self) -> bool:
        """Whether the run has one value."""
        return len(self.spans) == 1 and self.spans[0].constant

    def index(self, step: int) -> int:
        """Return the index that `step` uses."""
        offset = step - self.start
        if self.period:
            offset %= self.period
        return offset if self.stride == 1 else int(offset // self.stride)

    def indices(self, steps: int) -> int:
        """Return how many indices the first `steps` steps use."""
        return int(((self.period if 0 < self.period < steps else steps) - 1) // self.stride) + 1


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A schedule's runs, in the order of their starts, the first at 0, and the last step at which it has a value.

    `last_step` is -1 where there is none at all.
    """

    runs: tuple[Run, ...]
    last_step: int = LAST_STEP

    def at(self, step: int, precision: int) -> int:
        """Return the value at a step in fixed point."""
        span, index = self.span_at(step)
        return span.curve(index, precision)

    def span_at(self, step: int) -> tuple[Span, int]:
        """Return the span that has the value at a step, and the index that its curve is asked for there."""
        run = self.runs[bisect_right(self.runs, step, key=lambda run: run.start) - 1]
        index = run.index(step)
        span = run.spans[bisect_right(run.spans, index, key=lambda span: span.start) - 1]
        return span, 0 if span.constant else index - span.start


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Which times a formula is asked for: step i of it is at time `offset + rate * i`, for i from 0 to `stop - 1`."""

    offset: Time = 0
    rate: Time = 1
    stop: int = HORIZON

    def at(self, step: int) -> Time:
        """Return the time of a step."""
        return self.offset + self.rate * step

    def first(self, time: Time) -> int:
        """Return the first step at or after a time; 0 where the clock starts later, `stop` where it stops before."""
        steps = -((self.offset - time) // self.rate)
        return min(max(steps, 0), self.stop)

    def first_multiple(self, period: Time, *, late: bool = False) -> int:
        """Return the first step whose time is a multiple of a period; `stop` where there is none.

        With `late`, the first step from which on `floor(t / period)` grows as it does from a multiple on: its time is
        past one by less than what all the steps' times have in common with the period.
        """
        grain = common_measure(self.rate, period)
        if self.offset % grain and not late:
            return self.stop
        whole = int(period / grain)
        step = -int(self.offset // grain) * pow(int(self.rate / grain), -1, whole) % whole
        return min(step, self.stop)

    def since(self, time: Time, until: Time | None = None, *, local: bool = True) -> Clock:
        """Return the clock of the steps from `time` on, up to `until`; local time starts from 0 at `time`."""
        first = self.first(time)
        stop = self.stop if until is None else self.first(until)
        offset = self.at(first) - (time if local else 0)
        return Clock(offset=simple(offset), rate=self.rate, stop=max(stop - first, 0))

    def line(self, slope: Fraction, constant: Fraction = Fraction(0)) -> nearly.Numbers:
        """Return `slope * time + constant` at each step."""
        return nearly.line(slope * Fraction(self.offset) + constant, slope * Fraction(self.rate))

    def curve(self, curve: Curve) -> Curve:
        """Return a curve over time as one over this clock's steps."""
        if self.rate == 1:
            return shifted(curve, self.offset)
        unit = lcm(Fraction(self.offset).denominator, Fraction(self.rate).denominator)
        offset, rate = int(self.offset * unit), int(self.rate * unit)
        return lambda k, precision: curve(Fraction(offset + rate * k, unit), precision)


def common_measure(a: Time, b: Time) -> Fraction:
    """Return the largest number of which both are multiples."""
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator)


def simple(time: Time) -> Time:
    """Return a whole number of steps as an int."""
    return time.numerator if time.denominator == 1 else time


def shifted(curve: Curve, offset: Time) -> Curve:
    """Return `curve(k + offset)`."""
    return curve if offset == 0 or curve is nothing else lambda k, precision: curve(k + offset, precision)


def changes_of(curve: Curve, bends: Callable[[int, int], Iterable[float]] = lambda _first, _last: ()) -> Changes:
    """Return the bounds of what a curve changes by from index to index.

    Between two bends the change only grows, or only falls: it is between those at the ends and around each bend.

    Args:
        curve: The curve.
        bends: `bends(first, last)`: where it turns from convex to concave or back, each to within an index.
    """

    def changes(first: int, count: int, precision: int) -> tuple[int, int] | None:
        turns = list(islice(bends(first, first + count), _MOST_BENDS + 1))
        if len(turns) > _MOST_BENDS:
            return None
        near = {floor(turn) + i for turn in turns for i in (-2, -1, 0, 1, 2)}
        where = {first, first + count - 1} | {k for k in near if first <= k < first + count}
        pairs = [(curve(k, precision), curve(k + 1, precision)) for k in where]
        error = _UNITS + (max(abs(value) for pair in pairs for value in pair) >> _RELATIVE)
        found = [after - before for before, after in pairs]
        return min(found) - error, max(found) + error

    return changes


_MOST_BENDS = 4
_UNITS, _RELATIVE = 16, 110
"""The error of a change: so many units of the fixed point, and 2^-110 of the values."""


def held(curve: Curve, time: Time) -> Curve:
    """Return the constant curve of the value at one time."""
    return nothing if curve is nothing else lambda _, precision: curve(time, precision)


@lru_cache(maxsize=256)
def formula_of(node: Node) -> Formula:
    """Return the exact meaning of `node`, from step 0 to the last step of all.

    Raises:
        SpecError: The node has no short form, or a part that starts from the one before has none before it.
    """
    lonely = node.lonely_previous()
    if lonely is not None:
        raise SpecError(lonely, found="previous", expected="a number, because no part of a sequence comes before")
    formula = node.formula(Clock())
    if formula.last_step < 0:
        raise SpecError("", found="a schedule without a value at step 0", expected="one that ends later")
    return formula


def exact(node: Node, step: int) -> float:
    """Return the formula of `node` at `step`, correctly rounded to float64.

    Raises:
        StepError: `step` has no value.
        OverflowError: The value is beyond float64.
    """
    step = whole_step(step)
    formula = formula_of(node)
    if not 0 <= step <= formula.last_step:
        raise StepError(f"step {step}: expected a step from 0 to {formula.last_step}")
    return rounded(formula, step)


def rounded(formula: Formula, step: int) -> float:
    """Return the value at a step, rounded to float64; what is nearer to a tie than 2^-110 of itself goes to even."""
    value = 0
    for precision in (192, 448, 1344):  # until at least 128 of the bits are bits of the value
        value = formula.at(step, precision)
        if abs(value) >> 128:
            break
    excess = abs(value).bit_length() - 53
    if excess > 0:
        kept, rest = divmod(abs(value), 1 << excess)
        if abs(rest - (1 << excess - 1)) <= abs(value) >> ACCURACY:
            kept = kept + (kept & 1) << excess
            value = kept if value > 0 else -kept
    return value / (1 << precision)


def value_at(node: Node, time: Time) -> float:
    """Return the formula of `node` at a time, correctly rounded to float64."""
    return rounded(node.formula(Clock(offset=time, stop=1)), 0)


def total(a: int, b: int) -> int:
    """Return a sum in fixed point: exactly 0 where it is no more than the error of its terms."""
    found = a + b
    return 0 if abs(found) <= abs(a) >> ACCURACY else found


def plain(spans: Iterable[Span], start: int = 0) -> Formula:
    """Return the formula of spans over plain steps."""
    return Formula(runs=(Run(start=start, spans=tuple(spans)),))


class Budget:
    """What one combination of formulas may cost: how many curves it may combine or compare, over all of its pieces."""

    def __init__(self) -> None:
        self._left = MAX_CURVES

    def spend(self, curves: int) -> None:
        """Take curves away; raise `SpecError` where too few are left."""
        self._left -= curves
        if self._left < 0:
            found = f"more than {MAX_CURVES} curves of pieces that are combined or compared"
            raise SpecError("", found=found, expected="fewer parts, or fewer pieces in them")


MAX_CURVES = 32_768


def check_spans(count: int) -> None:
    """Raise `SpecError` where a formula needs too many spans."""
    if count > MAX_SPANS:
        found = f"a schedule without a short form: it would need more than {MAX_SPANS} pieces"
        raise SpecError("", found=found, expected="an end: `steps`, `num_cycles`, or a `freeze` at the total around it")


def shown(spans: Sequence[Span], count: int) -> tuple[Span, ...]:
    """Return the spans of `count` indices, with 0 where the last one fades and no longer shows."""
    last = spans[-1]
    left = count - last.start
    if not last.fades or not is_faded(last.curve, left - 1):
        return tuple(spans)
    zero = Span(start=last.start + first_faded(last.curve, left), curve=nothing, constant=True, hidden=-FADED)
    return (*(span for span in spans if span.start < zero.start), zero)


def first_faded(curve: Curve, count: int) -> int:
    """Return the first of some indices from which on a curve that fades no longer shows; it must at the last."""
    return bisect_left(range(count), 1, key=lambda k: int(is_faded(curve, k)))


def is_faded(curve: Curve, k: Time) -> bool:
    """Tell whether a value is below 2**-256: what even the largest float32 as a factor does not bring to light."""
    return abs(curve(k, FADED)) <= 1


def nothing(_k: Time, _precision: int) -> int:
    """Return the curve that is 0."""
    return 0


FADED = 256
"""Fading values below 2 to minus this power no longer show."""
BEYOND = 4000
"""Values from 2 to this power on are beyond all numbers: how large they are is not known."""


def is_beyond(value: int, precision: int) -> bool:
    """Tell whether a value is beyond all numbers."""
    return abs(value).bit_length() > precision + BEYOND


def saturated(sign: int, precision: int) -> int:
    """Return a value beyond all numbers, of a sign."""
    return sign << precision + BEYOND + 96


def joined(parts: Iterable[tuple[int, Formula]]) -> Formula:
    """Return formulas one after another, each from its own start up to the next one's; plain runs become one.

    Where one has no value before the next one's start, that is the end of all; the runs go on, for devices.
    """
    runs: list[Run] = []
    last_step = -1
    for start, formula in parts:
        if last_step >= start - 1:
            last_step = min(start + formula.last_step, LAST_STEP)
        runs = cut(runs, start)
        for run in formula.runs:
            moved = replace(run, start=start + run.start)
            if runs and runs[-1].is_plain and run.is_plain:
                gap = moved.start - runs[-1].start
                spans = (replace(span, start=span.start + gap) for span in run.spans)
                runs[-1] = replace(runs[-1], spans=(*runs[-1].spans, *spans))
            else:
                runs.append(moved)
    return Formula(runs=tuple(runs), last_step=last_step)


def cut(runs: Iterable[Run], stop: int) -> list[Run]:
    """Return the runs up to step `stop`."""
    kept = [run for run in runs if run.start < stop]
    if kept and len(kept[-1].spans) > 1:
        last = kept[-1]
        count = last.indices(stop - last.start)
        kept[-1] = replace(last, spans=tuple(span for span in last.spans if span.start < count))
    return kept
