"""Reports of several environments, and one table of them: what tests, `verify` and `conformance` found, as JSON.

A report says which environment it is of, and has a row for everything that was compared. Rows of several reports are
the same comparison where file, test, quantity and steps are (`Row.key`); their fingerprints and values must be equal.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lrspec.errors import LrspecError, SpecError
from lrspec.fields import show

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
HOSTS = ("python", "numpy", "exact", "node")
"""The backends that every environment has alike: their rows are shown once."""
Key: TypeAlias = tuple[str, str, str, int, int]
"""File, test, quantity, first step and number of steps of a comparison."""
DISTRIBUTIONS = ("torch", "keras", "tensorflow", "tensorflow-cpu", "jax", "optax", "numpy")
"""Whose versions a report has, where they are installed."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison.

    Args:
        kind: `golden`, `same`, `verify` or `conformance`.
        file: The file that holds what was expected, from the root of the tests; empty where there is none.
        test: The id of the test, or which vectors of a file ran.
        backend: What computed the values: `host`, `torch`, `keras[jax]`, `optax`.
        version: Its version.
        device: Where it did, such as `cpu`.
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
        message: What else was wrong, or which vector is the first that differs.
        vectors: How many vectors the steps are of.
        seconds: How long it took.
        error: Why it could not run, where it could not.
    """

    kind: str
    file: str = ""
    test: str = ""
    backend: str = ""
    version: str = ""
    device: str = ""
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
    vectors: int = 0
    seconds: float = 0.0
    error: str | None = None

    @property
    def framework(self) -> str:
        """The backend without what it runs on: `keras` of `keras[jax]`."""
        return re.split(r"[ \[]", self.backend)[0]

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
        more: What else its file says, for people.
    """

    environment: dict[str, Any]
    rows: tuple[Row, ...]
    name: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: `ok`, where every row ran and is as expected, the environment and the rows."""
        is_ok = all(row.ok and row.error is None for row in self.rows)
        head = {"lrspec_report": FORMAT, "ok": is_ok, "environment": self.environment}
        return {**head, **self.more, "rows": [asdict(row) for row in self.rows]}

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_dict(), indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Several reports as one table.

    Args:
        reports: The reports.
        table: For each comparison the rows of each report, in the order of the reports.
        wrong: What is not equal or not as expected, a sentence each.
        not_run: What could not run, and why, a sentence each.
    """

    reports: tuple[Report, ...]
    table: dict[Key, tuple[tuple[Row, ...], ...]]
    wrong: tuple[str, ...] = field(default=())
    not_run: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every comparison that ran is as expected, and equal in all environments that have it."""
        return not self.wrong

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "lrspec_merged": FORMAT,
            "ok": self.ok,
            "wrong": list(self.wrong),
            "not_run": list(self.not_run),
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
        kinds = {"str": (str,), "int": (int,), "bool": (bool,), "str | None": (str, type(None)), "float": (int, float)}
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
    given = tuple(reports)
    found = _without_repeats(given)
    table = _table(found)
    wrong = [text for key, cells in _table(given).items() for text in _wrong(key, cells, given)]
    ran = {
        name for report in given for row in report.rows if row.error is None for name in (row.backend, row.framework)
    }
    wrong += [
        f"{backend}: required, and no report has a row of it that ran" for backend in require if backend not in ran
    ]
    specs = {str(report.environment.get("spec")) for report in given}
    wrong += [f"the reports are of several versions of the spec: {', '.join(sorted(specs))}"] if len(specs) > 1 else []
    wrong += [f"{report.name}: no rows" for report in given if not report.rows]
    failed = [
        f"{report.name}: {row.backend}: {row.mode}: {row.error}" for report in given for row in report.rows if row.error
    ]
    return Merged(reports=found, table=table, wrong=tuple(wrong), not_run=tuple(dict.fromkeys(failed)))


def _table(reports: Sequence[Report]) -> dict[Key, tuple[tuple[Row, ...], ...]]:
    """Return the rows of each report under each key."""
    table: dict[Key, tuple[list[Row], ...]] = {}
    for place, report in enumerate(reports):
        for row in report.rows:
            table.setdefault(row.key, tuple([] for _ in reports))[place].append(row)
    return {key: tuple(map(tuple, cells)) for key, cells in table.items()}


def _without_repeats(reports: Sequence[Report]) -> tuple[Report, ...]:
    """Return the reports without the rows of Python and NumPy that an earlier one has, and that are equal there."""
    known: set[tuple[Any, ...]] = set()
    found = []
    for report in reports:
        rows = []
        for row in report.rows:
            told = (row.kind, row.backend, row.version, row.mode, row.key, row.fingerprint, row.values)
            if row.kind in {"verify", "conformance"} and row.framework in HOSTS and row.ok and told in known:
                continue
            known.add(told)
            rows.append(row)
        found.append(replace(report, rows=tuple(rows)))
    return tuple(found)


def _wrong(key: Key, cells: tuple[tuple[Row, ...], ...], reports: tuple[Report, ...]) -> list[str]:
    where = f"{key[1] or key[0]}, {key[2]}"
    named = [(report.name, row) for report, rows in zip(reports, cells, strict=True) for row in rows]
    said = [
        f"{where}: {name}, {row.backend or row.kind}: {_why(row)}"
        for name, row in named
        if not row.ok and row.error is None
    ]
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
    where = f"{row.message}, step {row.first_difference:,}" if row.vectors else f"{row.first_difference:,}"
    return f"differs at {row.differing:,} of {row.steps:,} steps, first at {where}: {bits}"


def digest_of(values: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    """Return the SHA-256 of the bits of values, little-endian; -0.0 counts as 0.0."""
    return digest_of_bytes((values + values.dtype.type(0)).astype("<f4").tobytes())


def digest_of_bytes(data: bytes | bytearray) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
