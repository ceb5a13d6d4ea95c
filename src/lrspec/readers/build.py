"""Nodes that several readers build."""

from __future__ import annotations

from lrspec.kinds import Constant, Freeze, PiecewiseConstant
from lrspec.spec import Node


def constant(value: float) -> Constant:
    """Return one value without end."""
    return Constant(value=float(value))


def levels(starts: list[int], values: list[float]) -> Node:
    """Return the values that hold from each of the starts, the first of which is 0."""
    if len(starts) == 1:
        return constant(values[0])
    return PiecewiseConstant(boundaries=starts[1:], values=[float(value) for value in values])


def lasting(node: Node, steps: int) -> list[Node]:
    """Return parts that together are `node` for exactly `steps` steps."""
    if isinstance(node, Constant) and node.steps is None:
        return [Constant(value=node.value, steps=steps)]
    if node.length == steps and getattr(node, "after", "hold") == "hold":
        return [node]
    return [Freeze(part=node, steps=steps)]
