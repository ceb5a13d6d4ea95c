"""What the functions of `optax.schedules` make, from the cells of their closures: the node and what Optax documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time
from lrspec.errors import UnsupportedError
from lrspec.fields import in_steps
from lrspec.kinds import Clamp, Constant, Cosine, Exponential, Freeze, Linear, Polynomial, Sequence
from lrspec.readers.build import constant, levels
from lrspec.readers.described import Described
from lrspec.readers.float32 import loose, stairs_or_not, unfinished
from lrspec.readers.numbers import decimal_product, decimal_time, half_cosine, power_of
from lrspec.readers.reading import Own
from lrspec.spec import Node

Cells = Mapping[str, Any]


refused = partial(UnsupportedError, "optax")
"""The error that refuses a construct of Optax: of its name, and why."""


def _constant(cells: Cells) -> Described:
    value = float(cells["value"] if "value" in cells else cells["init_value"])
    note = "no transition_steps above 0, or a decay_rate of 0: Optax holds init_value for ever"
    notes = () if "value" in cells else (note,)
    return Described(node=constant(value), notes=notes, own=Own(at=lambda _: value, end=10))


def _begun(node: Node, init: float, begin: Time) -> tuple[Node, tuple[str, ...]]:
    """Return a node that begins later, after its first value."""
    if begin <= 0:
        return node, ()
    parts = [Constant(value=init, steps=begin), node]
    return Sequence(parts=parts), (f"transition_begin={begin}: the first value holds until then",)


def _polynomial(cells: Cells) -> Described:
    if "transition_steps" not in cells:
        return _constant(cells)
    init, end, power = float(cells["init_value"]), float(cells["end_value"]), float(cells["power"])
    steps, begin = decimal_time(cells["transition_steps"]), decimal_time(cells["transition_begin"])
    if power < 0:
        raise refused("polynomial_schedule", f"a power of {power}, below 0, which has no value at the end")

    def at(t: Time) -> float:
        share = Fraction(min(max(t - begin, 0), steps)) / steps
        return (init - end) * power_of(float(1 - share), power) + end

    faults = unfinished(steps, power, init, end)
    own = Own(at=at, kinks=(begin, begin + steps), end=begin + steps, slack=loose(power), faults=faults)
    if power == 0:
        return Described(node=constant(init), notes=("a power of 0: the value never changes",), own=own)
    if power == 1:
        curve: Node = Linear(init_value=init, end_value=end, steps=steps)
    else:
        curve = Polynomial(init_value=init, end_value=end, steps=steps, power=power)
    node, notes = _begun(curve, init, begin)
    reached = f"end_value={end:g} is reached {in_steps(steps)} after the start, and held"
    return Described(node=node, notes=(*notes, reached), own=own)


def _exponential(cells: Cells) -> Described:
    if "transition_steps" not in cells:
        return _constant(cells)
    init, rate = float(cells["init_value"]), float(cells["decay_rate"])
    period, begin = decimal_time(cells["transition_steps"]), decimal_time(cells["transition_begin"])
    stairs, end = bool(cells["staircase"]), None if cells["end_value"] is None else float(cells["end_value"])
    if rate < 0:
        raise refused("exponential_decay", f"a decay_rate of {rate}, below 0")

    def at(t: Time) -> float:
        since = t - begin
        periods = since // period if stairs else Fraction(since) / period
        value = init if since <= 0 else init * power_of(rate, float(periods))
        if end is None:
            return value
        return max(value, end) if rate < 1 else min(value, end)

    curve = Exponential(
        init_value=init,
        decay_rate=rate,
        decay_period=period,
        staircase=stairs,
        steps=_until_bound(init, rate, period, end),
    )
    node, notes = _begun(curve, init, begin)
    notes = (*notes, f"transition_steps={period} is the period of decay_rate, not an end")
    if end is not None:
        bound = "a lower" if rate < 1 else "an upper"
        notes = (*notes, f"end_value={end:g} is {bound} bound, also before the decay begins")
        node = Clamp(part=node, min_value=end) if rate < 1 else Clamp(part=node, max_value=end)
    return Described(node=node, notes=notes, own=_begins_later(at, begin, period, stairs=stairs))


def _until_bound(init: float, rate: float, period: Time, end: float | None) -> int | None:
    """Return when what grows has come to its bound, and needs no more of its formula."""
    if end is None or rate <= 1 or not 0 < init < end:
        return None
    return math.ceil((math.ceil(math.log(end / init) / math.log(rate)) + 1) * period)


def _begins_later(at: Callable[[Time], float], begin: Time, period: Time, *, stairs: bool) -> Own:
    found = stairs_or_not(period, staircase=stairs)
    if stairs:
        found["near_jump"] = lambda t: min((t - begin) % period, (begin - t) % period) <= 1
    kinks = (begin, *(begin + kink for kink in found["kinks"]))
    return Own(at=at, **(found | {"kinks": kinks, "end": begin + found["end"]}))


def _cosine(cells: Cells) -> Described:
    init, alpha, exponent = float(cells["init_value"]), float(cells["alpha"]), float(cells["exponent"])
    steps = decimal_time(cells["decay_steps"])
    if exponent < 0:
        raise refused("cosine_decay_schedule", f"an exponent of {exponent}, below 0, which has no value at the end")

    def at(t: Time) -> float:
        share = Fraction(min(t, steps)) / steps
        return init * ((1 - alpha) * power_of(half_cosine(share), exponent) + alpha)

    own = Own(at=at, kinks=(steps,), end=steps, slack=loose(exponent))
    if exponent == 0:
        return Described(node=constant(init), notes=("an exponent of 0: the value never changes",), own=own)
    node = Cosine(init_value=init, end_value=decimal_product(alpha, init), steps=steps, exponent=exponent)
    note = f"alpha={alpha:g} is a share of {init:g}; it is reached after {in_steps(steps)}, and held"
    return Described(node=node, notes=(note,), own=own)


def _piecewise_constant(cells: Cells) -> Described:
    init = float(cells["init_value"])
    scales = {b: float(scale) for b, scale in sorted((cells["boundaries_and_scales"] or {}).items())}

    def at(t: Time) -> float:
        return math.prod((scale for boundary, scale in scales.items() if boundary <= t), start=init)

    value, held = Fraction(init), {0: init}
    for boundary, scale in scales.items():
        value *= Fraction(scale)
        start = max(math.ceil(decimal_time(boundary)), 0) if boundary < HORIZON else HORIZON
        if start < HORIZON:
            held[start] = float(value)
    kinks = tuple(decimal_time(boundary) for boundary in scales if boundary < HORIZON)
    note = "each scale multiplies the value from its boundary on; a boundary that is not whole counts at the next step"
    own = Own(at=at, kinks=kinks, end=max((*kinks, 0)))
    return Described(node=levels(list(held), list(held.values())), notes=(note,), own=own)


def _knots(cells: Cells) -> tuple[list[Time], list[float]]:
    """Return the boundaries of a piecewise interpolation, from 0, and the values there.

    Optax before 0.2.7 kept them in these words; later it keeps boundaries and scales.
    """
    if "bounds" in cells:
        return [decimal_time(bound) for bound in cells["bounds"]], [float(value) for value in cells["values"]]
    values = [Fraction(float(cells["init_value"]))]
    for scale in cells["scales"]:
        values.append(values[-1] * Fraction(float(scale)))
    return [0, *(decimal_time(boundary) for boundary in cells["boundaries"])], [float(value) for value in values]


def _piecewise_interpolate(cells: Cells) -> Described:
    bounds, values = _knots(cells)
    is_cosine = "cosine" in str(cells["interpolate_fn"].__name__)
    if bounds != sorted(bounds):
        raise refused("piecewise_interpolate_schedule", "a boundary below 0")

    def at(t: Time) -> float:
        for (begin, end), (first, last) in zip(pairwise(bounds), pairwise(values), strict=True):
            if begin <= t < end:
                share = Fraction(t - begin) / max(end - begin, 1)
                return last + (first - last) * (half_cosine(share) if is_cosine else float(1 - share))
        return values[-1]

    kind = Cosine if is_cosine else Linear
    parts: list[Node] = []
    for (begin, end), (first, last) in zip(pairwise(bounds), pairwise(values), strict=True):
        if end > begin:
            whole = kind(init_value=first, end_value=last, steps=max(end - begin, 1))
            parts += [whole] if whole.length == end - begin else [Freeze(part=whole, steps=end - begin)]
    notes = ["the values at the knots are those of all scales so far multiplied; the last one is held"]
    notes.append("the one-cycle schedules are this too: their peak is at step int(pct_start * N), their end at step N")
    if 0 in bounds[1:]:
        notes.append("a boundary at step 0: init_value itself is never used")
    held = constant(values[-1])
    node = Sequence(parts=[*parts, held]) if parts else held
    return Described(node=node, notes=tuple(notes), own=Own(at=at, kinks=tuple(bounds), end=bounds[-1]))


def own_schedule(cells: Cells) -> Described:
    """Describe a schedule of lrspec in Optax.

    Args:
        cells: The schedule, by that word.
    """
    exact = cells["schedule"].exact
    own = Own(at=lambda t: float(exact(int(t))), end=100)
    return Described(node=cells["schedule"].node, notes=(), own=own)


SHAPES: Mapping[str, Callable[[Cells], Described]] = {
    "constant_schedule": _constant,
    "polynomial_schedule": _polynomial,
    "exponential_decay": _exponential,
    "cosine_decay_schedule": _cosine,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "lrspec": own_schedule,
}
"""What each function of Optax makes; `join_schedules` is in `joined.py`."""
