"""The node that each class of `keras.optimizers.schedules` stands for, from its configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor
from typing import Any

from lrspec.compiler.formula import simple
from lrspec.errors import UnsupportedError
from lrspec.fields import in_steps
from lrspec.kinds import Constant, Cosine, Exponential, InverseTime, Linear, Polynomial, Repeat, Sequence
from lrspec.kinds.timing import Shift
from lrspec.readers.build import constant, levels
from lrspec.readers.keras.documented import DOCUMENTED, time_of
from lrspec.sampling import sample as sampled
from lrspec.spec import Node

Config = Mapping[str, Any]


def refused(name: str, reason: str) -> UnsupportedError:
    """Return the error of something of Keras that has no equivalent."""
    return UnsupportedError("keras", name, reason)


Found = tuple[Node, tuple[str, ...]]


def _decay(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001 - every reader takes the same
    init, rate, period = config["initial_learning_rate"], float(config["decay_rate"]), time_of(config["decay_steps"])
    stairs = bool(config["staircase"])
    inverse = name == "InverseTimeDecay"
    if rate < 0:
        raise refused(name, f"a decay_rate of {rate}, below 0")
    notes = (f"decay_steps={period} is the period of decay_rate, not an end",)
    if rate == 0:
        first = time_of(period) if stairs else 1
        return (constant(init) if inverse else levels([0, -int(-first // 1)], [init, 0.0])), notes
    kind = InverseTime if inverse else Exponential
    return kind(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs), notes


def _piecewise(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    boundaries = [time_of(boundary) for boundary in config["boundaries"]]
    if not boundaries:
        raise refused(name, "no boundaries, without which Keras itself fails; use a constant")
    if boundaries != sorted(boundaries) or boundaries[0] < 0:
        raise refused(name, f"boundaries {config['boundaries']}, not in order or below 0: Keras adds up what overlaps")
    held = {0: config["values"][0]} | {
        floor(boundary) + 1: value for boundary, value in zip(boundaries, config["values"][1:], strict=True)
    }
    note = "at a boundary itself Keras still has the old value: each change is one step after it here"
    return levels(list(held), list(held.values())), (note,)


def _polynomial(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    init, end = config["initial_learning_rate"], float(config["end_learning_rate"])
    steps, power = time_of(config["decay_steps"]), float(config["power"])
    if power < 0:
        raise refused(name, f"a power of {power}, below 0")
    if power == 0:
        return constant(init), ("a power of 0: the rate never changes",)
    curve: Node = Polynomial(init_value=init, end_value=end, steps=steps, power=power)
    if power == 1:
        curve = Linear(init_value=init, end_value=end, steps=steps)
    if not config["cycle"]:
        return curve, (f"end_learning_rate={end:g} is reached at step {steps}, and held",)
    note = (
        "cycle=True: cycle i ends in end_learning_rate at the step i * decay_steps itself, the jump is one step later, "
        "and its height is 1 / i ** power of the first"
    )
    instant = Fraction(1, steps.denominator)  # the times of steps within a cycle are multiples of it
    if steps <= instant:
        return levels([0, 1], [init, end]), (note,)
    cycles = Repeat(
        part=Shift(part=curve, by=instant), cycle_steps=steps, peak_power=power, scaling="height", floor_value=end
    )
    rest = cycles if instant == 1 else Shift(part=cycles, by=1 - instant)
    return Sequence(parts=[Constant(value=init, steps=1), rest]), (note,)


def _cosine(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    init, steps, alpha = config["initial_learning_rate"], time_of(config["decay_steps"]), float(config["alpha"])
    target, warmup = config.get("warmup_target"), time_of(config.get("warmup_steps") or 0)
    top = float(init if target is None else target)
    decay = Cosine(init_value=top, end_value=alpha * top, steps=steps)
    share = f"alpha={alpha:g} is a share of {top:g}"
    if target is None:
        ignored = (f"without a warmup_target Keras ignores warmup_steps={warmup}",) if warmup else ()
        return decay, (share, *ignored)
    if warmup < 0:
        raise refused(name, f"warmup_steps={warmup}, below 0")
    note = f"decay_steps={steps} does not include the {in_steps(warmup)} of warmup: the end is at step {warmup + steps}"
    if not warmup:
        return decay, (share, note, "warmup_steps=0: the initial_learning_rate is never used")
    return Sequence(parts=[Linear(init_value=init, end_value=top, steps=warmup), decay]), (share, note)


def _restarts(config: Config, name: str, sample: int | None) -> Found:
    init, first = float(config["initial_learning_rate"]), time_of(config["first_decay_steps"])
    growth, shrink, alpha = time_of(config["t_mul"]), float(config["m_mul"]), float(config["alpha"])
    notes = (
        f"cycle i has {first} * {growth} ** i steps, not rounded; m_mul changes the height above alpha * {init:g}",
        "which cycle a step is in is exact here; Keras finds it with float32 logarithms, and may be a cycle off",
    )
    if growth <= 0 or shrink < 0:
        raise refused(name, f"t_mul={growth}, m_mul={shrink}, of which one is below 0")
    if growth < 1:
        return _until_nan(config, name, sample, simple(first / (1 - Fraction(growth)))), notes
    cycle = Cosine(init_value=init, end_value=alpha * init, steps=first)
    if shrink == 0:
        return Sequence(parts=[cycle, constant(alpha * init)]), notes
    height: dict[str, Any] = {"peak_mult": shrink, "scaling": "height", "floor_value": alpha * init}
    return Repeat(part=cycle, cycle_mult=growth, **(height if shrink != 1 else {})), notes


def _until_nan(config: Config, name: str, sample: int | None, end: Any) -> Node:
    """Cycles that become shorter come to an end, after which Keras' rate is not a number."""
    if sample is None or sample > end:
        reason = f"t_mul={config['t_mul']}, below 1: from step {end} on the rate is NaN"
        raise refused(name, f"{reason}; give sample=N, at most {end}, to have a table up to there")
    return sampled(DOCUMENTED[name](config).at, sample, source=f"keras: {name}, at {in_steps(sample)}")


NODES: dict[str, Callable[[Config, str, int | None], Found]] = {
    "ExponentialDecay": _decay,
    "InverseTimeDecay": _decay,
    "PiecewiseConstantDecay": _piecewise,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
}
"""The node, and the conventions, of each class."""
