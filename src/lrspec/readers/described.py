"""What a native schedule is: the node, what was mapped, and the formula that its framework documents, in float64."""

from __future__ import annotations

from dataclasses import dataclass

from lrspec.readers.reading import Own
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Described:
    """One schedule.

    Args:
        node: What it is here.
        notes: What was mapped, in words.
        own: What the framework documents. It is written from the parameters alone; nothing of the node is used. Steps
            are exact: a floor or a cycle is found with fractions, not with a float32 quotient.
        until: From which step on the rate is no number.
    """

    node: Node
    notes: tuple[str, ...]
    own: Own
    until: int | None = None
