"""What is said of the classes of schedulers of torch, and of one scheduler for one parameter group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from lrspec.compiler.formula import HORIZON, Time
from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.spec import Node

REQUIRED: Any = object()
"""The default of an argument that has none."""


def as_float(value: Any) -> float:
    """Return a rate, which may be a tensor, as a float."""
    return float(value)


refused = partial(UnsupportedError, "torch")
"""The error that refuses a construct of torch: of its name, and why."""


def whole(length: Any) -> bool:
    """Tell whether a length, which may be a float, is a whole number."""
    return math.isfinite(length) and int(length) == length


def exactly(_: int) -> float:
    """Return that no more rounding is to be expected than that of one multiplication a step."""
    return 0.0


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What a scheduler computes for one parameter group.

    Args:
        node: The learning rate.
        notes: The conventions that were mapped.
        faults: Where stepping, which was read, departs from what torch documents.
        momentum: The momentum, where the scheduler drives it.
        kinks: Times at which the curve bends, jumps, or has ended.
        turns: From a step, the kinks up to which a curve that goes on there is to be compared; where there is no end to
            them, the next ones. All of `kinks` where nothing is said.
        stop: The number of steps after which the object has no more values that are meant.
        slack: How far so many steps of its recursion may carry rounding, beyond a unit in the last place each.
    """

    node: Node
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    momentum: Node | None = None
    kinks: tuple[Time, ...] = ()
    turns: Callable[[int], Iterable[Time]] | None = None
    stop: int = HORIZON
    slack: Callable[[int], float] = exactly

    def turns_after(self, step: int) -> list[Time]:
        """Return the times after a step at which the curve turns."""
        return [time for time in (self.kinks if self.turns is None else self.turns(step)) if time > step]


Parameters = SimpleNamespace
"""What a scheduler keeps, by torch's own names, for one parameter group; `group` is the optimizer's entry of it."""


def as_given(arguments: Parameters, _: dict[str, Any]) -> Parameters:
    """Return arguments as they are: most classes keep each of them under its own name."""
    return arguments


@dataclass(frozen=True, kw_only=True)
class SchedulerClass:
    """A class of schedulers.

    Args:
        curve: What one computes, from what it keeps and the rate from which it begins.
        arguments: What its constructor takes after the optimizer, each with torch's default.
        kept: What its constructor keeps of them, and writes into a parameter group.
        keys: Of the keys in its state, those of its own; the arguments where nothing is said.
        mark: Of keys that change between versions, one that is its own.
        unsaid: Why its state does not say its rates, where it does not.
        is_factor: Whether it multiplies the rate that it finds, so that it can be chained.
    """

    curve: Callable[[Parameters, float], Curve]
    arguments: Mapping[str, Any]
    kept: Callable[[Parameters, dict[str, Any]], Parameters] = as_given
    keys: frozenset[str] = frozenset()
    mark: str = ""
    unsaid: str = ""
    is_factor: bool = False


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """One scheduler, as far as it concerns one parameter group, wherever it was found.

    Args:
        name: Its class.
        parameters: What it keeps.
        base: The rate that it takes for its base.
        initial: The group's `initial_lr`, once all is built.
        children: The schedulers in it.
        milestones: The steps at which the next one of them begins, where they follow one another.
    """

    name: str
    parameters: Parameters
    base: float
    initial: float
    children: tuple[Scheduler, ...] = ()
    milestones: tuple[Any, ...] | None = None

    @property
    def is_sequence(self) -> bool:
        """Whether its children follow one another."""
        return self.milestones is not None

    def cycles_momentum(self) -> bool:
        """Tell whether it drives the momentum too, or one inside it."""
        inside = any(child.cycles_momentum() for child in self.children)
        return inside or bool(getattr(self.parameters, "cycle_momentum", False))


def checked(argument: str, value: Any, right: bool, expected: str) -> None:  # noqa: FBT001 - a condition
    """Refuse an argument that torch's own constructor refuses.

    Raises:
        SpecError: It is not right.
    """
    if not right:
        raise SpecError(argument, found=show(value), expected=expected)


_EACH = {
    "base_lrs": "base_lr",
    "max_lrs": "max_lr",
    "base_momentums": "base_momentum",
    "max_momentums": "max_momentum",
    "lr_lambdas": "lr_lambda",
}
"""What schedulers keep as lists, with one for each parameter group."""


def kept_for(group: int, kept: Mapping[str, Any], held: Mapping[str, Any]) -> Parameters:
    """Return what a scheduler keeps for one parameter group.

    Args:
        group: The place of the group.
        kept: All that the scheduler keeps, by torch's names.
        held: What the optimizer has in the group.
    """
    own = {one: kept[several][group] for several, one in _EACH.items() if several in kept}
    return SimpleNamespace(**{**kept, **own, "group": held})
