"""What the modules of this package share: the result, and a schedule as parts one after another.

A tree has many ways to say the same; a framework's builders have one. So a tree is first taken apart into parts that
begin at whole steps, with nested sequences undone, cuts at the end of a part dropped where another part follows, and
a ramp that begins with its second value written as the ramp it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence as Listing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from lrspec.compiler.formula import Time, simple, value_at
from lrspec.kinds import (
    Constant,
    Cosine,
    Exponential,
    Freeze,
    InverseTime,
    Linear,
    PiecewiseConstant,
    Polynomial,
    PowerLaw,
    Repeat,
    Sequence,
    Shift,
)
from lrspec.kinds.leaf import Leaf
from lrspec.kinds.ramps import Ramp
from lrspec.spec import Node

Form = Literal["native", "function", "table"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A schedule as the code of a framework.

    Args:
        code: A Python module, without lrspec.
        framework: Whose code it is.
        form: `native`, of the framework's own schedules; `function`, the formula in a function; or `table`, the
            float32 values themselves.

    Example:
        >>> Source(code="schedule = 0.1", framework="keras", form="native").form
        'native'
    """

    code: str
    framework: str
    form: Form


class NoMatch(Exception):  # noqa: N818 - not an error: the next form is tried
    """A form cannot express a schedule; the message names the kind that stands in the way."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A node that runs on its own steps from `start` on, up to the step `stop`, or without end.

    A part without a `stop` holds what its node holds.
    """

    node: Node
    start: int
    stop: int | None

    @property
    def steps(self) -> int:
        """The number of its steps."""
        if self.stop is None:
            raise NoMatch(self.node.kind)
        return self.stop - self.start


def parts_of(node: Node) -> list[Part]:
    """Return a schedule as parts, of which the last has no `stop`.

    Raises:
        NoMatch: A part begins between two steps.
    """
    parts = _flat(node, 0, None)
    while len(parts) > 1 and isinstance(parts[-1].node, Constant) and _holds(parts[-2]) == parts[-1].node.value:
        parts = [*parts[:-2], replace(parts[-2], stop=None)]
    return parts


def _holds(part: Part) -> float | None:
    """Return the value that a part would go on to hold after its `stop`, where it says so itself."""
    node = part.node
    if isinstance(node, Linear | Polynomial | Cosine) and node.steps == part.steps and end_of(node) is not None:
        return end_of(node)
    if isinstance(node, Constant):
        return node.value
    return node.levels[-1] if isinstance(node, PiecewiseConstant) and node.boundaries[-1] < part.steps else None


def end_of(node: Linear | Polynomial | Cosine) -> float | None:
    """Return the value at the end of a ramp that holds it; None for one that does not, or not exactly."""
    plain = not isinstance(node, Cosine) or is_half(node)
    return node.end_value if plain and node.after != "continue" else None


def is_half(node: Node, *, any_exponent: bool = False) -> bool:
    """Tell whether a node is half a cosine, without the exponents that only some frameworks have."""
    half = isinstance(node, Cosine) and node.cycles == 0.5 and node.k_decay == 1
    return half and (any_exponent or getattr(node, "exponent", None) == 1)


def whole(time: Time | float) -> int:
    """Return a whole number of steps.

    Raises:
        NoMatch: It is not whole.
    """
    if Fraction(time).denominator != 1:
        raise NoMatch("a length that is not whole")
    return int(time)


def _flat(node: Node, start: int, stop: int | None) -> list[Part]:
    if isinstance(node, Sequence):
        return _sequence(node, start, stop)
    if isinstance(node, Freeze) and (stop is None or node.steps < stop - start):
        if isinstance(node.part, Leaf) and node.part.length == node.steps and node.part.after != "continue":
            return _flat(node.part, start, stop)
        end = start + whole(node.steps)
        held = Constant(value=value_at(node.part, node.steps))
        return [*_flat(node.part, start, end), Part(node=held, start=end, stop=stop)]
    if isinstance(node, Freeze):
        return _flat(node.part, start, stop)
    if isinstance(node, Repeat) and node.num_cycles is not None and node.length is not None:
        endless = replace(node, num_cycles=None, after="hold")
        if stop is not None and node.length >= stop - start:
            return [Part(node=endless, start=start, stop=stop)]
        end = start + whole(node.length)
        held = Constant(value=value_at(node, node.length))
        return [Part(node=endless, start=start, stop=end), Part(node=held, start=end, stop=stop)]
    if isinstance(node, Exponential | InverseTime | PowerLaw) and node.steps is not None:
        open_end = replace(node, steps=None, after="hold")
        if node.after == "continue" or (stop is not None and node.steps >= stop - start):
            return [Part(node=open_end, start=start, stop=stop)]
        end = start + whole(node.steps)
        held = Constant(value=value_at(node, node.steps))
        return [Part(node=open_end, start=start, stop=end), Part(node=held, start=end, stop=stop)]
    return [Part(node=_simple(node, None if stop is None else stop - start), start=start, stop=stop)]


def _sequence(node: Sequence, start: int, stop: int | None) -> list[Part]:
    starts = [whole(at) for at in node.starts]
    ends: list[int | None] = [*(start + at for at in starts[1:]), stop]
    found: list[Part] = []
    for part, at, end in zip(node.resolved, starts, ends, strict=True):
        inner = _later(part, at) if node.time == "global" and at else part
        if stop is None or start + at < stop:
            found += _flat(inner, start + at, end if stop is None or end is None else min(end, stop))
    return found


def _later(node: Node, steps: int) -> Node:
    """Return a node as it is from a step on."""
    if isinstance(node, PiecewiseConstant):
        left = [b - steps for b in node.boundaries if b > steps]
        levels = node.levels[len(node.levels) - len(left) - 1 :]
        return PiecewiseConstant(boundaries=left, values=levels) if left else Constant(value=levels[0])
    return node if isinstance(node, Constant) else Shift(part=node, by=steps)


def _simple(node: Node, steps: int | None) -> Node:
    """Return a node in its plainest form, of which only the first `steps` steps are used."""
    if isinstance(node, Shift) and isinstance(node.part, Linear) and node.by > 0:
        line = node.part
        if line.after != "continue" and Fraction(line.steps) - Fraction(node.by) >= 1:
            init = (
                Fraction(line.init) + (Fraction(line.end_value) - Fraction(line.init)) * Fraction(node.by) / line.steps
            )
            return Linear(
                init_value=float(init), end_value=line.end_value, steps=simple(Fraction(line.steps) - Fraction(node.by))
            )
    if isinstance(node, Polynomial) and node.power == 1 and node.k_decay == 1:
        return Linear(init_value=node.init_value, end_value=node.end_value, steps=node.steps, after=node.after)
    if isinstance(node, Constant):
        return Constant(value=node.value)
    if isinstance(node, PiecewiseConstant):
        return PiecewiseConstant(boundaries=node.boundaries, values=node.levels)
    used_up = isinstance(node, Leaf) and node.steps is not None and steps is not None and node.steps >= steps
    if isinstance(node, Ramp) and (used_up or node.after == "error"):
        return replace(node, after="hold")  # type: ignore[type-var]  # each kind of ramp is a dataclass
    return node


def only(node: Node, kind: type[Node], **fields: object) -> bool:
    """Tell whether a node is of a kind and has those fields."""
    return isinstance(node, kind) and all(getattr(node, name) == value for name, value in fields.items())


def factor(value: float, base: float) -> str:
    """Return a number f as text, with `base * f` within a unit in the last place of `value`: the shortest there is.

    Raises:
        NoMatch: `base` is 0 and `value` is not.
    """
    if value == base:
        return "1.0"
    if base == 0:
        raise NoMatch("a value that is no multiple of 0")
    near = value / base
    short = (float(f"{near:.{digits}g}") for digits in (3, 6, 15))
    return repr(next((one for one in short if abs(base * one - value) <= math.ulp(value)), near))


def share(value: float, base: float) -> float:
    """Return the number that `factor` writes."""
    return float(factor(value, base))


def number(value: float | Fraction) -> str:
    """Return a number as Python text: a whole one without a point, a fraction as a division."""
    exact = Fraction(value)
    if exact.denominator == 1:
        return str(exact.numerator)
    decimal = exact.numerator / exact.denominator
    return repr(decimal) if Fraction(repr(decimal)) == exact else f"({exact.numerator} / {exact.denominator})"


def gamma_of(levels: Listing[float]) -> float:
    """Return the factor from each level to the next one, where it is the same everywhere.

    Raises:
        NoMatch: It is not.
    """
    if levels[0] != 0:
        rate = share(levels[1], levels[0])
        exact = [float(Fraction(levels[0]) * Fraction(rate) ** i) for i in range(len(levels))]
        if all(abs(a - b) <= 2 * math.ulp(b) for a, b in zip(exact, levels, strict=True)):
            return rate
    raise NoMatch("levels without a common factor")


def check_power(node: Linear | Polynomial) -> None:
    """Refuse a power of `1 - t / steps` in float32 that is not whole.

    Compiled, it is `1 - t * (1 / steps)`, which is not 0 at the end but for powers of 2, and may be below 0, where a
    power that is not whole is NaN.

    Raises:
        NoMatch: It is one.
    """
    if isinstance(node, Polynomial) and not float(node.power).is_integer():
        steps = whole(node.steps)
        if steps & (steps - 1):
            raise NoMatch("polynomial with a power that is not whole: compiled, it may be NaN from its end on")


def late_stairs(nodes: Listing[Node]) -> list[str]:
    """Return a comment where a staircase divides in float32, and a compiled program finds some drops a step late."""
    one = np.float32(1)
    for node in nodes:
        if isinstance(node, Exponential | InverseTime) and node.staircase:
            period = Fraction(node.decay_period)
            steps = [math.ceil(k * period) for k in range(1, min(1000, int(2**24 / period)))]
            inverse = one / np.float32(float(period))
            late = [step for step in steps if math.floor(np.float32(step) * inverse) < math.floor(step / period)]
            if late:
                return [f"# Where it is compiled, float32 may drop a step late, first at step {late[0]}."]
    return []


def lines(*parts: str) -> str:
    """Return lines of code as a module."""
    return "\n".join(parts) + "\n"
