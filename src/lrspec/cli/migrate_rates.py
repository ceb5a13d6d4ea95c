"""The rates that a checkpoint holds beside those of a document: what agrees, and what each choice costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import lrspec
from lrspec.positions import Counter
from lrspec.positions.held import Held

_ROUNDING = 2.0**-17
"""What a framework's own formula, in its own arithmetic, may differ by, relative to the value."""


@dataclass(frozen=True)
class Pair:
    """A number that a checkpoint holds, and the document's at a step; None where it has none there."""

    name: str
    saved: float
    expected: float | None

    @property
    def is_exact(self) -> bool:
        """Whether they are the same float32 number."""
        return self.expected is not None and np.float32(self.expected) == np.float32(self.saved)

    @property
    def is_close(self) -> bool:
        """Whether they differ by no more than two ways of computing one formula do."""
        limit = _ROUNDING * abs(self.saved)
        return self.expected is not None and (self.is_exact or abs(self.expected - self.saved) <= limit)

    def __str__(self) -> str:
        if self.expected is None:
            return f"the document has no {self.name} there, and the checkpoint holds {self.saved!r}"
        said = f"the document has the {self.name} {self.expected!r}, {self._distance()} {self.saved!r}"
        return f"{said} that the checkpoint holds"

    def _distance(self) -> str:
        if self.is_exact:
            return "in every bit the"
        if self.is_close:
            return "to within rounding the"
        if not self.saved or self.expected is None:
            return "not the"
        percent = (self.expected / self.saved - 1) * 100
        return f"{abs(percent):.3g}% {'above' if percent > 0 else 'below'} the"


def pairs(document: lrspec.Document, held: Held, step: int) -> list[Pair]:
    """Return what a checkpoint holds of the document's hyperparameters, beside the document's values at a step."""
    return list(_pairs(document, held, step))


def _pairs(document: lrspec.Document, held: Held, step: int) -> Iterator[Pair]:
    names = list(document.groups)
    for place, group in enumerate(held.groups):
        name = group.get("name", place)
        name = name if name in names else place if place in names else None
        for hyperparameter, node in document.group(name).items():
            saved = _saved(group, hyperparameter)
            if saved is not None:
                where = hyperparameter if len(held.groups) == 1 else f"{hyperparameter} of group {place}"
                yield Pair(where, saved, _value(node, step))


def _saved(group: dict[str, object], hyperparameter: str) -> float | None:
    """Return what a group of an optimizer holds of a hyperparameter."""
    betas = group.get("betas")
    first = betas[0] if isinstance(betas, tuple) and betas else None
    value = {"learning_rate": group.get("lr"), "momentum": group.get("momentum", first)}.get(
        hyperparameter, group.get(hyperparameter)
    )
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _value(node: lrspec.Schedule, step: int) -> float | None:
    try:
        return node(step)
    except lrspec.StepError:
        return None


def costs(document: lrspec.Document, held: Held, counters: Sequence[Counter]) -> list[str]:
    """Return what going on at each counter would do to the rates, a line for each."""
    lines = []
    for counter in counters:
        found = pairs(document, held, counter.value)
        name = next(iter(document))
        said = "; ".join(map(str, found)) or f"the next {name} is {_value(document[name], counter.value)!r}"
        lines.append(f"--counter {counter.name} goes on at {counter.value}: {said}")
    return lines


def settled(document: lrspec.Document, held: Held, counters: Sequence[Counter]) -> Counter | None:
    """Return the counter at which the document has what the checkpoint holds, where that settles which one to believe.

    It does where one alone fits: the updates themselves, or, where some updates were skipped, the calls. A
    scheduler that is one behind was not yet called for the last update, and one that is far ahead or behind counts
    something that the document may count too, such as epochs.
    """
    updates = [counter.value for counter in counters if counter.is_updates]
    by_step = {counter.value: pairs(document, held, counter.value) for counter in counters}
    if len(set(updates)) != 1 or not all(by_step.values()):
        return None
    fitting = [step for step, found in by_step.items() if all(pair.is_exact for pair in found)]
    fitting = fitting or [step for step, found in by_step.items() if all(pair.is_close for pair in found)]
    if len(fitting) != 1 or not (fitting[0] == updates[0] or updates[0] < fitting[0] < 2 * updates[0]):
        return None
    return next(counter for counter in counters if counter.value == fitting[0])
