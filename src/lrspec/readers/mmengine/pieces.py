"""Nodes moved in time and made slower, as simple as they can be written."""

from __future__ import annotations

from lrspec.kinds import Constant, Every, Exponential, PiecewiseConstant, Shift
from lrspec.readers.build import levels
from lrspec.readers.reading import exact_values
from lrspec.spec import Node

FOREVER = 1 << 40


def slowed(node: Node, period: int) -> Node:
    """Return a node each step of which lasts some steps.

    Args:
        node: The node.
        period: How many.
    """
    if period == 1 or isinstance(node, Constant):
        return node
    if isinstance(node, PiecewiseConstant):
        return PiecewiseConstant(boundaries=[at * period for at in node.boundaries], values=node.levels)
    if isinstance(node, Exponential) and node.staircase and node.steps is None:
        rate, steps = node.decay_rate, node.decay_period * period
        return Exponential(init_value=node.init_value, decay_rate=rate, decay_period=steps, staircase=True)
    return Every(part=node, period=period)


def in_steps_of_its_own(node: Node) -> bool:
    """Tell whether a node has an end, or is one of stairs that `slowed` makes longer.

    Args:
        node: The node.
    """
    stairs = isinstance(node, Exponential) and node.staircase
    return node.length is not None or stairs or isinstance(node, Constant | PiecewiseConstant)


def still(node: Node) -> int:
    """Return for how many steps a node keeps its first value, as far as its form says it."""
    if isinstance(node, Constant):
        return FOREVER
    if isinstance(node, PiecewiseConstant):
        return int(node.boundaries[0])
    if isinstance(node, Exponential) and node.staircase:
        return int(node.decay_period)
    return int(node.period) * still(node.part) if isinstance(node, Every) else 1


def since(node: Node, by: int) -> Node:
    """Return what a node is from a step on.

    Args:
        node: The node.
        by: The step.
    """
    if by == 0 or isinstance(node, Constant):
        return node
    if isinstance(node, PiecewiseConstant) and node.steps is None:
        left = [int(at) - by for at in node.boundaries if at > by]
        return levels([0, *left], list(node.levels[len(node.levels) - len(left) - 1 :]))
    if node.length is not None and node.length <= by:
        return Constant(value=exact_values(node, [by])[0])
    return Shift(part=node, by=by)
