"""Reading what `get_scheduler` of Hugging Face transformers returns: a `LambdaLR` with functions of its own.

The functions are module-level ones with their numbers in a `functools.partial` (in older versions, closures), and so
the numbers can be read. A function gives a multiple of the rate that its parameter group began with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.formula import Time, simple
from lrspec.kinds import (
    Constant,
    Cosine,
    Freeze,
    Linear,
    OneMinusPower,
    Polynomial,
    PowerLaw,
    Repeat,
    Sequence,
    Shift,
)
from lrspec.native.build import constant, lasting, levels
from lrspec.native.clients import WAY_OUT, Rate, Source, after_warmup, names_of, nodes_of, on_course, read_groups
from lrspec.native.keras_own import time_of
from lrspec.native.reading import Reading
from lrspec.spec import Node

Numbers = Mapping[str, Any]
_COUNTS = "step 0 is the rate before the first scheduler.step(); the Trainer steps once per optimizer update"
_WARMUP = "num_training_steps includes the warmup; the rate at step 0 is 0, and the first whole rate at the warmup's end"
_METRIC = "it follows a metric, not the step; `lrspec.ReduceOnPlateau` stands beside a schedule and lowers it"
_REFUSED = {
    "GreedyLR": "it raises and lowers the rate after a metric; the run's logged rates can become a `table`",
    "AdafactorSchedule": "it only shows the rates that Adafactor computes from its parameters and its state",
    "LayerWiseDummyScheduler": "it has no schedule: each parameter has a scheduler of its own, in a hook; give one of them",
    "ReduceLROnPlateau": _METRIC,
}


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of `transformers.get_scheduler` is, checked against its own functions.

    Raises:
        UnsupportedError: It has no equivalent, and there is no `sample`; or it is not a function of the step at all.
        MismatchError: The schedule is not what the object computes, or the optimizer's rate is not on it.
    """
    if name in _REFUSED or not hasattr(native, "lr_lambdas"):
        raise _refused(name, _REFUSED.get(name, "not a scheduler that get_scheduler returns"))
    bases = [float(base) for base in native.base_lrs]
    source = Source(
        framework="transformers",
        construct=construct_of(native.lr_lambdas[0]),
        own=lambda step: [base * rate(step) for base, rate in zip(bases, native.lr_lambdas, strict=True)],
        notes=(_COUNTS,),
        names=names_of(native.optimizer),
        position=int(native.last_epoch),
    )

    def rates() -> list[Rate]:
        return [rate_of(function, base) for function, base in zip(native.lr_lambdas, bases, strict=True)]

    reading = read_groups(source, rates, sample)
    held = [group["lr"] for group in native.optimizer.param_groups]
    if len(held) != len(bases):
        raise _refused(name, f"its optimizer has {len(held)} parameter groups, and it knows {len(bases)}; build it anew")
    return on_course(reading, nodes_of(reading.schedule, len(bases)), held, int(native.last_epoch))


def is_of_transformers(native: Any) -> bool:
    """Tell whether an object is a `LambdaLR` that transformers made."""
    functions = getattr(native, "lr_lambdas", None) or ()
    return any(_function(function).__module__ == "transformers.optimization" for function in functions)


def construct_of(function: Any) -> str:
    """Return the name of the function of transformers that made this one."""
    name = str(getattr(_function(function), "__qualname__", type(function).__qualname__)).split(".")[0]
    if "min_lr_rate" in getattr(function, "keywords", {}) and SHAPES.get(name, ("",))[0] == "cosine":
        return "cosine_with_min_lr"
    return SHAPES[name][0] if name in SHAPES else name


def rate_of(function: Any, base: float) -> Rate:
    """Return what a function of `transformers.optimization` makes of a base rate.

    Raises:
        UnsupportedError: It is no such function, or has no equivalent.
    """
    inner = _function(function)
    name = str(getattr(inner, "__qualname__", "")).split(".")[0]
    if getattr(inner, "__module__", None) != "transformers.optimization" or name not in SHAPES:
        raise _refused(name or type(function).__name__, f"code, of which no formula can be read; {WAY_OUT}")
    if isinstance(function, partial):
        numbers: Numbers = function.keywords
    else:
        cells = (cell.cell_contents for cell in function.__closure__ or ())
        numbers = dict(zip(function.__code__.co_freevars, cells, strict=True))
    construct, shape = SHAPES[name]
    if "num_warmup_steps" in numbers and numbers["num_warmup_steps"] < 0:
        raise _refused(construct, f"num_warmup_steps={numbers['num_warmup_steps']}, below 0; {WAY_OUT}")
    return shape(numbers, base)


def _function(function: Any) -> Any:
    return function.func if isinstance(function, partial) else function


def _refused(name: str, reason: str) -> UnsupportedError:
    return UnsupportedError("transformers", name, reason)


def _lengths(numbers: Numbers) -> tuple[Time, Time, Time]:
    """Return the warmup, the total, and what the decay is divided by, which is at least 1."""
    warmup, total = time_of(numbers["num_warmup_steps"]), time_of(numbers["num_training_steps"])
    return warmup, total, max(simple(Fraction(total) - warmup), 1)


def _constant(_: Numbers, base: float) -> Rate:
    return Rate(node=constant(base))


def _constant_with_warmup(numbers: Numbers, base: float) -> Rate:
    warmup = time_of(numbers["num_warmup_steps"])
    note = f"the rate at step 0 is 0, and the whole rate at step {warmup}" if warmup else "no warmup"
    return Rate(node=after_warmup(0.0, base, warmup, constant(base)), notes=(note,), kinks=(warmup,))


def _linear(numbers: Numbers, base: float) -> Rate:
    warmup, total, over = _lengths(numbers)
    left = simple(Fraction(total) - warmup)
    notes = (_WARMUP, f"0 at step {total}, and held")
    if left <= 0:
        notes = (_WARMUP, f"num_training_steps={total} is no more than the warmup: 0 from step {warmup} on")
        return Rate(node=after_warmup(0.0, base, warmup, constant(0.0)), notes=notes, kinks=(warmup,))
    decay = Linear(init_value=base * float(left / Fraction(over)), end_value=0.0, steps=left)
    return Rate(node=after_warmup(0.0, base, warmup, decay), notes=notes, kinks=(warmup, total))


def _wave(init: float, end: float, steps: Time, cycles: Time, ahead: int = 0) -> Node:
    """Return cosines without end: down from `init` in `steps / (2 * cycles)` steps, up again, and so on."""
    if cycles == 0:
        return constant(init)
    period = simple(Fraction(steps) / cycles)
    if (Fraction(steps) / Fraction(float(cycles))).denominator == 1 and steps > ahead:
        wave: Node = Cosine(
            init_value=init, end_value=end, steps=steps, cycles=float(cycles), after="continue"
        )
    else:
        wave = Repeat(part=Cosine(init_value=init, end_value=end, steps=period, cycles=1.0))
    return Shift(part=wave, by=ahead) if ahead else wave


def _turns(warmup: Time, over: Time, cycles: Time) -> tuple[Time, ...]:
    """Return the start, some turns, the nominal end of a wave, and as much again."""
    half = Fraction(over) / (2 * cycles) if cycles else Fraction(over)
    return (warmup, *(warmup + half * k for k in range(1, 5)), warmup + over, warmup + 2 * over)


def _about_the_end(total: Time, cycles: Time) -> str:
    if cycles == 0:
        return "num_cycles=0: the rate never falls"
    low = "its lowest" if (2 * cycles) % 2 == 1 else "not its lowest, with these num_cycles,"
    return f"the rate is {low} at step {total}, and it is not held: after it the cosine goes on, up and down"


def _wave_slack(cycles: Time) -> float:
    """Return what the rounding of an angle of several turns explains."""
    return 2.0**-50 * 2 * math.pi * 2 * float(cycles)


def _cosine(numbers: Numbers, base: float) -> Rate:
    warmup, total, over = _lengths(numbers)
    cycles, share = abs(time_of(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
    if share < 0:
        raise _refused("cosine_with_min_lr", f"min_lr_rate={share}, below 0; {WAY_OUT}")
    notes = [_WARMUP, _about_the_end(total, cycles)]
    if "min_lr_rate" in numbers:
        notes.append(f"the minimum is {share:.6g} of each group's own rate: min_lr is a share of the optimizer's default lr")
    if total - warmup < 1:
        notes.append(f"num_training_steps={total} leaves no whole step after the warmup: a half cosine of 1 step, for ever")
    wave = _wave(base, base * share, over, cycles)
    return Rate(
        node=after_warmup(0.0, base, warmup, wave),
        notes=tuple(notes),
        kinks=_turns(warmup, over, cycles),
        slack=_wave_slack(cycles),
    )


def _cosine_warmup_with_min_lr(numbers: Numbers, base: float) -> Rate:
    """Everything is one step early: the peak is at the last step of the warmup, the minimum at the last step."""
    warmup, total, over = _lengths(numbers)
    cycles, share = abs(time_of(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
    first = numbers.get("warmup_lr_rate")
    if share < 0:
        raise _refused("cosine_warmup_with_min_lr", f"min_lr_rate={share}, below 0; {WAY_OUT}")
    notes = [
        f"num_training_steps includes the warmup; the peak is at step {warmup - 1}, the last of the warmup, and the "
        "cosine begins one step into it",
        _about_the_end(total - 1, cycles),
    ]
    if first is None:
        notes.append("the warmup is (k + 1) / W: the first rate is not 0")
        line: Node = Linear(init_value=0.0, end_value=base, steps=max(warmup, 1))
        rise = Shift(part=line, by=1) if warmup > 1 else constant(base)
    else:
        notes.append(f"the warmup begins with warmup_lr_rate={first} of the rate, and is divided by W - 1")
        rise = Linear(init_value=base * float(first), end_value=base, steps=max(simple(Fraction(warmup) - 1), 1))
    wave = _wave(base, base * share, over, cycles, ahead=1)
    return Rate(
        node=Sequence(parts=[Freeze(part=rise, steps=warmup), wave]) if warmup > 0 else wave,
        notes=tuple(notes),
        kinks=_turns(warmup - 1, over, cycles),
        slack=_wave_slack(cycles),
    )


def _restarts(numbers: Numbers, base: float) -> Rate:
    warmup, total, over = _lengths(numbers)
    cycles = time_of(numbers["num_cycles"])
    if cycles < 0:
        raise _refused("cosine_with_restarts", f"num_cycles={cycles}, below 0; {WAY_OUT}")
    notes = [_WARMUP, f"num_cycles={cycles} half cosines, each from the whole rate; 0 from step {warmup + over} on"]
    if cycles == 0:
        node: Node = Sequence(parts=[Constant(value=base, steps=over), constant(0.0)])
    elif cycles <= 1:
        whole = Cosine(init_value=base, end_value=0.0, steps=simple(Fraction(over) / cycles))
        node = whole if cycles == 1 else Sequence(parts=[Freeze(part=whole, steps=over), constant(0.0)])
    else:
        cycle = Cosine(init_value=base, end_value=0.0, steps=simple(Fraction(over) / cycles))
        node = Sequence(parts=[Freeze(part=Repeat(part=cycle), steps=over), constant(0.0)])
    starts = (Fraction(over) / cycles * k for k in range(1, min(math.ceil(cycles), 200)))
    return Rate(
        node=after_warmup(0.0, base, warmup, node),
        notes=tuple(notes),
        kinks=(warmup, *(warmup + start for start in starts), warmup + over),
        is_jump=lambda step: step > warmup and (step - Fraction(warmup)) * cycles % over == 0,
        slack=2.0**-49 * float(cycles),
    )


def _polynomial(numbers: Numbers, base: float) -> Rate:
    warmup, total, _ = _lengths(numbers)
    power, init = float(numbers["power"]), float(numbers["lr_init"])
    end = base * float(numbers["lr_end"]) / init
    notes = [_WARMUP, f"lr_end is a rate of the optimizer's default lr, {init:g}; this group comes to {end:.6g}, and holds it"]
    if total == warmup or power < 0:
        why = f"num_training_steps={total} is the warmup" if total == warmup else f"power={power}, below 0"
        raise _refused("polynomial", f"{why}: transformers divides by 0 at step {total}; {WAY_OUT}")
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
    warmup, scale = time_of(numbers["num_warmup_steps"]), time_of(numbers["timescale"])
    if scale <= 0:
        raise _refused("inverse_sqrt", f"timescale={scale}, not above 0, which has no square root; {WAY_OUT}")
    notes = (
        f"the rate is whole at step {warmup}, and half of it {3 * scale} steps later; it never ends",
        "timescale is the warmup where none was given, and 10000 where there is no warmup",
    )
    decay = PowerLaw(init_value=base, power=0.5, timescale=scale, offset=scale)
    return Rate(node=after_warmup(0.0, base, warmup, decay), notes=notes, kinks=(warmup, warmup + 3 * scale, warmup + 99 * scale))


def _warmup_stable_decay(numbers: Numbers, base: float) -> Rate:
    warmup, stable = time_of(numbers["num_warmup_steps"]), time_of(numbers["num_stable_steps"])
    decay, share = time_of(numbers["num_decay_steps"]), float(numbers["min_lr_ratio"])
    if share < 0:
        raise _refused("warmup_stable_decay", f"min_lr_ratio={share}, below 0; {WAY_OUT}")
    low, parts = base * share, []
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
        cycles = abs(time_of(numbers["num_cycles"]))
        fall = _fall(str(numbers.get("decay_type", "cosine")), base, low, max(decay, 1), cycles)
        parts += lasting(Shift(part=fall, by=begun) if begun else fall, left)
    if begun:
        notes.append(f"num_stable_steps={stable}, below 0: the decay begins that far into itself")
    node = Sequence(parts=[*parts, constant(low)]) if parts else constant(low)
    ends = (warmup, warmup + stable, warmup + stable + decay)
    return Rate(node=node, notes=tuple(notes), kinks=ends, slack=_wave_slack(time_of(numbers["num_cycles"])))


def _rise(shape: str, init: float, peak: float, steps: Time) -> Node:
    if shape == "linear":
        return Linear(init_value=init, end_value=peak, steps=steps)
    if shape == "cosine":
        return Cosine(init_value=init, end_value=peak, steps=steps)
    if shape == "1-sqrt":
        return Polynomial(init_value=init, end_value=peak, steps=steps, power=0.5)
    raise _refused("warmup_stable_decay", f"warmup_type={shape!r}, which is not known; {WAY_OUT}")


def _fall(shape: str, peak: float, low: float, steps: Time, cycles: Time) -> Node:
    if shape == "linear":
        return Linear(init_value=peak, end_value=low, steps=steps)
    if shape == "cosine" and cycles == 0:
        return Constant(value=peak, steps=steps)
    if shape == "cosine":
        return Cosine(init_value=peak, end_value=low, steps=steps, cycles=float(cycles))
    if shape == "1-sqrt":
        return OneMinusPower(init_value=peak, end_value=low, steps=steps, power=0.5)
    raise _refused("warmup_stable_decay", f"decay_type={shape!r}, which is not known; {WAY_OUT}")


Shape = Callable[[Numbers, float], Rate]
_KNOWN: dict[str, tuple[str, Shape]] = {
    "constant": ("constant_schedule", _constant),
    "constant_with_warmup": ("constant_schedule_with_warmup", _constant_with_warmup),
    "linear": ("linear_schedule_with_warmup", _linear),
    "cosine": ("cosine_schedule_with_warmup", _cosine),
    "cosine_with_restarts": ("cosine_with_hard_restarts_schedule_with_warmup", _restarts),
    "polynomial": ("polynomial_decay_schedule_with_warmup", _polynomial),
    "inverse_sqrt": ("inverse_sqrt_schedule", _inverse_sqrt),
    "cosine_warmup_with_min_lr": ("cosine_with_min_lr_schedule_with_warmup_lr_rate", _cosine_warmup_with_min_lr),
}
SHAPES: dict[str, tuple[str, Shape]] = {
    **{f"get_{word}": (name, shape) for name, (word, shape) in _KNOWN.items()},
    **{f"_get_{word}_lr_lambda": (name, shape) for name, (word, shape) in _KNOWN.items()},
    "_get_constant_lambda": ("constant", _constant),
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": (
        "cosine_warmup_with_min_lr",
        _cosine_warmup_with_min_lr,
    ),
    "_get_wsd_scheduler_lambda": ("warmup_stable_decay", _warmup_stable_decay),
}
"""By the name of the function (of older versions: of the one around it), its `SchedulerType` and its reader."""
