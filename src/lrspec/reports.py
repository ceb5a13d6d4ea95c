"""Reports of several environments, and one table of them: what tests and conformance runs found, as JSON that merges.

A report says which environment it is of, and has a row for everything that was compared. Rows of several reports are
the same comparison where file, test, quantity and steps are (`Row.key`); their fingerprints and values must be equal.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lrspec.errors import LrspecError, SpecError
from lrspec.fields import show

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
Key: TypeAlias = tuple[str, str, str, int, int]
"""File, test, quantity, first step and number of steps of a comparison."""
DISTRIBUTIONS = ("torch", "keras", "tensorflow", "tensorflow-cpu", "jax", "optax", "numpy")
"""Whose versions a report has, where they are installed."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison.

    Args:
        kind: `golden`, `same`, or what another runner calls its own.
        file: The file that holds what was expected, from the root of the tests; empty where there is none.
        test: The id of the test.
        backend: What computed the values: `host`, `torch`, `keras`, `optax`.
        mode: How it did.
        quantity: The path of the schedule in its document.
        start: The first step.
        steps: How many steps were compared.
        fingerprint: The schedule's, where it has one.
        values: The SHA-256 of the values' bits; None where they may differ from one environment to another.
        ok: Whether it was as expected.
        differing: At how many steps it was not equal.
        largest_ulps: By how many float32 numbers at most.
        max_ulps: How many were allowed.
        first_difference: The first step that was not as expected.
        got: The bits there, in hexadecimal.
        wanted: The bits expected there.
        message: What else was wrong.
    """

    kind: str
    file: str = ""
    test: str = ""
    backend: str = ""
    mode: str = ""
    quantity: str = "learning_rate"
    start: int = 0
    steps: int = 0
    fingerprint: str | None = None
    values: str | None = None
    ok: bool = True
    differing: int = 0
    largest_ulps: int = 0
    max_ulps: int = 0
    first_difference: int | None = None
    got: str | None = None
    wanted: str | None = None
    message: str = ""

    @property
    def key(self) -> Key:
        """What is compared, under which all environments must have equal values.

        Of a golden file it is the file, whichever test compares with it.
        """
        return (self.file, "" if self.kind == "golden" else self.test, self.quantity, self.start, self.steps)

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one environment found.

    Args:
        environment: Versions of lrspec, its spec, Python and frameworks, and the platform.
        rows: The comparisons.
        name: What to call it, such as its file.
    """

    environment: dict[str, Any]
    rows: tuple[Row, ...]
    name: str = ""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        content = {"lrspec_report": FORMAT, "environment": self.environment, "rows": [asdict(row) for row in self.rows]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Several reports as one table.

    Args:
        reports: The reports.
        table: For each comparison the rows of each report, in the order of the reports.
        wrong: What is not equal or not as expected, a sentence each.
    """

    reports: tuple[Report, ...]
    table: dict[Key, tuple[tuple[Row, ...], ...]]
    wrong: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every comparison is as expected, and equal in all environments that have it."""
        return not self.wrong

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "lrspec_merged": FORMAT,
            "ok": self.ok,
            "wrong": list(self.wrong),
            "environments": [{"name": report.name, **report.environment} for report in self.reports],
            "rows": [{"environment": report.name, **asdict(row)} for report in self.reports for row in report.rows],
        }


def environment() -> dict[str, Any]:
    """Return the versions of this environment, without importing a framework."""
    import lrspec

    found = {name: number for name in DISTRIBUTIONS if (number := _version(name)) is not None}
    return {
        "lrspec": lrspec.__version__,
        "spec": lrspec.SPEC_VERSION,
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": found,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def read(path: Path) -> Report:
    """Return the report of a file.

    Raises:
        LrspecError: It is none.
        OSError: It cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LrspecError(f"{path}: no JSON: {error}") from None
    try:
        return _report(data, str(path))
    except SpecError as error:
        raise LrspecError(f"{path}: {error}") from None


def _report(data: object, name: str) -> Report:
    if not isinstance(data, Mapping) or data.get("lrspec_report") != FORMAT:
        found = show(data.get("lrspec_report")) if isinstance(data, Mapping) else "no object"
        raise SpecError("lrspec_report", found=found, expected=f"{FORMAT}: a report of lrspec")
    own, rows = data.get("environment"), data.get("rows")
    if not isinstance(own, Mapping) or not isinstance(rows, list):
        raise SpecError("", found="no environment or rows", expected="an object and a list")
    read_rows = tuple(row_of(row, f"rows[{i}]") for i, row in enumerate(rows))
    return Report(environment=dict(own), rows=read_rows, name=name)


def row_of(data: object, path: str = "") -> Row:
    """Return a row from plain data; keys that are not known, of a later version, are left out.

    Raises:
        SpecError: It is none.
    """
    if not isinstance(data, Mapping):
        raise SpecError(path, found=show(data), expected="an object")
    given = {one.name: data[one.name] for one in fields(Row) if one.name in data}
    for one in fields(Row):
        kinds = {"str": (str,), "int": (int,), "bool": (bool,), "str | None": (str, type(None))}
        allowed = kinds.get(str(one.type), (int, type(None)))
        if one.name in given and type(given[one.name]) not in allowed:
            raise SpecError(f"{path}.{one.name}", found=show(given[one.name]), expected=f"{one.type}")
    if "kind" not in given or "ok" not in given:
        raise SpecError(path, found="no kind or ok", expected="both")
    return Row(**given)


def merged(reports: Iterable[Report], require: Sequence[str] = ()) -> Merged:
    """Return several reports as one table, with what is not equal in it.

    Args:
        reports: The reports, of environments or machines.
        require: Backends that have to stand in it, such as `torch`.
    """
    found = tuple(reports)
    keys = dict.fromkeys(row.key for report in found for row in report.rows)
    table = {key: tuple(tuple(row for row in report.rows if row.key == key) for report in found) for key in keys}
    wrong = [text for key, cells in table.items() for text in _wrong(key, cells, found)]
    ran = {row.backend for report in found for row in report.rows}
    wrong += [f"{backend}: required, and no report has a row of it" for backend in require if backend not in ran]
    specs = {str(report.environment.get("spec")) for report in found}
    wrong += [f"the reports are of several versions of the spec: {', '.join(sorted(specs))}"] if len(specs) > 1 else []
    wrong += [f"{report.name}: no rows" for report in found if not report.rows]
    return Merged(reports=found, table=table, wrong=tuple(wrong))


def _wrong(key: Key, cells: tuple[tuple[Row, ...], ...], reports: tuple[Report, ...]) -> list[str]:
    where = f"{key[1] or key[0]}, {key[2]}"
    named = [(report.name, row) for report, rows in zip(reports, cells, strict=True) for row in rows]
    said = [f"{where}: {name}, {row.backend or row.kind}: {_why(row)}" for name, row in named if not row.ok]
    for what in ("fingerprint", "values"):
        values: dict[str, list[str]] = {}
        for name, row in named:
            value = getattr(row, what)
            if value is not None:
                values.setdefault(value, []).append(f"{name} ({row.backend or row.kind})")
        if len(values) > 1:
            sides = "; ".join(f"{value[:23]} in {', '.join(dict.fromkeys(names))}" for value, names in values.items())
            said.append(f"{where}: different {what}: {sides}")
    return said


def _why(row: Row) -> str:
    if row.first_difference is None:
        return row.message or "failed"
    bits = f"{row.got}, not {row.wanted}"
    return f"differs at {row.differing:,} of {row.steps:,} steps, first at {row.first_difference:,}: {bits}"


def bits_of(value: np.float32) -> str:
    """Return the bits of a float32 number as eight hexadecimal digits."""
    return f"{int(value.view('uint32')):08x}"


def digest_of(values: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    """Return the SHA-256 of the bits of values, little-endian; -0.0 counts as 0.0."""
    return hashlib.sha256((values + values.dtype.type(0)).astype("<f4").tobytes()).hexdigest()
