"""`lrspec conformance`: the vectors of the specification on every backend, and the reports of several environments."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lrspec.cli import merge
from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, NOT_RUN, complain, say
from lrspec.cli.progress import shown
from lrspec.cli.reports import of_conformance
from lrspec.cli.verify import print_causes, verdict
from lrspec.conformance import BACKENDS, FOLDER, Found, conformance


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "conformance",
        help="run the test vectors of the specification on every installed backend",
        description="Run the test vectors of the specification, documents and programs with bits from exact "
        "arithmetic, on every installed backend, device and mode. Exit status: 0 when all is as expected; 1 when a "
        "bit or a fingerprint differs; 2 on bad input; 3 when some rows could not run, and the others are equal.",
        epilog="`lrspec conformance merge REPORT ...` puts the reports of several environments into one table.",
    )
    command.add_argument(
        "--kind",
        action="append",
        default=[],
        dest="kinds",
        metavar="NAME",
        help="only these vectors: `linear`, `kinds/linear`, or a folder such as `presets`; may be given several times",
    )
    command.add_argument(
        "--backends",
        type=_backends,
        metavar="NAMES",
        help=f"run only these, and fail when one is not installed: a list such as {','.join(BACKENDS)}",
    )
    size = command.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", const="quick", dest="size", help="few vectors in each framework")
    size.add_argument("--all", action="store_const", const="all", dest="size", help="all vectors in every mode: hours")
    command.add_argument(
        "--without", action="append", default=[], metavar="MODE", help="leave out a mode, as in verify"
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON, for `conformance merge`")
    command.add_argument("--where", action="store_true", help="print the folder of the vectors, and run nothing")
    command.add_argument(
        "--corrupt", action="store_true", help="change each program a little, to see that it is noticed"
    )
    command.set_defaults(run=_conformance, size="default")
    merge.add(command.add_subparsers(metavar="merge"))


def _backends(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in BACKENDS:
            raise argparse.ArgumentTypeError(f"{name!r}: expected some of {', '.join(BACKENDS)}")
    return names


def _conformance(options: argparse.Namespace) -> int:
    if options.where:
        say(str(FOLDER))
        return GOOD
    with shown() as progress:
        found = conformance(
            backends=options.backends or BACKENDS,
            kinds=tuple(options.kinds),
            size=options.size or "default",
            without=tuple(options.without),
            corrupt=options.corrupt,
            progress=progress,
        )
    if options.json:
        say(json.dumps(of_conformance(found).to_dict(), indent=1))
    else:
        _print(found)
    is_incomplete = bool(options.backends and found.not_installed)
    if is_incomplete:
        complain(f"not installed, though asked for: {', '.join(found.not_installed)}")
    if found.differs:
        return FOUND
    return BAD_INPUT if is_incomplete else GOOD if found.ok else NOT_RUN


def _print(found: Found) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    table = Table("backend", "version", "device", "mode", "vectors", title="Conformance vectors", title_justify="left")
    for heading in ("how many", "points", "differing", "time"):
        table.add_column(heading, justify="right")
    for row in found.results:
        names = (escape(row.backend), row.version, row.device, row.mode, row.selection)
        if row.error is not None:
            table.add_row(*names, "", "", "could not run", style="bold yellow")
            continue
        counts = (f"{row.vectors:,}", f"{row.steps:,}", f"{row.differing:,}", f"{row.seconds:.1f} s")
        table.add_row(*names, *counts, style="" if row.ok else "bold red")
    console.print(table)
    for row in found.results:
        for one in row.files:
            if one["differing"]:
                step = "" if one["first_difference"] is None else f", step {one['first_difference']:,}"
                line = f"{row.backend}, {row.mode}: {one['first_vector']}{step}: {one['got']}, not {one['wanted']}"
                console.print(line, style="bold red", markup=False, soft_wrap=True)
    if found.not_installed:
        console.print(f"Not installed: {', '.join(found.not_installed)}.")
    print_causes(console, found.results)
    verdict(console, found.results)
