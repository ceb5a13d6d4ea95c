"""Kinds that put schedules together: one after another, multiplied, or the least or greatest of several."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import ClassVar, Literal, get_args

from lrspec.compiler import near as nearly
from lrspec.compiler.arithmetic import added, check_hidden, each_span, product
from lrspec.compiler.formula import (
    Clock,
    Formula,
    Span,
    Time,
    is_beyond,
    joined,
    nothing,
    plain,
    saturated,
    simple,
    total,
    value_at,
)
from lrspec.compiler.pointwise import Combine, greatest, least, merged
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, Choice, ListOf, Number, show
from lrspec.kinds.curves import constant, fixed
from lrspec.kinds.leaf import Leaf
from lrspec.spec import Node, NodeRule, node_field, nodes_field, number_field

PartTime = Literal["local", "global"]
Outside = Literal["hold", "error"]


@dataclass(frozen=True, kw_only=True)
class Sequence(Node):
    """One schedule after another: part `i` runs on its own steps, counted from 0 at the step at which it begins.

    `lr(t) = parts[i](t - start[i])` for `start[i] <= t < start[i + 1]`, where `start[i]` is the sum of the lengths of
    the parts before it. The last part decides what comes after the end. With `time: global` every part has the time of
    the sequence, `lr(t) = parts[i](t)`, and a part's length is the time at which the next one takes over.

    A part whose `init_value` is `previous` starts from the value that the formula of the part before has at its end,
    rounded to binary64.

    Args:
        parts: The schedules; each but the last needs a length, and leaves `after` alone.
        time: `local`, or `global`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Cosine, Linear
        >>> warmup = Linear(init_value=0.0, end_value=1.0, steps=2)
        >>> decay = Cosine(init_value="previous", end_value=0.0, steps=2)
        >>> Sequence(parts=[warmup, decay]).values(0, 6)
        array([0. , 0.5, 1. , 0.5, 0. , 0. ], dtype=float32)
    """

    kind: ClassVar[str] = "sequence"
    formula_text: ClassVar[str] = "one after another"
    parts: abc.Sequence[Node] = field(metadata={"rule": ListOf(NodeRule())})
    time: PartTime = field(default="local", metadata={"rule": Choice(get_args(PartTime))})

    @property
    def length(self) -> int | Fraction | None:
        """The time at which the last part has ended, or None where it has no end."""
        last = self.parts[-1].length
        start = self.starts[-1]
        return None if last is None else simple(max(last, start) if self.time == "global" else start + last)

    @property
    def starts(self) -> list[Time]:
        """The times at which the parts begin."""
        starts: list[Time] = [0]
        for part in self.parts[:-1]:
            starts.append(simple((0 if self.time == "global" else starts[-1]) + (part.length or 0)))
        return starts

    @cached_property
    def resolved(self) -> list[Node]:
        """The parts, with numbers where `previous` stands."""
        parts = [self.parts[0]]
        for part, start, end in zip(self.parts[1:], self.starts, self.starts[1:], strict=False):
            if part.lonely_previous() is None:
                parts.append(part)
                continue
            value = value_at(parts[-1], end if self.time == "global" else end - start)
            try:
                parts.append(part.started_at(value))
            except SpecError as error:
                raise error.within(f"parts[{len(parts)}]") from None
        return parts

    def formula(self, clock: Clock) -> Formula:
        """Return the parts' formulas, one after another."""
        local = self.time == "local"
        formulas: list[tuple[int, Formula]] = []
        for part, start, end in zip(self.resolved, self.starts, [*self.starts[1:], None], strict=True):
            first = clock.first(start)
            inner = clock.since(start, end, local=local)
            if inner.stop:
                formulas.append((first, part.formula(inner)))
        return joined(formulas)

    def started_at(self, value: float) -> Sequence:
        """Return the sequence whose first part starts from `value`."""
        return replace(self, parts=[self.parts[0].started_at(value), *self.parts[1:]])

    def lonely_previous(self, *, follows: bool = False) -> str | None:
        """Return where the first part has no part before it, or a later one has a `previous` that no part reaches."""
        for i, part in enumerate(self.parts):
            inner = part.lonely_previous(follows=follows or i > 0)
            if inner:
                return f"parts[{i}].{inner}"
        return None

    def _check(self) -> None:
        start: Time = 0
        for i, part in enumerate(self.parts):
            if start > LAST_STEP:
                found = f"a part that starts at step {start}"
                raise SpecError(f"parts[{i}]", found=found, expected=f"a start at or before {LAST_STEP}, the last step")
            if i < len(self.parts) - 1:
                check_is_followed(part, f"parts[{i}]")
                length = part.length or 0
                if self.time == "global" and length <= start:
                    expected = f"a length above {start}, where it takes over"
                    raise SpecError(f"parts[{i}].steps", found=show(length), expected=expected)
                start = length if self.time == "global" else start + length


def check_is_followed(part: Node, path: str) -> None:
    """Raise `SpecError` where a part that another one follows has no length, or an `after` that never comes."""
    while isinstance(part, Sequence):
        path = f"{path}.parts[{len(part.parts) - 1}]"
        part = part.parts[-1]
    if part.length is None:
        raise SpecError(f"{path}.steps", found="nothing", expected="a length, because another part follows")
    if isinstance(part, Leaf) and part.after != "hold":
        expected = "no `after`, because another part follows"
        raise SpecError(f"{path}.after", found=show(part.after), expected=expected)


class _Pointwise(Node):
    """Schedules that run side by side, and one number of their values at each step."""

    parts: abc.Sequence[Node]
    combine: ClassVar[Combine]

    @property
    def length(self) -> int | Fraction | None:
        """The length of the part that lasts longest, or None where no part has an end."""
        return max((part.length for part in self.parts if part.length is not None), default=None)

    def formula(self, clock: Clock) -> Formula:
        """Return the combination of the parts' formulas."""
        return merged([part.formula(clock) for part in self.parts], clock.stop, type(self).combine)


@dataclass(frozen=True, kw_only=True)
class Product(_Pointwise):
    """The product of schedules: `lr(t) = parts[0](t) * parts[1](t) * ...`.

    As the factors of t5x and big_vision, and `torch.optim.lr_scheduler.ChainedScheduler`, multiply.

    Args:
        parts: The schedules. It is as long as the longest of those that have an end.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Constant, Linear
        >>> warmup = Linear(init_value=0.0, end_value=1.0, steps=2)
        >>> Product(parts=[Constant(value=0.5), warmup]).values(0, 4)
        array([0.  , 0.25, 0.5 , 0.5 ], dtype=float32)
    """

    kind: ClassVar[str] = "product"
    formula_text: ClassVar[str] = "the product of"
    combine: ClassVar[Combine] = staticmethod(product)
    parts: abc.Sequence[Node] = nodes_field()


@dataclass(frozen=True, kw_only=True)
class Sum(_Pointwise):
    """The sum of schedules: `lr(t) = parts[0](t) + parts[1](t) + ...`.

    For blends of moving values, `(1 - w(t)) * a(t) + w(t) * b(t)`, and cycles that are added to a decay.

    Args:
        parts: The schedules. It is as long as the longest of those that have an end.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Constant, Linear
        >>> Sum(parts=[Constant(value=0.5), Linear(init_value=1.0, end_value=0.0, steps=2)]).values(0, 4)
        array([1.5, 1. , 0.5, 0.5], dtype=float32)
    """

    kind: ClassVar[str] = "sum"
    formula_text: ClassVar[str] = "the sum of"
    combine: ClassVar[Combine] = staticmethod(added)
    parts: abc.Sequence[Node] = nodes_field()


@dataclass(frozen=True, kw_only=True)
class Minimum(_Pointwise):
    """The least of schedules: `lr(t) = min(parts[0](t), parts[1](t), ...)`.

    Args:
        parts: The schedules. It is as long as the longest of those that have an end.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Constant, Linear
        >>> Minimum(parts=[Constant(value=0.5), Linear(init_value=0.0, end_value=1.0, steps=4)]).values(0, 5)
        array([0.  , 0.25, 0.5 , 0.5 , 0.5 ], dtype=float32)
    """

    kind: ClassVar[str] = "minimum"
    formula_text: ClassVar[str] = "the least of"
    combine: ClassVar[Combine] = staticmethod(least)
    parts: abc.Sequence[Node] = nodes_field()


@dataclass(frozen=True, kw_only=True)
class Maximum(_Pointwise):
    """The greatest of schedules: `lr(t) = max(parts[0](t), parts[1](t), ...)`.

    Args:
        parts: The schedules. It is as long as the longest of those that have an end.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Constant, Linear
        >>> Maximum(parts=[Constant(value=0.5), Linear(init_value=1.0, end_value=0.0, steps=4)]).values(0, 5)
        array([1.  , 0.75, 0.5 , 0.5 , 0.5 ], dtype=float32)
    """

    kind: ClassVar[str] = "maximum"
    formula_text: ClassVar[str] = "the greatest of"
    combine: ClassVar[Combine] = staticmethod(greatest)
    parts: abc.Sequence[Node] = nodes_field()


@dataclass(frozen=True, kw_only=True)
class Clamp(Node):
    """A schedule kept within bounds: `lr(t) = min(max(part(t), min_value), max_value)`.

    A growth without an end, such as that of a range test, is held at the largest float32 number with
    `max_value: 3.4028234663852886e+38`.

    Args:
        part: The schedule.
        min_value: The smallest value, or none.
        max_value: The largest value, or none; not below `min_value`.
        outside: From the first step on at which the part is outside of the bounds: `hold` it at the bound, there and
            wherever it is outside, or `error`: no value any more.

    Raises:
        SpecError: A field is not as described, or there is no bound.

    Example:
        >>> from lrspec import Linear
        >>> Clamp(part=Linear(init_value=1.0, end_value=0.0, steps=4), min_value=0.5).values(0, 5)
        array([1.  , 0.75, 0.5 , 0.5 , 0.5 ], dtype=float32)
    """

    kind: ClassVar[str] = "clamp"
    formula_text: ClassVar[str] = "from {min_value} to {max_value}"
    part: Node = node_field()
    min_value: float | None = field(default=None, metadata={"rule": Number()})
    max_value: float | None = field(default=None, metadata={"rule": Number()})
    outside: Outside = field(default="hold", metadata={"rule": Choice(get_args(Outside))})

    @property
    def length(self) -> int | Fraction | None:
        """The length of the part."""
        return self.part.length

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula with its values kept within the bounds."""
        found = self.part.formula(clock)
        for bound, combine in ((self.min_value, greatest), (self.max_value, least)):
            if bound is not None:
                level = plain([Span(start=0, curve=constant(bound), constant=True, width=0)])
                found = merged([found, level], clock.stop, combine)
        whole = each_span(found, lambda span: replace(span, width=max(span.width, 1)))
        if self.outside == "hold":
            return whole
        bounds = (
            run.start + ceil(span.start * run.stride) for run in found.runs for span in run.spans if not span.width
        )
        return replace(whole, last_step=min(found.last_step, min(bounds, default=LAST_STEP + 1) - 1))

    def _check(self) -> None:
        if self.min_value is None and self.max_value is None:
            raise SpecError("min_value", found="nothing", expected="a `min_value` or a `max_value`")
        if self.min_value is not None and self.max_value is not None and self.min_value > self.max_value:
            raise SpecError("max_value", found=show(self.max_value), expected="a number not below `min_value`")


@dataclass(frozen=True, kw_only=True)
class Affine(Node):
    """A schedule scaled and moved: `lr(t) = scale * part(t) + offset`.

    Args:
        part: The schedule.
        scale: The factor; 1 by default.
        offset: What is added; 0 by default.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Affine(part=Linear(init_value=1.0, end_value=0.0, steps=2), scale=0.5, offset=0.25).values(0, 3)
        array([0.75, 0.5 , 0.25], dtype=float32)
    """

    kind: ClassVar[str] = "affine"
    formula_text: ClassVar[str] = "{scale} * part + {offset}"
    part: Node = node_field()
    scale: float = number_field(1.0)
    offset: float = number_field(0.0)

    @property
    def length(self) -> int | Fraction | None:
        """The length of the part."""
        return self.part.length

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula, scaled and moved."""
        return mapped(self.part.formula(clock), Fraction(self.scale), Fraction(self.offset))


def mapped(formula: Formula, scale: Fraction, offset: Fraction) -> Formula:
    """Return `scale * formula + offset`."""
    if scale == 1 and offset == 0:
        return formula
    bits = scale.numerator.bit_length() - scale.denominator.bit_length() + 1
    guard = max(0, bits + 1)

    def span(old: Span) -> Span:
        def curve(k: Time, precision: int) -> int:
            value = old.curve(k, precision + guard)
            if is_beyond(value, precision + guard) and scale:
                return saturated(1 if (value > 0) == (scale > 0) else -1, precision)
            scaled = value * scale.numerator // scale.denominator
            return total(fixed(offset, precision), scaled >> guard)

        def changes(first: int, count: int, precision: int) -> tuple[int, int] | None:
            found = old.changes and old.changes(first, count, precision + guard)
            if found is None:
                return None
            bounds = [bound * scale.numerator // scale.denominator >> guard for bound in found]
            return min(bounds) - 2, max(bounds) + 2

        return check_hidden(
            replace(
                old,
                curve=nothing if old.curve is nothing and not offset else curve,
                fades=old.fades and not offset,
                hidden=old.hidden + bits if old.hidden is not None and scale else None,
                changes=old.changes and changes,
                near=nearly.mapped(old.near, scale, offset) if old.near and scale else None,
            )
        )

    return each_span(formula, span)
