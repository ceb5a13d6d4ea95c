"""What one mode gave for the vectors, and how a vector is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrspec.conformance.selection import Selection
from lrspec.conformance.vectors_file import Bits, Steps, Vector, VectorFile
from lrspec.evaluate import host_evaluator
from lrspec.reports import digest_of_bytes
from lrspec.verify.rows import Row

Sampled = Callable[[Vector, Steps], Any]
"""From a vector and steps to the float32 values there."""


@dataclass(frozen=True, kw_only=True)
class Result(Row):
    """One row: a backend in one mode, against the vectors; `steps` counts the points.

    Args:
        selection: Which vectors ran.
        vectors: How many.
        first_vector: The first vector with a difference.
        files: For each file its name, fingerprint, vectors, points, differing, first difference and the digest of all
            that was got.
    """

    selection: str = ""
    vectors: int = 0
    first_vector: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)


def of_files(files: list[dict[str, Any]], seconds: float, **names: str) -> Result:
    """Return the row of a mode from what it gave for each file."""
    first: dict[str, Any] = next((one for one in files if one["differing"]), {})
    keys = ("first_vector", "first_difference", "got", "wanted")
    return Result(
        **names,  # type: ignore[arg-type]  # texts
        vectors=sum(one["vectors"] for one in files),
        steps=sum(one["points"] for one in files),
        differing=sum(one["differing"] for one in files),
        seconds=seconds,
        files=files,
        **{key: first.get(key) for key in keys},  # type: ignore[arg-type]  # as `Tally.found` has them
    )


class Tally:
    """Counts what a file's vectors gave."""

    def __init__(self, file: VectorFile) -> None:
        self._found: dict[str, Any] = {
            "file": file.name, "fingerprint": file.fingerprint, "vectors": 0, "points": 0, "differing": 0,
            "first_vector": None, "first_difference": None, "got": None, "wanted": None,
        }  # fmt: skip
        self._got = bytearray()
        self._ids: set[str] = set()

    def add(self, vector: Vector, steps: Steps, got: Bits, wanted: Bits) -> None:
        """Compare what a vector gave at some steps."""
        self._got += got.astype("<u4").tobytes()
        unequal = np.flatnonzero(got != wanted)
        first = int(unequal[0]) if len(unequal) else None
        shown = (None, "", "") if first is None else (int(steps[first]), f"{got[first]:08x}", f"{wanted[first]:08x}")
        self.count(vector, points=len(steps), differing=len(unequal), first=shown)

    def add_text(self, vector: Vector, got: str, wanted: str) -> None:
        """Compare a text that a vector gave, such as a fingerprint."""
        self._got += f"{vector.id} {got}\n".encode()
        self.count(vector, points=1, differing=int(got != wanted), first=(None, got, wanted))

    def count(self, vector: Vector, *, points: int, differing: int, first: tuple[int | None, str, str]) -> None:
        """Count what was compared of a vector."""
        found = self._found
        self._ids.add(vector.id)
        found["vectors"] = len(self._ids)
        found["points"] += points
        if differing and not found["differing"]:
            found |= {"first_vector": vector.id, "first_difference": first[0], "got": first[1], "wanted": first[2]}
        found["differing"] += differing

    @property
    def found(self) -> dict[str, Any]:
        """The counts, and the digest of all that was got."""
        return {**self._found, "values": digest_of_bytes(self._got)}


def compared(files: list[VectorFile], chosen: Selection, sample: Sampled) -> Iterator[dict[str, Any]]:
    """Yield what a mode gives for each file.

    Raises:
        RuntimeError: A vector could not run; the message names it, and the cause is its `__cause__`.
    """
    for file in files:
        tally = Tally(file)
        for vector in chosen.vectors(file):
            places = chosen.places(vector)
            every, bits = with_open_ones(vector)
            steps, wanted = every[places], bits[places]
            try:
                got = np.asarray(sample(vector, steps))
                _check(got, len(steps))
            except Exception as error:
                raise RuntimeError(vector.id) from error
            tally.add(vector, steps, got.view(np.uint32), wanted)
        if tally.found["vectors"]:
            yield tally.found


def _check(got: Any, count: int) -> None:
    if got.dtype != np.float32 or got.shape != (count,):
        raise TypeError(f"gave {got.dtype}{list(got.shape)}: expected float32[{count}]")


def with_open_ones(vector: Vector) -> tuple[Steps, Bits]:
    """Return the points with those that the formula leaves open, where the program's value is wanted, if it is one."""
    steps, bits = vector.points
    if not vector.either:
        return steps, bits
    evaluate = host_evaluator(vector.program)
    more = np.array(sorted(vector.either), np.int64)
    found = np.array([evaluate(step) for step in more.tolist()], np.float32).view(np.uint32).tolist()
    own = np.array(
        [bits if bits in pair else pair[0] for bits, pair in zip(found, _pairs(vector), strict=True)], np.uint32
    )
    order = np.argsort(np.concatenate([steps, more]), kind="stable")
    return np.concatenate([steps, more])[order], np.concatenate([bits, own])[order]


def _pairs(vector: Vector) -> list[tuple[int, int]]:
    return [vector.either[step] for step in sorted(vector.either)]


def timed(files: Iterator[dict[str, Any]], **names: str) -> Result:
    """Return the row of a mode, with the time that it took."""
    began = time.perf_counter()
    found = list(files)
    return of_files(found, time.perf_counter() - began, **names)
