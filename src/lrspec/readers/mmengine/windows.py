"""Schedulers of MMEngine together: each is silent outside of its window, and begins from the value that it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from lrspec.kinds import Affine, Constant, Every, Exponential, Freeze, Product, Shift
from lrspec.readers.build import lasting
from lrspec.readers.keys import joined
from lrspec.readers.mmengine.shapes import Shape
from lrspec.readers.reading import exact_values
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Window:
    """One scheduler, in ticks of the run: updates, or batches where gradients are accumulated.

    Args:
        name: The scheduler's type.
        shape: What it does.
        first: The tick at which it begins.
        last: The tick at which it ends, None where it does not.
        unit: Ticks per step of its own.
        count: Its own steps, None where it does not end.
        lasts: Whether it ends no earlier than the run.
        steps: Whether it is stepped at all.
    """

    name: str
    shape: Shape
    first: int
    last: int | None
    unit: int
    count: int | None
    lasts: bool = False
    steps: bool = True

    def start(self, *, late: bool) -> int:
        """Return the tick at which it begins, or the one at which it first changes what it finds."""
        return self.first + (self.unit if late and self.shape.waits else 0)

    def node(self, value: float, *, late: bool, held: bool) -> Node:
        """Return its values from its start on, the last of which is held where that is asked for."""
        node, waited = self.shape.values(value), late and self.shape.waits
        if not self.steps or self.count == 1:
            return Constant(value=exact_values(node, [0])[0])
        endless = isinstance(node, Exponential)
        if self.count is not None and (held or endless) and node.length != self.count - 1:
            node = Freeze(part=node, steps=self.count - 1)
        if waited and node.length is not None and node.length <= 1:
            return Constant(value=exact_values(node, [1])[0])
        node = node if self.unit == 1 else Every(part=node, period=self.unit)
        return Shift(part=node, by=self.unit) if waited else node


def course(windows: list[Window], base: float, overlapping: Callable[[str], Exception]) -> Node:
    """Return the values of schedulers together, from a first value on.

    Args:
        windows: The schedulers of one parameter.
        base: The value before all of them.
        overlapping: What makes the error of one that overlaps another and does not multiply.
    """
    for late in (False, True):
        clusters = _clusters(windows, late)
        if all(len(one) == 1 or all(window.shape.multiplies for window in one) for one in clusters):
            return _in_turn(clusters, base, late)
    raise overlapping(next(window.name for window in windows if not window.shape.multiplies))


def overlap(windows: list[Window]) -> bool:
    """Tell whether some of the windows overlap."""
    ordered = sorted(windows, key=lambda window: window.first)
    return any(one.last is None or one.last > two.first for one, two in pairwise(ordered))


def _clusters(windows: list[Window], late: bool) -> list[list[Window]]:  # noqa: FBT001
    """Return the windows in groups of those that overlap, in their order."""
    clusters: list[list[Window]] = []
    for window in sorted(windows, key=lambda window: window.start(late=late)):
        ends = [one.last for one in clusters[-1]] if clusters else []
        before = max((end for end in ends if end is not None), default=0)
        if clusters and (None in ends or before > window.start(late=late)):
            clusters[-1].append(window)
        else:
            clusters.append([window])
    return clusters


def _in_turn(clusters: list[list[Window]], value: float, late: bool) -> Node:  # noqa: FBT001
    """Return the groups one after another: each begins from the value that the one before left."""
    parts: list[Node] = []
    position = 0
    for cluster in clusters:
        start = cluster[0].start(late=late)
        if start > position:
            parts.append(Constant(value=value, steps=start - position))
        last = max(window.last or 0 for window in cluster)
        if cluster is clusters[-1]:
            return joined(*parts, _together(cluster, value, late, held=not cluster[0].lasts))
        node = _together(cluster, value, late, held=False)
        parts += lasting(node, last - start)
        value = exact_values(node, [last - start - 1])[0]
        position = last
    return joined(*parts)


def _together(cluster: list[Window], value: float, late: bool, *, held: bool) -> Node:  # noqa: FBT001
    """Return windows that overlap: they multiply one another."""
    if len(cluster) == 1:
        return cluster[0].node(value, late=late, held=held)
    start = cluster[0].start(late=late)
    factors: list[Node] = []
    for window in cluster:
        node, after = window.node(1.0, late=late, held=True), window.start(late=late) - start
        factors.append(joined(Constant(value=1.0, steps=after), node) if after else node)
    return Affine(part=Product(parts=factors), scale=value)
