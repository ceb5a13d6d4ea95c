"""Schedules that `join_schedules` put one after another, each on its own steps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.kinds import Freeze, Sequence, Shift
from lrspec.readers.described import Described
from lrspec.readers.numbers import decimal_time
from lrspec.readers.optax.shapes import SHAPES, Cells
from lrspec.readers.reading import Own
from lrspec.spec import Node

_ABOUT_WARMUP = (
    "the decay_steps of warmup_cosine_decay_schedule and of sgdr_schedule's cycles include the warmup: the cosine that "
    "was read has what is left of them"
)


def described(name: str, cells: Cells) -> Described:
    """Return what a function that Optax made is.

    Args:
        name: The name of the function that made it.
        cells: What it encloses; `children` are the names and cells of schedules that are joined.

    Raises:
        UnsupportedError: It has no equivalent.
    """
    return _join(cells) if name == "join_schedules" else SHAPES[name](cells)


def _join(cells: Cells) -> Described:
    """Later boundaries in the list win, also where they are smaller."""
    boundaries = [decimal_time(boundary) for boundary in cells["boundaries"]]
    names = [name for name, _ in cells["children"]]
    children = [described(name, inner) for name, inner in cells["children"]]
    listed: list[tuple[Time, Described]] = [(-HORIZON, children[0]), *zip(boundaries, children[1:], strict=False)]
    used = [(b, child) for i, (b, child) in enumerate(listed) if all(b < later for later, _ in listed[i + 1 :])]
    used = [(b, child) for b, child in used if b < HORIZON]
    notes = ["each schedule counts from the step at which it begins"]
    if "cosine_decay_schedule" in names:
        notes.append(_ABOUT_WARMUP)
    if len(used) < max(len(children), len(boundaries) + 1):
        notes.append(f"{len(children)} schedules and boundaries {cells['boundaries']}: some are never used")
    parts = _parts(used, notes)
    node = Sequence(parts=parts) if len(parts) > 1 else parts[0]
    own = _documented([child.own for child in children], boundaries)
    return Described(node=node, notes=tuple(notes), own=own)


def _parts(used: list[tuple[Time, Described]], notes: list[str]) -> list[Node]:
    """Return the parts of a sequence, and add what was mapped in each."""
    starts = [max(b, 0) for b, _ in used] + [HORIZON]
    parts: list[Node] = []
    for (boundary, child), (start, end) in zip(used, pairwise(starts), strict=True):
        if end <= start:
            continue
        notes += [note for note in child.notes if note not in notes]
        node = Shift(part=child.node, by=-boundary) if -HORIZON < boundary < 0 else child.node
        fits = end == HORIZON or node.length == end - start
        parts.append(node if fits else Freeze(part=node, steps=end - start))
    return parts


def _documented(children: list[Own], boundaries: list[Time]) -> Own:
    starts = [(simple(Fraction(0)), children[0]), *zip(boundaries, children[1:], strict=False)]

    def which(t: Time) -> tuple[Time, Own]:
        return [starts[0], *(start for start in starts[1:] if not t < start[0])][-1]

    def of(function: Callable[[Own], Callable[[Time], Any]]) -> Callable[[Time], Any]:
        def asked(t: Time) -> Any:
            begin, child = which(t)
            return function(child)(t - begin)

        return asked

    kinks = sorted({*boundaries, *(begin + kink for begin, child in starts for kink in child.kinks if kink >= 0)})
    return Own(
        at=of(lambda child: child.at),
        kinks=tuple(kinks),
        end=max(begin + child.end for begin, child in starts),
        slack=of(lambda child: child.slack),
        near_jump=of(lambda child: child.near_jump),
        faults=tuple(dict.fromkeys(fault for child in children for fault in child.faults)),
    )
