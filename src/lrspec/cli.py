"""The command `lrspec`: it parses, calls the package, and prints."""

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

import lrspec
from lrspec.explain import HEADINGS, explain, tree
from lrspec.plot import svg
from lrspec.units import QUANTITIES
from lrspec.verify import FAST_STEPS, FRAMEWORKS, SLOW_STEPS, Report, verify

EQUAL, DIFFERENT, BAD_INPUT = 0, 1, 2
_MAX_PRINTED = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 when all is equal, 1 when not, 2 on bad input."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (lrspec.LrspecError, OSError) as error:
        print(f"lrspec: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lrspec", description="One learning-rate schedule, every framework.")
    parser.add_argument("--version", action="version", version=f"lrspec {lrspec.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_show(commands)
    _add_lint(commands)
    _add_plot(commands)
    _add_verify(commands)
    return parser


def _add_verify(commands: Any) -> None:
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
        "--steps", type=_count, default=FAST_STEPS, help="steps in each fast mode (default %(default)s)"
    )
    command.add_argument(
        "--slow-steps", type=_count, default=SLOW_STEPS, help="steps in each slow mode (default %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.add_argument(
        "--corrupt",
        action="store_true",
        help="change one coefficient of the program that the backends run, to see that it is noticed",
    )
    command.set_defaults(run=_verify)


def _add_show(commands: Any) -> None:
    command = commands.add_parser(
        "show",
        help="explain a document: its tree, its phases with their formulas, steps and values, and its totals",
        description="Print each schedule of a document as a tree, and as a table of its phases with their formulas, "
        "first and last steps, and the values there.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a document, YAML or JSON")
    command.add_argument("--steps", type=_range, metavar="START:STOP[:STRIDE]", help="print the values of these steps")
    _add_quantities(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_show)


def _add_lint(commands: Any) -> None:
    command = commands.add_parser(
        "lint",
        help="warn about what is probably not meant",
        description="Warn about jumps, first updates with rate 0, ends before or after the total, and the like. Exit "
        "status: 0, or with --strict 1 where there is a warning; 2 on bad input.",
    )
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="documents, YAML or JSON")
    command.add_argument("--strict", action="store_true", help="exit with status 1 where there is a warning")
    _add_quantities(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_lint)


def _add_plot(commands: Any) -> None:
    command = commands.add_parser(
        "plot", help="draw a document's learning rate", description="Draw a document's learning rate as an SVG file."
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a document, YAML or JSON")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="SVG", help="the file to write")
    command.add_argument("--steps", type=_count, help="how many steps to draw")
    _add_quantities(command)
    command.set_defaults(run=_plot)


def _add_quantities(command: argparse.ArgumentParser) -> None:
    for quantity in QUANTITIES:
        name = f"--{quantity.replace('_', '-')}"
        command.add_argument(name, metavar="N", help=f"the document's {quantity}, where it has none or another")


def _load(path: Path, options: argparse.Namespace) -> lrspec.Document:
    """Return the document of a file, with the quantities of the command line.

    Raises:
        LrspecError: The file holds no document, or a quantity is no number.
    """
    given = {name: _number(value) for name in QUANTITIES if (value := getattr(options, name, None)) is not None}
    try:
        document = lrspec.load(path)
        return document.resolve(**given) if given else document
    except lrspec.SpecError as error:
        raise lrspec.LrspecError(f"{path}: {error}") from None


def _number(text: str) -> Any:
    return int(text) if text.isdecimal() else float(text) if text.replace(".", "", 1).isdecimal() else text


def _range(text: str) -> tuple[int, int, int]:
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}: expected START:STOP or START:STOP:STRIDE")
    start, stop, stride = (*map(int, parts), 1)[:3]
    if not start < stop or stride < 1 or (stop - start) // stride > _MAX_PRINTED:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 to {_MAX_PRINTED} steps")
    return start, stop, stride


def _show(options: argparse.Namespace) -> int:
    document = _load(options.file, options)
    steps = range(*options.steps) if options.steps else ()
    if options.json:
        shown = {name: asdict(explain(document, name)) for name in document}
        values = {name: [document[name](step) for step in steps] for name in document}
        print(json.dumps({"schedules": shown, "values": values, "fingerprint": document.fingerprint}, indent=2))
        return EQUAL
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    for name in document:
        console.print(f"{name}: {tree(document[name])}", markup=False)
        explanation = explain(document, name)
        table = Table(*HEADINGS[:2])
        for heading in HEADINGS[2:]:
            table.add_column(heading, justify="right")
        for row in explanation.rows():
            table.add_row(*map(escape, row))
        console.print(table)
        for line in explanation.totals():
            console.print(line, markup=False)
    for step in steps:
        print(step, *(repr(document[name](step)) for name in document), sep="\t")
    return EQUAL


def _lint(options: argparse.Namespace) -> int:
    found = {str(path): _load(path, options).lint() for path in options.files}
    if options.json:
        print(
            json.dumps({path: [asdict(finding) for finding in findings] for path, findings in found.items()}, indent=2)
        )
    else:
        for path, findings in found.items():
            for finding in findings:
                print(f"{path}: {finding}")
    return DIFFERENT if options.strict and any(found.values()) else EQUAL


def _plot(options: argparse.Namespace) -> int:
    document = _load(options.file, options)
    options.output.write_text(svg(document, options.steps), encoding="utf-8")
    return EQUAL


def _backends(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in FRAMEWORKS:
            raise argparse.ArgumentTypeError(f"{name!r}: expected some of {', '.join(FRAMEWORKS)}")
    return names


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**7:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of steps from 1 to 10000000")
    return int(text)


def _verify(options: argparse.Namespace) -> int:
    document = _load(options.file, options)
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
        print(json.dumps({"fingerprint": fingerprint, **asdict(report)}, indent=2))
    else:
        _print(report, f"{options.file}  {fingerprint}")
    if options.backends and report.not_installed:
        print(f"lrspec: not installed, though asked for: {', '.join(report.not_installed)}", file=sys.stderr)
        return BAD_INPUT
    return EQUAL if report.ok else DIFFERENT


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
