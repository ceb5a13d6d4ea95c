"""Schedulers of MMEngine together: each is silent outside of its window, and begins from the value that it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from lrspec.kinds import Affine, Constant, Freeze, Product
from lrspec.readers.build import lasting
from lrspec.readers.keys import joined
from lrspec.readers.mmengine.pieces import in_steps_of_its_own, since, slowed, still
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

    def changes(self, base: float) -> int:
        """Return the tick at which it first changes what it finds."""
        return self.first + (still(self.shape.values(base)) * self.unit if self.shape.waits else 0)

    def node(self, value: float, after: int, *, held: bool) -> Node:
        """Return its values from some ticks after its begin on.

        Args:
            value: The value that it finds.
            after: How many ticks.
            held: Whether its last value is held after its end.
        """
        node = self.shape.values(value)
        if not self.steps or self.count == 1:
            return Constant(value=exact_values(node, [0])[0])
        endless = not in_steps_of_its_own(node)
        if self.count is not None and (held or endless) and node.length != self.count - 1:
            node = Freeze(part=node, steps=self.count - 1)
        return since(slowed(node, self.unit), after)


def course(windows: list[Window], base: float, overlapping: Callable[[str], Exception]) -> Node:
    """Return the values of schedulers together, from a first value on.

    Args:
        windows: The schedulers of one parameter.
        base: The value before all of them.
        overlapping: What makes the error of one that overlaps another and does not multiply.
    """
    begins = {id(window): window.first for window in windows}
    changes = {id(window): window.changes(base) for window in windows} if overlap(windows) else begins
    for largest in (1, len(windows)):
        for starts in (begins, changes):
            clusters = _clusters(windows, starts)
            if all(len(one) <= largest and (len(one) == 1 or _multiply(one)) for one in clusters):
                return _in_turn(clusters, base)
    raise overlapping(next(window.name for window in windows if not window.shape.multiplies))


def overlap(windows: list[Window]) -> bool:
    """Tell whether some of the windows overlap."""
    ordered = sorted(windows, key=lambda window: window.first)
    return any(one.last is None or one.last > two.first for one, two in pairwise(ordered))


def _multiply(cluster: list[Window]) -> bool:
    return all(window.shape.multiplies for window in cluster)


def _clusters(windows: list[Window], starts: dict[int, int]) -> list[list[Window]]:
    """Return the windows in groups of those that overlap, in their order."""
    clusters: list[list[Window]] = []
    for window in sorted(windows, key=lambda window: starts[id(window)]):
        ends = [one.last for one in clusters[-1]] if clusters else []
        before = max((end for end in ends if end is not None), default=0)
        if clusters and (None in ends or before > starts[id(window)]):
            clusters[-1].append(window)
        else:
            clusters.append([window])
    return clusters


def _in_turn(clusters: list[list[Window]], value: float) -> Node:
    """Return the groups one after another: each begins from the value that the one before left."""
    parts: list[Node] = []
    position = 0
    for cluster in clusters:
        start = max(position, min(window.first for window in cluster))
        if start > position:
            parts.append(Constant(value=value, steps=start - position))
        last = max(window.last or 0 for window in cluster)
        if cluster is clusters[-1] or last <= start:
            parts.append(_together(cluster, value, start, held=not cluster[0].lasts))
            break
        node = _together(cluster, value, start, held=False)
        parts += lasting(node, last - start)
        value = exact_values(node, [last - start - 1])[0]
        position = last
    return joined(*parts)


def _together(cluster: list[Window], value: float, start: int, *, held: bool) -> Node:
    """Return windows that overlap, from a tick on: they multiply one another."""
    if len(cluster) == 1:
        return cluster[0].node(value, start - cluster[0].first, held=held)
    factors: list[Node] = []
    for window in cluster:
        node = window.node(1.0, max(start - window.first, 0), held=True)
        silent = max(window.first - start, 0)
        factors.append(joined(Constant(value=1.0, steps=silent), node) if silent else node)
    return Affine(part=Product(parts=factors), scale=value)
