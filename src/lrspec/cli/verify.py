"""`lrspec verify`: a document on every backend, compared in every bit."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, NOT_RUN, add_document, complain, count, load, say
from lrspec.cli.progress import shown
from lrspec.cli.reports import of_verify
from lrspec.verify import FAST_STEPS, QUICK, SLOW_STEPS, Report, verify
from lrspec.verify.backends import FRAMEWORKS, HOST
from lrspec.verify.rows import Row


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="run a document on every installed backend and compare every bit",
        description="Run a document's learning rate on every installed backend, device and mode, compare every bit "
        "with the program, and show what each framework's own schedule would have given. Exit status: 0 when all "
        "bits are equal; 1 when one differs; 2 on bad input; 3 when some rows could not run, and the others are equal.",
    )
    add_document(command)
    command.add_argument(
        "--backends",
        type=_backends,
        metavar="NAMES",
        help=f"run only these, and fail when one is not installed: a list such as {','.join(FRAMEWORKS)}",
    )
    command.add_argument("--steps", type=count, help=f"steps in each fast mode (default {FAST_STEPS})")
    command.add_argument("--slow-steps", type=count, help=f"steps in each slow mode (default {SLOW_STEPS})")
    command.add_argument(
        "--quick",
        action="store_true",
        help="every mode of every backend, with few steps: "
        f"--steps {QUICK['fast_steps']} --slow-steps {QUICK['slow_steps']}",
    )
    command.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="MODE",
        help="leave out a mode, by its name in the table or a word of it such as `inductor`, alone or as "
        "BACKEND:MODE; may be given several times",
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON, for `lrspec merge`")
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
    steps = dict(QUICK) if options.quick else {}
    given = {"fast_steps": options.steps, "slow_steps": options.slow_steps}
    steps |= {name: value for name, value in given.items() if value is not None}
    with shown() as progress:
        report = verify(
            document,
            frameworks=options.backends or FRAMEWORKS,
            **steps,
            without=tuple(options.without),
            corrupt=options.corrupt,
            progress=progress,
        )
    if options.json:
        say(json.dumps(of_verify(report, options.file, fingerprint).to_dict(), indent=1))
    else:
        _print(report, f"{options.file}  {fingerprint}")
    if options.backends and report.not_installed:
        complain(f"not installed, though asked for: {', '.join(report.not_installed)}")
    return _status(report, is_incomplete=bool(options.backends and report.not_installed))


def _status(report: Report, *, is_incomplete: bool) -> int:
    if report.differs:
        return FOUND
    if is_incomplete:
        return BAD_INPUT
    return GOOD if report.ok else NOT_RUN


def _print(report: Report, title: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("backend", "version", "device", "mode", title=escape(title), title_justify="left")
    for heading in ("steps", "differing", "first at", "time"):
        table.add_column(heading, justify="right")
    for row in report.rows:
        if row.error is not None:
            names = (escape(row.backend), row.version, row.device, row.mode)
            table.add_row(*names, "", "could not run", style="bold yellow")
            continue
        style = "" if row.ok else "bold red"
        first = "" if row.first_difference is None else f"{row.first_difference:,}"
        counts = (f"{row.steps:,}", f"{row.differing:,}", first, f"{row.seconds:.1f} s")
        table.add_row(escape(row.backend), row.version, row.device, row.mode, *counts, style=style)
    console.print(table)
    if report.natives:
        _print_natives(console, report)
    if report.not_installed:
        console.print(f"Not installed: {', '.join(report.not_installed)}.", highlight=False)
    if report.without:
        console.print(f"Left out: {', '.join(report.without)}.", highlight=False, markup=False)
    if all(row.backend in HOST for row in report.rows):
        console.print("No framework ran: these are the evaluators in Python and NumPy.", highlight=False)
    print_causes(console, report.rows)
    verdict(console, report.rows)


def verdict(console: Console, rows: Sequence[Row]) -> None:
    """Print in a sentence how many rows are equal, and how many could not run."""
    good, modes = sum(row.ok for row in rows), len(rows)
    failed = sum(row.error is not None for row in rows)
    said = f"{'All' if good == modes else f'{good} of'} {modes} rows are equal in every bit"
    style = "bold red" if any(row.differing for row in rows) else "bold yellow" if failed else "green"
    console.print(f"{said}, {failed} could not run." if failed else f"{said}.", style=style, highlight=False)


def print_causes(console: Console, rows: Sequence[Row]) -> None:
    """Print why rows could not run, each cause once for a backend."""
    causes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.error is not None:
            causes.setdefault((row.backend, row.error), []).append(row.mode)
    for (backend, cause), modes in causes.items():
        text = f"Could not run {backend}: {'; '.join(modes)}: {cause}"
        console.print(text, style="yellow", highlight=False, markup=False, soft_wrap=True)


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
