"""What each function of `transformers.optimization` computes, as a node, from the numbers that it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.errors import UnsupportedError
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
from lrspec.readers.build import constant, levels
from lrspec.readers.keras.documented import time_of
from lrspec.readers.param_groups import WAY_OUT, Rate, after_warmup, cut_to
from lrspec.spec import Node

Numbers = Mapping[str, Any]
_WARMUP = (
    "num_training_steps includes the warmup; the rate at step 0 is 0, and the first whole rate at the warmup's end"
)


def refused(name: str, reason: str) -> UnsupportedError:
    """Return the error that refuses a construct of transformers."""
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
        wave: Node = Cosine(init_value=init, end_value=end, steps=steps, cycles=float(cycles), after="continue")
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


def _wave_slack(cycles: Time, over: Time) -> float:
    """Return what the rounding of an angle of several turns explains, over twice its length or 80 steps."""
    return 2.0**-50 * math.pi * 2 * float(cycles) * max(2.0, 80 / float(over))


def _cosine(numbers: Numbers, base: float) -> Rate:
    warmup, total, over = _lengths(numbers)
    cycles, share = time_of(abs(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
    if share < 0:
        raise refused("cosine_with_min_lr", f"min_lr_rate={share}, below 0; {WAY_OUT}")
    notes = [_WARMUP, _about_the_end(total, cycles)]
    if "min_lr_rate" in numbers:
        notes.append(
            f"the minimum is {share:.6g} of each group's own rate: min_lr is a share of the optimizer's default lr"
        )
    if total - warmup < 1:
        notes.append(
            f"num_training_steps={total} leaves no whole step after the warmup: a half cosine of 1 step, for ever"
        )
    wave = _wave(base, base * share, over, cycles)
    return Rate(
        node=after_warmup(0.0, base, warmup, wave),
        notes=tuple(notes),
        kinks=_turns(warmup, over, cycles),
        slack=_wave_slack(cycles, over),
    )


def _cosine_warmup_with_min_lr(numbers: Numbers, base: float) -> Rate:
    """Everything is one step early: the peak is at the last step of the warmup, the minimum at the last step."""
    warmup, total, over = _lengths(numbers)
    cycles, share = time_of(abs(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
    first = numbers.get("warmup_lr_rate")
    if share < 0:
        raise refused("cosine_warmup_with_min_lr", f"min_lr_rate={share}, below 0; {WAY_OUT}")
    peak = f"the peak is at step {warmup - 1}, the last of the warmup, and the cosine begins one step into it"
    notes = [f"num_training_steps includes the warmup; {peak}", _about_the_end(total - 1, cycles)]
    if first is None:
        notes.append("the warmup is (k + 1) / W: the first rate is not 0")
        line: Node = Linear(init_value=0.0, end_value=base, steps=max(warmup, 1))
        rise: Node = Shift(part=line, by=1) if warmup > 1 else constant(base)
    else:
        notes.append(f"the warmup begins with warmup_lr_rate={first} of the rate, and is divided by W - 1")
        steps = max(simple(Fraction(warmup) - 1), 1)
        rise = Linear(init_value=base * float(first), end_value=base, steps=steps, after="continue")
    wave = _wave(base, base * share, over, cycles, ahead=1)
    return Rate(
        node=Sequence(parts=[Freeze(part=rise, steps=warmup), wave]) if warmup > 0 else wave,
        notes=tuple(notes),
        kinks=_turns(warmup - 1, over, cycles),
        slack=_wave_slack(cycles, over),
    )


def _restarts(numbers: Numbers, base: float) -> Rate:
    warmup, _, over = _lengths(numbers)
    cycles = time_of(numbers["num_cycles"])
    if cycles < 0:
        raise refused("cosine_with_restarts", f"num_cycles={cycles}, below 0; {WAY_OUT}")
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
    notes = [
        _WARMUP,
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
    warmup, scale = time_of(numbers["num_warmup_steps"]), time_of(numbers["timescale"])
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
    warmup, stable = time_of(numbers["num_warmup_steps"]), time_of(numbers["num_stable_steps"])
    decay, share = time_of(numbers["num_decay_steps"]), float(numbers["min_lr_ratio"])
    if share < 0:
        raise refused("warmup_stable_decay", f"min_lr_ratio={share}, below 0; {WAY_OUT}")
    low, parts = base * share, list[Node]()
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
        cycles = time_of(abs(numbers["num_cycles"]))
        fall = _fall(str(numbers.get("decay_type", "cosine")), base, low, max(decay, 1), cycles)
        parts.append(cut_to(Shift(part=fall, by=begun) if begun else fall, left))
    if begun:
        notes.append(f"num_stable_steps={stable}, below 0: the decay begins that far into itself")
    node = Sequence(parts=[*parts, constant(low)]) if parts else constant(low)
    ends = (warmup, warmup + stable, warmup + stable + decay)
    return Rate(node=node, notes=tuple(notes), kinks=ends, slack=_wave_slack(time_of(abs(numbers["num_cycles"])), 40))


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
