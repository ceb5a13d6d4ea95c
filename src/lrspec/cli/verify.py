"""`lrspec verify`: a document on every backend, compared in every bit."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, complain, count, load, say
from lrspec.verify import FAST_STEPS, FRAMEWORKS, SLOW_STEPS, Report, verify


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="run a document on every installed backend and compare every bit",
        description="Run a document's learning rate on every installed backend, device and mode, compare every bit "
        "with the program, and show what each framework's own schedule would have given. Exit status: 0 when all "
        "bits are equal, 1 when not, 2 on bad input.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a document, YAML or JSON")
    command.add_argument(
        "--backends",
        type=_backends,
        metavar="NAMES",
        help=f"run only these, and fail when one is not installed: a list such as {','.join(FRAMEWORKS)}",
    )
    command.add_argument(
        "--steps", type=count, default=FAST_STEPS, help="steps in each fast mode (default %(default)s)"
    )
    command.add_argument(
        "--slow-steps", type=count, default=SLOW_STEPS, help="steps in each slow mode (default %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.add_argument(
        "--corrupt",
        action="store_true",
        help="change one coefficient of the program that the backends run, to see that it is noticed",
    )
    command.set_defaults(run=_verify)


def _backends(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in FRAMEWORKS:
            raise argparse.ArgumentTypeError(f"{name!r}: expected some of {', '.join(FRAMEWORKS)}")
    return names


def _verify(options: argparse.Namespace) -> int:
    document = load(options.file, options)
    fingerprint = document.fingerprint
    with Progress(
        TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("starting the backends")
        report = verify(
            document,
            frameworks=options.backends or FRAMEWORKS,
            fast_steps=options.steps,
            slow_steps=options.slow_steps,
            corrupt=options.corrupt,
            progress=lambda label, steps: bar.update(task, description=f"running {label}, {steps:,} steps"),
        )
    if options.json:
        say(json.dumps({"fingerprint": fingerprint, **asdict(report)}, indent=2))
    else:
        _print(report, f"{options.file}  {fingerprint}")
    if options.backends and report.not_installed:
        complain(f"not installed, though asked for: {', '.join(report.not_installed)}")
        return BAD_INPUT
    return GOOD if report.ok else FOUND


def _print(report: Report, title: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("backend", "version", "device", "mode", title=escape(title), title_justify="left")
    for heading in ("steps", "differing", "first at", "time"):
        table.add_column(heading, justify="right")
    for row in report.rows:
        style = "" if row.ok else "bold red"
        if row.error is not None:
            table.add_row(escape(row.backend), "failed", "", escape(row.error), style=style)
            continue
        first = "" if row.first_difference is None else f"{row.first_difference:,}"
        counts = (f"{row.steps:,}", f"{row.differing:,}", first, f"{row.seconds:.1f} s")
        table.add_row(escape(row.backend), row.version, row.device, row.mode, *counts, style=style)
    console.print(table)
    if report.natives:
        _print_natives(console, report)
    if report.not_installed:
        console.print(f"Not installed: {', '.join(report.not_installed)}.", highlight=False)
    if all(row.backend in {"exact formula", "python", "numpy"} for row in report.rows):
        console.print("No framework ran: these are the evaluators in Python and NumPy.", highlight=False)
    modes = len(report.rows)
    good = sum(row.ok for row in report.rows)
    verdict = (
        f"{good} of {modes} rows are equal in every bit."
        if not report.ok
        else f"All {modes} rows are equal in every bit."
    )
    console.print(verdict, style="green" if report.ok else "bold red", highlight=False)


def _print_natives(console: Console, report: Report) -> None:
    table = Table(
        "backend", "its own schedule", title="What the native schedule would have given", title_justify="left"
    )
    for heading in ("steps", "differ", "largest ulp", "largest relative"):
        table.add_column(heading, justify="right")
    for row in report.natives:
        share = f"{100 * row.differing / row.steps:.2f} %"
        counts = (f"{row.steps:,}", share, f"{row.largest_ulp:,}", f"{row.largest_relative:.2g}")
        table.add_row(escape(row.backend), escape(row.name), *counts)
    console.print(table)
