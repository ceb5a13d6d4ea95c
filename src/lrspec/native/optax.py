"""Reading schedules of `optax.schedules`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.kinds import Cosine, Exponential, Polynomial, Sequence
from lrspec.native.build import constant, lasting, levels
from lrspec.native.reading import Reading
from lrspec.spec import Node


def read(native: Any, name: str, sample: int | None) -> Reading:  # noqa: ARG001 - nothing is sampled yet
    """Return what a schedule of optax is, checked."""
    return Reading(schedule=_node(native, name), framework="optax", construct=name)


def _node(schedule: Any, name: str) -> Node:
    """Optax' schedules are functions; their numbers are in the cells of the closure."""
    code, cells = getattr(schedule, "__code__", None), getattr(schedule, "__closure__", None)
    if code is None or cells is None:
        raise UnsupportedError("optax", name, "a function without parameters to read")
    given = {key: _contents(cell) for key, cell in zip(code.co_freevars, cells, strict=True)}
    if given.get("transition_begin"):
        raise UnsupportedError("optax", name, "a transition_begin; put a constant before it in a sequence")
    match name:
        case "constant_schedule":
            return constant(given["value"])
        case "polynomial_schedule" | "exponential_decay" if "transition_steps" not in given:
            return constant(given["init_value"])
        case "polynomial_schedule":
            init, end, steps = given["init_value"], given["end_value"], given["transition_steps"]
            return Polynomial(init_value=init, end_value=end, steps=steps, power=given["power"])
        case "exponential_decay" if given["end_value"] is None:
            rate, period, stairs = given["decay_rate"], given["transition_steps"], bool(given["staircase"])
            return Exponential(init_value=given["init_value"], decay_rate=rate, decay_period=period, staircase=stairs)
        case "cosine_decay_schedule" if given["exponent"] == 1:
            init, steps = given["init_value"], int(given["decay_steps"])
            return Cosine(init_value=init, end_value=init * given["alpha"], steps=steps)
        case "piecewise_constant_schedule":
            pairs = sorted((given["boundaries_and_scales"] or {}).items())
            values = list(accumulate((scale for _, scale in pairs), lambda a, b: a * b, initial=given["init_value"]))
            return levels([0, *(int(-(-boundary // 1)) for boundary, _ in pairs)], values)
        case "join_schedules":
            children, ends = (
                [
                    _node(child, str(getattr(child, "__qualname__", type(child).__name__)).split(".")[0])
                    for child in given["schedules"]
                ],
                list(given["boundaries"]),
            )
            durations = [end - start for start, end in zip([0, *ends], ends, strict=False)]
            parts = [part for child, steps in zip(children, durations, strict=False) for part in lasting(child, steps)]
            return Sequence(parts=[*parts, children[-1]])
        case _:
            raise UnsupportedError("optax", name, "no kind of schedule here computes it yet")


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell: a branch that was not taken
        return None
