"""What a counter is, and when counters say together how many updates have been applied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lrspec.errors import AmbiguousPositionError, LrspecError, argument
from lrspec.fields import LAST_STEP

_LARGEST = {
    "int8": 2**7 - 1,
    "uint8": 2**8 - 1,
    "int16": 2**15 - 1,
    "uint16": 2**16 - 1,
    "float16": 2**11,
    "bfloat16": 2**8,
    "float32": 2**24,
}
"""The number from which a counter of a type goes no further: its largest, or the first that 1 is lost beside."""


@dataclass(frozen=True)
class Counter:
    """A counter that was found.

    Args:
        name: Where it was found, such as `optimizer.step`; `position(x, counter=name)` chooses it.
        value: What it says.
        counts: What it counts, in words.
        is_updates: Whether that is applied updates by its own definition, whatever the loop around it did.
        stored: The type that it is stored as, such as `float32`; empty for a number of Python's.
    """

    name: str
    value: int
    counts: str
    is_updates: bool = True
    stored: str = ""


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


def whole(value: Any) -> int | None:
    """Return a count as an integer: that of a tensor of one whole number too; None for anything else, such as a text.

    A tensor without a value, as on PyTorch's device `meta`, has none.
    """
    if isinstance(value, str | bytes | bytearray) or getattr(value, "shape", ()) not in ((), (1,)):
        return None
    try:
        number = value.item() if hasattr(value, "item") else value
        found = int(number)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return None if isinstance(number, bool) or found != number else found


def stored_as(value: Any) -> str:
    """Return the name of an array's or tensor's type; empty for a number of Python's."""
    return str(getattr(value, "dtype", "")).rpartition(".")[2]


def name_of(key: Any) -> str:
    """Return a key as part of a counter's name."""
    return f"{key:#x}" if isinstance(key, int) and key.bit_length() > 64 else str(key)


@contextmanager
def not_too_deep(found: Any) -> Iterator[None]:
    """Turn Python's error for what is nested too deeply into one that says so."""
    try:
        yield
    except RecursionError:
        what = str(found) if isinstance(found, str | os.PathLike) else f"a {type(found).__name__}"
        raise LrspecError(f"{what} holds itself, or is nested too deeply") from None


def decide(found: Found, chosen: str | None) -> Position:
    """Return the position that the counters agree on, or the one of the counter that was chosen.

    Raises:
        AmbiguousPositionError: They disagree, or none counts updates for certain, and none was chosen.
        LrspecError: There is no counter of the name that was chosen, or a counter is below 0 or above 2^31 - 1.
    """
    counters = tuple(found.counters)
    if chosen is not None:
        counter = _chosen(counters, chosen)
        return Position(counter.value, counter.name, f"{counter.counts}; chosen by the caller", counters)
    for counter in counters:
        _check(counter, len(counters) > 1)
    doubt = found.doubt or _standstill(counters) or _disagreement(counters)
    if doubt is not None:
        raise AmbiguousPositionError(doubt, {counter.name: counter.value for counter in counters})
    counter = next(counter for counter in counters if counter.is_updates)
    others = [other.name for other in counters if other is not counter]
    believed = f"{', '.join(others)} agree{'s' if len(others) == 1 else ''}" if others else "it is the only counter"
    return Position(counter.value, counter.name, f"{counter.counts}; {believed}", counters)


def _chosen(counters: Sequence[Counter], name: str) -> Counter:
    """Return the counter of a name; raise `LrspecError` where there is none, or several that differ."""
    named = [counter for counter in counters if counter.name == name]
    if not named:
        raise LrspecError(f"no counter {name}: expected one of {', '.join(counter.name for counter in counters)}")
    if len({counter.value for counter in named}) > 1:
        values = ", ".join(str(counter.value) for counter in named)
        raise LrspecError(
            f"{len(named)} counters are called {name}, and say {values}: give the part of the state alone"
        )
    _check(named[0], is_one_of_many=False)
    return named[0]


def _check(counter: Counter, is_one_of_many: bool) -> None:  # noqa: FBT001 - of this module alone
    """Refuse what no number of updates is, as after an overflow."""
    value = counter.value
    if not 0 <= value <= LAST_STEP:
        said = str(value) if value.bit_length() <= 64 else f"a number of {value.bit_length()} bits"
        more = f"; choose another with {argument('counter')}" if is_one_of_many else ""
        raise LrspecError(f"{counter.name} is {said}: expected a count from 0 to {LAST_STEP}{more}")


def _standstill(counters: Sequence[Counter]) -> str | None:
    """Return which counter goes no further, for the type that it is stored as, in words, or None."""
    for counter in counters:
        if counter.value >= _LARGEST.get(counter.stored, LAST_STEP + 1):
            return (
                f"{counter.name} says {counter.value}, where a counter that is stored as {counter.stored} stands still"
                ": there may have been more updates"
            )
    return None


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
