"""What the kinds with a formula of their own share: a curve, a length, and what comes after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

from lrspec.compiler.formula import (
    Changes,
    Clock,
    Curve,
    Formula,
    Run,
    Span,
    Time,
    changes_of,
    held,
    joined,
    plain,
)
from lrspec.compiler.near import Near
from lrspec.compiler.stairs import stairs
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, PREVIOUS, Period, show
from lrspec.spec import After, Node

LAST_STAIR = 2**31 - 2**18
"""The longest stair that a program can hold."""


def check_stair(period: Time, path: str, least: str) -> None:
    """Raise `SpecError` where a stair is shorter than a step or longer than a program can hold."""
    if period < 1:
        raise SpecError(path, found=show(Period().write(period)), expected=least)
    if period > LAST_STAIR:
        raise SpecError(path, found=show(Period().write(period)), expected=f"at most {LAST_STAIR} steps")


class Leaf(Node):
    """A node with its own curve, an optional or required number of `steps`, and a rule for what comes after."""

    steps: int | Fraction | None
    after: After

    @property
    def length(self) -> int | Fraction | None:
        """The number of steps after which the node has ended, or None where it has no end."""
        return self.steps

    ends_flat: ClassVar[bool] = False
    """Whether the shape itself stays at the value that it has at the end."""

    def curve(self) -> Curve:
        """Return the formula: the value at a time, or at a number of stairs, in fixed point."""
        raise NotImplementedError

    @property
    def stair(self) -> Time | None:
        """How long each stair is, or None where the curve is smooth."""
        return None

    @property
    def fades(self) -> bool:
        """Whether the values only fall in size, to 0 in the end."""
        return False

    @property
    def repeats(self) -> Time | None:
        """The time after which the curve begins again, or None."""
        return None

    @property
    def wave(self) -> Time | None:
        """The shortest time from one turn of the curve to the next, or None where it has one turn at most."""
        return None

    def formula(self, clock: Clock) -> Formula:
        """Return the curve up to `steps`, and what comes after."""
        if self.steps is None or self.after == "continue":
            return self.shape(clock)
        end = clock.first(self.steps)
        shape = self.shape(clock if self.ends_flat else replace(clock, stop=max(end, 1)))
        if end < clock.stop and not self.ends_flat:
            shape = joined([(0, shape), (end, plain([self.end()]))])
        return replace(shape, last_step=end - 1 if self.after == "error" else LAST_STEP)

    def shape(self, clock: Clock) -> Formula:
        """Return the curve alone, without an end."""
        if self.stair is not None:
            return stairs(clock, self.curve(), self.stair, fades=self.fades, near=self.near)
        goes_on = self.repeats is not None and self.after == "continue"
        whole = (Fraction(self.repeats or 1) / clock.rate).numerator if goes_on else 0  # of one period, or of several
        wave = 0 if self.wave is None else max(1, int(self.wave // clock.rate))
        curve = clock.curve(self.curve())
        changes, near = self.changes(clock, curve), self.near(clock)
        span = Span(start=0, curve=curve, wave=wave, fades=self.fades, changes=changes, near=near)
        return Formula(runs=(Run(start=0, spans=(span,), period=whole),))

    def near(self, clock: Clock) -> Near | None:  # noqa: ARG002 - a curve need not have it
        """Return the curve nearly, over a clock's steps; in stairs, over the numbers of stairs."""
        return None

    def bends(self, first: Time, last: Time) -> Iterable[float]:  # noqa: ARG002 - most curves have none
        """Yield the times from `first` to `last` at which the curve turns from convex to concave, or back.

        Each to within a step or two; at all others its slope only grows, or only falls.
        """
        return ()

    def changes(self, clock: Clock, curve: Curve) -> Changes:
        """Return the bounds of what the curve, as one over a clock's steps, changes by from one to the next."""

        def bends(first: int, last: int) -> Iterable[float]:
            times = self.bends(clock.at(first), clock.at(last))
            return ((time - float(clock.offset)) / float(clock.rate) for time in times)

        return changes_of(curve, bends)

    def end(self) -> Span:
        """Return the value that is held from `steps` on."""
        steps: Time = self.steps or 0
        at = steps if self.stair is None else int(steps // self.stair)
        return Span(start=0, curve=held(self.curve(), at), constant=True)

    def started_at(self, value: float) -> Node:
        """Return the node with `value` in the place of an `init_value` of `previous`."""
        return replace(self, init_value=value) if self.lonely_previous() else self  # type: ignore[type-var]

    def lonely_previous(self, *, follows: bool = False) -> str | None:
        """Return `init_value` where it is `previous`, and no part comes before."""
        return "init_value" if not follows and getattr(self, "init_value", None) == PREVIOUS else None

    def _check(self) -> None:
        if self.steps is None and self.after != "hold":
            raise SpecError("after", found=show(self.after), expected="no `after` where there are no `steps`")
