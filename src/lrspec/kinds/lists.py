"""Kinds whose values are listed: constant between boundaries, and a table of a value per step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import ClassVar

from lrspec.compiler.formula import Clock, Curve, Formula, Span, Time, plain, shifted
from lrspec.compiler.stairs import stairs
from lrspec.errors import SpecError
from lrspec.fields import MAX_ITEMS, ListOf, Number, Period, Steps, Text, show
from lrspec.kinds.curves import constant, fixed
from lrspec.kinds.leaf import Leaf, check_stair
from lrspec.spec import After, after_field, optional_steps_field

MAX_TABLE = 65_536
"""The largest number of values in a table."""


@dataclass(frozen=True, kw_only=True, init=False)
class PiecewiseConstant(Leaf):
    """Constant values between boundaries: `lr(t) = values[number of boundaries b with b <= t]`.

    The new value holds from step `b` on, as in PyTorch and Optax; Keras' `PiecewiseConstantDecay` switches at `b + 1`.

    Args:
        boundaries: Steps at which the value changes; positive integers, each above the one before.
        values: The values; one more than there are boundaries. Kept in the attribute `levels`, because
            `schedule.values(start, stop)` is what every schedule has.
        steps: Length, in steps, above the last boundary; none by default: without end.
        after: What follows `steps`: `hold`, `continue` (the same here) or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> PiecewiseConstant(boundaries=[2, 3], values=[1.0, 0.5, 0.25]).values(0, 5)
        array([1.  , 1.  , 0.5 , 0.25, 0.25], dtype=float32)
    """

    kind: ClassVar[str] = "piecewise_constant"
    formula_text: ClassVar[str] = "{values}, from the steps 0, {boundaries} on"
    ends_flat: ClassVar[bool] = True
    boundaries: tuple[int, ...] = field(metadata={"rule": ListOf(Steps(), increasing=True)})
    levels: tuple[float, ...] = field(metadata={"rule": ListOf(Number(), most=MAX_ITEMS + 1), "key": "values"})
    steps: int | Fraction | None = optional_steps_field()
    after: After = after_field()

    def __init__(
        self,
        *,
        boundaries: Iterable[int],
        values: Iterable[float],
        steps: int | Fraction | None = None,
        after: After = "hold",
    ) -> None:
        for name, value in {"boundaries": boundaries, "levels": values, "steps": steps, "after": after}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def shape(self, clock: Clock) -> Formula:
        """Return a constant span for each value."""
        spans: list[Span] = []
        for boundary, value in zip((None, *self.boundaries), self.levels, strict=True):
            start = 0 if boundary is None else clock.first(boundary)
            if start == 0 or start < clock.stop:
                spans = spans[:-1] if spans and spans[-1].start == start else spans
                spans.append(Span(start=start, curve=constant(value), constant=True))
        return plain(spans)

    def end(self) -> Span:
        """Return the last value."""
        return Span(start=0, curve=constant(self.levels[-1]), constant=True)

    def _check(self) -> None:
        super()._check()
        wanted = len(self.boundaries) + 1
        if len(self.levels) != wanted:
            expected = f"{wanted} items, one more than there are boundaries"
            raise SpecError("values", found=f"{len(self.levels)} items", expected=expected)
        if self.steps is not None and self.steps <= self.boundaries[-1]:
            expected = f"more than {self.boundaries[-1]}, the last boundary"
            raise SpecError("steps", found=show(self.steps), expected=expected)


@dataclass(frozen=True, kw_only=True, init=False)
class Table(Leaf):
    """A value for each step, or each `period` steps: `lr(t) = values[floor(t / period)]`.

    What `lrspec.sample` makes of a function. Each value is exactly the float32 number nearest to the one in the table.

    Args:
        values: The values, 1 to 65,536. Kept in the attribute `levels`.
        period: How many steps each value holds; 1 or more, not necessarily whole.
        after: What follows the last value: `hold` it, or `error`.
        source: Where the values are from, in words; empty by default.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Table(values=[0.1, 0.3, 0.2]).values(0, 5)
        array([0.1, 0.3, 0.2, 0.2, 0.2], dtype=float32)
    """

    kind: ClassVar[str] = "table"
    formula_text: ClassVar[str] = "the listed value number floor(t / {period})"
    levels: tuple[float, ...] = field(metadata={"rule": ListOf(Number(), most=MAX_TABLE), "key": "values"})
    period: int | Fraction = field(default=1, metadata={"rule": Period()})
    after: After = after_field("hold", "error")
    source: str = field(default="", metadata={"rule": Text()})

    def __init__(
        self, *, values: Iterable[float], period: float | Fraction = 1, after: After = "hold", source: str = ""
    ) -> None:
        for name, value in {"levels": values, "period": period, "after": after, "source": source}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    @property
    def steps(self) -> int | Fraction:  # type: ignore[override]  # of the values here
        """The number of steps that have a value."""
        steps = Fraction(self.period) * len(self.levels)
        return steps.numerator if steps.denominator == 1 else steps

    def curve(self) -> Curve:
        """`values[k]`."""
        levels = self.levels
        last = len(levels) - 1
        return lambda k, precision: fixed(levels[min(int(k), last)], precision)

    def shape(self, clock: Clock) -> Formula:
        """Return a span for each run of equal values, and one for each stretch of others."""
        shape = stairs(clock, self.curve(), self._period, listed=True)
        run = shape.runs[0]
        if len(shape.runs) > 1 or not run.spans[0].listed:
            return shape
        offset = int(clock.offset // self._period)
        count = run.indices(clock.stop)
        stretches = _equal_stretches(self.levels[offset:], self.curve(), offset)
        spans = tuple(span for span in stretches if span.start < count)
        return Formula(runs=(replace(run, spans=spans),))

    @property
    def _period(self) -> Time:
        return self.period if isinstance(self.period, int) else Fraction(self.period)

    def end(self) -> Span:
        """Return the last value."""
        return Span(start=0, curve=constant(self.levels[-1]), constant=True)

    def _check(self) -> None:
        check_stair(self.period, "period", "at least 1 step")


def _equal_stretches(levels: tuple[float, ...], curve: Curve, offset: int) -> Iterable[Span]:
    """Yield constant spans for runs of three and more equal values, and listed spans for what is between them."""
    start = 0
    open_since: int | None = None
    while start < len(levels):
        stop = start + 1
        while stop < len(levels) and levels[stop] == levels[start]:
            stop += 1
        if stop - start >= _RUN:
            open_since = None
            yield Span(start=start, curve=constant(levels[start]), constant=True)
        elif open_since is None:
            open_since = start
            yield Span(start=start, curve=shifted(curve, start + offset), listed=True)
        start = stop


_RUN = 3
