"""Kinds that change when a schedule's values are used: moved, frozen, held per epoch, stretched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import ClassVar

from lrspec.compiler.formula import (
    MAX_SPANS,
    Clock,
    Formula,
    Run,
    Span,
    Time,
    common_measure,
    cut,
    held,
    joined,
    plain,
    simple,
)
from lrspec.compiler.pointwise import flat, pieces, written_out
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, Period, in_steps, show
from lrspec.kinds.leaf import check_stair
from lrspec.spec import After, Node, after_field, node_field, steps_field


def value_formula(node: Node, time: Time) -> Formula:
    """Return the formula that always has the value of a node at one time, or no value where the node has none there."""
    found = node.formula(Clock(offset=time, stop=1))
    span, index = found.span_at(0)
    value = Span(start=0, curve=held(span.curve, index), constant=True, hidden=span.hidden)
    return replace(plain([value]), last_step=LAST_STEP if found.last_step >= 0 else -1)


def _within_part(part: Node, *, follows: bool) -> str | None:
    inner = part.lonely_previous(follows=follows)
    return inner and f"part.{inner}"


@dataclass(frozen=True, kw_only=True)
class Shift(Node):
    """A schedule moved in time: `lr(t) = part(max(t + by, min_time))`.

    With `by: 1` a warmup begins with its second value, as `(k + 1) / W`; with a negative `by` the first value is held
    for longer. With `by: 0` and `min_time: 1` step 0 has the value of step 1, as in code that takes `max(step, 1)`.

    Args:
        part: The schedule.
        by: Steps that are added to the time; not necessarily whole, or positive.
        min_time: The earliest time that the part is asked for; 0 or above, not necessarily whole.

    Raises:
        SpecError: A field is not as described, or the part has ended before it begins.

    Example:
        >>> from lrspec import Linear
        >>> Shift(part=Linear(init_value=0.0, end_value=1.0, steps=4), by=1).values(0, 4)
        array([0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """

    kind: ClassVar[str] = "shift"
    formula_text: ClassVar[str] = "part(max(t + {by}, {min_time}))"
    part: Node = node_field()
    by: float | Fraction = field(metadata={"rule": Period(signed=True)})
    min_time: float | Fraction = field(default=0, metadata={"rule": Period(signed=True)})

    @property
    def length(self) -> int | Fraction | None:
        """What is left of the part's length."""
        return None if self.part.length is None else simple(self.part.length - Fraction(self.by))

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula at the moved times."""
        by, least = Fraction(self.by), Fraction(self.min_time)
        begins = clock.first(least - by)
        parts: list[tuple[int, Formula]] = []
        if begins:
            parts.append((0, value_formula(self.part, simple(least))))
        if begins < clock.stop:
            moved = replace(clock, offset=simple(clock.at(begins) + by), stop=clock.stop - begins)
            parts.append((begins, self.part.formula(moved)))
        return joined(parts)

    def _check(self) -> None:
        if self.min_time < 0:
            raise SpecError("min_time", found=show(self.min_time), expected="0 or more steps")
        length = self.part.length
        if length is not None and length <= Fraction(self.by):
            found, expected = f"{show(self.by)}, with a part of {in_steps(length)}", "less than its length"
            raise SpecError("by", found=found, expected=expected)


@dataclass(frozen=True, kw_only=True)
class Freeze(Node):
    """A schedule that stops changing: `lr(t) = part(min(t, steps))`.

    It gives a length to a schedule that has none, or another one: cut short, or longer.

    Args:
        part: The schedule.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the part's value at time `steps`, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Freeze(part=Linear(init_value=1.0, end_value=0.0, steps=4), steps=2).values(0, 4)
        array([1.  , 0.75, 0.5 , 0.5 ], dtype=float32)
    """

    kind: ClassVar[str] = "freeze"
    formula_text: ClassVar[str] = "part(min(t, {steps}))"
    part: Node = node_field()
    steps: int | Fraction = steps_field()
    after: After = after_field("hold", "error")

    @property
    def length(self) -> int | Fraction | None:
        """`steps`."""
        return self.steps

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula up to `steps`, and its value there."""
        return ended(self.part, clock, self.steps, self.after)

    def started_at(self, value: float) -> Freeze:
        """Return the same of the part that starts from `value`."""
        return replace(self, part=self.part.started_at(value))

    def lonely_previous(self, *, follows: bool = False) -> str | None:
        """Return where the part has none before it."""
        return _within_part(self.part, follows=follows)


def ended(part: Node, clock: Clock, steps: Time, after: After) -> Formula:
    """Return a part's formula up to the time `steps`, and after it the value there or none."""
    end = clock.first(steps)
    parts: list[tuple[int, Formula]] = []
    if end:
        inside = part.formula(replace(clock, stop=end))
        parts.append((0, replace(inside, runs=tuple(cut(inside.runs, end)))))
    if end < clock.stop:
        parts.append((end, value_formula(part, steps)))
    whole = joined(parts)
    return replace(whole, last_step=min(whole.last_step, end - 1)) if after == "error" else whole


@dataclass(frozen=True, kw_only=True)
class Every(Node):
    """A schedule whose step is a number of steps: `lr(t) = part(floor(t / period))`.

    With the steps of an epoch as the `period`, the part's own steps are epochs: what a scheduler does that is stepped
    once per epoch.

    Args:
        part: The schedule; its lengths count periods.
        period: Steps that each value holds; 1 or more, not necessarily whole.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Every(part=Linear(init_value=1.0, end_value=0.0, steps=2), period=3).values(0, 8)
        array([1. , 1. , 1. , 0.5, 0.5, 0.5, 0. , 0. ], dtype=float32)
    """

    kind: ClassVar[str] = "every"
    formula_text: ClassVar[str] = "part(floor(t / {period}))"
    part: Node = node_field()
    period: float | Fraction = field(metadata={"rule": Period()})

    @property
    def length(self) -> int | Fraction | None:
        """The part's length, in steps."""
        return None if self.part.length is None else simple(self.part.length * Fraction(self.period))

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula, with every index held."""
        period = Fraction(self.period)
        first = int(clock.offset // period)
        count = int(clock.at(clock.stop - 1) // period) - first + 1
        inner = self.part.formula(Clock(offset=first, stop=count))
        stride = period / clock.rate
        parts: list[tuple[int, Formula]] = []
        for run, end in zip(inner.runs, [*(run.start for run in inner.runs[1:]), count], strict=True):
            start = clock.first((first + run.start) * period)
            late = clock.at(start) - (first + run.start) * period
            one = stride >= 1 and late < _grain(run, period, clock.rate)
            if one and (late == 0 or _are_many(run, end - run.start)):
                slow = replace(run, start=0, stride=simple(run.stride * stride), period=int(run.period * stride))
            else:
                slow = Run(start=0, spans=tuple(self._held(clock, run, first, end)))
            parts.append((start, Formula(runs=(slow,))))
        last = (
            clock.first((first + inner.last_step + 1) * period) - 1
            if inner.last_step < min(count, LAST_STEP)
            else LAST_STEP
        )
        return replace(joined(parts), last_step=last)

    def _held(self, clock: Clock, run: Run, first: int, end: int) -> list[Span]:
        """Return a constant span for each period, or for each of the run's own constant spans."""
        period = Fraction(self.period)
        spans = written_out(flat(run, end - run.start), end - run.start)
        begin = clock.first((first + run.start) * period)
        found: list[Span] = []
        for span, stop in spans:
            for k in range(span.start, span.start + 1 if span.constant else stop):
                start = clock.first((first + run.start + k) * period) - begin
                found = found[:-1] if found and found[-1].start == start else found
                curve = held(span.begun_at(k).curve, 0)
                found.append(Span(start=start, curve=curve, constant=True, hidden=span.hidden))
        return found

    def started_at(self, value: float) -> Every:
        """Return the same of the part that starts from `value`."""
        return replace(self, part=self.part.started_at(value))

    def lonely_previous(self, *, follows: bool = False) -> str | None:
        """Return where the part has none before it."""
        return _within_part(self.part, follows=follows)

    def _check(self) -> None:
        check_stair(Fraction(self.period), "period", "at least 1 step")


def _are_many(run: Run, steps: int) -> bool:
    """Tell whether a run has too many values to write out."""
    cycles = -(-steps // run.period) if run.period else 1
    return cycles * pieces(run.spans, run.indices(steps)) > MAX_SPANS


def _grain(run: Run, period: Fraction, rate: Time) -> Time:
    """Return by how much later than its time a run may begin, with each index held for a period, and be one run still.

    That is, one modulo and one division of the step from its first step on; 0 where it never is.
    """
    if run.is_constant:
        return LAST_STEP * period
    if run.stride.denominator > 1 or (run.period * period / rate).denominator > 1:
        return 0
    return common_measure(rate, run.stride * period)


@dataclass(frozen=True, kw_only=True)
class Stretch(Node):
    """A schedule made longer, or shorter: `lr(t) = part(t / factor)`.

    With the steps of an epoch as the `factor`, the part's time is in epochs, and fractions of them.

    Args:
        part: The schedule; its lengths are in units of `factor` steps.
        factor: Steps per step of the part; above 0, not necessarily whole.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Stretch(part=Linear(init_value=1.0, end_value=0.0, steps=1), factor=4).values(0, 5)
        array([1.  , 0.75, 0.5 , 0.25, 0.  ], dtype=float32)
    """

    kind: ClassVar[str] = "stretch"
    formula_text: ClassVar[str] = "part(t / {factor})"
    part: Node = node_field()
    factor: float | Fraction = field(metadata={"rule": Period()})

    @property
    def length(self) -> int | Fraction | None:
        """The part's length, in steps."""
        return None if self.part.length is None else simple(self.part.length * Fraction(self.factor))

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula at the stretched times."""
        factor = Fraction(self.factor)
        return self.part.formula(
            Clock(offset=simple(clock.offset / factor), rate=simple(clock.rate / factor), stop=clock.stop)
        )

    def started_at(self, value: float) -> Stretch:
        """Return the same of the part that starts from `value`."""
        return replace(self, part=self.part.started_at(value))

    def lonely_previous(self, *, follows: bool = False) -> str | None:
        """Return where the part has none before it."""
        return _within_part(self.part, follows=follows)
