"""What a picture shows, whoever draws it: SVG, PNG and matplotlib axes have the same points, titles and marks."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lrspec.kinds import Sequence as SequenceNode
from lrspec.schedule import Schedule
from lrspec.spec import Node
from lrspec.views.outline import Points, horizon, points, points_of_both

_FEW_DOTS = 80


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A line through (step, value) corners; `stop` is the first step that has no value, `dots` single values."""

    name: str
    points: Points
    stop: int
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes: the name of what is drawn, its curves, and how high it is next to the others."""

    label: str
    curves: tuple[Curve, ...]
    log: bool = False
    height: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Band:
    """A phase of a schedule: the steps `start` to `stop - 1`, and its name."""

    start: float
    stop: float
    name: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture: panels over one axis of the steps 0 to `total - 1`, with marks, phases and a second unit."""

    title: str
    told: str
    total: int
    panels: tuple[Panel, ...]
    marks: tuple[tuple[float, str], ...] = ()
    bands: tuple[Band, ...] = ()
    unit: tuple[str, Fraction] | None = None

    @property
    def stop(self) -> int:
        """The first step at which no curve has a value, or `total`."""
        return max((curve.stop for panel in self.panels for curve in panel.curves), default=self.total)


def figure(
    panels: Mapping[str, Mapping[str, Schedule]],
    steps: int | None = None,
    *,
    log: bool = False,
    unit: tuple[str, Fraction] | None = None,
) -> Figure:
    """Return the picture of some schedules: those of one panel over one another.

    Args:
        panels: For each panel, by what is drawn in it, the schedules by their names; not empty.
        steps: How many steps to draw; by default as many as show each of them.
        log: Whether the axes of the values are logarithmic; values that are not positive are left out.
        unit: A second unit of the horizontal axis: its name and how many steps one of it has.
    """
    every = [schedule for inside in panels.values() for schedule in inside.values()]
    total = max(map(horizon, every)) if steps is None else steps
    curves = {label: _curves(inside, total) for label, inside in panels.items()}
    drawn = tuple(Panel(label=label, curves=inside, log=log) for label, inside in curves.items())
    total = max(total, 2)
    if len(every) > 1:
        return Figure(title=", ".join(panels), told="", total=total, panels=drawn, unit=unit)
    (node,), (panel,) = (schedule.node for schedule in every), drawn
    curve = panel.curves[0]
    top = max(curve.points, key=lambda corner: (abs(corner[1]), -corner[0]))
    numbers = {"step 0": node(0), "largest": top[1], f"step {curve.stop - 1:,}": node(curve.stop - 1)}
    told = " · ".join(f"{name}: {number:.4g}" for name, number in numbers.items())
    marks = _marks(node, top[0], curve, total)
    return Figure(
        title=name_of(node), told=told, total=total, panels=drawn, marks=marks, bands=_bands(node, total), unit=unit
    )


def comparison(pair: tuple[Schedule, Schedule], steps: int, names: tuple[str, str]) -> Figure:
    """Return the picture of two schedules, with their difference and its size in ulps below them.

    Args:
        pair: The schedules or documents.
        steps: How many steps to draw; both have values there.
        names: What to call them.
    """
    curves = (points(pair[0], steps)[0], points(pair[1], steps)[0])
    values = [(step, pair[0](step), pair[1](step)) for step in points_of_both(pair, steps)]
    return apart(curves, values, steps, names)


def apart(
    curves: tuple[Points, Points], values: Sequence[tuple[int, float, float]], steps: int, names: tuple[str, str]
) -> Figure:
    """Return the picture of two lines, with their difference and its size in ulps below them.

    Args:
        curves: Steps and values of each.
        values: Steps, and the float32 values of both there.
        steps: How many steps to draw.
        names: What to call the lines.
    """
    difference: Points = [(step, b - a) for step, a, b in values]
    ulps: Points = [(step, abs(_place(b) - _place(a))) for step, a, b in values]

    def line(name: str, corners: Points) -> Curve:
        return Curve(name=name, points=corners, stop=steps)

    panels = [
        Panel(label="", curves=(line(names[0], curves[0]), line(names[1], curves[1]))),
        Panel(label=f"{names[1]} - {names[0]}", curves=(line("difference", difference),), height=0.4),
        Panel(label="ulps apart", curves=(line("ulps", ulps),), height=0.4),
    ]
    return Figure(title=f"{names[0]} and {names[1]}", told="", total=max(steps, 2), panels=tuple(panels))


def name_of(node: Node, depth: int = 2) -> str:
    """Return the kinds of a node and of those inside it, as a title."""
    inside = [name_of(child, depth - 1) for _, child in node.children()] if depth else []
    return f"{node.kind}({', '.join(inside)})" if inside else node.kind


def _place(value: float) -> int:
    """Return the number of a float32 value among all of them, in order."""
    bits = int.from_bytes(struct.pack("<f", value), "little", signed=True)
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _curves(inside: Mapping[str, Schedule], total: int) -> tuple[Curve, ...]:
    found = []
    for name, schedule in inside.items():
        corners, shown = points(schedule, total)
        stop = min(shown, schedule.program.last_step + 1)
        if stop < shown:
            corners.append((stop, corners[-1][1]))
        dots = [(step, schedule(step)) for step in range(stop)] if shown <= _FEW_DOTS else []
        found.append(Curve(name=name, points=corners, stop=stop, dots=dots))
    return tuple(found)


def _marks(node: Node, peak: float, curve: Curve, total: int) -> tuple[tuple[float, str], ...]:
    """Return where a schedule ends and where it is largest, where that is in the picture and not at its edge."""
    marks = [(peak, "peak")] if 0 < peak < curve.stop - 1 and peak != node.length else []
    if curve.stop < total:
        marks.append((curve.stop, "no value"))
    elif node.length is not None and 0 < node.length < total:
        marks.append((float(node.length), "end"))
    return tuple(marks)


def _bands(node: Node, total: int) -> tuple[Band, ...]:
    if not isinstance(node, SequenceNode):
        return ()
    starts = [math.ceil(start) for start in node.starts]
    ends = [*starts[1:], total if node.length is None else min(math.ceil(node.length), total)]
    found = zip(node.resolved, starts, ends, strict=True)
    return tuple(Band(start=a, stop=min(b, total), name=part.kind) for part, a, b in found if a < min(b, total))
