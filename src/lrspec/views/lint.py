"""What is probably not meant: warnings about a schedule that is valid, each with its path and step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from lrspec.compiler.formula import formula_of, rounded, value_at
from lrspec.document import Document
from lrspec.documents.layout import Entry, entries
from lrspec.documents.plain import rules_of
from lrspec.fields import LAST_STEP, ListOf, Period, Rule, Steps, in_steps
from lrspec.kinds import Clamp, Constant, Every, Maximum, PiecewiseConstant, Sequence, Shift, Stretch
from lrspec.kinds.ramps import Ramp
from lrspec.schedule import Schedule
from lrspec.spec import Node
from lrspec.views.timeline import Place, kink_steps, places, schedules

JUMP = 0.005
"""The share of the larger value by which a schedule may change where one part follows another."""
EPOCHS = 1000
"""Lengths from 2 up to this number may have been meant as epochs."""
MUCH = 100
"""How many times longer the whole must be for a schedule of so few steps to look like one of epochs."""
_OWN_UNIT = (Every.kind, Stretch.kind)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A warning: what was found (`code`), where in the document, at which step, in words, and the values there."""

    code: str
    path: str
    step: int
    message: str
    values: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: step {self.step}: {self.message} [{self.code}]"


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """A schedule to look at: its path, its node, the steps of its kinks, and the length of the whole run."""

    path: str
    node: Node
    kinks: list[int]
    total: int | None

    def nodes(self) -> Iterator[tuple[str, Node, Place]]:
        """Yield every node in the schedule, with its path and place."""
        yield from ((path, node, at) for path, node, at, _, _ in self.places())

    def places(self) -> Iterator[_Inside]:
        """Yield the same with the first step at which each holds, and whether nothing follows it in a sequence."""
        yield from _inside(self.path, self.node, Place(), 0, last=True)

    def values(self, first: int, last: int) -> list[float]:
        """Return the values at the two steps and at the kinks between them, as far as there are values."""
        last = min(last, self.node.program.last_step)
        return [self.node(step) for step in (first, *self.kinks, last) if first <= step <= last]


_Inside: TypeAlias = tuple[str, Node, Place, int, bool]


def _inside(path: str, node: Node, at: Place, first: int, *, last: bool) -> Iterator[_Inside]:
    yield path, node, at, first, last
    inside = list(places(node, at))
    for i, (inner, child, place) in enumerate(inside):
        begins, ends = first, last
        if isinstance(node, Sequence):
            begins, ends = max(first, at.step(node.starts[i])), last and i == len(inside) - 1
        yield from _inside(f"{path}.{inner}", child, place, begins, last=ends)


def lint(
    schedule: Schedule, *, total_steps: int | None = None, jump: float = JUMP, epochs: int = EPOCHS
) -> list[Finding]:
    """Return what is probably not meant, in the order of the steps.

    Args:
        schedule: The schedule or document.
        total_steps: The length of the whole run, where the document does not say it, or another one.
        jump: The share of the larger value by which the value may change where one part follows another.
        epochs: Up to which number a length may have been meant as epochs; 0 for none.

    Returns:
        Findings with the codes `first_zero`, `jump`, `ends_early`, `ends_late`, `minimum_above_peak`,
        `epochs_as_steps`, `negative` and `underflow`.

    Raises:
        SpecError: The schedule does not compile, or a document lacks a quantity.

    Example:
        >>> from lrspec.presets import warmup_cosine
        >>> for finding in lint(warmup_cosine(peak_value=0.1, warmup_steps=5, decay_steps=95), total_steps=120):
        ...     print(finding)
        learning_rate: step 0: the first update has the rate 0 [first_zero]
        learning_rate: step 100: ends 20 steps before the total of 120 [ends_early]
    """
    sources: dict[str, Entry] = {}
    if isinstance(schedule, Document):
        total_steps = schedule.total_steps if total_steps is None else total_steps
        sources = {entry.path: entry for entry in entries(schedule.to_dict())}
    found: list[Finding] = []
    for path, node in schedules(schedule).items():
        subject = _Subject(path=path, node=node, kinks=kink_steps(node.program), total=total_steps)
        found += _values(subject)
        if sources and path not in sources:  # a group with a scale alone: the rest is as it was without
            continue
        found += [*_first(subject), *_jumps(subject, jump), *_ends(subject), *_late_parts(subject), *_peaks(subject)]
        found += _few_steps(subject, epochs)
        if isinstance(schedule, Document):
            found += _bare_epochs(subject, sources[path].source, schedule.quantities.get("steps_per_epoch"), epochs)
    return sorted(found, key=lambda finding: (finding.step, finding.path, finding.code))


def _first(subject: _Subject) -> Iterator[Finding]:
    if subject.path.endswith("learning_rate") and subject.node(0) == 0:
        message = "the first update has the rate 0"
        yield Finding(code="first_zero", path=subject.path, step=0, message=message, values=(0.0,))


def _values(subject: _Subject) -> Iterator[Finding]:
    """Yield the first negative value and the first underflow, among the steps at which pieces begin and end."""
    node, total = subject.node, subject.total
    steps = [step for step in subject.kinks if total is None or step < total]
    if total is not None and total - 1 <= node.program.last_step:
        steps.append(total - 1)
    negative = next((step for step in steps if node(step) < 0), None)
    if negative is not None:
        value = node(negative)
        message = f"a negative value, {value:g}"
        yield Finding(code="negative", path=subject.path, step=negative, message=message, values=(value,))
    zeros = [step for step in steps if node(step) == 0]
    formula = formula_of(node) if zeros else None
    for step in zeros:
        exact = rounded(formula, step) if formula else 0
        if exact:
            message = f"a value too small for float32, about {exact:.2g}, becomes 0"
            yield Finding(code="underflow", path=subject.path, step=step, message=message, values=(exact,))
            return


def _jumps(subject: _Subject, jump: float) -> Iterator[Finding]:
    """Yield the boundaries of sequences at which both the formulas there and the values beside it are far apart."""
    node = subject.node
    for path, sequence, place in subject.nodes():
        if not isinstance(sequence, Sequence):
            continue
        parts, starts = sequence.resolved, sequence.starts
        for i in range(1, len(parts)):
            step = place.step(starts[i])
            if not 0 < step <= node.program.last_step:
                continue
            before, after = node(step - 1), node(step)
            origins = (0, 0) if sequence.time == "global" else (starts[i - 1], starts[i])
            left, right = (
                value_at(part, starts[i] - at) for part, at in zip(parts[i - 1 : i + 1], origins, strict=True)
            )
            if _share(before, after) > jump and _share(left, right) > jump:
                percent = 100 * _share(before, after)
                message = f"a jump from {before:g} to {after:g}, {percent:.3g} % of the larger"
                where = f"{path}.parts[{i}]"
                yield Finding(code="jump", path=where, step=step, message=message, values=(before, after))


def _share(a: float, b: float) -> float:
    """Return how far apart two numbers are, as a share of the larger."""
    return abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0


def _ends(subject: _Subject) -> Iterator[Finding]:
    """Yield an end that is not the total: an early one of what falls, a late one where the values still change."""
    node, total, path = subject.node, subject.total, subject.path
    if total is None or node.length is None:
        return
    length = math.ceil(node.length)
    values = subject.values(0, length)
    if length < total and (length > node.program.last_step or values[-1] < max(values)):
        message = f"ends {in_steps(total - length)} before the total of {total}"
        yield Finding(code="ends_early", path=path, step=length, message=message)
    if length > total and len(set(subject.values(total - 1, length))) > 1:
        message = f"ends {in_steps(length - total)} after the total of {total}"
        yield Finding(code="ends_late", path=path, step=total, message=message)


def _late_parts(subject: _Subject) -> Iterator[Finding]:
    """Yield the first part, or boundary, that begins at or after the total, of what has no end itself."""
    total = subject.total
    if total is None or subject.node.length is not None:
        return
    for path, node, place in subject.nodes():
        times: list[tuple[str, int | Fraction]] = []
        if isinstance(node, Sequence):
            times = [(f"parts[{i}]", start) for i, start in enumerate(node.starts)]
        elif isinstance(node, PiecewiseConstant):
            times = [(f"boundaries[{i}]", boundary) for i, boundary in enumerate(node.boundaries)]
        late = next(((inner, place.step(time)) for inner, time in times if place.step(time) >= total), None)
        if late is not None:
            message = f"begins at step {late[1]}, not before the total of {total}"
            yield Finding(code="ends_late", path=f"{path}.{late[0]}", step=total, message=message)
            return


def _peaks(subject: _Subject) -> Iterator[Finding]:
    """Yield parts that rise further after a part that rose, and lower bounds above what they bound."""
    for path, node, place, first, is_last in subject.places():
        if isinstance(node, Sequence) and is_last:
            rising = [isinstance(part, Ramp) and part.end_value > part.init for part in node.resolved]
            last = node.resolved[-1]
            if rising[-1] and any(rising[:-1]) and isinstance(last, Ramp):
                message = f"the last part ends at {last.end_value:g}, above the {last.init:g} at its start"
                step = min(max(place.step(node.starts[-1]), 0), LAST_STEP)
                yield Finding(
                    code="minimum_above_peak", path=f"{path}.parts[{len(rising) - 1}]", step=step, message=message
                )
        for inner, bound, parts in _lower_bounds(node):
            since = Fraction(first - place.start) / place.rate
            highest = max(
                part(step) for part in (_from(part, since) for part in parts) for step in kink_steps(part.program)
            )
            if bound > highest:
                message = f"the lower bound {bound:g} is above the largest value, {highest:g}"
                values = (bound, highest)
                yield Finding(code="minimum_above_peak", path=f"{path}.{inner}", step=0, message=message, values=values)


def _from(node: Node, time: Fraction) -> Node:
    """Return a node from a time on, before which it need not have a value."""
    if time <= 0:
        return node
    if node.length is not None and node.length <= time:
        return Constant(value=value_at(node, time))
    return Shift(part=node, by=time)


def _lower_bounds(node: Node) -> Iterator[tuple[str, float, list[Node]]]:
    """Yield the lower bounds that a node sets: where, how low, and to which nodes."""
    if isinstance(node, Clamp) and node.min_value is not None:
        yield "min_value", node.min_value, [node.part]
    if isinstance(node, Maximum):
        for i, part in enumerate(node.parts):
            others = [other for other in node.parts if not isinstance(other, Constant)]
            if isinstance(part, Constant) and others:
                yield f"parts[{i}]", part.value, others


def _few_steps(subject: _Subject, epochs: int) -> Iterator[Finding]:
    """Yield a schedule that ends after a number of steps like that of epochs, of a run many times as long."""
    total, length = subject.total, subject.node.length
    if total is not None and length is not None and 2 <= length <= epochs and length * MUCH <= total:
        message = f"ends after {length} steps, of {total} in all: epochs?"
        yield Finding(code="epochs_as_steps", path=subject.path, step=math.ceil(length), message=message)


def _bare_epochs(subject: _Subject, source: Any, epoch: Fraction | None, epochs: int) -> Iterator[Finding]:
    """Yield bare lengths that are shorter than an epoch, and that the run has room for as epochs."""
    if epoch is None:
        return
    length = subject.node.length
    room = subject.total or (length if length is not None and length >= epoch else math.inf)
    for path, steps in _bare_lengths(source, subject.path):
        if 2 <= steps <= epochs and steps < epoch and steps * epoch <= room:
            message = f"{steps} steps are less than an epoch of {float(epoch):.10g}: `{steps} epochs`?"
            yield Finding(code="epochs_as_steps", path=path, step=0, message=message)


def _bare_lengths(data: Any, path: str) -> Iterator[tuple[str, int]]:
    """Yield the lengths that plain data has as bare numbers, but for what has a unit of time of its own."""
    rules = rules_of(data)
    if rules is None or not isinstance(data, Mapping) or data["kind"] in _OWN_UNIT:
        return
    for key, value in data.items():
        items = list(enumerate(value)) if isinstance(value, list) else []
        if _is_length(rules.get(key)) and isinstance(value, int):
            yield f"{path}.{key}", value
        elif isinstance(rule := rules.get(key), ListOf) and _is_length(rule.item):
            yield from ((f"{path}.{key}[{i}]", item) for i, item in items if isinstance(item, int))
        else:
            yield from _bare_lengths(value, f"{path}.{key}")
            for i, part in items:
                yield from _bare_lengths(part, f"{path}.{key}[{i}]")


def _is_length(rule: Rule | None) -> bool:
    return isinstance(rule, Steps | Period) and rule.duration and not getattr(rule, "signed", False)
