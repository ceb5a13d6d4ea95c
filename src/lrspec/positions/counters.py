"""What a counter is, and when counters say together how many updates have been applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lrspec.errors import AmbiguousPositionError, LrspecError


@dataclass(frozen=True)
class Counter:
    """A counter that was found.

    Args:
        name: Where it was found, such as `optimizer.step`; `position(x, counter=name)` chooses it.
        value: What it says, from 0.
        counts: What it counts, in words.
        is_updates: Whether that is applied updates by its own definition, whatever the loop around it did.
    """

    name: str
    value: int
    counts: str
    is_updates: bool = True


@dataclass(frozen=True)
class Found:
    """All counters of an object, and what leaves them open even where they agree."""

    counters: Sequence[Counter]
    doubt: str | None = None


@dataclass(frozen=True)
class Position:
    """How many optimizer updates have been applied, and how that is known.

    Args:
        updates: The number of applied updates: the step of the next one.
        counter: The name of the counter that was read.
        reason: What it counts, and why it is believed.
        candidates: Every counter that was found.
    """

    updates: int
    counter: str
    reason: str
    candidates: tuple[Counter, ...]

    def __int__(self) -> int:
        return self.updates


def decide(found: Found, chosen: str | None) -> Position:
    """Return the position that the counters agree on, or the one of the counter that was chosen.

    Raises:
        AmbiguousPositionError: They disagree, or none counts updates for certain, and none was chosen.
        LrspecError: There is no counter of the name that was chosen.
    """
    counters = tuple(found.counters)
    by_name = {counter.name: counter for counter in counters}
    if chosen is not None:
        if chosen not in by_name:
            raise LrspecError(f"no counter {chosen}: expected one of {', '.join(by_name)}")
        counter = by_name[chosen]
        return Position(counter.value, counter.name, f"{counter.counts}; chosen by the caller", counters)
    doubt = found.doubt or _disagreement(counters)
    if doubt is not None:
        raise AmbiguousPositionError(doubt, {counter.name: counter.value for counter in counters})
    counter = next(counter for counter in counters if counter.is_updates)
    others = [other.name for other in counters if other is not counter]
    believed = f"{', '.join(others)} agree{'s' if len(others) == 1 else ''}" if others else "it is the only counter"
    return Position(counter.value, counter.name, f"{counter.counts}; {believed}", counters)


def _disagreement(counters: Sequence[Counter]) -> str | None:
    """Return what is open about the counters, in words, or None."""
    certain = [counter for counter in counters if counter.is_updates]
    if not certain:
        names = ", ".join(f"{counter.name} counts {counter.counts}" for counter in counters)
        return f"{names}, and nothing here tells how many updates that is"
    reference = certain[0]
    other = next((counter for counter in counters if counter.value != reference.value), None)
    if other is None:
        return None
    said = f"{reference.name} says {reference.value} and {other.name} says {other.value}"
    return f"{said}: {_guess(reference.value, other.value, is_updates=other.is_updates)}"


def _guess(updates: int, other: int, *, is_updates: bool) -> str:
    """Return what usually lies behind two counters that differ."""
    if is_updates:
        return "each counts the updates of its own part, and the parts were not updated equally often"
    if abs(updates - other) == 1:
        return "one apart, as in a checkpoint that was written between the two"
    if updates and other and other % updates == 0:
        return f"{other // updates} times as many, as with a step per process or per micro-batch"
    if other < updates:
        return "far fewer, as with a step per epoch" if 2 * other < updates else "fewer: not stepped at every update"
    return "more: some were not followed by an update, as when gradients overflow or accumulate"
