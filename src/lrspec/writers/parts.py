"""A schedule as parts one after another, which the modules of this package share.

A tree has many ways to say the same; a framework's builders have one. So a tree is first taken apart into parts that
begin at whole steps, with nested sequences undone, cuts at the end of a part dropped where another part follows, and
a ramp that begins with its second value written as the ramp it is. Up to the end of a run, what comes after it is left
out, and the last part may do as it likes there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from lrspec.compiler.formula import Time, simple, value_at
from lrspec.kinds import (
    Affine,
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
from lrspec.writers.result import NoMatch
from lrspec.writers.scaling import scaled


@dataclass(frozen=True, kw_only=True)
class Part:
    """A node that runs on its own steps from `start` on, up to the step `stop`, or without end.

    A part without a `stop` holds what its node holds. One that is `free` is the last of a run, which is over at its
    `stop`.
    """

    node: Node
    start: int
    stop: int | None
    free: bool = False

    @property
    def steps(self) -> int:
        """The number of its steps."""
        if self.stop is None:
            raise NoMatch(self.node.kind)
        return self.stop - self.start


def parts_of(node: Node, until: int | None = None) -> list[Part]:
    """Return a schedule as parts, of which the last has no `stop`.

    Args:
        node: The schedule.
        until: The number of steps of a run, where nothing is asked of those after it: the last part is `free` then.

    Raises:
        NoMatch: A part begins between two steps.
    """
    parts = _flat(node, 0, until)
    while len(parts) > 1 and isinstance(parts[-1].node, Constant) and _holds(parts[-2]) == parts[-1].node.value:
        parts = [*parts[:-2], replace(parts[-2], stop=parts[-1].stop)]
    return parts if until is None else [*parts[:-1], replace(parts[-1], free=True)]


def joined(parts: list[Part]) -> Node:
    """Return the node that parts are, of which the last goes on for ever."""
    *some, last = parts
    return (
        Sequence(parts=[*(Freeze(part=part.node, steps=part.steps) for part in some), last.node]) if some else last.node
    )


def rising(parts: list[Part]) -> list[Part]:
    """Return parts of which the last, where it is free at the end of half a cosine or before it, rises again there.

    PyTorch's and transformers' own cosines do.
    """
    last = parts[-1]
    if not last.free or not isinstance(last.node, Cosine) or not is_half(last.node) or last.node.steps < last.steps:
        return parts
    return [*parts[:-1], replace(last, node=replace(last.node, steps=whole(last.node.steps), after="continue"))]


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
    if isinstance(node, Freeze):
        inner = node.part
        if isinstance(inner, Leaf) and inner.length == node.steps and inner.after != "continue":
            return _flat(inner, start, stop)
        return _tail(node, inner, node.steps, start, stop)
    if isinstance(node, Affine):
        parts = _flat(node.part, start, stop)
        return [replace(part, node=scaled(part.node, node.scale, node.offset)) for part in parts]
    if isinstance(node, Repeat) and node.num_cycles is not None and node.length is not None:
        return _tail(node, replace(node, num_cycles=None, after="hold"), node.length, start, stop)
    if isinstance(node, Exponential | InverseTime | PowerLaw) and node.steps is not None:
        endless = replace(node, steps=None, after="hold")
        if node.after == "continue":
            return [Part(node=endless, start=start, stop=stop)]
        return _tail(node, endless, node.steps, start, stop)
    return [Part(node=_simple(node, None if stop is None else stop - start), start=start, stop=stop)]


def _tail(node: Node, endless: Node, steps: Time, start: int, stop: int | None) -> list[Part]:
    """Return the parts of a node that is another one for so many steps, and then holds its value."""
    if stop is not None and steps >= stop - start:
        return _flat(endless, start, stop)
    end = start + whole(steps)
    return [*_flat(endless, start, end), Part(node=Constant(value=value_at(node, steps)), start=end, stop=stop)]


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
    if isinstance(node, Shift) and isinstance(node.part, Linear) and node.by > 0 and node.by >= node.min_time:
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
