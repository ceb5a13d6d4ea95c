"""`lrspec migrate`: where a run stands, by its checkpoint, and the code that goes on from there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import GOOD, add_document, count, load, named, say
from lrspec.places import schedules

_CODE = {
    "torch": """\
import lrspec
import torch

schedule = lrspec.load({file!r}){resolved}
optimizer = torch.optim.AdamW(model.parameters())
scheduler = schedule.to_torch(optimizer, step={step})""",
    "keras": """\
import keras
import lrspec

schedule = lrspec.load({file!r}){resolved}
optimizer = keras.optimizers.AdamW(learning_rate=schedule.to_keras())
optimizer.build(model.trainable_variables)
lrspec.set_position(optimizer, {step})""",
    "optax": """\
import lrspec
import optax

schedule = lrspec.load({file!r}){resolved}
optimizer = optax.adamw(schedule.to_optax())
opt_state = lrspec.set_position(optimizer.init(params), {step})""",
}

_USUAL = ("learning_rate", "momentum", "weight_decay")


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "migrate",
        help="where a run stands, and the code that goes on from there in another framework",
        description="Read from a checkpoint how many updates were applied, and print the rate of the next one and the "
        "code that resumes there. Nothing in the checkpoint is executed; its framework must be installed.",
    )
    command.add_argument(
        "checkpoint",
        type=Path,
        metavar="CHECKPOINT",
        help="a file of PyTorch, Lightning, Keras or Flax, or a folder of transformers' Trainer, of Accelerate or of "
        "Orbax",
    )
    command.add_argument("--to", choices=sorted(_CODE), required=True, help="the framework in which the run goes on")
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
        found = lrspec.position(
            options.checkpoint,
            counter=options.counter,
            gradient_accumulation_steps=options.gradient_accumulation_steps,
        )
    with named(options.file):
        _check_goes_to(document, options.to)
        rates = {path: node(found.updates) for path, node in schedules(document).items()}
    _comment(f"{options.checkpoint}: {found.updates:,} updates applied, by {found.counter}: {found.reason}")
    for path, rate in rates.items():
        _comment(f"the next update, number {found.updates:,} from 0, has the {path} {rate!r}")
    for name in document:
        if name not in _USUAL:
            _comment(f"the optimizer must have a number called {name!r} in its parameter groups: choose one that does")
    given = {name: value for name, value in document.to_dict().items() if getattr(options, name, None) is not None}
    arguments = ", ".join(f"{name}={value!r}" for name, value in given.items())
    resolved = f".resolve({arguments})" if arguments else ""
    if options.to != "torch" and list(document) != ["learning_rate"]:
        resolved += '["learning_rate"]'
    say(_CODE[options.to].format(file=str(options.file), resolved=resolved, step=found.updates))
    return GOOD


def _check_goes_to(document: lrspec.Document, framework: str) -> None:
    """Refuse what the printed code could not take: parameter groups, which only torch's optimizers have.

    Raises:
        UnsupportedError: It has some.
    """
    if framework != "torch" and document.groups:
        names = " and ".join(f"the group {name}" for name in document.groups)
        raise lrspec.UnsupportedError(framework, names, "the code printed here has one rate; see the page of groups")


def _comment(text: str) -> None:
    """Print a line of comment; what is not printable, as in the names of a file's keys, is printed as its code."""
    say("# " + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text))
