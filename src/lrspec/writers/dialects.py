"""How an expression is put together: the dialects, a time, and what a formula is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.fields import LAST_STEP
from lrspec.spec import Node
from lrspec.writers.numbers import literal
from lrspec.writers.result import NoMatch


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a framework writes what Python's arithmetic does not.

    Args:
        least: The lesser of two, a format of `{0}` and `{1}`.
        greatest: The greater of two.
        choose: `{1}` where `{0}` holds, else `{2}`.
        call: A function of the name `{0}` of `{1}`.
        real: An integer `{0}` as a floating-point number.
        count: How many of the numbers named `{0}` are not above `{1}`.
        take: The item `{1}` of the numbers named `{0}`.
        lazy: Whether `{2}` of `choose` is not evaluated where `{0}` holds.
    """

    least: str
    greatest: str
    choose: str
    call: str
    real: str
    count: str
    take: str
    lazy: bool = False


PYTHON = Dialect(
    least="min({0}, {1})",
    greatest="max({0}, {1})",
    choose="({1} if {0} else {2})",
    call="math.{0}({1})",
    real="{0}",
    count="bisect.bisect_right({0}, {1})",
    take="{0}[{1}]",
    lazy=True,
)


def enclosed(text: str) -> str:
    """Return an expression fit to be a factor: itself where it is one name, number, call or parenthesis."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and not (letter.isalnum() or letter in "_.)]") and i:
            return f"({text})"
        if depth == 0 and letter in ")]" and i + 1 < len(text) and text[i + 1] != "[":
            return f"({text})"
    return text


@dataclass(frozen=True)
class TimeText:
    """A time as an expression, a number of steps added to it, and whether it is a whole number."""

    base: str
    whole: bool = True
    late: Time = 0

    @property
    def text(self) -> str:
        """The expression."""
        sign = "+" if self.late > 0 else "-"
        return f"{self.base} {sign} {literal(max(self.late, -self.late))}" if self.late else self.base

    @property
    def atom(self) -> str:
        """The expression, fit to be a factor."""
        return enclosed(self.text)

    def plus(self, steps: Time) -> TimeText:
        """Return a later time, or an earlier one."""
        late = simple(Fraction(self.late + steps))
        base = self.base if self.late or self.base.isidentifier() else enclosed(self.base)
        return TimeText(base, self.whole and Fraction(steps).denominator == 1, late)


@dataclass
class Writer:
    """Writes one schedule in one dialect; `kinds` has a function for each kind of node.

    `constants` are the lists of numbers that its expressions name, `statements` what stands before these.
    """

    dialect: Dialect
    kinds: Mapping[type[Node], Callable[..., str]]
    constants: dict[str, list[Any]] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    def node(self, node: Node, t: TimeText, cut: bool = False) -> str:  # noqa: FBT001, FBT002 - read beside the node
        """Return the value of a node at a time, as an expression; `cut`: only before its end.

        Raises:
            NoMatch: Its kind has no formula here.
        """
        for kind, write in self.kinds.items():
            if isinstance(node, kind):
                text: str = write(self, node, t, cut)
                return text
        raise NoMatch(node.kind)

    def chain(self, t: TimeText, starts: Sequence[Time], texts: list[str]) -> str:
        """Return one expression or another: each from its start on."""
        found = texts[-1]
        for begin, text in reversed(list(zip(starts[1:], texts, strict=False))):
            stop = (ceil(begin) if t.whole else begin) - t.late
            found = self.dialect.choose.format(f"{t.base} < {literal(stop)}", text, found)
        return found

    def ratio(self, t: TimeText, steps: Time | float) -> str:
        """Return `t / steps`."""
        return self.real(t) if steps == 1 else f"{self.real(t)} / {literal(steps)}"

    def later(self, t: TimeText, steps: Time) -> TimeText:
        """Return a later time, or an earlier one; where it is not whole, as a floating-point number."""
        if t.whole and Fraction(steps).denominator != 1:
            t = TimeText(self.real(t), whole=False)
        return t.plus(steps)

    def real(self, t: TimeText) -> str:
        """Return a time as a floating-point number, fit to be a factor."""
        if not t.whole or self.dialect.real == "{0}":
            return t.atom
        return self.dialect.real.format(t.text)

    def call(self, name: str, argument: str) -> str:
        """Return a function of an argument."""
        return self.dialect.call.format(name, argument)

    def named(self, name: str, numbers: list[Any]) -> str:
        """Return the name of a list of numbers."""
        for known, held in self.constants.items():
            if repr(held) == repr(numbers):  # 1 is not 1.0: a framework makes another type of it
                return known
        name = name if name not in self.constants else f"{name}_{len(self.constants)}"
        self.constants[name] = numbers
        return name

    def stairs(self, t: TimeText, period: Time) -> str:
        """Return `floor(t / period)` in integers."""
        if not t.whole:
            raise NoMatch("a staircase over a time that is not whole")
        top, bottom = Fraction(period).as_integer_ratio()
        if self.dialect.lazy and bottom > 1:  # Python's integers have no bound
            return f"({t.atom} * {bottom} // {top})"
        if top * bottom > LAST_STEP:
            raise NoMatch("a staircase over a period with many digits")
        if bottom == 1:
            return t.text if top == 1 else f"{t.atom} // {top}"
        return f"({t.atom} // {top} * {bottom} + {t.atom} % {top} * {bottom} // {top})"
