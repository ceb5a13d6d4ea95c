"""Reading functions that `optax.schedules` made, and optimizers that hold one."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time
from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import in_steps
from lrspec.kinds import Clamp, Constant, Cosine, Exponential, Freeze, Linear, Polynomial, Sequence, Shift
from lrspec.readers.build import constant, levels
from lrspec.readers.keras.documented import time_of
from lrspec.readers.optax.documented import documented, enclosed, is_cosine, is_known, knots_of, maker, unwrapped
from lrspec.readers.optax.optimizer import rate_in
from lrspec.readers.reading import Own, Reading, as_table, bounded, called, compared
from lrspec.schedule import Schedule
from lrspec.spec import Node

Cells = Mapping[str, Any]
Found = tuple[Node, list[str]]
_ERRORS = (SpecError, TypeError, ValueError, OverflowError, IndexError)
_COUNTS = "step 0 is the first update; rates are absolute, in float32 in Optax"


def is_of_optax(native: object) -> bool:
    """Tell whether an object is a function or an optimizer that Optax made."""
    return str(getattr(native, "__module__", "")).split(".", maxsplit=1)[0] == "optax"


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a schedule of Optax, or the one in an optimizer, is, checked."""
    if hasattr(native, "init") and hasattr(native, "update") and not hasattr(native, "schedule_fn"):
        return _from_optimizer(native, name, sample)
    original = getattr(native, "schedule_fn", native)
    function = unwrapped(original)
    own = getattr(function, "schedule", None)
    if isinstance(own, Schedule):
        return Reading(schedule=own, framework="optax", construct=type(function).__name__)
    name = maker(function)
    try:
        reading, own_values, stop = _from_cells(function, name, sample)
    except UnsupportedError:
        if sample is None:
            raise
        return as_table(_caller(original), "optax", name, sample)
    except _ERRORS as error:
        raise _refused(name, f"a parameter without an equivalent: {error}") from error
    try:
        return called(reading, own_values, _caller(original), stop)
    except LrspecError:
        raise
    except Exception as error:
        raise _refused(name, f"the object itself cannot be evaluated: {error}") from error


def _from_cells(function: Any, name: str, sample: int | None) -> tuple[Reading, Own, int]:
    """Return the reading of what a function encloses, its documentation, and how many steps are compared."""
    cells = _cells(function)
    node, notes = _node(name, cells)
    node, stop = bounded(node, sample, "optax", name)
    end = [f"read up to step {stop}, after which the value is held"] if stop < HORIZON else []
    reading = Reading(schedule=node, framework="optax", construct=name, conventions=(_COUNTS, *notes, *end))
    own_values = documented(name, cells)
    return compared(reading, own_values, stop), own_values, stop


def _refused(name: str, reason: str) -> UnsupportedError:
    return UnsupportedError("optax", name, reason)


def _caller(function: Any) -> Callable[[int], float]:
    """Return the function of a count that the optimizer calls: with an int32 of JAX, which the object brought."""
    jax = sys.modules.get("jax")
    count = jax.numpy.int32 if jax is not None else int
    return lambda step: float(function(count(step)))


def _cells(function: Any) -> dict[str, Any]:
    """Return the numbers that a function of Optax encloses; those of the functions inside as `children`."""
    if isinstance(getattr(function, "schedule", None), Schedule):
        return {"schedule": function.schedule}
    name = maker(function)
    if not is_known(function):
        raise _refused(name, "a function, whose formula is code; give sample=N steps, to have it as a table")
    found = dict(enclosed(function))
    if name == "join_schedules":
        inside = [unwrapped(child) for child in found["schedules"]]
        owned = [isinstance(getattr(child, "schedule", None), Schedule) for child in inside]
        names = ["lrspec" if own else maker(child) for child, own in zip(inside, owned, strict=True)]
        found["children"] = [(name, _cells(child)) for name, child in zip(names, inside, strict=True)]
    return found


def _node(name: str, cells: Cells) -> Found:
    return NODES[name](cells)


def _constant(cells: Cells) -> Found:
    if "value" in cells:
        return constant(float(cells["value"])), []
    note = "no transition_steps above 0, or a decay_rate of 0: Optax holds init_value for ever"
    return constant(float(cells["init_value"])), [note]


def _begun(node: Node, init: float, begin: Any) -> Found:
    """Return a node that begins later, after its first value."""
    start = time_of(begin)
    if start <= 0:
        return node, []
    parts = [Constant(value=init, steps=start), node]
    return Sequence(parts=parts), [f"transition_begin={start}: the first value holds until then"]


def _polynomial(cells: Cells) -> Found:
    if "transition_steps" not in cells:
        return _constant(cells)
    init, end, power = float(cells["init_value"]), float(cells["end_value"]), float(cells["power"])
    steps = time_of(cells["transition_steps"])
    if power < 0:
        raise _refused("polynomial_schedule", f"a power of {power}, below 0, which has no value at the end")
    if power == 0:
        return constant(init), ["a power of 0: the value never changes"]
    if power == 1:
        curve: Node = Linear(init_value=init, end_value=end, steps=steps)
    else:
        curve = Polynomial(init_value=init, end_value=end, steps=steps, power=power)
    node, notes = _begun(curve, init, cells["transition_begin"])
    return node, [*notes, f"end_value={end:g} is reached {in_steps(steps)} after the start, and held"]


def _exponential(cells: Cells) -> Found:
    if "transition_steps" not in cells:
        return _constant(cells)
    name, init, rate = "exponential_decay", float(cells["init_value"]), float(cells["decay_rate"])
    period, stairs = time_of(cells["transition_steps"]), bool(cells["staircase"])
    if rate < 0:
        raise _refused(name, f"a decay_rate of {rate}, below 0")
    end = None if cells["end_value"] is None else float(cells["end_value"])
    curve = Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs)
    if end is not None and rate > 1 and 0 < init < end:  # what has grown to the bound needs no more of its formula
        periods = math.ceil(math.log(end / init) / math.log(rate)) + 1
        curve = Exponential(
            init_value=init, decay_rate=rate, decay_period=period, staircase=stairs, steps=math.ceil(periods * period)
        )
    node, notes = _begun(curve, init, cells["transition_begin"])
    notes.append(f"transition_steps={period} is the period of decay_rate, not an end")
    if end is None:
        return node, notes
    bound = "a lower" if rate < 1 else "an upper"
    notes.append(f"end_value={end:g} is {bound} bound, also before the decay begins")
    return Clamp(part=node, **{"min_value" if rate < 1 else "max_value": end}), notes


def _cosine(cells: Cells) -> Found:
    init, alpha, exponent = float(cells["init_value"]), float(cells["alpha"]), float(cells["exponent"])
    steps = time_of(cells["decay_steps"])
    if exponent < 0:
        raise _refused("cosine_decay_schedule", f"an exponent of {exponent}, below 0, which has no value at the end")
    if exponent == 0:
        return constant(init), ["an exponent of 0: the value never changes"]
    node = Cosine(init_value=init, end_value=alpha * init, steps=steps, exponent=exponent)
    return node, [f"alpha={alpha:g} is a share of {init:g}; it is reached after {in_steps(steps)}, and held"]


def _piecewise_constant(cells: Cells) -> Found:
    init = float(cells["init_value"])
    scales = sorted((cells["boundaries_and_scales"] or {}).items())
    value, held = Fraction(init), {0: init}
    for boundary, scale in scales:
        value *= Fraction(float(scale))
        start = max(-int(-time_of(boundary) // 1), 0) if boundary < HORIZON else HORIZON
        if start < HORIZON:
            held[start] = float(value)
    notes = [
        "each scale multiplies the value from its boundary on; a boundary that is not whole counts at the next step"
    ]
    return levels(list(held), list(held.values())), notes


def _piecewise_interpolate(cells: Cells) -> Found:
    bounds, values = knots_of(cells)
    kind = Cosine if is_cosine(cells) else Linear
    if bounds != sorted(bounds):
        raise _refused("piecewise_interpolate_schedule", "a boundary below 0")
    parts: list[Node] = []
    for (begin, end), (first, last) in zip(pairwise(bounds), pairwise(values), strict=True):
        if end > begin:
            whole = kind(init_value=first, end_value=last, steps=max(end - begin, 1))
            parts += [whole] if whole.length == end - begin else [Freeze(part=whole, steps=end - begin)]
    notes = ["the values at the knots are those of all scales so far multiplied; the last one is held"]
    notes.append("the one-cycle schedules are this too: their peak is at step int(pct_start * N), their end at step N")
    if 0 in bounds[1:]:
        notes.append("a boundary at step 0: init_value itself is never used")
    last_value = constant(values[-1])
    return (Sequence(parts=[*parts, last_value]) if parts else last_value), notes


def _join(cells: Cells) -> Found:
    """Later boundaries in the list win, also where they are smaller."""
    boundaries = [time_of(boundary) for boundary in cells["boundaries"]]
    children = list(cells["children"])
    listed: list[tuple[Time, tuple[str, Cells]]] = [(-HORIZON, children[0])]
    listed += zip(boundaries, children[1:], strict=False)
    used = [(b, child) for i, (b, child) in enumerate(listed) if all(b < later for later, _ in listed[i + 1 :])]
    used = [(b, child) for b, child in used if b < HORIZON]
    starts = [max(b, 0) for b, _ in used] + [HORIZON]
    parts: list[Node] = []
    notes = ["each schedule counts from the step at which it begins"]
    if any(name == "cosine_decay_schedule" for name, _ in children):
        notes.append(_ABOUT_WARMUP)
    if len(used) < max(len(children), len(boundaries) + 1):
        notes.append(f"{len(children)} schedules and boundaries {cells['boundaries']}: some are never used")
    for (boundary, (name, inner)), (start, end) in zip(used, pairwise(starts), strict=True):
        if end <= start:
            continue
        node, more = _node(name, inner)
        notes += [note for note in more if note not in notes]
        if -HORIZON < boundary < 0:
            node = Shift(part=node, by=-boundary)
        fits = end == HORIZON or node.length == end - start
        parts.append(node if fits else Freeze(part=node, steps=end - start))
    return (Sequence(parts=parts) if len(parts) > 1 else parts[0]), notes


_ABOUT_WARMUP = (
    "the decay_steps of warmup_cosine_decay_schedule and of sgdr_schedule's cycles include the warmup: the cosine that "
    "was read has what is left of them"
)


def _own_schedule(cells: Cells) -> Found:
    return cells["schedule"].node, []


NODES: dict[str, Callable[[Cells], Found]] = {
    "constant_schedule": _constant,
    "polynomial_schedule": _polynomial,
    "exponential_decay": _exponential,
    "cosine_decay_schedule": _cosine,
    "piecewise_constant_schedule": _piecewise_constant,
    "piecewise_interpolate_schedule": _piecewise_interpolate,
    "join_schedules": _join,
    "lrspec": _own_schedule,
}
"""The node, and the conventions, of what each function of Optax makes."""


def _from_optimizer(native: Any, name: str, sample: int | None) -> Reading:
    """Return the schedule of the learning rate that an optimizer's functions enclose."""
    label, function, more = rate_in(native, name)
    reading = read(function, maker(function), sample)
    notes = (
        f"found in the optimizer as {label}; it counts updates that are applied (MultiSteps: not each batch)",
        "inject_hyperparams shows in its state the value of the update before, and may cast it to the parameters' type",
    )
    return Reading(**{**vars(reading), "conventions": (*reading.conventions, *notes, *more)})
