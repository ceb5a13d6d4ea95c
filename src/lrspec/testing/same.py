"""`assert_same_schedule`: two things, whatever they are, have the same rates at every step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from lrspec.comparison import Difference, apart_in_ulps, compared
from lrspec.errors import SpecError
from lrspec.fields import in_steps, show
from lrspec.reports import Row
from lrspec.resume import differences
from lrspec.testing.current import current
from lrspec.testing.values import RATE, Values, measured, schedule_of, window
from lrspec.verify.rows import bits_of
from lrspec.views.figure import apart
from lrspec.views.svg import figure_svg
from lrspec.views.timeline import schedules

_AROUND, _POINTS = 2, 600


def assert_same_schedule(
    a: Any, b: Any, *, steps: int | None = None, start: int = 0, max_ulps: int = 0, reason: str = ""
) -> None:
    """Fail where two schedules differ at a step, and say where, by how much, and what changed.

    Two documents are compared in every hyperparameter and group. Of everything else it is the learning rate: what can
    be run is run, step by step, and what is only data is read. Values in float64 are rounded once to float32.

    Args:
        a: A document or node; the path of a document, or a mapping of it; a state of lrspec, as checkpoints hold it; a
            scheduler of PyTorch (run on a copy), Keras, Optax or another system that is read; a function of the step;
            an array of a value for each step, or what `applied_rates` recorded.
        b: The other.
        steps: The step after the last one; by default, of arrays, all that they have.
        start: The first step. A scheduler of PyTorch that has moved has no rates before its position.
        max_ulps: By how many float32 numbers a value may differ.
        reason: Why it may, for whoever reads the test; needed where `max_ulps` is above 0.

    Raises:
        AssertionError: They differ by more; the message has the first difference with its neighbours, how many there
            are, the path of a picture, and of two documents the fields that changed.
        SpecError: `steps` or `max_ulps` is wrong, an array has another length, or a value is no finite number.
        StepError: A schedule has no value at one of the steps.
        UnsupportedError: One of them is no schedule.

    Example:
        >>> from lrspec import Cosine, Linear
        >>> assert_same_schedule(Linear(init_value=1, end_value=0, steps=4), [1, 0.75, 0.5, 0.25])
    """
    __tracebackhide__ = True
    if type(max_ulps) is not int or max_ulps < 0:
        raise SpecError("max_ulps", found=show(max_ulps), expected="a number of float32 values, 0 or more")
    if max_ulps and not reason.strip():
        raise SpecError("reason", found="none", expected=f"a sentence that says why {max_ulps} ulps are right here")
    first, stop = window(start, steps, (a, b))
    sides = _sides(a, b, first, stop)
    if sides[0].keys() != sides[1].keys():
        only = ", ".join(sorted(sides[0].keys() ^ sides[1].keys()))
        raise AssertionError(f"only one of the two schedules has {only}{_changed(a, b)}")
    for path, x in sides[0].items():
        found = compared([x], [sides[1][path]])
        current.add_row(_row(path, (x, sides[1][path]), found, first, max_ulps).to_json())
        if found.largest_ulps > max_ulps:
            names = (_name(a, "a"), _name(b, "b"))
            raise AssertionError(explained((x, sides[1][path]), first, names, path, max_ulps) + _changed(a, b))


def _sides(a: Any, b: Any, start: int, stop: int) -> tuple[dict[str, Values], dict[str, Values]]:
    """Return the values of both, by path; of a document against anything else only where it has nothing but a rate."""
    pair = (schedule_of(a), schedule_of(b))
    if pair[0] is not None and pair[1] is not None:
        found = [{path: node.values(start, stop) for path, node in schedules(one).items()} for one in pair if one]
        return found[0], found[1]
    for one in pair:
        paths = [] if one is None else list(schedules(one))
        if one is not None and paths != [RATE]:
            expected = "a learning rate alone beside what has no other: give document['learning_rate']"
            raise SpecError("", found=f"a document of {', '.join(paths)}", expected=expected)
    return {RATE: measured(a, start, stop)}, {RATE: measured(b, start, stop)}


def explained(pair: tuple[Values, Values], start: int, names: tuple[str, str], path: str, max_ulps: int = 0) -> str:
    """Return how two sequences differ, with the first difference, its neighbours and the path of a picture."""
    ulps = apart_in_ulps(*pair)
    places = np.flatnonzero(ulps > max_ulps)
    first, worst = int(places[0]), int(ulps.argmax())
    more = f", more than the {max_ulps} ulps that are allowed" if max_ulps else ""
    how_many = f"{len(places):,} of {in_steps(len(ulps), ',')} differ{more}"
    where = f"the first at step {start + first:,}, by {_in_ulps(ulps[first])}"
    lines = [
        f"{path}: {how_many}: {where}; the most at step {start + worst:,}, by {_in_ulps(ulps[worst])}",
        f"  {'step':>9}  {names[0][-28:]:>28}  {names[1][-28:]:>28}  ulps",
    ]
    near = range(max(0, first - _AROUND), min(len(ulps), first + _AROUND + 1))
    for i in sorted({*near, worst}):
        shown = [f"{value!s} ({bits_of(value)})" for value in (pair[0][i], pair[1][i])]
        lines.append(f"{'>' if i == first else ' '} {start + i:>9,}  {shown[0]:>28}  {shown[1]:>28}  {ulps[i]:,}")
    return "\n".join([*lines, f"picture: {_picture(pair, start, names, first)}"])


def changed_fields(lines: list[str]) -> str:
    """Return lines of `resume.differences` as a paragraph of a message."""
    shown = lines[:20] + ([f"... and {len(lines) - 20} more"] if len(lines) > 20 else [])
    return "".join(f"\n  {line}" for line in shown)


def _changed(a: Any, b: Any) -> str:
    pair = (schedule_of(a), schedule_of(b))
    lines = differences(pair[0], pair[1]) if pair[0] is not None and pair[1] is not None else []
    return f"\nwhat changed:{changed_fields(lines)}" if lines else ""


def _in_ulps(count: int) -> str:
    return f"{count:,} {'ulp' if count == 1 else 'ulps'}"


def _name(thing: Any, fallback: str) -> str:
    kind = type(thing)
    name = getattr(thing, "__name__", kind.__name__)
    return f"{fallback}: {'array' if isinstance(thing, list | tuple | Mapping) else name}"


def _row(path: str, pair: tuple[Values, Values], found: Difference, start: int, max_ulps: int) -> Row:
    first = found.first if found.largest_ulps > max_ulps else None
    return Row(
        kind="same",
        quantity=path,
        steps=found.steps,
        start=start,
        differing=found.differing,
        largest_ulps=found.largest_ulps,
        max_ulps=max_ulps,
        ok=found.largest_ulps <= max_ulps,
        first_difference=None if first is None else start + first,
        got=None if first is None else bits_of(pair[0][first]),
        wanted=None if first is None else bits_of(pair[1][first]),
    )


def _picture(pair: tuple[Values, Values], start: int, names: tuple[str, str], first: int) -> str:
    """Draw both sequences, and return the path of the picture."""
    count = len(pair[0])
    places = sorted({*range(max(0, first - 2), min(count, first + 3)), count - 1} | _places_apart(pair))
    curves = [[(float(i), float(one[i])) for i in places] for one in pair]
    values = [(i, float(pair[0][i]), float(pair[1][i])) for i in places]
    labels = names if start == 0 else (f"{names[0]}, from {start:,}", names[1])
    path = current.folder() / "difference.svg"
    path.write_text(figure_svg(apart((curves[0], curves[1]), values, count, labels)), encoding="utf-8")
    return str(path)


def _places_apart(pair: tuple[Values, Values]) -> set[int]:
    """Return the first place of each of some columns, and the one where the two are furthest apart."""
    count = len(pair[0])
    edges = sorted({i * count // _POINTS for i in range(_POINTS + 1)})
    columns = [range(a, b) for a, b in pairwise(edges)]
    return {*edges[:-1]} | {max(column, key=lambda i: abs(pair[1][i] - pair[0][i])) for column in columns}
