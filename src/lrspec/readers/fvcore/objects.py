"""Reading `fvcore.common.param_scheduler`, and the `LRMultiplier` of detectron2 that holds one.

These schedulers are functions of how far the run has come, `where`, from 0 up to but not including 1: they have no
steps of their own. So a reader needs the number of steps of the run, which is its `sample`; update t then has
`where = t / sample`. An `LRMultiplier` knows that number itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.errors import UnsupportedError, argument
from lrspec.readers.fvcore.shapes import (
    NEAR,
    Shape,
    Window,
    composite,
    cosine,
    equal_steps,
    exponential,
    level,
    linear,
    multi_step,
    polynomial,
    refused,
)
from lrspec.readers.numbers import decimal_time
from lrspec.readers.param_groups import WAY_OUT, Rate, Source, names_of, nodes_of, on_course, read_groups
from lrspec.readers.reading import Reading

_MODULE = "fvcore.common.param_scheduler"
_BEYOND = "`where` is below 1, and so the object has no value from the last step on; the last one is held there"


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of fvcore is over a run of `sample` steps, checked against what it gives.

    Raises:
        UnsupportedError: There is no `sample`, the number of steps of the run.
        MismatchError: The schedule is not what the object computes.
    """
    if hasattr(native, "_multiplier") and hasattr(native, "_max_iter"):
        return _from_multiplier(native, name)
    if sample is None:
        way_out = f"give {argument('sample', 'N')}, the run's number of steps"
        raise refused(name, f"a function of the share of the run, without steps; {way_out}")
    source = Source(
        framework="fvcore",
        construct=name,
        own=lambda step: [native(step / sample)],
        notes=(f"the run has {sample} steps, and step t is where = t / {sample}", _ABOUT_VALUES, _BEYOND),
        stop=_last(native, sample),
    )
    return read_groups(source, lambda: [_rate(native, sample)], sample)


_ABOUT_VALUES = "the values are those of the object; detectron2 and others take them as multiples of a base rate"


def is_of_fvcore(native: Any) -> bool:
    """Tell whether an object is a scheduler of fvcore, or derived from one, or detectron2's `LRMultiplier`."""
    kinds = type(native).__mro__
    of_detectron = kinds[0].__module__ == "detectron2.solver.lr_scheduler" and hasattr(native, "_multiplier")
    return of_detectron or any(kind.__module__ == _MODULE for kind in kinds)


def _from_multiplier(native: Any, name: str) -> Reading:
    """Return the rates of an `LRMultiplier`: each group's base rate times the scheduler inside."""
    inner, steps = vars(native)["_multiplier"], int(vars(native)["_max_iter"])
    bases = [float(base) for base in native.base_lrs]
    source = Source(
        framework="detectron2",
        construct=name,
        own=lambda step: [base * inner(step / steps) for base in bases],
        notes=(f"max_iter={steps} is the number of steps of the run, and step t is where = t / {steps}", _BEYOND),
        names=names_of(native.optimizer),
        position=int(native.last_epoch),
        stop=_last(inner, steps),
    )

    reading = read_groups(source, lambda: [_rate(inner, steps, Fraction(base)) for base in bases], steps)
    held = [group["lr"] for group in native.optimizer.param_groups]
    return on_course(reading, nodes_of(reading.schedule, len(bases)), held, int(native.last_epoch))


def _rate(native: Any, steps: int, scale: Fraction = Fraction(1)) -> Rate:
    try:
        found = _shape(native, steps)(Window(length=steps, scale=scale))
    except UnsupportedError as error:
        raise refused(error.construct, f"{error.reason}; {WAY_OUT}") from None
    marks = {int(time) for time in found.decisive if time == int(time)}
    power = min([1.0, *(float(vars(one)["_power"]) for one in _all(native) if "_power" in vars(one))])
    slack = 2.0**-50 * (1 / _narrowest(native) - 1) + 2.0**-51 * (steps ** (1 - max(power, 0)) - 1)
    return Rate(
        node=found.node,
        kinks=(*found.kinks, steps - 16),
        is_jump=lambda step: step in marks,
        slack=slack,
        notes=_notes(native, steps),
    )


def _notes(native: Any, steps: int) -> tuple[str, ...]:
    kinds = {_class_of(one) for one in _all(native)}
    notes = []
    if kinds & {"MultiStepParamScheduler", "StepParamScheduler", "StepWithFixedGammaParamScheduler"}:
        notes.append("a level holds from the first step at which where + 1e-6 is at its boundary")
    if "CompositeParamScheduler" in kinds:
        notes.append(
            "a part begins at the first step at which where + 1e-6 is above its start; `rescaled` has its own `where`"
        )
    if notes and steps >= 1e6:
        notes.append(f"over so many steps the 1e-6 is {steps * 1e-6:g} steps, by which changes come early")
    if _last(native, steps) < steps:
        notes.append(
            f"the object itself fails from step {_last(native, steps)} on, by its 1e-6; the last value is held"
        )
    return tuple(notes)


def _all(native: Any) -> list[Any]:
    return [native, *(inner for child in getattr(native, "_schedulers", ()) for inner in _all(child))]


def _narrowest(native: Any) -> float:
    """Return the smallest share of the run that a part has, by which what a quotient loses is magnified."""
    lengths = zip(getattr(native, "_lengths", ()), getattr(native, "_schedulers", ()), strict=True)
    return min([1.0, *(float(length) * _narrowest(child) for length, child in lengths if length > 0)])


def _last(native: Any, steps: int) -> int:
    """Return the number of steps that have a value: fewer than the run's where steps end by the 1e-6 too early."""
    near_end = range(max(steps - math.ceil(steps * 2e-6), 0), steps)
    return next((step for step in near_end if not _has_value(native, step / steps)), steps)


def _has_value(native: Any, where: float) -> bool:
    """Tell whether a scheduler does not fail by taking a part, or a level, beyond its last."""
    try:
        native(where)
    except (IndexError, ZeroDivisionError):
        return False
    except Exception:  # noqa: BLE001 - what else fails is reported when it is compared
        return True
    return True


def _class_of(native: Any) -> str:
    """Return the class whose formula an object has: its own, or the one that it is derived from."""
    function = type(native).__call__
    return function.__qualname__.split(".")[0] if function.__module__ == _MODULE else type(native).__qualname__


def _shape(native: Any, steps: int) -> Shape:
    """Return the shape of a scheduler, by the class whose formula it has, in a run of so many steps."""
    name = _class_of(native)
    if name not in _SHAPES:
        raise refused(name, "a class of its own, whose formula is code")
    if decimal_time(native.WHERE_EPSILON) != NEAR:
        raise refused(name, f"WHERE_EPSILON={native.WHERE_EPSILON}, where fvcore has {float(NEAR)}")
    return _SHAPES[name](vars(native), steps)


def _multi_step(kept: dict[str, Any], _: int) -> Shape:
    milestones = [decimal_time(milestone) for milestone in kept["_milestones"]]
    return multi_step(kept["_param_schedule"], milestones, decimal_time(kept["_num_updates"]))


def _composite(kept: dict[str, Any], steps: int) -> Shape:
    return composite(
        [_shape(part, steps) for part in kept["_schedulers"]],
        [_share(length, steps) for length in kept["_lengths"]],
        rescaled=[scaling == "rescaled" for scaling in kept["_interval_scaling"]],
    )


def _share(length: float, steps: int) -> Time:
    """Return a share of a run; a quotient that float64 rounded is the fraction of whole steps that it stands for."""
    whole = Fraction(length).limit_denominator(steps)
    return simple(whole) if abs(whole - Fraction(length)) <= 2 * math.ulp(length) else decimal_time(length)


_SHAPES: dict[str, Callable[[dict[str, Any], int], Shape]] = {
    "ConstantParamScheduler": lambda kept, _: level(float(kept["_value"])),
    "CosineParamScheduler": lambda kept, _: cosine(float(kept["_start_value"]), float(kept["_end_value"])),
    "ExponentialParamScheduler": lambda kept, _: exponential(float(kept["_start_value"]), float(kept["_decay"])),
    "LinearParamScheduler": lambda kept, _: linear(float(kept["_start_value"]), float(kept["_end_value"])),
    "MultiStepParamScheduler": _multi_step,
    "PolynomialDecayParamScheduler": lambda kept, _: polynomial(float(kept["_base_value"]), float(kept["_power"])),
    "StepParamScheduler": lambda kept, _: equal_steps(kept["_param_schedule"]),
    "StepWithFixedGammaParamScheduler": lambda kept, steps: _shape(kept["_step_param_scheduler"], steps),
    "CompositeParamScheduler": _composite,
}
"""The shape of each class, by what its objects keep."""
