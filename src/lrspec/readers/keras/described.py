"""What a schedule of Keras is: the node, what was mapped, and the formula that Keras documents, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.reading import Own
from lrspec.spec import Node

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Described:
    """One schedule.

    Args:
        node: What it is here.
        notes: What was mapped, in words.
        own: What Keras documents. It is written from Keras' parameters alone; nothing of the node is used. Steps are
            exact: a floor or a cycle is found with fractions, not with a float32 quotient.
        until: From which step on the rate is no number.
    """

    node: Node
    notes: tuple[str, ...]
    own: Own
    until: int | None = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One class of schedules.

    Args:
        required: The parameters without a default.
        defaults: The other parameters, each with Keras' default.
        describe: What describes it, from all parameters, the name of the class, and `sample`.
    """

    required: tuple[str, ...]
    defaults: Config
    describe: Callable[[Config, str, int | None], Described]


def refused(name: str, reason: str) -> UnsupportedError:
    """Return the error of something of Keras that has no equivalent.

    Args:
        name: What it is.
        reason: Why, and what to do.
    """
    return UnsupportedError("keras", name, reason)
