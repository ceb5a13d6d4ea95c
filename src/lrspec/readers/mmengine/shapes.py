"""The schedulers of MMEngine: the values of each from the value that it finds on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Exponential, Linear, Polynomial
from lrspec.presets import one_cycle
from lrspec.readers.build import levels
from lrspec.readers.keys import Keys, joined, share
from lrspec.readers.reading import exact_values
from lrspec.spec import Node

Values = Callable[[float], Node]


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where a scheduler is active.

    Args:
        base: The value of the optimizer, before any scheduler.
        count: How many of its own steps there are from its begin to its end; None where nothing says it.
        scale: Its own steps per step of its parameters: the batches of an epoch where it is converted.
        end: The key that would say the end, in words.
    """

    base: float
    count: int | None
    scale: int = 1
    end: str = "end"

    def needed(self, keys: Keys) -> int:
        """Return the count.

        Raises:
            SpecError: Nothing says it.
        """
        if self.count is None:
            raise keys.wrong("end", self.end)
        return self.count


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a scheduler does.

    Args:
        values: Its values from its begin on, by the value that it finds there.
        multiplies: Whether each of its values is the one that it finds times a factor.
        waits: Whether its first step leaves what it finds.
    """

    values: Values
    multiplies: bool = False
    waits: bool = False


def _linear(keys: Keys, span: Span) -> Shape:
    count = span.needed(keys)
    first, last = keys.number("start_factor", 1 / 3, least=0), keys.number("end_factor", 1.0, least=0)
    if not 0 < first <= 1 or last > 1:
        raise keys.wrong("start_factor", "above 0 and at most 1, and an end_factor of at most 1")
    if count == 1:
        return Shape(values=lambda x: Constant(value=share(x, first)), multiplies=True)

    def values(x: float) -> Node:
        return Linear(init_value=share(x, first), end_value=share(x, last), steps=count - 1)

    return Shape(values=values, multiplies=True)


def _constant(keys: Keys, span: Span) -> Shape:
    count, factor = span.needed(keys), keys.number("factor", 1 / 3, least=0)
    if not 0 < factor <= 1:
        raise keys.wrong("factor", "above 0 and at most 1: MMEngine divides by it at the end")
    if count == 1:
        return Shape(values=lambda x: Constant(value=share(x, factor)), multiplies=True)

    def values(x: float) -> Node:
        return joined(Constant(value=share(x, factor), steps=count - 1), Constant(value=x))

    return Shape(values=values, multiplies=True)


def _floor(keys: Keys, base: float, default: float | None = None) -> float:
    """Return the least value.

    Raises:
        SpecError: It is given twice, or not at all where MMEngine has no default.
    """
    if keys.get("eta_min_ratio") is not None:
        if keys.get("eta_min") is not None:
            raise keys.wrong("eta_min", "nothing, because there is an eta_min_ratio")
        return share(base, keys.number("eta_min_ratio", least=0))
    return keys.number("eta_min", default, least=0)


def _poly(keys: Keys, span: Span) -> Shape:
    count = span.needed(keys)
    floor, power = keys.number("eta_min", 0.0, least=0), keys.number("power", 1.0)
    if count == 1:
        return Shape(values=lambda x: Constant(value=x), multiplies=True, waits=True)

    def values(x: float) -> Node:
        return Polynomial(init_value=x, end_value=floor, steps=count - 1, power=power)

    return Shape(values=values, multiplies=floor == 0, waits=True)


def _cosine(keys: Keys, span: Span) -> Shape:
    floor = _floor(keys, span.base, 0.0)
    period = keys.steps("T_max") * span.scale if keys.data.get("T_max") else span.needed(keys)
    keys.read.add("T_max")
    if span.count is not None and span.count <= period + 1:

        def half(x: float) -> Node:
            return Cosine(init_value=x, end_value=floor, steps=period)

        return Shape(values=half, multiplies=floor == 0, waits=True)

    def bouncing(x: float) -> Node:
        if x != span.base and span.count is None:
            raise keys.wrong("end", span.end)
        if x != span.base:
            reason = "it goes on after T_max, from the base rate, which it did not begin at"
            raise keys.refused(str(keys.data.get("type")), reason)
        return Cosine(init_value=x, end_value=floor, steps=period, after="continue")

    return Shape(values=bouncing, waits=True)


def _exponential(keys: Keys, span: Span) -> Shape:  # noqa: ARG001 - all have the same parameters
    gamma = keys.number("gamma")

    def values(x: float) -> Node:
        return Exponential(init_value=x, decay_rate=gamma, decay_period=1)

    return Shape(values=values, multiplies=True, waits=True)


def _step(keys: Keys, span: Span) -> Shape:
    period, gamma = keys.steps("step_size") * span.scale, keys.number("gamma", 0.1)

    def values(x: float) -> Node:
        return Exponential(init_value=x, decay_rate=gamma, decay_period=period, staircase=True)

    return Shape(values=values, multiplies=True, waits=True)


def _multi_step(keys: Keys, span: Span) -> Shape:
    listed, gamma = keys.get("milestones"), keys.number("gamma", 0.1)
    if not isinstance(listed, list | tuple) or not all(type(m) is int and m >= 0 for m in listed):
        raise keys.wrong("milestones", "a list of whole numbers")

    def values(first: float) -> Node:
        held, value = {0: first}, Fraction(first)
        for milestone in sorted(listed):
            value *= Fraction(gamma)
            held[milestone * span.scale] = float(value)
        return levels(list(held), list(held.values()))

    return Shape(values=values, multiplies=True, waits=0 not in listed)


def _one_cycle(keys: Keys, span: Span) -> Shape:
    anneal = keys.word("anneal_strategy", ("cos", "linear"), "cos")
    total = keys.steps("total_steps") * span.scale if keys.data.get("total_steps") else span.needed(keys)
    keys.read.add("total_steps")
    if span.count is not None and span.count > total:
        raise keys.wrong("total_steps", f"at least {span.count}, the steps of the run: MMEngine fails after them")
    node = one_cycle(
        peak_value=keys.number("eta_max"),
        total_steps=total,
        pct_start=keys.number("pct_start", 0.3),
        div_factor=keys.number("div_factor", 25.0),
        final_div_factor=keys.number("final_div_factor", 1e4),
        shape="cosine" if anneal == "cos" else "linear",
        three_phase=keys.flag("three_phase", default=False),
    )
    return Shape(values=lambda _: node)


def _restart(keys: Keys, span: Span) -> Shape:
    periods, weights = keys.get("periods"), keys.get("restart_weights", [1])
    if not isinstance(periods, list | tuple) or not all(type(p) is int and p > 0 for p in periods) or not periods:
        raise keys.wrong("periods", "a list of whole numbers above 0")
    if not isinstance(weights, list | tuple) or len(weights) != len(periods):
        raise keys.wrong("restart_weights", f"a list of {len(periods)} numbers, one for each period")
    if not all(type(weight) in {int, float} and math.isfinite(weight) for weight in weights):
        raise keys.wrong("restart_weights", "finite numbers")
    if keys.data.get("eta_min") is None and keys.data.get("eta_min_ratio") is None:
        raise keys.wrong("eta_min", "a number, or an eta_min_ratio: MMEngine has no default here")
    floor = _floor(keys, span.base)
    parts: list[Node] = []
    for period, weight in zip(periods, weights, strict=True):
        parts.append(Cosine(init_value=share(span.base, float(weight)), end_value=floor, steps=period * span.scale))
    end = exact_values(parts[-1], [int(parts[-1].length or 1) - 1])[0]
    return Shape(values=lambda _: joined(*parts, Constant(value=end)))


SHAPES: dict[str, Callable[[Keys, Span], Shape]] = {
    "Linear": _linear,
    "Constant": _constant,
    "Poly": _poly,
    "CosineAnnealing": _cosine,
    "Exponential": _exponential,
    "Step": _step,
    "MultiStep": _multi_step,
    "OneCycle": _one_cycle,
    "CosineRestart": _restart,
}
"""The schedulers by their names without `LR`, `Momentum` or `ParamScheduler`."""
