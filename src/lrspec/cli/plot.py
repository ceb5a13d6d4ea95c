"""`lrspec plot`: curves, in the terminal or as a picture."""

from __future__ import annotations

import argparse
import shutil
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import GOOD, add_document, count, load, named, say
from lrspec.cli.curve import curve
from lrspec.views.figure import Figure, figure
from lrspec.views.svg import figure_svg
from lrspec.views.timeline import schedules

_UNITS = {"epochs": "steps_per_epoch", "samples": "batch_size", "tokens": "tokens_per_step"}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "plot",
        help="draw schedules of documents, in the terminal or as SVG or PNG",
        description="Draw schedules of documents: in the terminal, or with -o as an SVG file, or as a PNG file where "
        "matplotlib is installed. Those of one quantity are drawn over one another. Exit status: 0, or 2 on bad input.",
        epilog="Example: lrspec plot a.yaml b.yaml --log --axis epochs -o both.svg",
    )
    add_document(command, many=True)
    command.add_argument(
        "-o", "--output", type=picture, metavar="PICTURE", help="the file to write: its name ends in .svg or .png"
    )
    command.add_argument(
        "--schedule",
        action="append",
        metavar="PATH",
        help="which schedule, such as weight_decay or groups.head.learning_rate; may be given again; `all` for all of "
        "them (default learning_rate)",
    )
    command.add_argument("--steps", type=count, help="how many steps to draw; by default a tenth more than it lasts")
    command.add_argument("--log", action="store_true", help="a logarithmic axis; values up to 0 are left out")
    command.add_argument(
        "--axis", choices=_UNITS, help="a second axis in a picture, from the first document's quantities"
    )
    command.set_defaults(run=_plot)


def picture(text: str) -> Path:
    """Read the name of a picture; raise `ArgumentTypeError` for anything else."""
    path = Path(text)
    if path.suffix not in {".svg", ".png"}:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a name that ends in .svg or .png")
    return path


def write_picture(drawn: Figure, path: Path) -> None:
    """Write a figure as the file that its name asks for.

    Raises:
        LrspecError: It is a PNG file, and matplotlib is not installed.
        OSError: The file cannot be written.
    """
    if path.suffix == ".svg":
        path.write_text(figure_svg(drawn), encoding="utf-8")
    else:
        from lrspec.views.axes import write_png

        write_png(drawn, path)


def _plot(options: argparse.Namespace) -> int:
    panels: dict[str, dict[str, lrspec.Node]] = {}
    unit = None
    for file in options.files:
        with named(file):
            document = load(file, options)
            if options.axis and unit is None:
                unit = (options.axis, _steps_in(document, options.axis))
            for path, node in _asked(document, options.schedule).items():
                name = path if len(options.files) == 1 else file.name if "." not in path else f"{file.name}: {path}"
                panels.setdefault(path.rpartition(".")[2], {})[name] = node
            if options.output is None:
                _print(panels, options)
                panels = {}
    if options.output is not None:
        write_picture(figure(panels, options.steps, log=options.log, unit=unit), options.output)
    return GOOD


def _asked(document: lrspec.Document, asked: list[str] | None) -> dict[str, lrspec.Node]:
    found = schedules(document)
    wanted = list(found) if asked and "all" in asked else asked or ["learning_rate"]
    for path in wanted:
        if path not in found:
            raise lrspec.LrspecError(f"no schedule {path}: expected one of {', '.join(found)}")
    return {path: found[path] for path in wanted}


def _steps_in(document: lrspec.Document, axis: str) -> Fraction:
    """Return how many steps an epoch, a sample or a token has."""
    quantity = document.quantities.get(_UNITS[axis])
    if quantity is None:
        option = f"--{_UNITS[axis].replace('_', '-')}"
        raise lrspec.LrspecError(f"an axis in {axis} needs `{_UNITS[axis]}` in the document, or {option}")
    return Fraction(quantity) if axis == "epochs" else 1 / Fraction(quantity)


def _print(panels: dict[str, dict[str, lrspec.Node]], options: argparse.Namespace) -> None:
    is_plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    width = min(shutil.get_terminal_size((100, 24)).columns, 160)
    shown = [(name, node) for inside in panels.values() for name, node in inside.items()]
    for name, node in shown:
        if len(shown) > 1 or len(options.files) > 1:
            say(f"{name}:")
        say("\n".join(curve(node, options.steps, width=width, height=14, only_ascii=is_plain, log=options.log)))
