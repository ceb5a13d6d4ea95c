"""`lrspec lint`: warnings about documents."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import BAD_INPUT, FOUND, GOOD, add_document, complain, load, named, say
from lrspec.views.lint import EPOCHS, JUMP, Finding, lint


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "lint",
        help="warn about what is probably not meant",
        description="Warn about jumps, first updates with rate 0, ends before or after the total, and the like. Exit "
        "status: 0, or with --strict 1 where there is a warning; 2 where a file is bad.",
    )
    add_document(command, many=True)
    command.add_argument("--strict", action="store_true", help="exit with status 1 where there is a warning")
    command.add_argument(
        "--jump",
        type=_share,
        default=JUMP,
        metavar="SHARE",
        help="the share of the larger value by which the value may change between two parts (default %(default)s)",
    )
    command.add_argument(
        "--epochs",
        type=_whole,
        default=EPOCHS,
        metavar="N",
        help="up to which number a length may have been meant as epochs (default %(default)s)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_lint)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0 to 1")
    return share


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 0 or above")
    return int(text)


def _lint(options: argparse.Namespace) -> int:
    looked = {str(path): _findings(path, options) for path in options.files}
    found = {path: findings for path, findings in looked.items() if findings is not None}
    if options.json:
        say(json.dumps({path: [asdict(finding) for finding in findings] for path, findings in found.items()}, indent=2))
    else:
        for path, findings in found.items():
            for finding in findings:
                say(f"{path}: {finding}")
    is_bad = len(found) < len(looked)
    return BAD_INPUT if is_bad else FOUND if options.strict and any(found.values()) else GOOD


def _findings(path: Path, options: argparse.Namespace) -> list[Finding] | None:
    """Return the warnings about a file, or None where it is bad, which is said."""
    try:
        document = load(path, options)
        with named(path):
            return lint(document, jump=options.jump, epochs=options.epochs)
    except (lrspec.LrspecError, OSError) as error:
        complain(error)
        return None
