"""Reading functions that `optax.schedules` made, and optimizers that hold one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from lrspec.compiler.formula import HORIZON
from lrspec.errors import LrspecError, SpecError, UnsupportedError, argument
from lrspec.readers.optax.closures import enclosed, is_known, maker, unwrapped
from lrspec.readers.optax.joined import described
from lrspec.readers.optax.optimizer import rate_in
from lrspec.readers.optax.shapes import refused
from lrspec.readers.reading import Own, Reading, as_table, bounded, called, compared
from lrspec.schedule import Schedule

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
        raise refused(name, f"a parameter without an equivalent: {error}") from error
    try:
        return called(reading, own_values, _caller(original), stop)
    except LrspecError:
        raise
    except Exception as error:
        raise refused(name, f"the object itself cannot be evaluated: {error}") from error


def _from_cells(function: Any, name: str, sample: int | None) -> tuple[Reading, Own, int]:
    """Return the reading of what a function encloses, its documentation, and how many steps are compared."""
    cells = _cells(function)
    found = described(name, cells)
    node, stop = bounded(found.node, sample, "optax", name)
    end = [f"read up to step {stop}, after which the value is held"] if stop < HORIZON else []
    reading = Reading(schedule=node, framework="optax", construct=name, conventions=(_COUNTS, *found.notes, *end))
    return compared(reading, found.own, stop), found.own, stop


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
        way_out = f"give {argument('sample', 'N')} steps, to have it as a table"
        raise refused(name, f"a function, whose formula is code; {way_out}")
    found = dict(enclosed(function))
    if name == "join_schedules":
        inside = [unwrapped(child) for child in found["schedules"]]
        owned = [isinstance(getattr(child, "schedule", None), Schedule) for child in inside]
        names = ["lrspec" if own else maker(child) for child, own in zip(inside, owned, strict=True)]
        found["children"] = [(name, _cells(child)) for name, child in zip(names, inside, strict=True)]
    return found


def _from_optimizer(native: Any, name: str, sample: int | None) -> Reading:
    """Return the schedule of the learning rate that an optimizer's functions enclose."""
    label, function, more = rate_in(native, name)
    reading = read(function, maker(function), sample)
    notes = (
        f"found in the optimizer as {label}; it counts updates that are applied (MultiSteps: not each batch)",
        "inject_hyperparams shows in its state the value of the update before, and may cast it to the parameters' type",
    )
    return Reading(**{**vars(reading), "conventions": (*reading.conventions, *notes, *more)})
