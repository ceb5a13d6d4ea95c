"""Reading schedulers of `timm.scheduler`: functions of the epoch, or of the update, that is handed to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
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
from lrspec.readers.keras.documented import time_of
from lrspec.readers.param_groups import WAY_OUT, Rate, Source, cut_to, is_from, names_of, read_groups
from lrspec.readers.reading import Reading
from lrspec.spec import Node

_EPOCHS = (
    "t_in_epochs: a step of the schedule is an epoch, as in `step(epoch)`; the part of an `every` with the steps of an "
    "epoch as its period"
)
_UPDATES = "not t_in_epochs: a step of the schedule is an update, as in `step_update(num_updates)`"
_MANY = 200


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
        if name not in _DECAYS or not type(native).__module__.startswith("timm.scheduler."):
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
    made = [native.warmup_lr_init] * len(native.base_values) if native.warmup_t else native.base_values
    scales = [float(group.get("lr_scale", 1.0)) for group in native.optimizer.param_groups]
    made = [float(value) * scale for value, scale in zip(made, scales, strict=True)]
    first = own(0)
    if all(math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-300) for a, b in zip(made, first, strict=True)):
        return []
    left = f"the constructor leaves {made[0]:.9g}, which a loop that does not call step(0) applies to it"
    return [f"the formula, which was read, has {first[0]:.9g} at step 0; {left}"]


def _refused(name: str, reason: str) -> UnsupportedError:
    return UnsupportedError("timm", name, reason)


def _rate(native: Any, name: str, place: int) -> Rate:
    """Return the decay of a group after its warmup, which may stand in front of it or cover its beginning."""
    base, warmup = float(native.base_values[place]), time_of(native.warmup_t)
    decay = _DECAYS[name](native, name, base)
    if warmup <= 0:
        return decay
    prefix = bool(getattr(native, "warmup_prefix", True))
    start = float(native.warmup_lr_init)
    peak = value_at(decay.node, warmup) if name == "TanhLRScheduler" and not prefix else base
    line = Linear(init_value=start, end_value=peak, steps=warmup)
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


def _whole(time: Fraction) -> int:
    """Return a whole time; -1, which is no jump, for another."""
    return int(time) if time.denominator == 1 else -1


def _cycles(native: Any, name: str, base: float, curve: Callable[[Time], Node], end: float) -> Rate:
    """Return cycles of a curve, which ends near `lr_min`, and after cycle_limit of them `lr_min` itself."""
    first, growth, shrink = time_of(native.t_initial), time_of(native.cycle_mul), float(native.cycle_decay)
    low, count = float(native.lr_min), math.ceil(native.cycle_limit)
    if growth < 1:
        last = simple(first / (1 - Fraction(growth)))
        raise _refused(name, f"cycle_mul={growth}, below 1: timm fails from step {last} on; {WAY_OUT}, up to there")
    if count <= 0:
        return Rate(node=constant(low), notes=(f"cycle_limit={native.cycle_limit}: lr_min from the start",))
    one = curve(first)
    ends = [first]
    while len(ends) < min(count, _MANY):
        ends.append(simple(ends[-1] + first * Fraction(growth) ** len(ends)))
    notes = [
        f"the first cycle has {in_steps(first)}, the warmup apart"
        if native.warmup_t
        else f"cycles from {in_steps(first)} on"
    ]
    if count == 1:
        node = one if end == low else Sequence(parts=[one, constant(low)])
        return Rate(node=node, notes=(f"lr_min={low:g} from t_initial={first} on",), kinks=tuple(ends))
    if shrink <= 0 or (shrink != 1 and base == low):
        raise _refused(name, f"cycle_decay={shrink} with lr_min={low}: the later cycles are another curve; {WAY_OUT}")
    height: dict[str, Any] = {"peak_mult": shrink, "scaling": "peak", "floor_value": low, "peak_value": base}
    several = Repeat(part=one, cycle_mult=growth, num_cycles=count, **(height if shrink != 1 else {}))
    notes.append(
        f"{count} cycles, each {growth} times as long and {shrink:g} times as high in its peak; lr_min after them"
    )
    return Rate(
        node=several if end == low or ends[-1] > LAST_STEP else Sequence(parts=[several, constant(low)]),
        notes=tuple(notes),
        kinks=tuple(ends),
        is_jump=lambda step: step % first == 0 if growth == 1 else step in ends,
        slack=0.0 if growth == 1 else 2.0**-48 * float(growth / (Fraction(growth) - 1)),
    )


def _cosine(native: Any, name: str, base: float) -> Rate:
    low, power = float(native.lr_min), float(native.k_decay)

    def curve(steps: Time) -> Node:
        return Cosine(init_value=base, end_value=low, steps=steps, k_decay=power)

    return _cycles(native, name, base, curve, low)


def _tanh(native: Any, name: str, base: float) -> Rate:
    low, lower, upper = float(native.lr_min), float(native.lb), float(native.ub)

    def curve(steps: Time) -> Node:
        return Tanh(init_value=base, end_value=low, steps=steps, lower=lower, upper=upper)

    end = low + (base - low) * (1 - math.tanh(upper)) / 2
    rate = _cycles(native, name, base, curve, end)
    return replace(
        rate,
        notes=(*rate.notes, f"neither the rate at the start nor lr_min is quite reached: lb={lower:g}, ub={upper:g}"),
    )


def _poly(native: Any, name: str, base: float) -> Rate:
    low, power, shape = float(native.lr_min), float(native.power), float(native.k_decay)
    if power < 0:
        raise _refused(
            name, f"power={power}, below 0: the rate grows beyond all bounds to the end of a cycle; {WAY_OUT}"
        )

    def curve(steps: Time) -> Node:
        if power == 0:
            return Constant(value=base, steps=steps)
        return Polynomial(init_value=base, end_value=low, steps=steps, power=power, k_decay=shape)

    rate = _cycles(native, name, base, curve, base if power == 0 else low)
    steep = float(max(rate.kinks, default=1)) ** (1 - power) if 0 < power < 1 else 1.0
    return replace(rate, slack=(2.0**-51 + rate.slack) * steep)


def _step(native: Any, _: str, base: float) -> Rate:
    period, factor = time_of(native.decay_t), float(native.decay_rate)
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


def _multi_step(native: Any, name: str, base: float) -> Rate:
    factor, milestones = float(native.decay_rate), [time_of(milestone) for milestone in native.decay_t]
    if milestones != sorted(milestones):
        raise _refused(name, f"decay_t={list(native.decay_t)} is not in order, in which timm searches it; {WAY_OUT}")
    drops = [max(math.ceil(milestone - 1), 0) for milestone in milestones]
    starts = sorted({0, *drops})
    values = [Fraction(base) * Fraction(factor) ** sum(drop <= start for drop in drops) for start in starts]
    note = "a milestone m counts from step m - 1 on, one earlier than in torch; one that is given twice counts twice"
    return Rate(node=levels(starts, [float(value) for value in values]), notes=(note,), kinks=tuple(starts))


def _warmup_stable_decay(native: Any, name: str, base: float) -> Rate:
    total, fall, low = time_of(native.t_initial), time_of(native.decay_t), float(native.lr_min)
    held = simple(Fraction(total) - fall)
    if not isinstance(native.decay_fn, str):
        raise _refused(name, f"decay_fn is a function, of which no formula can be read; {WAY_OUT}")
    notes = [
        f"t_initial={total} is what follows the warmup; the decay is the last {fall} of it, and lr_min holds after it"
    ]
    kinks = (held, total)
    if native.stable_fn == "constant":
        peak = max(base, low)
        parts = [Constant(value=peak, steps=held)] if held else []
        node = _fall(native, name, peak, low, fall)
        return Rate(node=Sequence(parts=[*parts, node]) if parts else node, notes=tuple(notes), kinks=kinks)
    scale = time_of(native.stable_timescale)
    power = 0.5 if native.stable_fn == "rsqrt" else float(native.stable_power)
    notes.append(f"the stable part falls too, as (1 + s / {scale}) ** -{power:g}, and goes on falling in the decay")
    law: Node = PowerLaw(init_value=base, power=power, timescale=scale, offset=scale)
    stable = Clamp(part=law, min_value=low) if low > 0 else law
    later = Shift(part=stable, by=held) if held else stable
    above = Affine(part=later, offset=-low) if low else later
    product: Node = Product(parts=[above, _fall(native, name, 1.0, 0.0, fall)])
    node = Affine(part=product, offset=low) if low else product
    return Rate(
        node=Sequence(parts=[cut_to(stable, held), node]) if held else node,
        notes=tuple(notes),
        kinks=kinks,
    )


def _fall(native: Any, name: str, peak: float, low: float, steps: Time) -> Node:
    ends: dict[str, Any] = {"init_value": peak, "end_value": low, "steps": steps}
    match native.decay_fn:
        case "linear":
            return Linear(**ends)
        case "1-sqrt":
            return OneMinusPower(**ends, power=0.5)
        case "cosine":
            return Cosine(**ends)
        case "power":
            return OneMinusPower(**ends, power=float(native.decay_power))
        case "exp":
            return NormalizedExponential(**ends, ratio=float(native.decay_ratio))
        case _:
            raise _refused(name, f"decay_fn={native.decay_fn!r}, which is not known; {WAY_OUT}")


_DECAYS: dict[str, Callable[[Any, str, float], Rate]] = {
    "CosineLRScheduler": _cosine,
    "TanhLRScheduler": _tanh,
    "PolyLRScheduler": _poly,
    "StepLRScheduler": _step,
    "MultiStepLRScheduler": _multi_step,
    "WSDLRScheduler": _warmup_stable_decay,
}
"""The decay of each class, from its own time 0, for a base rate."""
