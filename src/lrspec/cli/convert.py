"""`lrspec convert`: a schedule of one system as a document, as another system's code, or as a table of values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, complain, count, say
from lrspec.cli.inputs import add_inputs, read_input
from lrspec.cli.progress import waiting
from lrspec.cli.run_source import NEEDED, missing, run_source
from lrspec.fields import in_steps
from lrspec.views.svg import points
from lrspec.views.timeline import schedules
from lrspec.writers import native_source

_FORMATS = ("yaml", "json", "csv", *NEEDED)
_MOST_CHECKED = 20_000
_ROUNDING = 1e-5  # of the largest value: what float32 leaves of a formula, in the framework's own operations


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "convert",
        help="turn a document, a config file or an object into a document, a framework's own code, or a table",
        description="Read a schedule and write it in another form. Code of a framework is run, in a process of its "
        "own, and compared with the schedule; what was mapped, and the result, go to standard error. Exit status: 0; 1 "
        "where that code differs by more than the rounding of float32; 2 on bad input, or where it cannot be checked.",
        epilog="Example: lrspec convert training_args.json --to optax",
    )
    add_inputs(command, "input")
    command.add_argument("--to", choices=_FORMATS, required=True, help="the form")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write; by default standard output")
    command.add_argument("--steps", type=count, help="how many steps to check, or to write to a table")
    command.add_argument("--no-check", action="store_true", help="do not run the code that is printed")
    command.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    reading = read_input(options.input, options)
    for note in reading.notes:
        complain(f"note: {note}")
    schedule = reading.schedule
    text = _text(schedule, options)
    if options.output is None:
        say(text.rstrip("\n"))
    else:
        options.output.write_text(text, encoding="utf-8")
    return GOOD if options.to not in NEEDED or options.no_check else _check(text, schedule, options)


def _text(schedule: lrspec.Schedule, options: argparse.Namespace) -> str:
    if options.to in {"yaml", "json"}:
        return lrspec.dumps(schedule, format=options.to)
    if options.to == "csv":
        steps = _steps(schedule, options)
        found = schedules(schedule)
        columns = [node.values(0, steps).tolist() for node in found.values()]
        rows = (",".join(map(repr, row)) for row in zip(range(steps), *columns, strict=True))
        return "\n".join([",".join(["step", *found]), *rows, ""])
    source = native_source(schedule, options.to)
    if source.form != "native":
        complain(f"note: {options.to} has no schedule of its own for this; it is written as a {source.form}")
    return source.code.rstrip("\n") + "\n"


def _check(code: str, schedule: lrspec.Schedule, options: argparse.Namespace) -> int:
    absent = missing(options.to)
    if absent:
        complain(f"not checked: {', '.join(absent)} is not installed; --no-check leaves the check out")
        return BAD_INPUT
    steps = options.steps or min(_steps(schedule, options), _MOST_CHECKED)
    with waiting(f"lrspec: running that code, with {options.to}: {in_steps(steps, ',')}"):
        found = run_source(code, options.to, schedule, steps)
    complain(f"checked against the schedule's own float32 values: {found}")
    return GOOD if found.largest <= _ROUNDING * float(abs(schedule.values(0, steps)).max()) else FOUND


def _steps(schedule: lrspec.Schedule, options: argparse.Namespace) -> int:
    """Return how many steps are of interest: those that a plot shows, as far as the schedule has values."""
    shown = points(schedule, options.steps)[1]
    return min(shown, schedule.program.last_step + 1)
