"""Which vectors and points run in a mode: all on the host, and fewer where each program or each step takes long.

The choice depends on nothing but the files, so that two environments run the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lrspec.conformance.vectors_file import Steps, Vector, VectorFile
from lrspec.probes import Mode

SIZES = ("quick", "default", "all")
WINDOW = 64
"""Steps in each call of a mode that compiles a program for each number of steps."""
_EVERY = {"quick": 40, "default": 12, "all": 1}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the vectors runs.

    Args:
        name: What to call it.
        flag: Only vectors with this flag; none for no such limit.
        every: One vector of so many, besides those with the flag `core`.
        most: So many points of each vector.
    """

    name: str
    flag: str = ""
    every: int = 1
    most: int = 1 << 30

    def vectors(self, file: VectorFile) -> Iterator[Vector]:
        """Yield the vectors of a file that run."""
        for place, vector in enumerate(one for one in file.vectors if not one.is_refused):
            if self.flag in vector.flags if self.flag else place % self.every == 0 or "core" in vector.flags:
                yield vector

    def places(self, vector: Vector) -> Steps:
        """Return the places of the points that run: the first, the last, and others at equal distances."""
        count = len(vector.points[0]) + len(vector.either)
        return np.unique(np.linspace(0, count - 1, min(count, self.most)).round().astype(np.int64))


ALL = Selection(name="all")


def selection(mode: Mode, size: str) -> Selection:
    """Return what runs in a mode of a framework."""
    if mode.compiles and size != "all":
        return Selection(name="essential", flag="essential", most=16 if mode.slow else 1 << 30)
    if mode.builds or mode.compiles:
        flag = {"quick": "essential", "default": "core", "all": ""}[size]
        return Selection(name=flag or "all", flag=flag, most=24 if mode.slow else 1 << 30)
    most = {"quick": 4, "default": 6 if mode.slow else 16, "all": 48}[size]
    every = _EVERY[size]
    return Selection(name=f"1 in {every}" if every > 1 else "all", every=every, most=most)


def ranges(steps: Steps, last: int, *, builds: bool) -> list[tuple[int, int]]:
    """Return the ranges of steps to run so that all `steps` are in one: neighbours together, or windows of one size."""
    found: list[tuple[int, int]] = []
    for step in map(int, steps):
        if builds:
            size = min(WINDOW, last + 1)
            if not found or step >= found[-1][1]:
                start = min(step, last + 1 - size)
                found.append((start, start + size))
        elif found and step == found[-1][1]:
            found[-1] = (found[-1][0], step + 1)
        else:
            found.append((step, step + 1))
    return found
