"""A schedule in words: a short tree, and a table of its phases that people can check against a paper."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from lrspec.document import Document
from lrspec.documents.plain import holds_nodes, key_of
from lrspec.errors import LrspecError
from lrspec.fields import LAST_STEP, ListOf, in_steps
from lrspec.kinds import Clamp, Every, Freeze, Repeat, Sequence, Shift, Stretch
from lrspec.schedule import Schedule
from lrspec.spec import Node, NodeRule, is_required, rule_of
from lrspec.views.timeline import Place, kink_steps, number, places, schedules, shown


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One line of an explanation: a node, the steps that it holds for, and the values there.

    `time` says what `t` is in the formula, where it does not count from `first_step`. `last_step`, `last_value` and
    `steps` are None where the phase has no end. The values are those of the whole schedule; inside a node that
    changes values, such as a product or affine, those of the part. What is inside a repeated schedule has no steps of
    its own.
    """

    path: str
    depth: int
    kind: str
    formula: str
    time: str = ""
    first_step: int | None = None
    last_step: int | None = None
    steps: int | None = None
    first_value: float | None = None
    last_value: float | None = None

    @property
    def row(self) -> tuple[str, ...]:
        """The phase as texts, in the order of `HEADINGS`."""
        open_ended = self.first_step is not None and self.last_step is None
        return (
            "  " * self.depth + self.kind,
            f"{self.formula}, {self.time}" if self.time else self.formula,
            _count(self.first_step),
            "..." if open_ended else _count(self.last_step),
            _count(self.steps),
            _value(self.first_value),
            _value(self.last_value),
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A schedule's phases, and its totals; `str()` of it is a table.

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
        length = "without end" if self.length is None else f"{in_steps(self.length, ',')}, then {self.after}"
        return [
            length,
            f"lowest {_at(self.lowest)}, highest {_at(self.highest)}",
            f"{self.fingerprint}, {self.program_bytes:,} bytes",
        ]

    def rows(self) -> list[tuple[str, ...]]:
        """Return the phases as texts, in the order of `HEADINGS`."""
        return [phase.row for phase in self.phases]

    def __str__(self) -> str:
        rows = [HEADINGS, *self.rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        lines = []
        for row in rows:
            left = "  ".join(text.ljust(width) for text, width in zip(row[:2], widths[:2], strict=True))
            right = "  ".join(text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True))
            lines.append(f"{left}  {right}".rstrip())
        return "\n".join([f"{self.name}:", *lines, *self.totals()])


HEADINGS = ("kind", "formula, t from the first step", "first step", "last step", "steps", "value there", "value there")
"""The headings of an explanation's table; the values are those at the first and last step."""


def _at(seen: tuple[float, int]) -> str:
    return f"{seen[0]:.9g} (step {seen[1]:,})"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def explain(schedule: Schedule, name: str | None = None) -> Explanation:
    """Return the phases of a schedule, each with its formula, its first and last step and the values there.

    Args:
        schedule: The schedule or document.
        name: Which schedule of a document, by its path: `weight_decay`, `other.beta2`, `groups.head.learning_rate`; by
            default the learning rate, or the first one of a document without.

    Raises:
        SpecError: The schedule does not compile, or a document lacks a quantity.
        KeyError: The document has no such schedule.

    Example:
        >>> from lrspec.presets import warmup_linear
        >>> for phase in explain(warmup_linear(peak_value=1.0, warmup_steps=10, decay_steps=90)).phases:
        ...     print(phase.kind, phase.first_step, phase.last_step, phase.first_value)
        sequence 0 99 0.0
        linear 0 9 0.0
        linear 10 99 1.0
    """
    nodes = schedules(schedule)
    name = next(iter(nodes)) if name is None else name
    node = nodes[name]
    program = node.program
    steps = kink_steps(program)
    values = [(node(step), step) for step in steps]
    length = None if node.length is None else math.ceil(node.length)
    return Explanation(
        name=name,
        phases=tuple(_phases(node, name, 0, _Window(Place(), 0, None, node))),
        length=length,
        after=_what_follows(node, length or 0, steps),
        lowest=min(values),
        highest=max(values, key=lambda pair: (pair[0], -pair[1])),
        fingerprint=program.fingerprint,
        program_bytes=len(program.to_bytes()),
    )


def _what_follows(node: Node, length: int, kinks: list[int]) -> str:
    if length > node.program.last_step:
        return "no value"
    later = [step for step in (length + 1, *kinks, LAST_STEP) if length < step <= LAST_STEP]
    held = all(node(step) == node(length) for step in later)
    return f"{node(length):.9g} is held" if held else "goes on"


@dataclass(frozen=True)
class _Window:
    """The steps for which a node is shown, where its time runs, and whose values are shown.

    `last` is None where the steps have no end. The values are those of `shown` at `step - offset`.
    """

    place: Place
    first: int
    last: int | None
    shown: Node
    offset: int = 0

    def value(self, step: int | None) -> float | None:
        """Return the value at a step, or None where there is none."""
        try:
            return None if step is None else self.shown(step - self.offset)
        except LrspecError:
            return None


def _phases(node: Node, path: str, depth: int, window: _Window) -> Iterator[Phase]:
    """Yield the phases of a node that holds in a window."""
    place, first, last = window.place, window.first, window.last
    if last is None and node.length is not None:
        last = max(place.step(node.length) - 1, first)
    yield Phase(
        path=path,
        depth=depth,
        kind=node.kind,
        formula=formula_of_fields(node),
        time="" if isinstance(node, Sequence) else place.words(first),
        first_step=first,
        last_step=last,
        steps=None if last is None else last - first + 1,
        first_value=window.value(first),
        last_value=window.value(last),
    )
    for inner, child, inside in _windows(node, window, last):
        if inside is None:
            yield from _inside(child, f"{path}.{inner}", depth + 1)
        elif inside.last is None or inside.first <= inside.last:
            yield from _phases(child, f"{path}.{inner}", depth + 1, inside)


def _windows(node: Node, window: _Window, last: int | None) -> Iterator[tuple[str, Node, _Window | None]]:
    """Yield the nodes inside a node that holds up to `last`, each with its path and window, or None for no steps."""
    place, first = window.place, window.first
    inside = list(places(node, place))
    if isinstance(node, Sequence):
        starts = [first, *(max(place.step(start), first) for start in node.starts[1:])]
        for i, (inner, part, at) in enumerate(inside):
            ends = [end for end in ([start - 1 for start in starts[i + 1 : i + 2]] + [last]) if end is not None]
            yield inner, part, replace(window, place=at, first=starts[i], last=min(ends, default=None))
    elif isinstance(node, Repeat):
        yield from ((inner, child, None) for inner, child, _ in inside)
    elif isinstance(node, _IN_TIME):
        inner, child, at = inside[0]
        begins = max(first, place.step(0), at.step(0))
        yield inner, child, replace(window, place=at, first=first if isinstance(node, Shift) else begins, last=last)
    else:
        for inner, child, at in inside:
            is_plain = at.rate == 1 and isinstance(at.start, int)
            own = _Window(at, max(first, at.step(0)), window.last, child, int(at.start))
            yield inner, child, own if is_plain else None


def _inside(node: Node, path: str, depth: int) -> Iterator[Phase]:
    yield Phase(path=path, depth=depth, kind=node.kind, formula=formula_of_fields(node))
    for inner, child in node.children():
        yield from _inside(child, f"{path}.{inner}", depth + 1)


_IN_TIME = (Every, Freeze, Shift, Stretch)
"""The nodes that change the time of the one inside them, and no value."""


def formula_of_fields(node: Node) -> str:
    """Return a node's formula with the numbers of its fields in it.

    Example:
        >>> import lrspec
        >>> formula_of_fields(lrspec.Linear(init_value=0, end_value=-0.5, steps=10))
        '0 + ((-0.5) - 0) * t / 10'
    """
    if isinstance(node, Repeat):
        return _cycles(node)
    template = node.formula_text
    if isinstance(node, Clamp):
        bounds = {"at least {min_value}": node.min_value, "at most {max_value}": node.max_value}
        template = ", ".join(words for words, bound in bounds.items() if bound is not None)
    if getattr(node, "staircase", False):
        template = re.sub(r"\(t / \{decay_period\}\)|t / \{decay_period\}", "floor(t / {decay_period})", template)
    entries = fields(node)  # type: ignore[arg-type]  # every kind of node is a dataclass
    values = {key_of(entry.name, entry.metadata): getattr(node, entry.name) for entry in entries}
    text = template.format_map({key: number(value) for key, value in values.items()})
    return re.sub(r" \*\* 1(?![0-9.])", "", text).replace("2 pi * 0.5 *", "pi *")


def _cycles(node: Repeat) -> str:
    length = node.part.length if node.cycle_steps is None else node.cycle_steps
    words = f"{node.num_cycles or 'endless'} cycles of {shown(length)} steps"
    if node.cycle_mult != 1:
        words += f" * {number(node.cycle_mult)} ** i"
    height = f"{number(node.peak_mult)} ** i" if node.peak_mult != 1 else ""
    if node.peak_power:
        height += f"{' * ' if height else ''}(i + 1) ** -{shown(node.peak_power)}"
    return f"{words}, {node.scaling} * {height}" if height else words


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
        return "\n".join(f"{path}: {tree(node)}" for path, node in schedules(schedule).items())
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
