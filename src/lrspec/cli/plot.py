"""`lrspec plot`: a curve, in the terminal or as a picture."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import GOOD, add_document, count, load, named, say
from lrspec.cli.curve import curve
from lrspec.views.svg import svg
from lrspec.views.timeline import schedules


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "plot",
        help="draw a schedule of a document, in the terminal or as SVG or PNG",
        description="Draw a schedule of a document: in the terminal, or with -o as an SVG file, or as a PNG file where "
        "matplotlib is installed. Exit status: 0, or 2 on bad input.",
    )
    add_document(command)
    command.add_argument(
        "-o", "--output", type=picture, metavar="PICTURE", help="the file to write: its name ends in .svg or .png"
    )
    command.add_argument(
        "--schedule",
        default="learning_rate",
        metavar="PATH",
        help="which schedule, such as weight_decay or groups.head.learning_rate (default %(default)s)",
    )
    command.add_argument("--steps", type=count, help="how many steps to draw; by default a tenth more than it lasts")
    command.set_defaults(run=_plot)


def picture(text: str) -> Path:
    """Read the name of a picture; raise `ArgumentTypeError` for anything else."""
    path = Path(text)
    if path.suffix not in {".svg", ".png"}:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a name that ends in .svg or .png")
    return path


def _plot(options: argparse.Namespace) -> int:
    with named(options.file):
        found = schedules(load(options.file, options))
        if options.schedule not in found:
            raise lrspec.LrspecError(f"no schedule {options.schedule}: expected one of {', '.join(found)}")
        node = found[options.schedule]
        if options.output is None:
            is_plain = not (sys.stdout.encoding or "").lower().startswith("utf")
            width = min(shutil.get_terminal_size((100, 24)).columns, 160)
            say("\n".join(curve(node, options.steps, width=width, height=14, only_ascii=is_plain)))
        elif options.output.suffix == ".svg":
            options.output.write_text(svg(node, options.steps), encoding="utf-8")
        else:
            from lrspec.cli.png import write_png

            write_png(node, options.output, options.steps)
    return GOOD
