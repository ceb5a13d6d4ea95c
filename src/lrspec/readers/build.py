"""Nodes that several readers build."""

from __future__ import annotations

import math

from lrspec.kinds import Constant, Freeze, PiecewiseConstant
from lrspec.spec import Node

_DIGITS, _ULPS = 12, 4


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


def short(number: float) -> float:
    """Return the decimal of few digits beside which float64's rounding of a product or power came to lie, if any."""
    decimal = float(f"{number:.{_DIGITS}g}")
    return decimal if abs(decimal - number) <= _ULPS * math.ulp(number) else number
