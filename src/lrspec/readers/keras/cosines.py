"""Schedules of Keras with a cosine: with a warmup, with restarts, and times a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.errors import argument
from lrspec.fields import in_steps
from lrspec.kinds import Affine, Cosine, Linear, Product, Repeat, Sequence
from lrspec.readers.build import constant
from lrspec.readers.described import Described
from lrspec.readers.float32 import late_stairs
from lrspec.readers.keras.described import Config, refused
from lrspec.readers.numbers import decimal_product, decimal_time, half_cosine, power_of
from lrspec.readers.reading import SLACK, Own
from lrspec.sampling import sample as sampled
from lrspec.spec import Node

_MOST_CYCLES = 300


def cosine(config: Config, name: str, sample: int | None) -> Described:  # noqa: ARG001 - every shape takes the same
    """Describe `CosineDecay`.

    Args:
        config: All parameters.
        name: The class.
        sample: Not used.

    Raises:
        UnsupportedError: The warmup is below 0.
    """
    init, alpha = float(config["initial_learning_rate"]), float(config["alpha"])
    steps, warmup = decimal_time(config["decay_steps"]), decimal_time(config["warmup_steps"] or 0)
    target = config["warmup_target"]
    top, begins = (init, 0) if target is None else (float(target), warmup)
    if begins < 0:
        raise refused(name, f"warmup_steps={warmup}, below 0")

    def at(t: Time) -> float:
        if t < begins:
            return init + (top - init) * float(Fraction(t) / begins)
        return top * ((1 - alpha) * half_cosine(Fraction(min(t - begins, steps)) / steps) + alpha)

    notes = [f"alpha={alpha:g} is a share of {top:g}"]
    if target is None and warmup:
        notes.append(f"without a warmup_target Keras ignores warmup_steps={warmup}")
    if target is not None:
        whole = f"does not include the {in_steps(warmup)} of warmup: the end is at step {warmup + steps}"
        notes.append(f"decay_steps={steps} {whole}")
    if target is not None and not warmup:
        notes.append("warmup_steps=0: the initial_learning_rate is never used")
    node: Node = Cosine(init_value=top, end_value=decimal_product(alpha, top), steps=steps)
    if begins:
        node = Sequence(parts=[Linear(init_value=init, end_value=top, steps=begins), node])
    own = Own(at=at, kinks=(begins, begins + steps), end=begins + steps)
    return Described(node=node, notes=tuple(notes), own=own)


def linear_cosine(config: Config, name: str, sample: int | None) -> Described:  # noqa: ARG001
    """Describe `LinearCosineDecay`, which Keras 3 has no more.

    Args:
        config: All parameters.
        name: The class.
        sample: Not used.

    Raises:
        UnsupportedError: num_periods is below 0.
    """
    init, steps = float(config["initial_learning_rate"]), decimal_time(config["decay_steps"])
    periods, alpha, beta = float(config["num_periods"]), float(config["alpha"]), float(config["beta"])
    if periods < 0:
        raise refused(name, f"num_periods={periods}, below 0")

    def at(t: Time) -> float:
        part = Fraction(min(t, steps)) / steps
        turn = 2 * Fraction(decimal_time(periods)) * part % 2
        return init * ((alpha + float(1 - part)) * half_cosine(turn) + beta)

    line: Node = Linear(init_value=1 + alpha, end_value=alpha, steps=steps)
    wave = Cosine(init_value=1.0, end_value=0.0, steps=steps, cycles=periods) if periods else None
    node = Affine(part=Product(parts=[line, wave]) if wave else line, scale=init, offset=decimal_product(init, beta))
    turns = max(1, math.ceil(2 * periods))
    kinks = tuple(simple(Fraction(steps) * i / turns) for i in range(1, min(turns, _MOST_CYCLES) + 1))
    note = f"(alpha + a line from 1 to 0) times {periods:g} periods of a cosine, plus beta={beta:g} of {init:g}"
    return Described(node=node, notes=(note,), own=Own(at=at, kinks=kinks, end=steps))


def restarts(config: Config, name: str, sample: int | None) -> Described:
    """Describe `CosineDecayRestarts`.

    Args:
        config: All parameters.
        name: The class.
        sample: Until where cycles that become shorter are a table.

    Raises:
        UnsupportedError: t_mul or m_mul is below 0; or t_mul is below 1, and there is no `sample`.
    """
    init, first = float(config["initial_learning_rate"]), decimal_time(config["first_decay_steps"])
    growth, shrink, alpha = decimal_time(config["t_mul"]), float(config["m_mul"]), float(config["alpha"])
    if growth <= 0 or shrink < 0:
        raise refused(name, f"t_mul={growth}, m_mul={shrink}, of which one is below 0")
    own = _restarting(init, first, growth, shrink, alpha)
    notes = (
        f"cycle i has {first} * {growth} ** i steps, not rounded; m_mul changes the height above alpha * {init:g}",
        "which cycle a step is in is exact here; Keras finds it with float32 logarithms, and may be a cycle off",
    )
    if growth < 1:
        end = simple(first / (1 - Fraction(growth)))
        table = _until_nan(own.at, name, sample, end, f"t_mul={config['t_mul']}")
        return Described(node=table, notes=notes, own=own, until=sample)
    cycle = Cosine(init_value=init, end_value=decimal_product(alpha, init), steps=first)
    if shrink == 0:
        return Described(node=Sequence(parts=[cycle, constant(decimal_product(alpha, init))]), notes=notes, own=own)
    height: dict[str, Any] = {"peak_mult": shrink, "scaling": "height", "floor_value": decimal_product(alpha, init)}
    node = Repeat(part=cycle, cycle_mult=growth, **(height if shrink != 1 else {}))
    return Described(node=node, notes=notes, own=own)


def _restarting(init: float, first: Time, growth: Time, shrink: float, alpha: float) -> Own:
    """Return what `CosineDecayRestarts` documents."""
    listed = _cycles(first, growth)

    def locate(t: Time) -> tuple[int, Time, Time]:
        if growth == 1:
            return int(t // first), t % first, first
        number = sum(start <= t for start, _ in listed) - 1
        return number, t - listed[number][0], listed[number][1]

    def at(t: Time) -> float:
        number, since, length = locate(t)
        return init * ((1 - alpha) * power_of(shrink, number) * half_cosine(Fraction(since) / length) + alpha)

    def near_jump(t: Time) -> bool:
        _, since, length = locate(t)
        reach = max(1, t * 4e-6)  # of a float32 logarithm
        return since <= reach or length - since <= reach

    return Own(
        at=at,
        kinks=tuple(start for start, _ in listed[1:]),
        end=min(listed[-1][0], HORIZON),
        slack=lambda t: SLACK + 1e-6 * float(Fraction(t) / locate(t)[2]),
        near_jump=near_jump,
        faults=late_stairs(first, "a restart") if growth == 1 else (),
    )


def _cycles(first: Time, growth: Time) -> list[tuple[Time, Time]]:
    """Return the starts and lengths of cycles of growing or shrinking length, some hundreds at most."""
    found: list[tuple[Time, Time]] = [(0, first)]
    while sum(found[-1]) < HORIZON and len(found) < _MOST_CYCLES and found[-1][1] > Fraction(1, 10**9):
        start, length = found[-1]
        found.append((simple(Fraction(start + length)), simple(Fraction(length * growth))))
    return found


def _until_nan(at: Callable[[Time], float], name: str, sample: int | None, end: Time, why: str) -> Node:
    """Cycles that become shorter come to an end, after which Keras' rate is not a number."""
    if sample is None or sample > end:
        reason = f"{why}, below 1: from step {end} on the rate is NaN"
        raise refused(name, f"{reason}; give {argument('sample', 'N')}, at most {end}, to have a table up to there")
    return sampled(at, sample, source=f"keras: {name}, at {in_steps(sample)}")
