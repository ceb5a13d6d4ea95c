"""What is probably not meant: warnings about a schedule that is valid, each with its path and step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from lrspec.document import Document
from lrspec.explain import kink_steps
from lrspec.fields import LAST_STEP, Steps
from lrspec.formula import formula_of
from lrspec.kinds import Clamp, Every, Repeat, Sequence, Shift, Stretch
from lrspec.kinds.ramps import Ramp
from lrspec.plain import rules_of
from lrspec.schedule import Schedule
from lrspec.spec import Node

JUMP = 0.005
"""The share of the larger value by which a schedule may change where one part follows another."""
ABRUPT = 4
"""How many times larger than the changes at the steps around it such a change must be to count as a jump."""
EPOCHS = 300
"""Lengths up to this number may have been meant as epochs."""
_LOOK = 256
_OWN_UNIT = (Every.kind, Stretch.kind)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A warning: what was found (`code`), where in the document, at which step, and in words."""

    code: str
    path: str
    step: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}: step {self.step}: {self.message} [{self.code}]"


def lint(schedule: Schedule, *, total_steps: int | None = None, jump: float = JUMP) -> list[Finding]:
    """Return what is probably not meant, in the order of the steps.

    Args:
        schedule: The schedule or document.
        total_steps: The length of the whole run, where the document does not say it; for `ends_early` and `ends_late`.
        jump: The share of the larger value that a change between two parts may have.

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
    nodes = {"learning_rate": schedule.node}
    if isinstance(schedule, Document):
        nodes = {name: schedule[name] for name in schedule}
        total_steps = schedule.total_steps if total_steps is None else total_steps
    found: list[Finding] = []
    for name, node in nodes.items():
        found += _values(node, name, total_steps)
        found += _jumps(node, name, jump)
        found += _ends(node, name, total_steps)
        found += _peaks(node, name)
    if isinstance(schedule, Document):
        found += _epochs(schedule)
    return sorted(found, key=lambda finding: (finding.step, finding.path, finding.code))


def _values(node: Node, path: str, total_steps: int | None) -> Iterator[Finding]:
    """Yield what is odd about single values, at the steps at which the program's pieces begin and end."""
    if path == "learning_rate" and node(0) == 0:
        yield Finding(code="first_zero", path=path, step=0, message="the first update has the rate 0")
    steps = [step for step in kink_steps(node.program) if total_steps is None or step < total_steps]
    negative = next((step for step in steps if node(step) < 0), None)
    if negative is not None:
        yield Finding(code="negative", path=path, step=negative, message=f"a negative value, {node(negative):g}")
    formula = formula_of(node)
    for step in steps:
        if node(step) == 0 and formula.at(step, _LOOK):
            exact = formula.at(step, _LOOK) / (1 << _LOOK)
            message = f"a value too small for float32, about {exact:.2g}, becomes 0"
            yield Finding(code="underflow", path=path, step=step, message=message)
            return


Time: TypeAlias = tuple[int | Fraction, int | Fraction]
"""The step at which a node's time is 0, and the steps in a unit of its time."""


def _sequences(node: Node, path: str, at: Time) -> Iterator[tuple[Sequence, str, Time]]:
    """Yield the sequences inside a node, but for those that are repeated, with their time."""
    start, rate = at
    if isinstance(node, Sequence):
        yield node, path, at
        for i, (part, begins) in enumerate(zip(node.parts, node.starts, strict=True)):
            yield from _sequences(
                part, f"{path}.parts[{i}]", (start + (begins * rate if node.time == "local" else 0), rate)
            )
        return
    if isinstance(node, Repeat):
        return
    if isinstance(node, Shift):
        at = (start - Fraction(node.by) * rate, rate)
    elif isinstance(node, Every | Stretch):
        at = (start, rate * Fraction(node.period if isinstance(node, Every) else node.factor))
    for inner, child in node.children():
        yield from _sequences(child, f"{path}.{inner}", at)


def _jumps(node: Node, path: str, jump: float) -> Iterator[Finding]:
    for sequence, inner, (start, rate) in _sequences(node, path, (0, 1)):
        for i, begins in enumerate(sequence.starts[1:], start=1):
            step = math.ceil(start + begins * rate)
            reach = math.ceil(rate)
            if not reach < step <= node.program.last_step - reach:
                continue
            a, b, c, d = (node(step + k) for k in (-1 - reach, -1, 0, reach))
            change, larger = abs(c - b), max(abs(b), abs(c))
            if change > jump * larger and change > ABRUPT * max(abs(b - a), abs(d - c)):
                share = change / larger
                message = f"a jump from {b:g} to {c:g}, {100 * share:.3g} % of the larger"
                yield Finding(code="jump", path=f"{inner}.parts[{i}]", step=step, message=message)


def _ends(node: Node, path: str, total_steps: int | None) -> Iterator[Finding]:
    if total_steps is None or node.length is None:
        return
    length = math.ceil(node.length)
    if length < total_steps:
        message = f"ends {total_steps - length} steps before the total of {total_steps}"
        yield Finding(code="ends_early", path=path, step=length, message=message)
    if length > total_steps:
        message = f"ends {length - total_steps} steps after the total of {total_steps}"
        yield Finding(code="ends_late", path=path, step=total_steps, message=message)


def _peaks(node: Node, path: str) -> Iterator[Finding]:
    """Yield parts that rise further after a part that rose, and lower bounds above what they bound."""
    for sequence, inner, (start, rate) in _sequences(node, path, (0, 1)):
        risen = False
        for i, (part, begins) in enumerate(zip(sequence.resolved, sequence.starts, strict=True)):
            rises = isinstance(part, Ramp) and part.end_value > part.init
            if risen and rises and i == len(sequence.parts) - 1:
                found = f"the last part ends at {part.end_value:g}, above the {part.init:g} at its start"  # type: ignore[attr-defined]
                step = min(max(math.ceil(start + begins * rate), 0), LAST_STEP)
                yield Finding(code="minimum_above_peak", path=f"{inner}.parts[{i}]", step=step, message=found)
            risen = risen or rises
    for where, inner_node in _all(node, path):
        if isinstance(inner_node, Clamp) and inner_node.min_value is not None:
            part = inner_node.part
            highest = max(part(step) for step in kink_steps(part.program))
            if inner_node.min_value > highest:
                message = f"the lower bound {inner_node.min_value:g} is above the largest value, {highest:g}"
                yield Finding(code="minimum_above_peak", path=f"{where}.min_value", step=0, message=message)


def _all(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for inner, child in node.children():
        yield from _all(child, f"{path}.{inner}")


def _epochs(document: Document) -> Iterator[Finding]:
    """Yield bare lengths, of at most 300 steps and shorter than an epoch, in a document that counts epochs."""
    epoch = document.quantities.get("steps_per_epoch")
    if epoch is None:
        return
    data = document.to_dict()
    for name in document:
        source = data[name] if name in data else data["other"][name]
        for path, length in _bare_lengths(source, name if name in data else f"other.{name}"):
            if length <= EPOCHS and length < epoch:
                message = f"{length} steps are less than an epoch of {float(epoch):g}: `{length} epochs`?"
                yield Finding(code="epochs_as_steps", path=path, step=0, message=message)


def _bare_lengths(data: object, path: str) -> Iterator[tuple[str, int]]:
    rules = rules_of(data) or {}
    for key, value in data.items() if isinstance(data, dict) and data.get("kind") not in _OWN_UNIT else ():
        rule = rules.get(key)
        if isinstance(value, int) and isinstance(rule, Steps) and rule.duration and value > 0:
            yield f"{path}.{key}", value
        elif isinstance(value, dict):
            yield from _bare_lengths(value, f"{path}.{key}")
        elif isinstance(value, list):
            for i, part in enumerate(value):
                yield from _bare_lengths(part, f"{path}.{key}[{i}]")
