"""`lrspec migrate`: where a run stands, by its checkpoint, and the code that goes on from there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lrspec
from lrspec.cli.common import GOOD, add_document, load, named, say

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
        help="a file of PyTorch or Lightning (.pt, .pth, .bin, .ckpt), of Keras (.keras, .weights.h5) or of Flax "
        "(.msgpack), or a folder of transformers' Trainer or of Orbax",
    )
    command.add_argument("--to", choices=sorted(_CODE), required=True, help="the framework in which the run goes on")
    command.add_argument("--counter", metavar="NAME", help="which counter to believe, where they disagree")
    add_document(command, option="--schedule")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    document = load(options.file, options)
    with named(options.checkpoint):
        found = lrspec.position(options.checkpoint, counter=options.counter)
    given = {name: value for name, value in document.to_dict().items() if getattr(options, name, None) is not None}
    arguments = ", ".join(f"{name}={value!r}" for name, value in given.items())
    say(f"# {options.checkpoint}: {found.updates:,} updates applied: {found.counter} says so; {found.why}")
    for name in document:
        say(f"# the next update, number {found.updates:,} from 0, has the {name} {document[name](found.updates)!r}")
    resolved = f".resolve({arguments})" if arguments else ""
    if options.to != "torch" and list(document) != ["learning_rate"]:
        resolved += '["learning_rate"]'
    say(_CODE[options.to].format(file=str(options.file), resolved=resolved, step=found.updates))
    return GOOD
