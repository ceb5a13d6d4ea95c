"""Nodes and documents that several readers build."""

from __future__ import annotations

from collections.abc import Mapping

from lrspec.document import Document
from lrspec.documents.plain import node_to_dict
from lrspec.kinds import Constant, Freeze, Linear, PiecewiseConstant, Sequence, Shift
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node


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


def ramp(first: float, peak: float, steps: int, ahead: int = 0, over: int | None = None) -> list[Node]:
    """Return the parts of a straight warmup of `steps` steps, of which there may be none.

    Args:
        first: The value at time 0 of the line.
        peak: The value at its end.
        steps: How many steps of it are used.
        ahead: At which time of the line step 0 is.
        over: The length of the line, where that is not `steps`.
    """
    over = steps if over is None else over
    if steps == 0:
        return []
    if over == 0 or first == peak:
        return [Constant(value=peak, steps=steps)]
    line = Linear(init_value=first, end_value=peak, steps=over)
    if (ahead, over) == (0, steps):
        return [line]
    if ahead == 0:
        return [Freeze(part=line, steps=steps)]
    if ahead >= over:
        return [Constant(value=peak, steps=steps)]
    return [Freeze(part=Shift(part=line, by=ahead), steps=steps)]


def joined(*parts: Node) -> Node:
    """Return a sequence, or the only part."""
    return parts[0] if len(parts) == 1 else Sequence(parts=parts)


def schedule_of(rate: Node, groups: Mapping[str, Node] | None = None, **others: Node | None) -> Schedule:
    """Return the learning rate, or a document where there is more than it.

    Args:
        rate: The learning rate.
        groups: The learning rates of parameter groups that have one of their own, by their names.
        others: Other hyperparameters, None for one that is not driven.
    """
    driven = {name: node_to_dict(node) for name, node in others.items() if node is not None}
    of_groups = {name: {"learning_rate": node_to_dict(node)} for name, node in (groups or {}).items()}
    if not driven and not of_groups:
        return rate
    more = {"groups": of_groups} if of_groups else {}
    return Document({"lrspec": SPEC_VERSION, "learning_rate": node_to_dict(rate), **driven, **more})
