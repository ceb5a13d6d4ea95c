"""The schedulers of Composer, and one of LLM Foundry: one table, for objects and for configs.

A scheduler gives the factor of the optimizer's rate. `t` is in updates, `W` the warmup, `T` the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.kinds import Affine, Cosine, Exponential, Freeze, Linear, Polynomial, PowerLaw, Repeat, Sequence
from lrspec.readers.build import constant, levels
from lrspec.readers.composer.times import Length
from lrspec.readers.keys import joined
from lrspec.readers.numbers import decimal_product
from lrspec.spec import Node

_MOST_CYCLES = 1000


@dataclass(frozen=True)
class Values:
    """What a scheduler was made with, and the length of its run.

    Args:
        numbers: Its numbers, by their names.
        times: Its times.
        milestones: Its list of times, where it has one.
        duration: The updates of the run.
    """

    numbers: Mapping[str, float]
    times: Mapping[str, Length]
    milestones: tuple[Length, ...] = ()
    duration: Time | None = None

    def at(self, name: str) -> Time:
        """Return a time in updates.

        Args:
            name: The parameter.
        """
        return self.times[name].updates

    def share(self, peak: float, name: str) -> float:
        """Return a share of a rate.

        Args:
            peak: The rate.
            name: The number that is the share.
        """
        return decimal_product(peak, self.numbers[name])


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One class of schedulers.

    Args:
        node: The schedule, from the optimizer's rate and the values.
        numbers: The parameters that are numbers, with their defaults; None for one that must be given.
        times: Those that are times, the same.
        has_milestones: Whether it has a list of times.
    """

    node: Callable[[float, Values], Node]
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    times: Mapping[str, str | None] = field(default_factory=dict)
    has_milestones: bool = False


def _line(first: float, last: float, steps: Time) -> Node:
    return Linear(init_value=first, end_value=last, steps=steps) if steps > 0 else constant(last)


def _step(peak: float, values: Values) -> Node:
    period = values.at("step_size")
    return Exponential(init_value=peak, decay_rate=values.numbers["gamma"], decay_period=period, staircase=True)


def _multi_step(peak: float, values: Values) -> Node:
    starts = sorted(math.ceil(one.updates) for one in values.milestones)
    held, value = {0: peak}, Fraction(peak)
    for start in starts:
        value *= Fraction(values.numbers["gamma"])
        held[start] = float(value)
    return levels(list(held), list(held.values()))


def _constant(peak: float, values: Values) -> Node:
    """Give alpha until T, and then 1; a run that has ended by then needs no more."""
    held, end = values.share(peak, "alpha"), values.at("t_max")
    if held == peak or (values.duration is not None and end >= values.duration):
        return constant(held)
    return levels([0, math.ceil(end)], [held, peak])


def _linear(peak: float, values: Values) -> Node:
    return _line(values.share(peak, "alpha_i"), values.share(peak, "alpha_f"), values.at("t_max"))


def _exponential(peak: float, values: Values) -> Node:
    return Exponential(init_value=peak, decay_rate=values.numbers["gamma"], decay_period=values.at("decay_period"))


def _half_wave(peak: float, values: Values, steps: Time) -> Node:
    low = values.share(peak, "alpha_f")
    return Cosine(init_value=peak, end_value=low, steps=steps) if steps > 0 else constant(low)


def _restarts(peak: float, values: Values) -> Node:
    """Give cycles, each `int(t_mult * length)` of the one before."""
    first, growth = values.times["t_0"], values.numbers["t_mult"]
    cycle = _half_wave(peak, values, first.updates)
    if growth == int(growth) >= 1:
        return Repeat(part=cycle, cycle_mult=int(growth))
    if values.duration is None:
        raise ValueError("t_mult is no whole number, and the length of the run is not known")
    stop = values.duration * first.per_update
    counts = [first.count]
    while sum(counts) < stop and counts[-1] and len(counts) < _MOST_CYCLES:
        counts.append(int(growth * counts[-1]))
    if sum(counts) < stop:
        raise ValueError("t_mult: the cycles shrink to nothing, or are too many")
    return joined(*(_half_wave(peak, values, simple(count / first.per_update)) for count in counts))


def _power(peak: float, values: Values, steps: Time) -> Node:
    power, low = values.numbers["power"], values.share(peak, "alpha_f")
    if power == 0:
        return constant(peak)
    return Polynomial(init_value=peak, end_value=low, steps=steps, power=power) if steps > 0 else constant(low)


def _after_warmup(peak: float, values: Values, decay: Callable[[Time], Node]) -> Node:
    """Return a line from 0 to the peak, and a decay over what T leaves of it; where it leaves nothing, the peak."""
    warmup = values.at("t_warmup")
    left = simple(Fraction(values.at("t_max") - warmup))
    after = decay(left) if left > 0 else constant(peak)
    return joined(*([_line(0.0, peak, warmup)] if warmup else []), after)


def _linear_with_warmup(peak: float, values: Values) -> Node:
    first, last = values.share(peak, "alpha_i"), values.share(peak, "alpha_f")
    return _after_warmup(first, values, lambda left: _line(first, last, left))


def _constant_with_warmup(peak: float, values: Values) -> Node:
    held = values.share(peak, "alpha")
    return _after_warmup(held, values, lambda _: constant(held))


def _cosine_with_warmup(peak: float, values: Values) -> Node:
    return _after_warmup(peak, values, lambda left: _half_wave(peak, values, left))


def _power_with_warmup(peak: float, values: Values) -> Node:
    return _after_warmup(peak, values, lambda left: _power(peak, values, left))


def _multi_step_with_warmup(peak: float, values: Values) -> Node:
    after, warmup = _multi_step(peak, values), values.at("t_warmup")
    return Sequence(parts=[_line(0.0, peak, warmup), after], time="global") if warmup else after


def _inverse_square_root(peak: float, values: Values) -> Node:
    """After the warmup give `1 / sqrt((t - W + S) / S)` above a floor, and a line over the last C updates."""
    warmup, scale, cooldown = (values.at(name) for name in ("t_warmup", "t_scale", "t_cooldown"))
    floor = values.share(peak, "alpha_f_decay")
    rest = float(Fraction(peak) - Fraction(floor))
    cools = max(simple(Fraction(values.at("t_max") - cooldown)), warmup)
    decay: Node = PowerLaw(init_value=rest, power=0.5, timescale=scale, offset=scale)
    decay = Affine(part=decay, offset=floor) if floor else decay
    parts = [_line(0.0, peak, warmup)] if warmup else []
    if cools > warmup:
        parts.append(Freeze(part=decay, steps=simple(Fraction(cools - warmup))))
    if cooldown:
        first: Any = "previous" if parts else peak
        end = values.share(peak, "alpha_f_cooldown")
        parts.append(Linear(init_value=first, end_value=end, steps=cooldown))
    return joined(*parts) if parts else constant(peak)


_T_MAX: Mapping[str, str | None] = {"t_max": "1dur"}
_WITH_WARMUP: Mapping[str, str | None] = {"t_warmup": None, "t_max": "1dur"}
_ENDS: Mapping[str, float | None] = {"alpha_i": 1.0, "alpha_f": 0.0}
SHAPES: Mapping[str, Shape] = {
    "StepScheduler": Shape(node=_step, numbers={"gamma": 0.1}, times={"step_size": None}),
    "MultiStepScheduler": Shape(node=_multi_step, numbers={"gamma": 0.1}, has_milestones=True),
    "ConstantScheduler": Shape(node=_constant, numbers={"alpha": 1.0}, times=_T_MAX),
    "LinearScheduler": Shape(node=_linear, numbers=_ENDS, times=_T_MAX),
    "ExponentialScheduler": Shape(node=_exponential, numbers={"gamma": None}, times={"decay_period": "1ep"}),
    "CosineAnnealingScheduler": Shape(
        node=lambda peak, values: _half_wave(peak, values, values.at("t_max")), numbers={"alpha_f": 0.0}, times=_T_MAX
    ),
    "CosineAnnealingWarmRestartsScheduler": Shape(
        node=_restarts, numbers={"t_mult": 1.0, "alpha_f": 0.0}, times={"t_0": None}
    ),
    "PolynomialScheduler": Shape(
        node=lambda peak, values: _power(peak, values, values.at("t_max")),
        numbers={"power": None, "alpha_f": 0.0},
        times=_T_MAX,
    ),
    "MultiStepWithWarmupScheduler": Shape(
        node=_multi_step_with_warmup, numbers={"gamma": 0.1}, times={"t_warmup": None}, has_milestones=True
    ),
    "ConstantWithWarmupScheduler": Shape(node=_constant_with_warmup, numbers={"alpha": 1.0}, times=_WITH_WARMUP),
    "LinearWithWarmupScheduler": Shape(node=_linear_with_warmup, numbers=_ENDS, times=_WITH_WARMUP),
    "CosineAnnealingWithWarmupScheduler": Shape(node=_cosine_with_warmup, numbers={"alpha_f": 0.0}, times=_WITH_WARMUP),
    "PolynomialWithWarmupScheduler": Shape(
        node=_power_with_warmup, numbers={"power": 2.0, "alpha_f": 0.0}, times=_WITH_WARMUP
    ),
    "InverseSquareRootWithWarmupScheduler": Shape(
        node=_inverse_square_root,
        numbers={"alpha_f_decay": 0.0, "alpha_f_cooldown": 0.0},
        times={"t_warmup": None, "t_scale": None, "t_cooldown": None, "t_max": "1dur"},
    ),
}
"""Each class of `composer.optim.scheduler`, and that of `llmfoundry.optim.scheduler`."""
NAMES: Mapping[str, str] = {
    "constant_with_warmup": "ConstantWithWarmupScheduler",
    "cosine_with_warmup": "CosineAnnealingWithWarmupScheduler",
    "linear_decay_with_warmup": "LinearWithWarmupScheduler",
    "inv_sqrt_with_warmup": "InverseSquareRootWithWarmupScheduler",
}
"""The classes by the names that LLM Foundry's files give them."""


def notes_of(construct: str, values: Values) -> list[str]:
    """Return what was mapped.

    Args:
        construct: The class.
        values: What it was made with.
    """
    notes = ["the factors multiply the optimizer's lr"]
    if "t_max" in values.times and "t_warmup" in values.times:
        notes.append("t_max includes the warmup: the decay has what is left of it")
    if construct == "ConstantScheduler":
        notes.append("after t_max the factor is 1")
    counted = {name: one for name, one in values.times.items() if one.unit != "ba"}
    notes += [
        f"{name} is {one.count}{one.unit}, of which an update has {one.per_update}" for name, one in counted.items()
    ]
    return notes
