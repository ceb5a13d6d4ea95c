"""A schedule that is scaled and moved, as the same kind of schedule with other values: what a group's `scale` is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from lrspec.errors import SpecError
from lrspec.kinds import (
    Affine,
    Constant,
    Exponential,
    Geometric,
    InverseTime,
    PiecewiseConstant,
    PowerLaw,
    Repeat,
    Shift,
)
from lrspec.kinds.ramps import Ramp
from lrspec.spec import Node
from lrspec.writers.numbers import shortest


def scaled(node: Node, scale: float, offset: float) -> Node:
    """Return `scale * node + offset`, without an `affine` where its kind can have such values itself.

    Example:
        >>> from lrspec import Linear
        >>> scaled(Linear(init_value=0, end_value=0.3, steps=9), 0.1, 0)
        Linear(init_value=0.0, end_value=0.03, steps=9, after='hold')
    """
    try:
        found = _scaled(node, scale, offset)
    except SpecError:  # a value that float32 cannot hold
        found = None
    return Affine(part=node, scale=scale, offset=offset) if found is None else found


def _scaled(node: Node, scale: float, offset: float) -> Node | None:
    def value(of: float) -> float:
        return shortest(Fraction(scale) * Fraction(of) + Fraction(offset))

    if isinstance(node, Constant):
        return replace(node, value=value(node.value))
    if isinstance(node, PiecewiseConstant):
        return PiecewiseConstant(boundaries=node.boundaries, values=[value(level) for level in node.levels])
    if isinstance(node, Ramp) and not (isinstance(node, Geometric) and offset):
        return replace(node, init_value=value(node.init), end_value=value(node.end_value))  # type: ignore[type-var]  # each kind of ramp is a dataclass
    if offset:
        return None
    if isinstance(node, Exponential | InverseTime | PowerLaw):
        return replace(node, init_value=value(node.init_value))  # type: ignore[arg-type]
    if not isinstance(node, Repeat | Shift):
        return None
    inner = _scaled(node.part, scale, offset)
    if inner is None:
        return None
    if isinstance(node, Shift):
        return replace(node, part=inner)
    peak = None if node.peak_value is None else value(node.peak_value)
    return replace(node, part=inner, floor_value=value(node.floor_value), peak_value=peak)
