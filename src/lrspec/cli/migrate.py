"""`lrspec migrate`: where a run stands, by its checkpoint, and the code that goes on from there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli import migrate_code, migrate_rates
from lrspec.cli.common import FOUND, GOOD, add_document, complain, count, load, named, say
from lrspec.positions.held import Held, held as checkpoint_held
from lrspec.views.timeline import schedules


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "migrate",
        help="where a run stands, and the code that goes on from there in another framework",
        description="Read from a checkpoint how many updates were applied, and print the rate of the next one and the "
        "code that resumes there. Nothing in the checkpoint is executed; its framework must be installed. Exits with 1 "
        "where the checkpoint holds other rates than the document has there, and with 2 where a choice is needed.",
    )
    command.add_argument(
        "checkpoint",
        type=Path,
        metavar="CHECKPOINT",
        help="a file of PyTorch, Lightning, Keras or Flax, or a folder of transformers' Trainer, of Accelerate, of "
        "DeepSpeed, of torch.distributed.checkpoint or of Orbax",
    )
    command.add_argument(
        "--to", choices=("keras", "optax", "torch"), required=True, help="the framework in which the run goes on"
    )
    command.add_argument("--counter", metavar="NAME", help="which counter to believe, where they leave it open")
    command.add_argument(
        "--gradient-accumulation-steps",
        type=count,
        metavar="N",
        help="for a weights file of Keras, which does not say it: batches per update",
    )
    add_document(command, option="--schedule")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    document = load(options.file, options)
    with named(options.checkpoint):
        held = checkpoint_held(options.checkpoint)
        found, why = _position(options, document, held)
    given = {name: value for name, value in document.to_dict().items() if getattr(options, name, None) is not None}
    arguments = ", ".join(f"{name}={value!r}" for name, value in given.items())
    resolved = f".resolve({arguments})" if arguments else ""
    with named(options.file):
        code = migrate_code.write(
            document, held, options.to, file=str(options.file), resolved=resolved, step=found.updates
        )
        rates = {path: node(found.updates) for path, node in schedules(document).items()}
    _comment(f"{options.checkpoint}: {found.updates:,} updates applied, by {found.counter}: {found.reason}")
    for path, rate in rates.items():
        _comment(f"the next update, number {found.updates:,} from 0, has the {path} {rate!r}")
    differing = _compare(document, held, found.updates)
    for line in (*why, *code.remarks):
        _comment(line)
    say(code.text)
    return FOUND if differing else GOOD


def _position(options: argparse.Namespace, document: lrspec.Document, held: Held) -> tuple[lrspec.Position, list[str]]:
    """Return where the run stands, and what settled it where its counters leave it open.

    Raises:
        LrspecError: They do, and the checkpoint's rates do not settle it.
    """
    steps = options.gradient_accumulation_steps

    def position(counter: str | None) -> lrspec.Position:
        return lrspec.position(options.checkpoint, counter=counter, gradient_accumulation_steps=steps)

    try:
        return position(options.counter), []
    except lrspec.AmbiguousPositionError as error:
        counters = position(next(iter(error.candidates))).candidates
        lines = migrate_rates.costs(document, held, counters)
        choice = migrate_rates.settled(document, held, counters)
        if choice is None:
            raise lrspec.LrspecError("\n  ".join([str(error), *lines])) from None
        return position(choice.name), [f"{error.reason}; the rates that the checkpoint holds settle it:", *lines]


def _compare(document: lrspec.Document, held: Held, step: int) -> bool:
    """Say which numbers of the checkpoint are the document's, and which are not; tell whether there are such."""
    found = migrate_rates.pairs(document, held, step)
    for pair in found:
        _comment(str(pair))
    if not found:
        _comment("the checkpoint holds no rate to compare with the document")
    differing = [pair for pair in found if not pair.is_close]
    for pair in differing:
        complain(f"{pair}: is it the document of this run, and is {step:,} its position?")
    return bool(differing)


def _comment(text: str) -> None:
    """Print a line of comment; what is not printable, as in the names of a file's keys, is printed as its code."""
    say("# " + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text))
