"""Reading schedulers of `timm.scheduler`: functions of the epoch, or of the update, that is handed to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.param_groups import WAY_OUT, Rate, Source, is_from, names_of, read_groups
from lrspec.readers.reading import Reading
from lrspec.readers.timm.shapes import SHAPES, Scheduler, rate_of

_EPOCHS = (
    "t_in_epochs: a step of the schedule is an epoch, as in `step(epoch)`; the part of an `every` with the steps of an "
    "epoch as its period"
)
_UPDATES = "not t_in_epochs: a step of the schedule is an update, as in `step_update(num_updates)`"


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of timm is, checked against its own values.

    Raises:
        UnsupportedError: It has no equivalent, and there is no `sample`; or it is not a function of the step at all.
        MismatchError: The schedule is not what the object computes.
    """
    if name == "PlateauLRScheduler":
        raise _refused(name, "it follows a metric, not the step; `lrspec.ReduceOnPlateau` stands beside a schedule")
    if not callable(getattr(native, "_get_values", None)):
        raise _refused(name, "not a scheduler of timm.scheduler")
    groups = native.optimizer.param_groups
    if len(groups) != len(native.base_values):
        reason = (
            f"its optimizer has {len(groups)} parameter groups, and it knows {len(native.base_values)}; build it anew"
        )
        raise _refused(name, reason)
    scales = [float(group.get("lr_scale", 1.0)) for group in groups]

    def own(step: int) -> list[float]:
        values = native._get_values(step, on_epoch=native.t_in_epochs)  # noqa: SLF001 - what step() and step_update() call
        noisy = native._add_noise(values, step) if native.noise_range_t is not None else values  # noqa: SLF001
        return [float(value) * scale for value, scale in zip(noisy, scales, strict=True)]

    def rates() -> list[Rate]:
        if native.noise_range_t is not None:
            raise _refused(name, f"noise, random numbers of torch's generator; {WAY_OUT}")
        if native.param_group_field != "lr":
            raise _refused(name, f"it drives {native.param_group_field!r}, not the learning rate")
        if name not in SHAPES or not type(native).__module__.startswith("timm.scheduler."):
            raise _refused(name, f"not one of timm's own schedulers, whose formula is code; {WAY_OUT}")
        return [replace(_rate(native, name, place), scale=scale) for place, scale in enumerate(scales)]

    notes = [_EPOCHS if native.t_in_epochs else _UPDATES]
    if len({*scales}) > 1:
        notes.append("lr_scale of a parameter group, as layer-wise decay sets it, multiplies all of its schedule")
    source = Source(framework="timm", construct=name, own=own, notes=tuple(notes), names=names_of(native.optimizer))
    reading = read_groups(source, rates, sample)
    return replace(reading, conventions=(*reading.conventions, *_before_the_first_step(native, own)))


def is_of_timm(native: Any) -> bool:
    """Tell whether an object is a scheduler of timm, or derived from one."""
    return is_from(native, "timm.scheduler")


def _before_the_first_step(native: Any, own: Callable[[int], list[float]]) -> list[str]:
    """Return that the constructor sets other rates than the formula has at step 0, where it does."""
    scales = [float(group.get("lr_scale", 1.0)) for group in native.optimizer.param_groups]
    made = [native.warmup_lr_init if native.warmup_t else base for base in native.base_values]
    made = [float(value) * scale for value, scale in zip(made, scales, strict=True)]
    first = own(0)
    if all(math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300) for a, b in zip(made, first, strict=True)):
        return []
    left = f"the constructor leaves {made[0]:.9g}, which a loop that does not call step(0) applies to it"
    return [f"the formula, which was read, has {first[0]:.9g} at step 0; {left}"]


_refused = partial(UnsupportedError, "timm")
"""The error that refuses a construct of timm: of its name, and why."""


def _rate(native: Any, name: str, place: int) -> Rate:
    """Return what the group at a place has."""
    given = {field.name: getattr(native, field.name) for field in fields(Scheduler) if hasattr(native, field.name)}
    try:
        return rate_of(Scheduler(**{**given, "name": name}), float(native.base_values[place]))
    except UnsupportedError as error:
        raise _refused(name, f"{error.reason}; {WAY_OUT}") from None
