"""Reads the config files of tinytrain, a trainer that is made up for this page."""

from __future__ import annotations

from lrspec.kinds import Cosine, Linear
from lrspec.readers.keys import Keys, joined, ramp, share
from lrspec.readers.reading import Reading
from lrspec.readers.system import Mark, System

SHAPES = {"cosine": Cosine, "linear": Linear}


def read(keys: Keys) -> Reading:
    """Return the schedule of a config: a straight warmup, and a decay to a share of the rate."""
    section = keys.inside("schedule")
    shape = section.word("shape", tuple(SHAPES), "cosine")
    warmup, floor = section.whole("warmup", 0), section.number("floor", 0.1, least=0)
    section.no_more()
    peak, total = keys.inside("optimizer").rate("rate"), keys.steps("steps")
    if warmup >= total:
        raise section.wrong("warmup", f"less than the {total} steps of the run")
    decay = SHAPES[shape](init_value=peak, end_value=share(peak, floor), steps=total - warmup)
    return Reading(
        schedule=joined(*ramp(0.0, peak, warmup), decay),
        framework="tinytrain",
        construct=shape,
        conventions=("the decay begins after the warmup, and ends with the run",),
        total=total,
    )


SYSTEM = System(
    name="tinytrain",
    title="tinytrain",
    marks=(Mark(keys=("tinytrain", "schedule")),),
    read=read,
    version="2.1",
    shapes=tuple(SHAPES),
    refused={"shape: adaptive": "it follows the loss"},
)
