"""Schedules of Keras without a cosine: decays with a period, boundaries, polynomials."""

from __future__ import annotations

import math
from fractions import Fraction

from lrspec.compiler.formula import Time, simple
from lrspec.kinds import Constant, Exponential, InverseTime, Linear, Polynomial, Repeat, Sequence, Shift
from lrspec.readers.build import constant, levels
from lrspec.readers.described import Described
from lrspec.readers.float32 import loose, stairs_or_not, unfinished
from lrspec.readers.keras.described import Config, refused
from lrspec.readers.numbers import decimal_time, power_of
from lrspec.readers.reading import Own
from lrspec.spec import Node


def decay(config: Config, name: str, sample: int | None) -> Described:  # noqa: ARG001 - every shape takes the same
    """Describe `ExponentialDecay` and `InverseTimeDecay`.

    Args:
        config: All parameters.
        name: Which of the two.
        sample: Not used.

    Raises:
        UnsupportedError: The decay_rate is below 0.
    """
    init, rate = float(config["initial_learning_rate"]), float(config["decay_rate"])
    period, stairs = decimal_time(config["decay_steps"]), bool(config["staircase"])
    inverse = name == "InverseTimeDecay"
    if rate < 0:
        raise refused(name, f"a decay_rate of {rate}, below 0")

    def at(t: Time) -> float:
        periods = float(t // period if stairs else Fraction(t) / period)
        return init / (1 + rate * periods) if inverse else init * power_of(rate, periods)

    if rate > 0:
        kind = InverseTime if inverse else Exponential
        node: Node = kind(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs)
    elif inverse:
        node = constant(init)
    else:
        node = levels([0, math.ceil(period) if stairs else 1], [init, 0.0])
    notes = (f"decay_steps={period} is the period of decay_rate, not an end",)
    return Described(node=node, notes=notes, own=Own(at=at, **stairs_or_not(period, staircase=stairs)))


def piecewise(config: Config, name: str, sample: int | None) -> Described:  # noqa: ARG001
    """Describe `PiecewiseConstantDecay`.

    Args:
        config: All parameters.
        name: The class.
        sample: Not used.

    Raises:
        UnsupportedError: There are no boundaries, or they overlap.
    """
    boundaries = [decimal_time(boundary) for boundary in config["boundaries"]]
    values = [float(value) for value in config["values"]]
    if not boundaries:
        raise refused(name, "no boundaries, without which Keras itself fails; use a constant")
    if len(values) != len(boundaries) + 1:
        raise refused(name, f"{len(values)} values for {len(boundaries)} boundaries, of which there is one less")
    if boundaries != sorted(boundaries) or boundaries[0] < 0:
        raise refused(name, f"boundaries {config['boundaries']}, not in order or below 0: Keras adds up what overlaps")

    def at(t: Time) -> float:
        return values[sum(t > boundary for boundary in boundaries)]

    later = {math.floor(boundary) + 1: value for boundary, value in zip(boundaries, values[1:], strict=True)}
    held = {0: values[0]} | later
    note = "at a boundary itself Keras still has the old value: each change is one step after it here"
    own = Own(at=at, kinks=tuple(boundaries), end=max(*boundaries, 0))
    return Described(node=levels(list(held), list(held.values())), notes=(note,), own=own)


def polynomial(config: Config, name: str, sample: int | None) -> Described:  # noqa: ARG001
    """Describe `PolynomialDecay`.

    Args:
        config: All parameters.
        name: The class.
        sample: Not used.

    Raises:
        UnsupportedError: The power is below 0.
    """
    init, end = float(config["initial_learning_rate"]), float(config["end_learning_rate"])
    steps, power, cycle = decimal_time(config["decay_steps"]), float(config["power"]), bool(config["cycle"])
    if power < 0:
        raise refused(name, f"a power of {power}, below 0")

    def at(t: Time) -> float:
        whole = steps * max(1, math.ceil(Fraction(t) / steps)) if cycle else steps
        left = 1 - Fraction(min(t, whole)) / whole
        return (init - end) * power_of(float(left), power) + end

    kinks = tuple(simple(steps * Fraction(k)) for k in range(1, 51 if cycle else 2))
    own = Own(
        at=at,
        kinks=kinks,
        end=kinks[-1],
        slack=loose(power),
        near_jump=(lambda t: min(t % steps, -t % steps) <= 1) if cycle else (lambda _: False),
        faults=() if cycle else unfinished(steps, power, init, end),
    )
    if power == 0:
        return Described(node=constant(init), notes=("a power of 0: the rate never changes",), own=own)
    curve: Node = Polynomial(init_value=init, end_value=end, steps=steps, power=power)
    if power == 1:
        curve = Linear(init_value=init, end_value=end, steps=steps)
    if cycle:
        return Described(node=_cycles(curve, init, end, steps, power), notes=(_CYCLES,), own=own)
    return Described(node=curve, notes=(f"end_learning_rate={end:g} is reached at step {steps}, and held",), own=own)


_CYCLES = (
    "cycle=True: cycle i ends in end_learning_rate at the step i * decay_steps itself, the jump is one step later, and "
    "its height is 1 / i ** power of the first"
)


def _cycles(curve: Node, init: float, end: float, steps: Time, power: float) -> Node:
    instant = Fraction(1, steps.denominator)  # the times of steps within a cycle are multiples of it
    if steps <= instant:
        return levels([0, 1], [init, end])
    cycles = Repeat(
        part=Shift(part=curve, by=instant), cycle_steps=steps, peak_power=power, scaling="height", floor_value=end
    )
    rest = cycles if instant == 1 else Shift(part=cycles, by=1 - instant)
    return Sequence(parts=[Constant(value=init, steps=1), rest])
