"""What the commands share: exit statuses, output, the arguments of documents."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lrspec
from lrspec.documents.durations import QUANTITIES

GOOD, FOUND, BAD_INPUT, NOT_RUN = 0, 1, 2, 3
"""Exit statuses: all is well; bits differ or there are warnings; the input is bad; a row of verify could not run."""
GIVEN = (*QUANTITIES, "base_value")


def option_names(options: argparse.Namespace) -> dict[str, str]:
    """Return the option of a command for each argument of Python that it stands for."""
    return {name: "--with" if name == "training_args" else f"--{name.replace('_', '-')}" for name in vars(options)}


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


def complain(text: object) -> None:
    """Print a line of error."""
    sys.stderr.write(f"lrspec: {text}\n")


def add_document(command: argparse.ArgumentParser, *, many: bool = False, option: str | None = None) -> None:
    """Add the arguments for a document, as an option or not, or for many, and for what it may lack."""
    if option is not None:
        command.add_argument(
            option, type=Path, required=True, dest="file", metavar="FILE", help="a document, YAML or JSON"
        )
    elif many:
        command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="documents, YAML or JSON")
    else:
        command.add_argument("file", type=Path, metavar="FILE", help="a document, YAML or JSON")
    given = command.add_argument_group("quantities", "what a document has none of, or is to have another of")
    for name in GIVEN:
        metavar = "VALUE" if name == "base_value" else "N"
        given.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=f"the document's {name}")


def load(path: Path, options: argparse.Namespace) -> lrspec.Document:
    """Return the document of a file, with the quantities of the command line.

    Raises:
        LrspecError: The file holds no document, or a quantity is not as it should be.
    """
    given = {name: number(value) for name in GIVEN if (value := getattr(options, name, None)) is not None}
    with named(path):
        document = lrspec.load(path)
        return document.resolve(**given) if given else document


@contextmanager
def named(path: Path | str) -> Iterator[None]:
    """Put the file's name before the message of an error that comes out of it, where it does not stand there yet."""
    try:
        yield
    except lrspec.LrspecError as error:
        message = str(error)
        is_told = message.startswith(f"{path}: ") or f" {Path(path).name} is not supported" in message
        raise lrspec.LrspecError(message if is_told else f"{path}: {message}") from None


def number(text: str) -> Any:
    """Read a quantity: an integer, another number, or, for `Document.resolve` to refuse, the text."""
    if text.isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def count(text: str) -> int:
    """Read a number of steps; raise `ArgumentTypeError` for anything else."""
    if not text.isdecimal() or not 1 <= int(text) <= 10**7:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of steps from 1 to 10000000")
    return int(text)
