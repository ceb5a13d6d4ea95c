"""What the cosines of `transformers.optimization` compute, as nodes, from the numbers that they hold."""

from __future__ import annotations

import math
from fractions import Fraction

from lrspec.compiler.formula import Time, simple
from lrspec.kinds import Constant, Cosine, Freeze, Linear, Repeat, Sequence, Shift
from lrspec.readers.build import constant
from lrspec.readers.numbers import decimal_time
from lrspec.readers.param_groups import WAY_OUT, Rate, after_warmup
from lrspec.readers.transformers.numbers import WARMUP, Numbers, lengths, refused, times
from lrspec.spec import Node


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


def wave_slack(cycles: Time, over: Time) -> float:
    """Return what the rounding of an angle of several turns explains, over twice its length or 80 steps."""
    return 2.0**-50 * math.pi * 2 * float(cycles) * max(2.0, 80 / float(over))


def cosine(numbers: Numbers, base: float) -> Rate:
    """Return a linear warmup and a cosine, to 0 or a share of the rate, which goes on after its end."""
    warmup, total, over = lengths(numbers)
    cycles, share = decimal_time(abs(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
    if share < 0:
        raise refused("cosine_with_min_lr", f"min_lr_rate={share}, below 0; {WAY_OUT}")
    notes = [WARMUP, _about_the_end(total, cycles)]
    if "min_lr_rate" in numbers:
        notes.append(
            f"the minimum is {share:.6g} of each group's own rate: min_lr is a share of the optimizer's default lr"
        )
    if total - warmup < 1:
        notes.append(
            f"num_training_steps={total} leaves no whole step after the warmup: a half cosine of 1 step, for ever"
        )
    wave = _wave(base, times(base, share), over, cycles)
    return Rate(
        node=after_warmup(0.0, base, warmup, wave),
        notes=tuple(notes),
        kinks=_turns(warmup, over, cycles),
        slack=wave_slack(cycles, over),
    )


def one_step_ahead(numbers: Numbers, base: float) -> Rate:
    """Everything is one step early: the peak is at the last step of the warmup, the minimum at the last step."""
    warmup, total, over = lengths(numbers)
    cycles, share = decimal_time(abs(numbers["num_cycles"])), float(numbers.get("min_lr_rate", 0.0))
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
        rise = Linear(init_value=times(base, float(first)), end_value=base, steps=steps, after="continue")
    wave = _wave(base, times(base, share), over, cycles, ahead=1)
    return Rate(
        node=Sequence(parts=[Freeze(part=rise, steps=warmup), wave]) if warmup > 0 else wave,
        notes=tuple(notes),
        kinks=_turns(warmup - 1, over, cycles),
        slack=wave_slack(cycles, over),
    )


def restarts(numbers: Numbers, base: float) -> Rate:
    """Return a linear warmup and half cosines, each from the whole rate, and 0 after them."""
    warmup, _, over = lengths(numbers)
    cycles = decimal_time(numbers["num_cycles"])
    if cycles < 0:
        raise refused("cosine_with_restarts", f"num_cycles={cycles}, below 0; {WAY_OUT}")
    notes = [WARMUP, f"num_cycles={cycles} half cosines, each from the whole rate; 0 from step {warmup + over} on"]
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
