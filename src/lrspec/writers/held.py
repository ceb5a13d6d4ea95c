"""What the schedules of Keras and of Optax have in common: they hold their ends, and `alpha` is a share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lrspec.kinds import Cosine, Linear, Polynomial
from lrspec.spec import Node
from lrspec.writers.float32 import check_power
from lrspec.writers.numbers import factor
from lrspec.writers.parts import is_half
from lrspec.writers.result import NoMatch


def written(node: Node, writers: Mapping[type[Node], Callable[[Any], str]]) -> str:
    """Return what the writer of a node's kind makes of it.

    Raises:
        NoMatch: There is none.
    """
    for kind, write in writers.items():
        if isinstance(node, kind):
            return write(node)
    raise NoMatch(node.kind)


def held_ramp(node: Linear | Polynomial) -> Linear | Polynomial:
    """Return a line or polynomial that holds its end, as all frameworks' own do.

    Raises:
        NoMatch: It is another.
    """
    if node.after == "continue":
        raise NoMatch(f"{node.kind} that goes on after its end")
    check_power(node)
    if isinstance(node, Polynomial) and node.k_decay != 1:
        raise NoMatch("polynomial with a k_decay")
    return node


def half_cosine(node: Node, *, any_exponent: bool = False) -> Cosine:
    """Return half a cosine that holds its end.

    Raises:
        NoMatch: It is another node.
    """
    if not isinstance(node, Cosine) or not is_half(node, any_exponent=any_exponent) or node.after == "continue":
        raise NoMatch("cosine of another shape than half a period that is held")
    return node


def share_of(node: Cosine) -> str:
    """Return the argument `alpha` for the end of a cosine, as a share of its first value; nothing for 0."""
    return "" if node.end_value == 0 else f", alpha={factor(node.end_value, node.init)}"
