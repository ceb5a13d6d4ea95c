"""`lrspec merge`: the reports of several environments as one table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lrspec.cli.common import FOUND, GOOD, NOT_RUN, say
from lrspec.reports import Merged, Report, Row, merged, read

_BY_MODE = {"verify": "lrspec verify", "conformance": "Conformance vectors"}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "merge",
        help="put the reports of several environments into one table",
        description="Put reports, as `pytest --lrspec-report`, `lrspec verify --json` and `lrspec conformance --json` "
        "write them, into one table with a column for each environment. Exit status: 0 where everything is as expected "
        "and equal in all of them, 1 where something is not or a required backend is missing, 2 on bad input, 3 where "
        "some rows could not run, and the others are equal.",
        epilog="Example: lrspec merge torch.json keras.json optax.json --require torch,keras,optax",
    )
    command.add_argument("files", type=Path, nargs="+", metavar="REPORT", help="a report, JSON")
    command.add_argument(
        "--require", default="", metavar="NAMES", help="backends that some report must have: a list such as torch,keras"
    )
    command.add_argument("--json", action="store_true", help="print the merged reports as JSON")
    command.set_defaults(run=_merge)


def _merge(options: argparse.Namespace) -> int:
    require = [name for part in options.require.split(",") if (name := part.strip())]
    found = merged([read(path) for path in options.files], require)
    if options.json:
        say(json.dumps(found.to_dict(), indent=1))
    else:
        _print(found)
    return FOUND if not found.ok else NOT_RUN if found.not_run else GOOD


def _print(found: Merged) -> None:
    console = Console(width=140, highlight=False)
    titles = [escape(_title(one)) for one in found.reports]
    table = Table("what", "quantity", "steps", *titles)
    for (file, test, quantity, start, steps), cells in found.table.items():
        if any(row.kind in _BY_MODE for rows in cells for row in rows):
            continue
        counts = f"{start:,}-{start + steps - 1:,}" if steps else ""
        table.add_row(escape(" ".join(filter(None, (file, test)))), quantity, counts, *map(_cell, cells))
    if table.row_count:
        console.print(table)
    for kind, title in _BY_MODE.items():
        _print_modes(console, found, kind, title)
    for line in found.wrong:
        console.print(line, style="bold red", markup=False, soft_wrap=True)
    for line in found.not_run:
        console.print(f"Could not run: {line}", style="yellow", markup=False, soft_wrap=True)
    if found.ok:
        said = f"All {len(found.table)} comparisons are equal in all {len(found.reports)} reports"
        failed = f", {len(found.not_run)} rows could not run" if found.not_run else ""
        console.print(f"{said}{failed}.", style="bold yellow" if failed else "green")


def _print_modes(console: Console, found: Merged, kind: str, title: str) -> None:
    """Print a matrix of backends and modes by environments."""
    by_report = [_by_mode(report.rows, kind) for report in found.reports]
    keys = dict.fromkeys(key for rows in by_report for key in rows)
    if not keys:
        return
    columns = [escape(_title(one)) for one in found.reports]
    table = Table("backend", "device", "mode", *columns, title=title, title_justify="left")
    if kind == "verify":
        table.add_column("document")
    for key in keys:
        cells = [_counts(rows.get(key, [])) for rows in by_report]
        named = [escape(name) for name in key[:3]]
        table.add_row(*named, *cells, *([escape(key[3])] if kind == "verify" else []))
    console.print(table)


def _by_mode(rows: Iterable[Row], kind: str) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.kind == kind:
            key = (row.backend, row.device, row.mode, row.file if kind == "verify" else "")
            found.setdefault(key, []).append(row)
    return found


def _counts(rows: list[Row]) -> str:
    """Return what a backend gave in a mode: how much of it was equal."""
    if not rows:
        return ""
    if any(row.error is not None for row in rows):
        return "could not run"
    vectors, steps, differing = (sum(getattr(row, name) for row in rows) for name in ("vectors", "steps", "differing"))
    counts = f"{vectors:,} vectors, {steps:,} points" if vectors else f"{steps:,} steps"
    return f"DIFFERS: {differing:,} of {counts}" if differing else f"equal: {counts}"


def _title(report: Report) -> str:
    environment = report.environment
    versions = environment.get("versions")
    known = versions if isinstance(versions, dict) else {}
    lines = [f"{one} {known[one]}" for one in known if one != "numpy"]
    head = [
        f"lrspec {environment.get('lrspec')}, spec {environment.get('spec')}",
        f"Python {environment.get('python')}",
    ]
    return "\n".join([Path(report.name).name, *head, *lines])


def _cell(rows: tuple[Row, ...]) -> str:
    said: dict[str, list[str]] = {}
    for row in rows:
        verdict = "equal" if row.ok and not row.differing else f"within {row.max_ulps} ulps" if row.ok else "DIFFERS"
        said.setdefault(verdict, []).append(row.backend)
    return "\n".join(
        f"{verdict}: {', '.join(filter(None, dict.fromkeys(names)))}".rstrip(": ") for verdict, names in said.items()
    )
