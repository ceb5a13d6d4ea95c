"""`lrspec diff`: how two schedules differ, wherever they come from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import FOUND, GOOD, complain, count, named, say
from lrspec.cli.inputs import add_inputs, read_inputs
from lrspec.cli.plot import picture, write_picture
from lrspec.cli.selection import add_selection, selected
from lrspec.cli.waiting import waiting
from lrspec.comparison import Difference, difference
from lrspec.schedule import Schedule
from lrspec.views.figure import comparison
from lrspec.views.outline import horizon

_SHOWN = 5


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "diff",
        help="compare two schedules: the first step that differs, how many do, by how much",
        description="Compare the values of two schedules, each of which may be a document, a config file, or an object "
        "of a module: of the learning rate, and of each other hyperparameter and group. Exit status: 0 where they are "
        "equal in every bit, 1 where they differ, 2 on bad input.",
        epilog="Example: lrspec diff schedule.yaml training_args.json -o difference.svg",
    )
    add_inputs(command, "a", "b")
    add_selection(command)
    command.add_argument("--steps", type=count, help="how many steps to compare; by default those that a plot shows")
    command.add_argument(
        "-o", "--output", type=picture, metavar="PICTURE", help="draw both and their difference: .svg or .png"
    )
    command.set_defaults(run=_diff)


def _diff(options: argparse.Namespace) -> int:
    readings = read_inputs(options, options.a, options.b)
    for text, reading in zip((options.a, options.b), readings, strict=True):
        for note in reading.notes:
            complain(f"note: {text}: {note}")
    names = (Path(options.a).name, Path(options.b).name)
    a, b = (_selected(text, reading, options) for text, reading in zip((options.a, options.b), readings, strict=True))
    differing = []
    for path in dict.fromkeys([*a, *b]):
        if path in a and path in b:
            found = _compared(a[path], b[path], options.steps)
            say(str(found) if len(a) == len(b) == 1 else f"{path}: {found}")
            differing += [path] if found.differing else []
        else:
            say(f"{path}: only in {names[0] if path in a else names[1]}")
    shown = differing[0] if differing else next(path for path in a if path in b)
    pair, found = (a[shown], b[shown]), _compared(a[shown], b[shown], options.steps)
    _table(found, pair, names)
    if options.output is not None:
        write_picture(comparison(pair, found.steps, names), options.output)
    return FOUND if differing or a.keys() != b.keys() else GOOD


def _selected(text: str, reading: lrspec.Reading, options: argparse.Namespace) -> dict[str, lrspec.Node]:
    with named(text):
        return {entry.path: entry.source for entry in selected(reading.schedule, options)}


def _compared(a: Schedule, b: Schedule, asked: int | None) -> Difference:
    with waiting("comparing"):
        last = min(a.program.last_step, b.program.last_step)
        return difference(a, b, min(asked or max(map(horizon, (a, b))), last + 1))


def _table(found: Difference, pair: tuple[Schedule, Schedule], names: tuple[str, str]) -> None:
    """Print some of the steps that differ."""
    if found.first is None or found.at is None:
        return
    say(f"{'step':>10}  {names[0][-24:]:>24}  {names[1][-24:]:>24}")
    for step in sorted({*range(found.first, min(found.first + _SHOWN, found.steps)), found.at}):
        say(f"{step:>10,}  {pair[0](step)!r:>24}  {pair[1](step)!r:>24}")
