"""The schedulers of timm by the parameters of their constructors: one table, for its objects and its config files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import Time, simple, value_at
from lrspec.errors import UnsupportedError
from lrspec.fields import LAST_STEP, in_steps
from lrspec.kinds import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Exponential,
    Linear,
    NormalizedExponential,
    OneMinusPower,
    Polynomial,
    PowerLaw,
    Product,
    Repeat,
    Sequence,
    Shift,
    Tanh,
)
from lrspec.readers.build import constant, levels
from lrspec.readers.numbers import decimal_time, short_decimal
from lrspec.readers.param_groups import Rate, cut_to
from lrspec.spec import Node

_MANY = 200


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """A scheduler of `timm.scheduler`, by the parameters of its constructor; times are epochs or updates.

    Args:
        name: The class.
        t_initial: The length of the first cycle, or of what follows the warmup.
        lr_min: The lowest rate.
        cycle_mul: By what each cycle is longer than the one before.
        cycle_decay: By what its peak is higher.
        cycle_limit: How many cycles there are.
        k_decay: The exponent of the time in a cycle.
        power: The exponent of the polynomial.
        lb: Where the curve of tanh begins.
        ub: Where it ends.
        decay_t: The period of steps, the list of milestones, or the length of the last decay.
        decay_rate: The factor of a step.
        stable_fn: The form of what comes before the last decay.
        stable_timescale: The timescale of that.
        stable_power: The exponent of that.
        decay_fn: The form of the last decay.
        decay_power: The exponent of that.
        decay_ratio: The share of the rate to which that falls, before it is stretched down to `lr_min`.
        warmup_t: The length of the warmup.
        warmup_lr_init: The rate with which it begins.
        warmup_prefix: Whether the rest begins after the warmup, or is covered by it.
    """

    name: str
    t_initial: float = 1
    lr_min: float = 0.0
    cycle_mul: float = 1.0
    cycle_decay: float = 1.0
    cycle_limit: float = 1
    k_decay: float = 1.0
    power: float = 0.5
    lb: float = -7.0
    ub: float = 3.0
    decay_t: Any = 1
    decay_rate: float = 1.0
    stable_fn: str = "constant"
    stable_timescale: float | None = None
    stable_power: float = 0.5
    decay_fn: Any = "1-sqrt"
    decay_power: float = 0.5
    decay_ratio: float = 0.1
    warmup_t: float = 0
    warmup_lr_init: float = 0.0
    warmup_prefix: bool = True

    def made(self, base: float) -> float:
        """Return the rate that the constructor leaves, which holds until the first step of the scheduler.

        Args:
            base: The base rate of the group.
        """
        return float(self.warmup_lr_init if self.warmup_t else base)

    def refused(self, reason: str) -> UnsupportedError:
        """Return the error of a scheduler without an equivalent.

        Args:
            reason: Why there is none.
        """
        return UnsupportedError("timm", self.name, reason)


def rate_of(scheduler: Scheduler, base: float) -> Rate:
    """Return the decay of a group after its warmup, which may stand in front of it or cover its beginning.

    Args:
        scheduler: The scheduler, of a class in `SHAPES`.
        base: The base rate of the group.

    Raises:
        UnsupportedError: There is no equivalent.
    """
    decay = SHAPES[scheduler.name](scheduler, base)
    warmup, start, prefix = _time(scheduler.warmup_t), float(scheduler.warmup_lr_init), scheduler.warmup_prefix
    if warmup <= 0:
        return decay
    peak = value_at(decay.node, warmup) if scheduler.name == "TanhLRScheduler" and not prefix else base
    line: Node = Linear(init_value=start, end_value=peak, steps=warmup)
    if start == peak:
        line = Constant(value=peak, steps=warmup)
    if prefix:
        where = f"warmup_prefix: the warmup is in front, and the rest begins at step {warmup} from its own start"
    else:
        where = f"no warmup_prefix: the warmup covers the beginning of the rest, which is at its step {warmup} then"
    notes = (f"the warmup begins with warmup_lr_init={start:g}, at step 0", where)
    moved = warmup if prefix else 0
    return replace(
        decay,
        node=Sequence(parts=[line, decay.node], time="local" if prefix else "global"),
        notes=(*notes, *decay.notes),
        kinks=(warmup, *(kink + moved for kink in decay.kinks)),
        is_jump=lambda step: step >= warmup and decay.is_jump(_whole(Fraction(step) - moved)),
    )


def _time(number: float) -> Time:
    """Return a time exactly; a product of float64 that lies beside a decimal of few digits is that decimal."""
    return decimal_time(number) if isinstance(number, int) else decimal_time(short_decimal(number))


def _whole(time: Fraction) -> int:
    """Return a whole time; -1, which is no jump, for another."""
    return int(time) if time.denominator == 1 else -1


def _cycles(scheduler: Scheduler, base: float, curve: Callable[[Time], Node], end: float) -> Rate:
    """Return cycles of a curve, which ends near `lr_min`, and after cycle_limit of them `lr_min` itself."""
    first, growth, shrink = _time(scheduler.t_initial), decimal_time(scheduler.cycle_mul), float(scheduler.cycle_decay)
    low, count = float(scheduler.lr_min), math.ceil(scheduler.cycle_limit)
    if growth < 1:
        last = simple(first / (1 - Fraction(growth)))
        raise scheduler.refused(f"cycle_mul={growth}, below 1: timm fails from step {last} on")
    if count <= 0:
        return Rate(node=constant(low), notes=(f"cycle_limit={scheduler.cycle_limit}: lr_min from the start",))
    one = curve(first)
    ends = [first]
    while len(ends) < min(count, _MANY):
        ends.append(simple(ends[-1] + first * Fraction(growth) ** len(ends)))
    if count == 1:
        node = one if end == low else Sequence(parts=[one, constant(low)])
        return Rate(node=node, notes=(f"lr_min={low:g} from t_initial={first} on",), kinks=tuple(ends))
    if shrink <= 0 or (shrink != 1 and base == low):
        raise scheduler.refused(f"cycle_decay={shrink} with lr_min={low}: the later cycles are another curve")
    height: dict[str, Any] = {"peak_mult": shrink, "scaling": "peak", "floor_value": low, "peak_value": base}
    several = Repeat(part=one, cycle_mult=growth, num_cycles=count, **(height if shrink != 1 else {}))
    apart = ", the warmup apart" if scheduler.warmup_t else ""
    notes = (
        f"the first cycle has {in_steps(first)}{apart}",
        f"{count} cycles, each {growth} times as long and {shrink:g} times as high in its peak; lr_min after them",
    )
    return Rate(
        node=several if end == low or ends[-1] > LAST_STEP else Sequence(parts=[several, constant(low)]),
        notes=notes,
        kinks=tuple(ends),
        is_jump=lambda step: step % first == 0 if growth == 1 else step in ends,
        slack=0.0 if growth == 1 else 2.0**-48 * float(growth / (Fraction(growth) - 1)),
    )


def _cosine(scheduler: Scheduler, base: float) -> Rate:
    low, power = float(scheduler.lr_min), float(scheduler.k_decay)

    def curve(steps: Time) -> Node:
        return Cosine(init_value=base, end_value=low, steps=steps, k_decay=power)

    return _cycles(scheduler, base, curve, low)


def _tanh(scheduler: Scheduler, base: float) -> Rate:
    low, lower, upper = float(scheduler.lr_min), float(scheduler.lb), float(scheduler.ub)

    def curve(steps: Time) -> Node:
        return Tanh(init_value=base, end_value=low, steps=steps, lower=lower, upper=upper)

    rate = _cycles(scheduler, base, curve, low + (base - low) * (1 - math.tanh(upper)) / 2)
    note = f"neither the rate at the start nor lr_min is quite reached: lb={lower:g}, ub={upper:g}"
    return replace(rate, notes=(*rate.notes, note))


def _poly(scheduler: Scheduler, base: float) -> Rate:
    low, power, shape = float(scheduler.lr_min), float(scheduler.power), float(scheduler.k_decay)
    if power < 0:
        raise scheduler.refused(f"power={power}, below 0: the rate grows beyond all bounds to the end of a cycle")

    def curve(steps: Time) -> Node:
        if power == 0:
            return Constant(value=base, steps=steps)
        return Polynomial(init_value=base, end_value=low, steps=steps, power=power, k_decay=shape)

    rate = _cycles(scheduler, base, curve, base if power == 0 else low)
    steep = float(max(rate.kinks, default=1)) ** (1 - power) if 0 < power < 1 else 1.0
    return replace(rate, slack=(2.0**-51 + rate.slack) * steep)


def _step(scheduler: Scheduler, base: float) -> Rate:
    period, factor = _time(scheduler.decay_t), float(scheduler.decay_rate)
    if period <= 0:
        raise scheduler.refused(f"decay_t={period}, not above 0")
    if factor == 1:
        return Rate(node=constant(base), notes=("decay_rate=1: the rate never changes",))
    notes = (f"decay_t={period} is the period of decay_rate; the first drop is at its step {period}",)
    if factor == 0:
        start = math.ceil(period)
        return Rate(
            node=levels([0, start], [base, 0.0]), notes=(*notes, "decay_rate=0: 0 from then on"), kinks=(start,)
        )
    node = Exponential(init_value=base, decay_rate=factor, decay_period=period, staircase=True)
    kinks = tuple(period * k for k in range(1, 50))
    return Rate(node=node, notes=notes, kinks=kinks, is_jump=lambda step: step > 0 and step % period == 0)


def _multi_step(scheduler: Scheduler, base: float) -> Rate:
    factor, milestones = float(scheduler.decay_rate), [_time(milestone) for milestone in scheduler.decay_t]
    if milestones != sorted(milestones):
        raise scheduler.refused(f"decay_t={list(scheduler.decay_t)} is not in order, in which timm searches it")
    drops = [max(math.ceil(milestone - 1), 0) for milestone in milestones]
    starts = sorted({0, *drops})
    exact = [Fraction(base) * Fraction(factor) ** sum(drop <= start for drop in drops) for start in starts]
    values = [short_decimal(float(value)) for value in exact]
    note = "a milestone m counts from step m - 1 on, one earlier than in torch; one that is given twice counts twice"
    return Rate(
        node=levels(starts, [short_decimal(float(value)) for value in values]), notes=(note,), kinks=tuple(starts)
    )


def _warmup_stable_decay(scheduler: Scheduler, base: float) -> Rate:
    total, fall, low = _time(scheduler.t_initial), _time(scheduler.decay_t), float(scheduler.lr_min)
    held = simple(Fraction(total) - fall)
    if not isinstance(scheduler.decay_fn, str):
        raise scheduler.refused("decay_fn is a function, of which no formula can be read")
    note = (
        f"t_initial={total} is what follows the warmup; the decay is the last {fall} of it, and lr_min holds after it"
    )
    if scheduler.stable_fn == "constant":
        peak = max(base, low)
        parts = [Constant(value=peak, steps=held)] if held else []
        last = _last_decay(scheduler, peak, low, fall)
        return Rate(node=Sequence(parts=[*parts, last]) if parts else last, notes=(note,), kinks=(held, total))
    scale = _time(scheduler.warmup_t if scheduler.stable_timescale is None else scheduler.stable_timescale)
    power = 0.5 if scheduler.stable_fn == "rsqrt" else float(scheduler.stable_power)
    falls = f"the stable part falls too, as (1 + s / {scale}) ** -{power:g}, and goes on falling in the decay"
    law: Node = PowerLaw(init_value=base, power=power, timescale=scale, offset=scale)
    stable = Clamp(part=law, min_value=low) if low > 0 else law
    later = Shift(part=stable, by=held) if held else stable
    above = Affine(part=later, offset=-low) if low else later
    product: Node = Product(parts=[above, _last_decay(scheduler, 1.0, 0.0, fall)])
    node = Affine(part=product, offset=low) if low else product
    return Rate(
        node=Sequence(parts=[cut_to(stable, held), node]) if held else node, notes=(note, falls), kinks=(held, total)
    )


def _last_decay(scheduler: Scheduler, peak: float, low: float, steps: Time) -> Node:
    ends: dict[str, Any] = {"init_value": peak, "end_value": low, "steps": steps}
    match scheduler.decay_fn:
        case "linear":
            return Linear(**ends)
        case "1-sqrt":
            return OneMinusPower(**ends, power=0.5)
        case "cosine":
            return Cosine(**ends)
        case "power":
            return OneMinusPower(**ends, power=float(scheduler.decay_power))
        case "exp":
            return NormalizedExponential(**ends, ratio=float(scheduler.decay_ratio))
        case _:
            raise scheduler.refused(f"decay_fn={scheduler.decay_fn!r}, which is not known")


SHAPES: dict[str, Callable[[Scheduler, float], Rate]] = {
    "CosineLRScheduler": _cosine,
    "TanhLRScheduler": _tanh,
    "PolyLRScheduler": _poly,
    "StepLRScheduler": _step,
    "MultiStepLRScheduler": _multi_step,
    "WSDLRScheduler": _warmup_stable_decay,
}
"""The decay of each class, from its own time 0, for a base rate."""
