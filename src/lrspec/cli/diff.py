"""`lrspec diff`: how two schedules differ, wherever they come from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lrspec.cli.common import FOUND, GOOD, complain, count, say
from lrspec.cli.inputs import add_inputs, read_input
from lrspec.cli.plot import picture
from lrspec.difference import difference
from lrspec.plot import points
from lrspec.plot_difference import difference_svg

_SHOWN = 5


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "diff",
        help="compare two schedules: the first step that differs, how many do, by how much",
        description="Compare the values of two schedules, each of which may be a document, a config file, or an object "
        "of a module. Exit status: 0 where they are equal in every bit, 1 where they differ, 2 on bad input.",
        epilog="Example: lrspec diff schedule.yaml training_args.json -o difference.svg",
    )
    add_inputs(command, "a", "b")
    command.add_argument("--steps", type=count, help="how many steps to compare; by default those that a plot shows")
    command.add_argument(
        "-o", "--output", type=picture, metavar="PICTURE", help="draw both and their difference: .svg or .png"
    )
    command.set_defaults(run=_diff)


def _diff(options: argparse.Namespace) -> int:
    readings = [read_input(text, options) for text in (options.a, options.b)]
    a, b = (reading.schedule for reading in readings)
    for text, reading in zip((options.a, options.b), readings, strict=True):
        for note in reading.conventions + reading.native_faults:
            complain(f"note: {text}: {note}")
    last = min(a.program.last_step, b.program.last_step)
    steps = min(options.steps or max(points(schedule)[1] for schedule in (a, b)), last + 1)
    found = difference(a, b, steps)
    names = (Path(options.a).name, Path(options.b).name)
    say(str(found))
    if found.first is not None and found.at is not None:
        say(f"{'step':>10}  {names[0][-24:]:>24}  {names[1][-24:]:>24}")
        for step in sorted({*range(found.first, min(found.first + _SHOWN, steps)), found.at}):
            say(f"{step:>10,}  {a(step)!r:>24}  {b(step)!r:>24}")
    if options.output is not None:
        if options.output.suffix == ".svg":
            options.output.write_text(difference_svg(a, b, steps, names), encoding="utf-8")
        else:
            from lrspec.cli.png import write_difference_png

            write_difference_png((a, b), options.output, steps, names)
    return FOUND if found.differing else GOOD
