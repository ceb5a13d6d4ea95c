"""The table of transformers' schedules: for each `SchedulerType` its arguments, and the node that it is.

What `get_scheduler` returns is read with it, and the arguments of a `Trainer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.kinds import Constant, Cosine, Linear, OneMinusPower, Polynomial, PowerLaw, Sequence, Shift
from lrspec.readers.build import constant, levels
from lrspec.readers.numbers import decimal_time
from lrspec.readers.param_groups import WAY_OUT, Rate, after_warmup, cut_to
from lrspec.readers.transformers.cosines import cosine, one_step_ahead, restarts, wave_slack
from lrspec.readers.transformers.numbers import WARMUP, Numbers, lengths, refused, times
from lrspec.spec import Node


def _constant(_: Numbers, base: float) -> Rate:
    return Rate(node=constant(base))


def _constant_with_warmup(numbers: Numbers, base: float) -> Rate:
    warmup = decimal_time(numbers["num_warmup_steps"])
    note = f"the rate at step 0 is 0, and the whole rate at step {warmup}" if warmup else "no warmup"
    return Rate(node=after_warmup(0.0, base, warmup, constant(base)), notes=(note,), kinks=(warmup,))


def _linear(numbers: Numbers, base: float) -> Rate:
    warmup, total, over = lengths(numbers)
    left = simple(Fraction(total) - warmup)
    notes = (WARMUP, f"0 at step {total}, and held")
    if left <= 0:
        notes = (WARMUP, f"num_training_steps={total} is no more than the warmup: 0 from step {warmup} on")
        return Rate(node=after_warmup(0.0, base, warmup, constant(0.0)), notes=notes, kinks=(warmup,))
    decay = Linear(init_value=base * float(left / Fraction(over)), end_value=0.0, steps=left)
    return Rate(node=after_warmup(0.0, base, warmup, decay), notes=notes, kinks=(warmup, total))


def _polynomial(numbers: Numbers, base: float) -> Rate:
    warmup, total, _ = lengths(numbers)
    power, init = float(numbers["power"]), float(numbers["lr_init"])
    end = float(numbers["lr_end"]) if base == init else times(base, float(numbers["lr_end"]) / init)
    notes = [
        WARMUP,
        f"lr_end is a rate of the optimizer's default lr, {init:g}; this group comes to {end:.6g}, and holds it",
    ]
    if total == warmup or power < 0:
        given = numbers["num_training_steps"]
        why = f"num_training_steps={given} is the warmup" if total == warmup else f"power={power}, below 0"
        raise refused("polynomial", f"{why}: transformers divides by 0 at step {given}; {WAY_OUT}")
    if total < warmup:
        notes[1] = f"num_training_steps={total} is below the warmup: lr_end from step {warmup} on"
        return Rate(node=after_warmup(0.0, base, warmup, constant(end)), notes=tuple(notes), kinks=(warmup,))
    steps = simple(Fraction(total) - warmup)
    if power == 0:
        decay: Node = levels([0, math.floor(steps) + 1], [base, end])
        notes.append(f"power=0: the whole rate until step {total}, lr_end after it")
    elif power == 1:
        decay = Linear(init_value=base, end_value=end, steps=steps)
    else:
        decay = Polynomial(init_value=base, end_value=end, steps=steps, power=power)
    slack = 2.0**-52 * float(steps) ** (1 - power) if 0 < power < 1 else 0.0
    return Rate(
        node=after_warmup(0.0, base, warmup, decay), notes=tuple(notes), kinks=(warmup, total, total + 1), slack=slack
    )


def _inverse_sqrt(numbers: Numbers, base: float) -> Rate:
    warmup, scale = decimal_time(numbers["num_warmup_steps"]), decimal_time(numbers["timescale"])
    if scale <= 0:
        raise refused("inverse_sqrt", f"timescale={scale}, not above 0, which has no square root; {WAY_OUT}")
    notes = (
        f"the rate is whole at step {warmup}, and half of it {3 * scale} steps later; it never ends",
        "timescale is the warmup where none was given, and 10000 where there is no warmup",
    )
    decay = PowerLaw(init_value=base, power=0.5, timescale=scale, offset=scale)
    return Rate(
        node=after_warmup(0.0, base, warmup, decay),
        notes=notes,
        kinks=(warmup, warmup + 3 * scale, warmup + 99 * scale),
    )


def _warmup_stable_decay(numbers: Numbers, base: float) -> Rate:
    warmup, stable = decimal_time(numbers["num_warmup_steps"]), decimal_time(numbers["num_stable_steps"])
    decay, share = decimal_time(numbers["num_decay_steps"]), float(numbers["min_lr_ratio"])
    if share < 0:
        raise refused("warmup_stable_decay", f"min_lr_ratio={share}, below 0; {WAY_OUT}")
    low, parts = times(base, share), list[Node]()
    notes = [f"{share:.6g} of the rate is the minimum, and held after step {warmup + stable + decay}"]
    if warmup > 0:
        rise, start = numbers.get("warmup_type"), low
        if rise is None:
            rise, start = "linear", 0.0
        parts.append(_rise(str(rise), start, base, warmup))
        notes.append(f"the {rise} warmup begins with {start:.6g}; the whole rate is at step {warmup}")
    if stable > 0:
        parts.append(Constant(value=base, steps=stable))
    begun = max(-stable, 0)
    left = simple(Fraction(decay) - begun)
    if decay > 0 and left > 0:
        cycles = decimal_time(abs(numbers["num_cycles"]))
        fall = _fall(str(numbers.get("decay_type", "cosine")), base, low, max(decay, 1), cycles)
        parts.append(cut_to(Shift(part=fall, by=begun) if begun else fall, left))
    if begun:
        notes.append(f"num_stable_steps={stable}, below 0: the decay begins that far into itself")
    node = Sequence(parts=[*parts, constant(low)]) if parts else constant(low)
    ends = (warmup, warmup + stable, warmup + stable + decay)
    return Rate(
        node=node, notes=tuple(notes), kinks=ends, slack=wave_slack(decimal_time(abs(numbers["num_cycles"])), 40)
    )


def _rise(shape: str, init: float, peak: float, steps: Time) -> Node:
    if shape == "linear":
        return Linear(init_value=init, end_value=peak, steps=steps)
    if shape == "cosine":
        return Cosine(init_value=init, end_value=peak, steps=steps)
    if shape == "1-sqrt":
        return Polynomial(init_value=init, end_value=peak, steps=steps, power=0.5)
    raise refused("warmup_stable_decay", f"warmup_type={shape!r}, which is not known; {WAY_OUT}")


def _fall(shape: str, peak: float, low: float, steps: Time, cycles: Time) -> Node:
    if shape == "linear":
        return Linear(init_value=peak, end_value=low, steps=steps)
    if shape == "cosine" and cycles == 0:
        return Constant(value=peak, steps=steps)
    if shape == "cosine":
        return Cosine(init_value=peak, end_value=low, steps=steps, cycles=float(cycles))
    if shape == "1-sqrt":
        return OneMinusPower(init_value=peak, end_value=low, steps=steps, power=0.5)
    raise refused("warmup_stable_decay", f"decay_type={shape!r}, which is not known; {WAY_OUT}")


@dataclass(frozen=True)
class Shape:
    """A schedule of transformers.

    Args:
        name: Its `SchedulerType`.
        rate: What it computes, from the numbers that its function holds, times a base rate.
        made_by: The function that makes it, `get_...`.
        computed_by: The function of the step that it makes.
        arguments: What `lr_scheduler_kwargs` may give, with the defaults of 5.23; `get_scheduler` passes no others on.
        warmup: Whether it has one.
        total: Whether it needs the number of steps of the run.
    """

    name: str
    rate: Callable[[Numbers, float], Rate]
    made_by: str
    computed_by: str
    arguments: Mapping[str, Any]
    warmup: bool = True
    total: bool = True


_WARM = "_schedule_with_warmup"
_LATER = (f"cosine_with_min_lr{_WARM}_lr_rate", f"cosine_with_min_lr{_WARM}_lr_rate")
_FLOOR = {"num_cycles": 0.5, "min_lr": None, "min_lr_rate": None}
_PARTS = {
    "num_decay_steps": None,
    "num_stable_steps": None,
    "warmup_type": "linear",
    "decay_type": "cosine",
    "min_lr_ratio": 0,
    "num_cycles": 0.5,
}


SHAPES: dict[str, Shape] = {
    name: Shape(name, rate, f"get_{made_by}", f"_get_{computed_by or made_by + '_lr'}_lambda", arguments, *lengths)
    for name, rate, made_by, computed_by, arguments, *lengths in (
        ("constant", _constant, "constant_schedule", "constant", {}, False, False),
        ("constant_with_warmup", _constant_with_warmup, "constant_schedule_with_warmup", "", {}, True, False),
        ("linear", _linear, "linear_schedule_with_warmup", "", {}),
        ("cosine", cosine, "cosine_schedule_with_warmup", "", {"num_cycles": 0.5}),
        ("cosine_with_restarts", restarts, f"cosine_with_hard_restarts{_WARM}", "", {"num_cycles": 1}),
        ("polynomial", _polynomial, f"polynomial_decay{_WARM}", "", {"lr_end": 1e-7, "power": 1.0}),
        ("inverse_sqrt", _inverse_sqrt, "inverse_sqrt_schedule", "", {"timescale": None}, True, False),
        ("cosine_with_min_lr", cosine, f"cosine_with_min_lr{_WARM}", f"cosine{_WARM}_lr", _FLOOR),
        ("cosine_warmup_with_min_lr", one_step_ahead, *_LATER, {**_FLOOR, "warmup_lr_rate": None}),
        ("warmup_stable_decay", _warmup_stable_decay, "wsd_schedule", "wsd_scheduler", _PARTS),
    )
}
"""The schedules, by their `SchedulerType`: what each is, what makes it and computes it, its arguments and lengths."""
METRIC = {"reduce_lr_on_plateau": "ReduceLROnPlateau", "greedy": "GreedyLR"}
"""The types that follow a metric, with the classes that do."""


def shape_of(function: str, numbers: Numbers) -> Shape | None:
    """Return the shape that a function of transformers makes or computes, by its name and the numbers that it holds."""
    found = [shape for shape in SHAPES.values() if function in (shape.made_by, shape.computed_by)]
    if len(found) > 1:  # the cosine with a minimum is computed by the function of the one without
        return SHAPES["cosine_with_min_lr" if "min_lr_rate" in numbers else "cosine"]
    return found[0] if found else None


def held(name: str, given: Numbers, warmup: int, total: int | None, rate: float) -> dict[str, Any]:
    """Return the numbers that a function of transformers holds where it was made with some arguments.

    Args:
        name: The `SchedulerType`.
        given: The `lr_scheduler_kwargs`, of the names in its `arguments`.
        warmup: The steps of the warmup.
        total: The steps of the run, where they are known.
        rate: The optimizer's learning rate.

    Raises:
        UnsupportedError: transformers raises an error for them too.
    """
    shape = SHAPES[name]
    numbers = {**shape.arguments, **given, "num_warmup_steps": warmup, "num_training_steps": total}
    if "min_lr" in numbers:
        numbers["min_lr_rate"] = _floor(name, numbers.pop("min_lr"), numbers["min_lr_rate"], rate)
    if name == "polynomial":
        numbers["lr_init"] = rate
        if rate <= numbers["lr_end"]:
            raise refused(name, f"lr_end={numbers['lr_end']:g} is not below the rate of {rate:g}, which it must be")
    if name == "inverse_sqrt" and numbers["timescale"] is None:
        numbers["timescale"] = warmup or 10_000
    if name == "warmup_stable_decay" and numbers["num_stable_steps"] is None and total is not None:
        numbers["num_stable_steps"] = total - warmup - numbers["num_decay_steps"]
    return numbers


def _floor(name: str, low: float | None, share: float | None, rate: float) -> float:
    if (low is None) == (share is None):
        raise refused(name, "it needs one of min_lr and min_lr_rate, and not both")
    return float(share) if low is None else low / rate  # type: ignore[arg-type]  # one of them is a number
