"""`lrspec convert`: a schedule of one system as a document, as another system's code, or as a table of values."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, complain, count, say
from lrspec.cli.inputs import add_inputs, read_inputs
from lrspec.cli.run_source import NEEDED, missing, run_source
from lrspec.cli.selection import add_selection, as_document, only, selected
from lrspec.cli.waiting import waiting
from lrspec.comparison import MOST_STEPS
from lrspec.document import to_dict
from lrspec.documents.layout import Entry
from lrspec.fields import in_steps
from lrspec.views.outline import horizon
from lrspec.writers import NativeSource, native_source

_FORMATS = ("yaml", "json", "csv", *NEEDED)
_MOST_ENDLESS = 2_000_000
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
    add_selection(command)
    command.add_argument("--to", choices=_FORMATS, required=True, help="the form")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write; by default standard output")
    command.add_argument(
        "--until",
        type=_until,
        metavar="END",
        help="up to where code has to be the schedule: the run's total, so many steps, or forever; by default the "
        "total where the input says one",
    )
    command.add_argument("--steps", type=count, help="how many steps to check, or to write to a table")
    command.add_argument("--no-check", action="store_true", help="do not run the code that is printed")
    command.set_defaults(run=_convert)


def _until(text: str) -> int | str:
    return text if text in {"total", "forever"} else count(text)


def _convert(options: argparse.Namespace) -> int:
    if options.until is not None and options.to not in NEEDED:
        raise lrspec.LrspecError(f"--until is for code, not for {options.to}; a table has --steps")
    (reading,) = read_inputs(options, options.input)
    for note in reading.notes:
        complain(f"note: {note}")
    if options.to in NEEDED:
        return _to_code(reading, options)
    if options.to == "csv":
        text = _table(selected(reading.schedule, options), options)
    else:
        text = lrspec.dumps(_document(reading, options), format=options.to)
    _write(text, options)
    return GOOD


def _total(reading: lrspec.Reading) -> int | None:
    """Return the number of updates of the run, where the input says it."""
    schedule = reading.schedule
    return schedule.total_steps if isinstance(schedule, lrspec.Document) else reading.total


def _write(text: str, options: argparse.Namespace) -> None:
    if options.output is None:
        say(text.rstrip("\n"))
    else:
        options.output.write_text(text, encoding="utf-8")


def _document(reading: lrspec.Reading, options: argparse.Namespace) -> lrspec.Schedule:
    """Return what is to be written as a document, with the total of the run."""
    if options.schedule is not None or options.group is not None:
        return as_document(selected(reading.schedule, options), _total(reading))
    if reading.total is None:
        return reading.schedule
    return lrspec.from_dict({**to_dict(reading.schedule), "total_steps": reading.total})


def _table(found: list[Entry], options: argparse.Namespace) -> str:
    """Return a column of values for each schedule."""
    steps = min(_steps(entry.source, options.steps) for entry in found)
    with waiting(f"computing {in_steps(steps, ',')}"):
        columns = [entry.source.values(0, steps).tolist() for entry in found]
        rows = (",".join(map(repr, row)) for row in zip(range(steps), *columns, strict=True))
        return "\n".join([",".join(["step", *(entry.path for entry in found)]), *rows, ""])


def _to_code(reading: lrspec.Reading, options: argparse.Namespace) -> int:
    entry = only(reading.schedule, options)
    source = native_source(entry.source, options.to, until=_end(reading, options))
    if options.schedule is not None or options.group is not None:
        source = replace(source, code=f"# Schedule: {entry.path!r}.\n{source.code}")
    for note in _notes(entry, source):
        complain(f"note: {note}")
    _write(source.code, options)
    return GOOD if options.no_check else _check(source, entry.source, _total(reading), options)


def _end(reading: lrspec.Reading, options: argparse.Namespace) -> Any:
    """Return up to where the code has to be the schedule."""
    total = _total(reading)
    if options.until == "total" and total is None:
        raise lrspec.LrspecError("--until total: the input has none; give --until N, or --total-steps N")
    return (total or "forever") if options.until in (None, "total") else options.until


def _notes(entry: Entry, source: NativeSource) -> list[str]:
    notes = []
    if entry.name != "learning_rate":
        notes.append(f"these are values of {entry.path}, written as those of a learning rate")
    if source.form != "native":
        notes.append(f"{source.framework} has no schedule of its own for this; it is written as a {source.form}")
    after = source.afterwards
    return [*notes, f"the code is {after[0].lower()}{after[1:]}"] if after else notes


def _check(source: NativeSource, schedule: lrspec.Schedule, total: int | None, options: argparse.Namespace) -> int:
    absent = missing(options.to)
    if absent:
        complain(f"not checked: {', '.join(absent)} is not installed; --no-check leaves the check out")
        return BAD_INPUT
    end = source.until or (total if options.until != "forever" else None)
    wanted = options.steps or end or min(_steps(schedule, None), _MOST_ENDLESS)
    steps = min(wanted, source.until or MOST_STEPS, MOST_STEPS, schedule.program.last_step + 1)
    with waiting(f"running that code, with {options.to}: {in_steps(steps, ',')}", after=0):
        found = run_source(source.code, options.to, schedule, steps)
    complain(f"checked against the schedule's own float32 values: {found}")
    return GOOD if found.largest <= _ROUNDING * float(abs(schedule.values(0, steps)).max()) else FOUND


def _steps(schedule: lrspec.Schedule, asked: int | None) -> int:
    """Return how many steps are of interest: those that a plot shows, as far as the schedule has values."""
    return min(asked or horizon(schedule), schedule.program.last_step + 1)
