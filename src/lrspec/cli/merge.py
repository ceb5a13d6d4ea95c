"""`lrspec merge`: the reports of several environments as one table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lrspec.cli.common import FOUND, GOOD, say
from lrspec.reports import Merged, Row, merged, read


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "merge",
        help="put the reports of several environments into one table",
        description="Put reports, as `pytest --lrspec-report` writes them, into one table: a row for each comparison, "
        "a column for each environment. Exit status: 0 where everything is as expected and equal in all of them, 1 "
        "where something is not or a required backend is missing, 2 on bad input.",
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
    return GOOD if found.ok else FOUND


def _print(found: Merged) -> None:
    console = Console(width=140, highlight=False)
    table = Table("what", "quantity", "steps", *(escape(_title(one.name, one.environment)) for one in found.reports))
    for (file, test, quantity, start, steps), cells in found.table.items():
        counts = f"{start:,}-{start + steps - 1:,}" if steps else ""
        table.add_row(escape(" ".join(filter(None, (file, test)))), quantity, counts, *map(_cell, cells))
    console.print(table)
    for line in found.wrong:
        console.print(line, style="bold red", markup=False, soft_wrap=True)
    if found.ok:
        console.print(
            f"All {len(found.table)} comparisons are equal in all {len(found.reports)} reports.", style="green"
        )


def _title(name: str, environment: dict[str, Any]) -> str:
    versions = environment.get("versions")
    known = versions if isinstance(versions, dict) else {}
    lines = [f"{one} {known[one]}" for one in known if one != "numpy"]
    return "\n".join(
        [Path(name).name, f"lrspec {environment.get('lrspec')}", f"Python {environment.get('python')}", *lines]
    )


def _cell(rows: tuple[Row, ...]) -> str:
    said: dict[str, list[str]] = {}
    for row in rows:
        verdict = "equal" if row.ok and not row.differing else f"within {row.max_ulps} ulps" if row.ok else "DIFFERS"
        said.setdefault(verdict, []).append(row.backend)
    return "\n".join(
        f"{verdict}: {', '.join(filter(None, dict.fromkeys(names)))}".rstrip(": ") for verdict, names in said.items()
    )
