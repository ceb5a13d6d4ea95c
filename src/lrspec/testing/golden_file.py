"""Golden files: the values of a schedule as text that a reviewer can read and a diff can show.

A file has the fingerprint and the document, where there is one, and then for each hyperparameter a line for every run
of equal steps: the step or steps, the bits of the float32 number, and the number in decimals.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lrspec.document import dumps, loads
from lrspec.errors import LrspecError
from lrspec.fields import show
from lrspec.resume import resolved
from lrspec.schedule import Schedule
from lrspec.testing.values import Values
from lrspec.verify.rows import bits_of

FORMAT = 1
MOST_STEPS = 100_000
_HEAD = """\
# A golden schedule of lrspec: the steps, the bits of the float32 number that they use, and the number in decimals.
# `schedule_golden` compares it in each framework that is installed; `pytest --update-schedules` rewrites it.
golden: 1
"""
_ROW = re.compile(r" +(\d+)(?:-(\d+))? +([0-9a-f]{8}) +(\S+)")
_KEY = re.compile(r"(golden|fingerprint): (\S+)")
_HEADING = re.compile(r"document:|values of (\S.*):")


@dataclass(frozen=True, kw_only=True)
class GoldenFile:
    """What a golden file holds.

    Args:
        values: The values of the steps from 0 on, by the path of each schedule.
        fingerprint: The fingerprint of the schedule, where it has one.
        document: The schedule itself, where there is one.
    """

    values: dict[str, Values]
    fingerprint: str | None = None
    document: Schedule | None = None

    @property
    def steps(self) -> int:
        """How many steps it holds."""
        return min(map(len, self.values.values()))

    def __str__(self) -> str:
        """Return the text of the file."""
        parts = [_HEAD]
        if self.document is not None:
            parts.append(f"fingerprint: {self.fingerprint}\n")
            parts.append("document:\n" + textwrap.indent(dumps(resolved(self.document)), "  "))
        for path, values in self.values.items():
            parts.append("".join([f"values of {path}:\n", *map("  {}\n".format, _rows(values))]))
        return "".join(parts)


def _rows(values: Values) -> list[str]:
    """Return a line for each run of equal values."""
    bits = (values + np.float32(0)).view(np.int32)
    starts = [0, *(np.flatnonzero(np.diff(bits)) + 1).tolist(), len(values)]
    rows = []
    for start, stop in pairwise(starts):
        steps = str(start) if stop == start + 1 else f"{start}-{stop - 1}"
        value = values[start] + np.float32(0)
        rows.append(f"{steps:>13}  {bits_of(value)}  {value!s}")
    return rows


def read(path: Path) -> GoldenFile:
    """Return what a golden file holds.

    Raises:
        LrspecError: It is none, or was edited so that it contradicts itself; the message has the line.
        OSError: It cannot be read.
    """
    head, parts = _sections(path)
    document = "\n".join(line[2:] for _, line in parts.pop("document", []))
    version, fingerprint = head.get("golden"), head.get("fingerprint")
    if version != str(FORMAT) or not parts:
        raise LrspecError(f"{path}: found golden: {version} with {len(parts)} sequences, expected golden: {FORMAT}")
    found = {name: _read_rows(rows, path) for name, rows in parts.items()}
    held = loads(document) if document else None
    if held is not None and held.fingerprint != fingerprint:
        raise LrspecError(
            f"{path}: its document has the fingerprint {held.fingerprint}, and its line says {fingerprint}"
        )
    return GoldenFile(values=found, fingerprint=fingerprint, document=held)


def _sections(path: Path) -> tuple[dict[str, str], dict[str, list[tuple[int, str]]]]:
    """Return the lines of a file with a key and a value, and the indented lines below each heading, with numbers."""
    head: dict[str, str] = {}
    parts: dict[str, list[tuple[int, str]]] = {}
    place: list[tuple[int, str]] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        key = _KEY.fullmatch(line)
        heading = _HEADING.fullmatch(line)
        if line.startswith("#") or not line.strip():
            continue
        if key is not None:
            head[key[1]] = key[2]
        elif heading is not None:
            place = parts.setdefault(heading[1] or "document", [])
        elif line.startswith("  ") and place is not None:
            place.append((number, line))
        else:
            raise _wrong(path, number, line, "a line of a golden file")
    return head, parts


def _read_rows(rows: list[tuple[int, str]], path: Path) -> Values:
    found: list[Any] = []
    for number, line in rows:
        match = _ROW.fullmatch(line)
        if match is None:
            raise _wrong(path, number, line, "steps, eight hexadecimal digits and a number")
        first, last = int(match[1]), int(match[2] or match[1])
        if first != len(found) or not first <= last < MOST_STEPS:
            raise _wrong(path, number, line, f"step {len(found)}, and none from {MOST_STEPS} on")
        value = np.array([int(match[3], 16)], np.uint32).view(np.float32)[0]
        if not np.isfinite(value) or match[4] != str(value):
            raise _wrong(path, number, line, f"{value!s}, the number of these bits")
        found += [value] * (last - first + 1)
    if not found:
        raise LrspecError(f"{path}: a sequence without steps")
    return np.array(found, np.float32)


def _wrong(path: Path, number: int, line: str, expected: str) -> LrspecError:
    return LrspecError(f"{path}:{number}: found {show(line)}, expected {expected}")
