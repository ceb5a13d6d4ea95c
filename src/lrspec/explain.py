"""A schedule in words: a short tree, and a table of its phases that people can check against a paper."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from lrspec.document import Document
from lrspec.fields import LAST_STEP, ListOf
from lrspec.kinds import Sequence
from lrspec.plain import holds_nodes, key_of
from lrspec.program import Program
from lrspec.schedule import Schedule
from lrspec.spec import Node, NodeRule, is_required, rule_of

_SHOWN_ITEMS = 6


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One line of an explanation: a node, the steps that it holds for, and the values there.

    `last_step` and `last_value` are None where the phase has no end. A node inside another that is no sequence has its
    own time, and no steps here.
    """

    path: str
    depth: int
    kind: str
    formula: str
    first_step: int | None = None
    last_step: int | None = None
    first_value: float | None = None
    last_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A schedule's phases, and its totals.

    `lowest` and `highest` are (value, first step seen), among the steps at which the program's pieces begin and end.
    """

    name: str
    phases: tuple[Phase, ...]
    length: int | None
    after: str
    lowest: tuple[float, int]
    highest: tuple[float, int]
    fingerprint: str
    program_bytes: int

    def totals(self) -> list[str]:
        """Return the totals as lines of text."""
        length = "without end" if self.length is None else f"{self.length:,} steps, then {self.after}"
        return [
            length,
            f"lowest {_at(self.lowest)}, highest {_at(self.highest)}",
            f"{self.fingerprint}, {self.program_bytes:,} bytes",
        ]

    def rows(self) -> list[tuple[str, str, str, str, str, str]]:
        """Return the phases as texts: kind, formula, first step, last step, value there, value there."""
        return [
            (
                "  " * phase.depth + phase.kind,
                phase.formula,
                "" if phase.first_step is None else f"{phase.first_step:,}",
                "..." if phase.first_step is not None and phase.last_step is None else _step(phase.last_step),
                _value(phase.first_value),
                _value(phase.last_value),
            )
            for phase in self.phases
        ]

    def __str__(self) -> str:
        rows = [HEADINGS, *self.rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        lines = []
        for row in rows:
            left = "  ".join(text.ljust(width) for text, width in zip(row[:2], widths[:2], strict=True))
            right = "  ".join(text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True))
            lines.append(f"{left}  {right}".rstrip())
        return "\n".join([f"{self.name}:", *lines, *self.totals()])


HEADINGS = ("kind", "formula, t from the start of the phase", "first step", "last step", "value there", "value there")
"""The headings of an explanation's table."""


def _at(seen: tuple[float, int]) -> str:
    return f"{seen[0]:.9g} (step {seen[1]:,})"


def _step(step: int | None) -> str:
    return "" if step is None else f"{step:,}"


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def explain(schedule: Schedule, name: str = "learning_rate") -> Explanation:
    """Return the phases of a schedule, each with its formula, its first and last step and the values there.

    Args:
        schedule: The schedule or document.
        name: Which hyperparameter of a document.

    Raises:
        SpecError: The schedule does not compile, or a document lacks a quantity.
        KeyError: The document has no such hyperparameter.

    Example:
        >>> from lrspec.presets import warmup_linear
        >>> for phase in explain(warmup_linear(peak_value=1.0, warmup_steps=10, decay_steps=90)).phases:
        ...     print(phase.kind, phase.first_step, phase.last_step, phase.first_value)
        sequence 0 None 0.0
        linear 0 9 0.0
        linear 10 99 1.0
    """
    node = schedule[name] if isinstance(schedule, Document) else schedule.node
    program = node.program
    steps = kink_steps(program)
    values = [(node(step), step) for step in steps]
    length = None if node.length is None else math.ceil(node.length)
    held = None if length is None or length > program.last_step else f"{node(length):.9g}"
    return Explanation(
        name=name,
        phases=tuple(_phases(node, node, name, 0, 0, None)),
        length=length,
        after="no value" if held is None else f"{held} is held" if node(LAST_STEP) == node(length or 0) else "goes on",
        lowest=min(values),
        highest=max(values, key=lambda pair: (pair[0], -pair[1])),
        fingerprint=program.fingerprint,
        program_bytes=len(program.to_bytes()),
    )


def kink_steps(program: Program) -> list[int]:
    """Return the steps at which a program's phases and segments begin, those before them, and the ends; in order."""
    steps = {0, program.last_step}
    for phase, end in zip(program.phases, [*(p.start for p in program.phases[1:]), LAST_STEP + 1], strict=True):
        for segment in program.segments:
            if segment.start >= phase.base:
                step = phase.start - (-(segment.start - phase.base) * phase.denominator // phase.numerator)
                if step < end:
                    steps |= {step - 1, step}
        steps |= {phase.start - 1, phase.start}
    return sorted(step for step in steps if 0 <= step <= program.last_step)


def _phases(whole: Node, node: Node, path: str, depth: int, first: int, last: int | None) -> Iterator[Phase]:
    """Yield the phases of a node that holds from step `first` to `last`, or without end."""
    end = last if last is not None else None if node.length is None else math.ceil(first + node.length) - 1
    shown = None if isinstance(node, Sequence) and last is None else end
    values = (whole(first), None if shown is None or shown > whole.program.last_step else whole(max(shown, first)))
    yield Phase(
        path=path,
        depth=depth,
        kind=node.kind,
        formula=formula_of_fields(node),
        first_step=first,
        last_step=shown,
        first_value=values[0],
        last_value=values[1],
    )
    if isinstance(node, Sequence):
        starts = [math.ceil(first + start) for start in node.starts]
        ends: list[int | None] = [start - 1 for start in starts[1:]]
        tail = node.parts[-1].length
        if last is None and tail is not None:
            last = math.ceil((first if node.time == "global" else starts[-1]) + tail) - 1
        for i, (part, start, stop) in enumerate(zip(node.parts, starts, [*ends, last], strict=True)):
            if stop is None or start <= stop:
                yield from _phases(whole, part, f"{path}.parts[{i}]", depth + 1, start, stop)
    else:
        for inner, child in node.children():
            yield from _inside(child, f"{path}.{inner}", depth + 1)


def _inside(node: Node, path: str, depth: int) -> Iterator[Phase]:
    yield Phase(path=path, depth=depth, kind=node.kind, formula=formula_of_fields(node))
    for inner, child in node.children():
        yield from _inside(child, f"{path}.{inner}", depth + 1)


def formula_of_fields(node: Node) -> str:
    """Return a node's formula with the numbers of its fields in it."""
    return re.sub(r" \*\* 1(?![0-9.])", "", node.formula_text.format_map(_shown_fields(node)))


def _shown_fields(node: Node) -> dict[str, str]:
    entries = fields(node)  # type: ignore[arg-type]  # every kind of node is a dataclass
    values = {key_of(entry.name, entry.metadata): getattr(node, entry.name) for entry in entries}
    return {key: f"({shown(value)})" if isinstance(value, Fraction) else shown(value) for key, value in values.items()}


def shown(value: Any) -> str:
    """Return a field's value as a short text."""
    if isinstance(value, tuple):
        some = ", ".join(map(shown, value[:_SHOWN_ITEMS]))
        return some if len(value) <= _SHOWN_ITEMS else f"{some}, ... ({len(value)} in all)"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)


def tree(schedule: Schedule) -> str:
    """Return a schedule as a short tree: a line per node, with the fields that differ from their defaults.

    Example:
        >>> from lrspec.presets import warmup_cosine
        >>> print(tree(warmup_cosine(peak_value=0.1, warmup_steps=5, decay_steps=95)))
        sequence
        +- linear init_value=0 end_value=0.1 steps=5
        `- cosine init_value=0.1 end_value=0 steps=95
    """
    if isinstance(schedule, Document):
        return "\n".join(f"{name}: {tree(schedule[name])}" for name in schedule)
    return "\n".join(_branches(schedule.node))


def _branches(node: Node) -> Iterator[str]:
    texts = [node.kind]
    for entry in fields(node):  # type: ignore[arg-type]  # every kind of node is a dataclass
        rule, value = rule_of(entry), getattr(node, entry.name)
        if not isinstance(rule, NodeRule) and not holds_nodes(rule) and (is_required(entry) or value != entry.default):
            text = f"[{shown(value)}]" if isinstance(rule, ListOf) else shown(value)
            texts.append(f"{key_of(entry.name, entry.metadata)}={text}")
    yield " ".join(texts)
    children = [child for _, child in node.children()]
    for i, child in enumerate(children):
        is_last = i == len(children) - 1
        for j, line in enumerate(_branches(child)):
            yield f"{('`- ' if is_last else '+- ') if j == 0 else ('   ' if is_last else '|  ')}{line}"
