"""`lrspec show`: a document in words, formulas and numbers."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import lrspec
from lrspec.cli.common import GOOD, add_document, load, named, say
from lrspec.cli.curve import curve
from lrspec.views.explain import HEADINGS, Explanation, explain, tree
from lrspec.views.timeline import schedules

_MAX_PRINTED = 1_000_000


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "show",
        help="explain a document: its tree, its curve, its phases with their formulas, steps and values",
        description="Print each schedule of a document, those of parameter groups too: as a tree, as a curve, and as "
        "a table of its phases, with the formula of each, its first and last step, and the values there; then its "
        "length, what comes after it, the lowest and the highest value, and the fingerprint and size of its program. "
        "Exit status: 0, or 2 on bad input.",
        epilog="Example: lrspec show schedule.yaml --steps 0:1000:100",
    )
    add_document(command)
    command.add_argument(
        "--steps",
        type=_range,
        metavar="START:STOP[:STRIDE]",
        help="print the values of these steps too, with a tab between columns; STOP itself is left out",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_show)


def _range(text: str) -> range:
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}: expected START:STOP or START:STOP:STRIDE")
    start, stop, stride = (*map(int, parts), 1)[:3]
    if stride < 1 or not 1 <= len(steps := range(start, stop, stride)) <= _MAX_PRINTED:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 to {_MAX_PRINTED} steps")
    return steps


def _show(options: argparse.Namespace) -> int:
    document = load(options.file, options)
    steps = options.steps or range(0)
    with named(options.file):
        nodes = schedules(document)
        found = {path: explain(document, path) for path in nodes}
        values = {path: [node(step) for step in steps] for path, node in nodes.items()}
        if options.json:
            shown = {path: {"tree": tree(nodes[path]), **asdict(explanation)} for path, explanation in found.items()}
            data = {"schedules": shown, "values": values, "fingerprint": document.fingerprint}
            say(json.dumps(data, indent=2))
            return GOOD
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    for path, node in nodes.items():
        _print(console, node, found[path])
    if steps:
        say("\t".join(["step", *nodes]))
    for i, step in enumerate(steps):
        say("\t".join([str(step), *(repr(values[path][i]) for path in nodes)]))
    return GOOD


def _print(console: Console, node: lrspec.Node, explanation: Explanation) -> None:
    console.print(f"{explanation.name}: {tree(node)}", markup=False)
    if explanation.lowest[0] != explanation.highest[0]:
        drawing = curve(node, width=min(console.width, 100), only_ascii=not console.encoding.startswith("utf"))
        console.print("\n".join(drawing), markup=False)
    table = Table(*HEADINGS[:2])
    for heading in HEADINGS[2:]:
        table.add_column(heading, justify="right")
    for row in explanation.rows():
        table.add_row(*map(escape, row))
    console.print(table)
    for line in explanation.totals():
        console.print(line, markup=False)
