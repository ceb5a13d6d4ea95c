"""timm: the args.yaml that its training script writes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lrspec.fields import in_steps, show
from lrspec.kinds import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
    Exponential,
    Freeze,
    Linear,
    NormalizedExponential,
    OneMinusPower,
    Polynomial,
    PowerLaw,
    Product,
    Repeat,
    Sequence,
    Tanh,
)
from lrspec.readers.build import constant, levels
from lrspec.readers.keys import Keys, joined, ramp
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "timm"
_NAMES = ("cosine", "tanh", "poly", "step", "multistep", "constant", "wsd", "rsqrt", "none")
_HALF = 0.5
_MANY = 1000


def read(keys: Keys) -> Reading:
    """Return the schedule of timm's training script.

    Raises:
        UnsupportedError: A scheduler that depends on a metric, or noise.
        SpecError: A key is missing, unknown or not as it should be.
    """
    name = keys.get("sched")
    if name == "plateau":
        raise keys.refused(name, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
    keys.word("sched", _NAMES)
    if keys.get("lr_noise") is not None:
        raise keys.refused("lr_noise", "random numbers of torch's generator; sample the scheduler into a table")
    peak, run = keys.rate("lr"), _Run(keys)
    node, notes = _node(name, peak, run), run.notes
    if run.per_epoch:
        node = Every(part=node, period=run.epoch)
        notes.insert(0, f"sched_on_updates is false: the value changes once in an epoch, of {in_steps(run.epoch)}")
    if keys.get("layer_decay") is not None:
        notes.append("layer_decay scales the groups' rates; the schedule is that of the base rate")
    for unused in ("lr_base", "lr_base_size", "lr_base_scale", "lr_noise_pct", "lr_noise_std"):
        keys.get(unused)
    keys.no_more(about="^(sched|lr_|warmup|min_lr$|cooldown_epochs|decay_)(?!.*(layer|patience))")
    return Reading(schedule=node, framework=SYSTEM, construct=name, conventions=tuple(notes))


class _Run:
    """The lengths of a run in timm's own unit: epochs, or updates."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.notes: list[str] = []
        self.per_epoch = not keys.flag("sched_on_updates", default=False)
        key = "sched_on_updates" if "sched_on_updates" in keys.data else "sched"
        self.epoch = int(keys.quantity("steps_per_epoch", key, "timm's lengths are in epochs"))
        self.unit = 1 if self.per_epoch else self.epoch
        self.total = keys.whole("epochs", 100, least=1) * self.unit
        self.warmup = keys.whole("warmup_epochs", 5) * self.unit
        self.first = keys.number("warmup_lr", 1e-5, least=0)
        self.prefix = keys.flag("warmup_prefix", default=False)
        self.floor = keys.number("min_lr", 0.0, least=0)
        for name in ("cooldown_epochs", "decay_epochs", "decay_milestones", "decay_rate", "lr_cycle_limit"):
            keys.get(name)
        for name in ("lr_cycle_mul", "lr_cycle_decay", "lr_k_decay", "lr_decay_fn", "lr_stable_timescale"):
            keys.get(name)

    def warmed(self, node: Node, target: float) -> Node:
        """Return the node after the warmup: from its start, or at the time that it has by then."""
        rise = ramp(self.first, target, self.warmup)
        if not rise:
            return node
        if not self.prefix:
            self.notes.append("warmup_prefix is false: the decay does not wait for the warmup, so its begin is cut off")
            return Sequence(parts=[*rise, node], time="global")
        return joined(*rise, node)


def _node(name: str, peak: float, run: _Run) -> Node:
    keys = run.keys
    match name:
        case "none":
            run.notes.append("no scheduler, and so no warmup")
            return constant(peak)
        case "constant":
            return run.warmed(constant(peak), peak)
        case "step":
            return run.warmed(_steps(peak, run), peak)
        case "multistep":
            return run.warmed(_milestones(peak, run), peak)
        case "wsd" | "rsqrt":
            return _wsd(name, peak, run)
    k_decay = keys.number("lr_k_decay", 1.0)
    curve: Node = Cosine(init_value=peak, end_value=run.floor, steps=run.total, k_decay=k_decay)
    if name == "poly":
        power = keys.number("decay_rate", 0.1)
        curve = Polynomial(init_value=peak, end_value=run.floor, steps=run.total, power=power, k_decay=k_decay)
        run.notes.append("decay_rate is the power of the polynomial")
    elif name == "tanh":
        curve = Tanh(init_value=peak, end_value=run.floor, steps=run.total, lower=-7.0, upper=3.0)
    return _cycles(name, curve, peak, run)


def _cycles(name: str, curve: Node, peak: float, run: _Run) -> Node:
    keys = run.keys
    limit, mult = keys.whole("lr_cycle_limit", 1, least=1), Fraction(repr(keys.number("lr_cycle_mul", 1.0)))
    if mult < 1:
        raise keys.wrong(
            "lr_cycle_mul", "a number of 1 or above: cycles that shrink have an end, after which timm fails"
        )
    node: Node = curve
    if limit > 1:
        decay = keys.number("lr_cycle_decay", 0.1)
        more: dict[str, Any] = {}
        if run.floor != peak:
            more = {"scaling": "peak", "peak_mult": decay, "floor_value": run.floor, "peak_value": peak}
        node = Repeat(part=curve, num_cycles=limit, cycle_mult=mult, **more)
        run.notes.append(f"{limit} cycles, each of whose peaks is {decay:g} of the one before")
        if mult != 1:
            run.notes.append("where a cycle begins on a whole step, timm's logarithm may say so one step late")
    target = peak
    if name == "tanh":
        if run.warmup and not run.prefix:
            raise keys.refused(
                "tanh", "a warmup with warmup_prefix false ends at the curve's value then; set it to true"
            )
        if mult != 1 and limit > _MANY:
            reason = f"{limit} cycles that grow are longer than any run; give an lr_cycle_limit of {_MANY} or less"
            raise keys.refused("tanh", reason)
        whole = Fraction(run.total) * (limit if mult == 1 else (mult**limit - 1) / (mult - 1))
        node = joined(Freeze(part=node, steps=whole), Constant(value=run.floor))
    return run.warmed(node, target)


def _steps(peak: float, run: _Run) -> Node:
    keys = run.keys
    epochs, rate = keys.number("decay_epochs", 30), keys.number("decay_rate", 0.1)
    period = Fraction(repr(epochs)) * run.unit
    if period < 1:
        raise keys.wrong("decay_epochs", "at least one step")
    own, late = epochs * run.unit, []
    for i in range(1, 1000):
        start = i * period
        if start.denominator == 1 and int(start) // own != i:
            late.append(int(start))
    if late:
        run.notes.append(f"timm's float64 division steps one late at {late[:5]} and {len(late)} boundaries in all")
    end = None
    if run.per_epoch and period.denominator != 1:  # stairs of epochs that are no whole ones have no short form
        end = run.total
        run.notes.append("decay_epochs is no whole number: read up to the last epoch, after which the value is held")
    return Exponential(init_value=peak, decay_rate=rate, decay_period=period, staircase=True, steps=end)


def _milestones(peak: float, run: _Run) -> Node:
    listed, rate = run.keys.get("decay_milestones", [30, 60]), run.keys.number("decay_rate", 0.1)
    whole = isinstance(listed, list | tuple) and all(type(m) is int and m >= 0 for m in listed)
    if not whole or sorted(listed) != list(listed):
        raise run.keys.wrong("decay_milestones", f"a list of whole numbers that grow, and not {show(listed)}")
    held, value = {0: peak}, Fraction(peak)
    for milestone in listed:
        value *= Fraction(rate)
        held[max(milestone * run.unit - 1, 0)] = float(value)
    run.notes.append("timm applies a milestone m at m - 1")
    return levels(list(held), list(held.values()))


def _wsd(name: str, peak: float, run: _Run) -> Node:
    keys = run.keys
    total = run.total if run.prefix else run.total - run.warmup
    given = keys.number("decay_epochs", 0.2)
    decay = round(given * total) if 0 < given < 1 else round(given * run.unit)
    if not 0 < decay <= total:
        raise keys.wrong("decay_epochs", f"a decay of 1 to {total}, which is the run without its warmup")
    shape = keys.word(
        "lr_decay_fn", ("linear", "1-sqrt", "cosine", "power", "exp"), "linear" if name == "rsqrt" else "1-sqrt"
    )
    rise = ramp(run.first, peak, run.warmup)
    stable: list[Node] = [Constant(value=1.0, steps=total - decay)] if total > decay else []
    if name == "wsd":
        held: list[Node] = [Constant(value=peak, steps=total - decay)] if total > decay else []
        return joined(*rise, *held, _fall(shape, peak, run.floor, decay))
    scale = keys.number("lr_stable_timescale", None if not run.warmup else run.warmup / run.unit)
    timescale = Fraction(repr(scale)) * run.unit
    law: Node = PowerLaw(init_value=peak, power=_HALF, timescale=timescale, offset=timescale)
    if not run.floor:
        return joined(*rise, Product(parts=[law, joined(*stable, _fall(shape, 1.0, 0.0, decay))]))
    above = Affine(part=Clamp(part=law, min_value=run.floor), offset=-run.floor)
    node = Product(parts=[above, joined(*stable, _fall(shape, 1.0, 0.0, decay))])
    return joined(*rise, Affine(part=node, offset=run.floor))


def _fall(shape: str, high: float, low: float, steps: int) -> Node:
    match shape:
        case "linear":
            return Linear(init_value=high, end_value=low, steps=steps)
        case "cosine":
            return Cosine(init_value=high, end_value=low, steps=steps)
        case "exp":
            return NormalizedExponential(init_value=high, end_value=low, steps=steps, ratio=0.1)
        case _:
            return OneMinusPower(init_value=high, end_value=low, steps=steps, power=_HALF)
