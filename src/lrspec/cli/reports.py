"""What `verify` and `conformance` found as reports that merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrspec.conformance import Found
from lrspec.conformance.hosts import COMPILER
from lrspec.reports import Report, Row, environment
from lrspec.verify import Report as Verified


def of_verify(found: Verified, file: Path, fingerprint: str) -> Report:
    """Return the report of `lrspec verify`: a row for each backend and mode."""
    name = _relative(file)
    rows = [
        Row(
            kind="verify",
            file=name,
            test="verify",
            backend=row.backend,
            version=row.version,
            device=row.device,
            mode=row.mode,
            steps=row.steps,
            fingerprint=fingerprint,
            values=row.values,
            ok=row.ok or row.error is not None,
            differing=row.differing,
            first_difference=row.first_difference,
            got=row.got,
            wanted=row.wanted,
            seconds=row.seconds,
            error=row.error,
        )
        for row in found.rows
    ]
    more = {
        "file": name,
        "fingerprint": fingerprint,
        "windows": found.windows,
        "natives": [vars(row) for row in found.natives],
        "not_installed": list(found.not_installed),
        "without": list(found.without),
    }
    return Report(environment=environment(), rows=tuple(rows), name=name, more=more)


def of_conformance(found: Found) -> Report:
    """Return the report of `lrspec conformance`: a row for each backend, mode and file of vectors."""
    rows = []
    for result in found.results:
        names: dict[str, Any] = {
            "kind": "conformance",
            "backend": result.backend,
            "version": result.version,
            "device": result.device,
            "mode": result.mode,
            "test": result.selection,
            "quantity": "fingerprints" if result.mode == COMPILER else "values",
        }
        if result.error is not None:
            rows.append(Row(**names, error=result.error))
        rows += [_row(one, names) for one in result.files]
    more = {"size": found.size, "files": list(found.files), "not_installed": list(found.not_installed)}
    return Report(environment=environment(), rows=tuple(rows), more=more)


def _row(one: dict[str, Any], names: dict[str, Any]) -> Row:
    is_text = one["first_vector"] is not None and one["first_difference"] is None
    return Row(
        **names,
        file=f"vectors/{one['file']}.json",
        fingerprint=one["fingerprint"],
        values=one["values"],
        steps=one["points"],
        vectors=one["vectors"],
        ok=not one["differing"],
        differing=one["differing"],
        first_difference=one["first_difference"],
        got=one["got"],
        wanted=one["wanted"],
        message=f"{one['first_vector']}: {one['got']}, not {one['wanted']}" if is_text else one["first_vector"] or "",
    )


def _relative(file: Path) -> str:
    """Return a file's path from here where it is below, and else its name: it is the same in several environments."""
    path = file.absolute()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.name
