"""What Optax documents that its schedules compute, in float64, from the cells of their closures alone."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.readers.keras.documented import half_cosine, loose, power_of, stairs_or_not, time_of, unfinished
from lrspec.readers.reading import SLACK, Own

Cells = Mapping[str, Any]


def _constant(cells: Cells) -> Own:
    value = float(cells["value"] if "value" in cells else cells["init_value"])
    return Own(at=lambda _: value, end=10)


def _polynomial(cells: Cells) -> Own:
    if "transition_steps" not in cells:
        return _constant(cells)
    init, end, power = float(cells["init_value"]), float(cells["end_value"]), float(cells["power"])
    steps, begin = time_of(cells["transition_steps"]), time_of(cells["transition_begin"])

    def at(t: Time) -> float:
        share = Fraction(min(max(t - begin, 0), steps)) / steps
        return (init - end) * power_of(float(1 - share), power) + end

    faults = unfinished(steps, power, init, end)
    return Own(at=at, kinks=(begin, begin + steps), end=begin + steps, slack=loose(power), faults=faults)


def _exponential(cells: Cells) -> Own:
    if "transition_steps" not in cells:
        return _constant(cells)
    init, rate, end = float(cells["init_value"]), float(cells["decay_rate"]), cells["end_value"]
    steps, begin = time_of(cells["transition_steps"]), time_of(cells["transition_begin"])
    stairs = bool(cells["staircase"])

    def at(t: Time) -> float:
        since = t - begin
        periods = since // steps if stairs else Fraction(since) / steps
        value = init if since <= 0 else init * power_of(rate, float(periods))
        if end is None:
            return value
        return max(value, float(end)) if rate < 1 else min(value, float(end))

    found = stairs_or_not(steps, staircase=stairs)
    if stairs:
        found["near_jump"] = lambda t: min((t - begin) % steps, (begin - t) % steps) <= 1
    kinks = (begin, *(begin + kink for kink in found["kinks"]))
    return Own(at=at, **(found | {"kinks": kinks, "end": begin + found["end"]}))


def _cosine(cells: Cells) -> Own:
    init, alpha, exponent = float(cells["init_value"]), float(cells["alpha"]), float(cells["exponent"])
    steps = time_of(cells["decay_steps"])

    def at(t: Time) -> float:
        share = Fraction(min(t, steps)) / steps
        return init * ((1 - alpha) * power_of(half_cosine(share), exponent) + alpha)

    return Own(at=at, kinks=(steps,), end=steps, slack=loose(exponent))


def _piecewise_constant(cells: Cells) -> Own:
    init = float(cells["init_value"])
    scales = {b: float(scale) for b, scale in (cells["boundaries_and_scales"] or {}).items()}

    def at(t: Time) -> float:
        return math.prod((scale for boundary, scale in scales.items() if boundary <= t), start=init)

    kinks = tuple(time_of(boundary) for boundary in sorted(scales) if boundary < HORIZON)
    return Own(at=at, kinks=kinks, end=max((*kinks, 0)))


def knots_of(cells: Cells) -> tuple[list[Time], list[float]]:
    """Return the boundaries of a piecewise interpolation, from 0, and the values there.

    Optax before 0.2.7 kept them in these words; later it keeps boundaries and scales.
    """
    if "bounds" in cells:
        return [time_of(bound) for bound in cells["bounds"]], [float(value) for value in cells["values"]]
    values = [Fraction(float(cells["init_value"]))]
    for scale in cells["scales"]:
        values.append(values[-1] * Fraction(float(scale)))
    return [0, *(time_of(boundary) for boundary in cells["boundaries"])], [float(value) for value in values]


def is_cosine(cells: Cells) -> bool:
    """Tell whether a piecewise interpolation is by cosines and not by lines."""
    return "cosine" in str(cells["interpolate_fn"].__name__)


def _piecewise_interpolate(cells: Cells) -> Own:
    bounds, values = knots_of(cells)
    cosine = is_cosine(cells)

    def at(t: Time) -> float:
        for (begin, end), (first, last) in zip(pairwise(bounds), pairwise(values), strict=True):
            if begin <= t < end:
                share = Fraction(t - begin) / max(end - begin, 1)
                return last + (first - last) * (half_cosine(share) if cosine else float(1 - share))
        return values[-1]

    return Own(at=at, kinks=tuple(bounds), end=bounds[-1])


def _join(cells: Cells) -> Own:
    children = [documented(name, inner) for name, inner in cells["children"]]
    boundaries = [time_of(boundary) for boundary in cells["boundaries"]]
    later = list(zip(boundaries, children[1:], strict=False))

    def which(t: Time) -> tuple[Time, Own]:
        found = (simple(Fraction(0)), children[0])
        for boundary, child in later:
            if not t < boundary:
                found = (boundary, child)
        return found

    def of(function: Callable[[Own], Callable[[Time], Any]]) -> Callable[[Time], Any]:
        def asked(t: Time) -> Any:
            begin, child = which(t)
            return function(child)(t - begin)

        return asked

    starts = [(simple(Fraction(0)), children[0]), *later]
    kinks = sorted({*boundaries, *(begin + kink for begin, child in starts for kink in child.kinks if kink >= 0)})
    return Own(
        at=of(lambda child: child.at),
        kinks=tuple(kinks),
        end=max(begin + child.end for begin, child in starts),
        slack=of(lambda child: child.slack),
        near_jump=of(lambda child: child.near_jump),
        faults=tuple(dict.fromkeys(fault for _, child in starts for fault in child.faults)),
    )


def _own_schedule(cells: Cells) -> Own:
    exact = cells["schedule"].exact
    return Own(at=lambda t: float(exact(int(t))), end=100, slack=lambda _: SLACK)


DOCUMENTED: dict[str, Callable[[Cells], Own]] = {
    "constant_schedule": _constant,
    "polynomial_schedule": _polynomial,
    "exponential_decay": _exponential,
    "cosine_decay_schedule": _cosine,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "join_schedules": _join,
    "lrspec": _own_schedule,
}


def documented(name: str, cells: Cells) -> Own:
    """Return what a function that Optax made documents, by the name of what made it."""
    return DOCUMENTED[name](cells)


def unwrapped(function: Any) -> Any:
    """Return the function in what `jax.jit` made of one; a function that wraps another is code of its own."""
    return inspect.unwrap(function, stop=inspect.isfunction)


def maker(function: Any) -> str:
    """Return the name of the function of Optax that made another one, or what the user's own is called."""
    inner = unwrapped(function)
    if inspect.isfunction(inner) and hasattr(inner, "__wrapped__"):  # functools.wraps gave it another's name
        return inner.__code__.co_name
    return str(getattr(inner, "__qualname__", type(inner).__qualname__)).split(".")[0]


def is_known(function: Any) -> bool:
    """Tell whether a function is one that a builder of `optax.schedules` made."""
    return is_of_optax(function) and maker(function) in DOCUMENTED


def is_of_optax(thing: Any) -> bool:
    """Tell whether Optax' own code is in a function, or a class of Optax."""
    module = thing.__globals__.get("__name__") if inspect.isfunction(thing) else getattr(thing, "__module__", "")
    return str(module).startswith("optax.")


def enclosed(function: Any) -> dict[str, Any]:
    """Return the contents of the cells of a function; None for an empty one, of a branch that was not taken."""
    code, closure = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    return {key: _contents(cell) for key, cell in zip(code.co_freevars if code else (), closure or (), strict=True)}


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
