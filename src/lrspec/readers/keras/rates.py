"""What optimizers of Keras make of a rate: a decay of their own, several batches to an update, several optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any

from lrspec.errors import SpecError
from lrspec.kinds import InverseTime, Product, Shift, Stretch
from lrspec.readers.build import constant
from lrspec.readers.keras.described import refused
from lrspec.readers.numbers import short_float32
from lrspec.readers.reading import Reading, bounded
from lrspec.schedule import Schedule
from lrspec.spec import Node


def fixed(value: float, name: str) -> Reading:
    """Return a rate that no schedule changes.

    Args:
        value: The rate, as float32 has it.
        name: What holds it.
    """
    return Reading(schedule=constant(short_float32(value)), framework="keras", construct=name)


def decaying(reading: Reading, decay: float, sample: int | None) -> Reading:
    """Return the rate of a legacy optimizer with `decay`: at update t the rate over `1 + decay * t`.

    Args:
        reading: The rate without.
        decay: Its `decay`, 0 or above.
        sample: Where to end what has no short form without an end.

    Raises:
        UnsupportedError: It is below 0, as Keras refuses too, or has no short form.
    """
    if not decay >= 0:
        raise refused(reading.construct, f"decay={decay!r}, below 0 or no number")
    if decay == 0:
        return reading
    node: Node = reading.schedule.node
    try:
        if node == constant(value := getattr(node, "value", 0.0)):
            node = InverseTime(init_value=value, decay_rate=decay, decay_period=1)
        else:
            node = Product(parts=[node, InverseTime(init_value=1.0, decay_rate=decay, decay_period=1)])
        node, _ = bounded(node, sample, "keras", reading.construct)
    except SpecError as error:
        raise refused(reading.construct, f"decay={decay:g}: {error}") from error
    note = f"decay={decay:g}: Keras 2 and older divide the rate by 1 + {decay:g} * t; Keras 3 has no decay"
    return replace(reading, schedule=node, conventions=(*reading.conventions, note))


def is_own(rate: Any) -> bool:
    """Tell whether a rate is a schedule of lrspec in Keras, or the config of one.

    Args:
        rate: The object, or the mapping.
    """
    if not isinstance(rate, Mapping):
        return type(rate).__module__.startswith("lrspec.") and isinstance(getattr(rate, "schedule", None), Schedule)
    if "lrspec" in str(rate.get("registered_name")):
        rate = rate.get("config")
    return isinstance(rate, Mapping) and isinstance(rate.get("document"), Mapping)


def batches_told(rate: Any) -> int:
    """Return how many batches make an update for a rate: 1 for a schedule of Keras' own.

    Args:
        rate: The object, or its config.

    Raises:
        UnsupportedError: It is no number of batches.
    """
    if not is_own(rate):
        return 1
    if not isinstance(rate, Mapping):
        return int(rate.gradient_accumulation_steps)
    told = rate.get("config", rate).get("gradient_accumulation_steps", 1)
    if type(told) is not int or told < 1:
        raise refused("KerasSchedule", f"gradient_accumulation_steps={told!r}, no number of batches")
    return told


def per_update(reading: Reading, batches: Any, told: int) -> Reading:
    """Return a rate by updates; Keras hands a schedule the number of batches, also where several make one update.

    Args:
        reading: The rate by batches, or, of lrspec, by as many batches as it was told.
        batches: The optimizer's `gradient_accumulation_steps`.
        told: How many batches the rate was told of.

    Raises:
        UnsupportedError: It is no number of batches, or not the one that the schedule was made with.
    """
    batches = 1 if batches is None else batches
    if not isinstance(batches, Integral) or batches < 1:
        raise refused(reading.construct, f"gradient_accumulation_steps={batches!r}, no number of batches")
    if batches % told:
        made = f"a schedule that was made with gradient_accumulation_steps={told}"
        raise refused(reading.construct, f"{made}, in an optimizer with {batches}: give to_keras() the optimizer's")
    batches //= told
    if batches == 1:
        return reading
    try:
        late = Shift(part=reading.schedule.node, by=int(batches) - 1)
        node = Stretch(part=late, factor=Fraction(1, int(batches)))
    except SpecError as error:
        raise refused(reading.construct, f"gradient_accumulation_steps={batches}: {error}") from error
    note = (
        f"gradient_accumulation_steps={batches}: Keras counts batches, so that update k uses the rate of batch "
        f"{batches} * k + {batches - 1}; the steps read are updates (the comparison was made before this)"
    )
    return replace(reading, schedule=node, conventions=(*reading.conventions, note))


def of_several(readings: list[Reading]) -> Reading:
    """Return what the optimizers of a `MultiOptimizer` have in common.

    Args:
        readings: Their rates.

    Raises:
        UnsupportedError: There are none, or they differ.
    """
    if not readings:
        raise refused("MultiOptimizer", "it learns its optimizers when it is built; give one of them")
    if any(reading.schedule != readings[0].schedule for reading in readings):
        raise refused("MultiOptimizer", "its optimizers have different rates; give one of optimizer.optimizers")
    return readings[0]
