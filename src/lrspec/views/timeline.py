"""Where things are in a schedule: its schedules by path, the steps of its kinks, where the time of each node runs."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import simple
from lrspec.document import Document
from lrspec.documents.layout import Entry, entries, group_path, scales
from lrspec.fields import LAST_STEP
from lrspec.kinds import Every, Sequence, Shift, Stretch
from lrspec.program import Program
from lrspec.schedule import Schedule
from lrspec.spec import Node

_SHOWN_ITEMS = 6


def schedules(schedule: Schedule) -> dict[str, Node]:
    """Return every schedule of a document by its path, those of parameter groups too; or a node as `learning_rate`.

    A group has those that stand in it, and a scaled learning rate.

    Example:
        >>> import lrspec
        >>> document = lrspec.loads('''{lrspec: 1, learning_rate: {kind: constant, value: 0.5},
        ...     other: {beta: {kind: constant, value: 1}}, groups: [{scale: 2}]}''')
        >>> {path: node(0) for path, node in schedules(document).items()}
        {'learning_rate': 0.5, 'other.beta': 1.0, 'groups[0].learning_rate': 1.0}
    """
    return {entry.path: entry.source for entry in standing(schedule)}


def standing(schedule: Schedule) -> list[Entry]:
    """Return the same with the group and the name of each: the `source` of an entry is its node."""
    if not isinstance(schedule, Document):
        return [Entry(None, "learning_rate", "learning_rate", schedule.node)]
    data = schedule.to_dict()
    found = {entry.path: entry for entry in entries(data)}
    for group in scales(data):
        path = f"{group_path(group)}.learning_rate"
        found.setdefault(path, Entry(group, "learning_rate", path, None))
    return [entry._replace(source=schedule.group(entry.group)[entry.name]) for entry in found.values()]


def kink_steps(program: Program) -> list[int]:
    """Return the steps at which a program's phases and segments begin, those before them, and the ends; in order.

    Where a phase has a period, these are the steps of the first one.
    """
    steps = {0, program.last_step}
    starts = [segment.start for segment in program.segments]
    for phase, end in zip(program.phases, [*(p.start for p in program.phases[1:]), LAST_STEP + 1], strict=True):
        steps |= {phase.start - 1, phase.start}
        for start in starts[bisect_left(starts, phase.base) :]:
            step = phase.start - (-(start - phase.base) * phase.denominator // phase.numerator)
            if step >= end:
                break
            steps |= {step - 1, step}
    return sorted(step for step in steps if 0 <= step <= program.last_step)


@dataclass(frozen=True)
class Place:
    """Where a node's time runs: it is 0 at the step `start`, and one unit of it is `rate` steps."""

    start: int | Fraction = 0
    rate: int | Fraction = 1
    whole: bool | None = False
    """Whether the time stays at whole numbers, each held for `rate` steps; None where it stays at others."""

    def step(self, time: int | Fraction) -> int:
        """Return the first step at or after a time."""
        return math.ceil(self.start + (math.ceil(time) if self.whole else time) * self.rate)

    def moved(self, by: int | Fraction) -> Place:
        """Return the place of a time that is 0 at `by` of this one."""
        kept = self.whole and Fraction(by).denominator == 1
        return Place(
            simple(self.start + by * self.rate), self.rate, self.whole if self.whole is False or kept else None
        )

    def slowed(self, by: int | Fraction) -> Place:
        """Return the place of a time of which one unit is `by` of this one."""
        return Place(self.start, simple(self.rate * by), None if self.whole is not False else False)

    def words(self, first: int) -> str:
        """Return what `t` is at a step, or nothing where it counts from the step `first`."""
        if self == Place(first):
            return ""
        shift = f"step {'-' if self.start > 0 else '+'} {number(abs(self.start))}" if self.start else "step"
        if self.rate == 1:
            return f"t = {shift}"
        time = f"{f'({shift})' if self.start else shift} / {number(self.rate)}"
        return f"t near {time}" if self.whole is None else f"t = floor({time})" if self.whole else f"t = {time}"


def places(node: Node, at: Place) -> Iterator[tuple[str, Node, Place]]:
    """Yield the nodes inside a node, each with its path there and its place; of a repeated one, in the first cycle."""
    if isinstance(node, Sequence):
        for i, (part, begins) in enumerate(zip(node.resolved, node.starts, strict=True)):
            yield f"parts[{i}]", part, at.moved(begins) if node.time == "local" else at
        return
    if isinstance(node, Shift):
        at = at.moved(-Fraction(node.by))
    elif isinstance(node, Every):
        at = Place(at.start, simple(at.rate * Fraction(node.period)), whole=None if at.whole is None else True)
    elif isinstance(node, Stretch):
        at = at.slowed(Fraction(node.factor))
    for inner, child in node.children():
        yield inner, child, at


def number(value: Any) -> str:
    """Return a field's value as it stands in a formula."""
    text = shown(value)
    return f"({text})" if "/" in text or text.startswith("-") else text


def shown(value: Any) -> str:
    """Return a field's value as a short text."""
    if isinstance(value, tuple):
        some = ", ".join(map(shown, value[:_SHOWN_ITEMS]))
        return some if len(value) <= _SHOWN_ITEMS else f"{some}, ... ({len(value)} in all)"
    if isinstance(value, Fraction):
        decimal = repr(value.numerator / value.denominator)
        return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"
    return f"{value:.10g}" if isinstance(value, float) else "none" if value is None else str(value)
