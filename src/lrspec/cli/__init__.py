"""The command `lrspec`: it parses, calls the package, and prints."""

from __future__ import annotations

import argparse

import lrspec
from lrspec.cli import conformance, convert, diff, lint, merge, migrate, plot, show, verify
from lrspec.cli.common import BAD_INPUT, complain, option_names
from lrspec.errors import named_as_options


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 1 where it found what it looked for, or 2 on bad input."""
    options = _parser().parse_args(arguments)
    try:
        with named_as_options(option_names(options)):
            status: int = options.run(options)
    except (lrspec.LrspecError, OSError) as error:
        complain(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lrspec", description="One learning-rate schedule, every framework.")
    parser.add_argument("--version", action="version", version=f"lrspec {lrspec.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (show, lint, plot, convert, diff, migrate, verify, conformance, merge):
        command.add(commands)
    return parser
