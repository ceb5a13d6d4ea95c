"""The values that a thing gives at each step, whatever it is: schedules, native objects, functions, arrays.

What can be run is run, so that the values are its own; what is only data is read.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lrspec.comparison import MOST_STEPS
from lrspec.document import from_dict, load, loads
from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers import from_native
from lrspec.readers.registry import systems
from lrspec.schedule import Schedule
from lrspec.testing.recording import Recorded

Values: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
RATE = "learning_rate"
_CALLED = ("keras", "optax")
"""The systems whose schedules are functions of the step; fvcore's are functions of a share of the run."""


def window(start: object, steps: object, things: tuple[Any, ...] = ()) -> tuple[int, int]:
    """Return the steps to compare, `start` to `stop - 1`; of arrays all that they have, where `steps` is None.

    Raises:
        SpecError: They are out of range, or `steps` is left out where there is no array.
    """
    if type(start) is not int or not 0 <= start < MOST_STEPS:
        raise SpecError("start", found=show(start), expected=f"a step from 0 to {MOST_STEPS - 1}")
    if steps is None:
        lengths = [start + len(array) for thing in things if (array := _as_array(thing)) is not None]
        if not lengths:
            raise SpecError("steps", found="None", expected="a number of steps: neither side is an array of them")
        steps = max(lengths)
    if type(steps) is not int or not start < steps <= MOST_STEPS:
        raise SpecError("steps", found=show(steps), expected=f"a number of steps from {start + 1} to {MOST_STEPS}")
    return start, steps


def schedule_of(thing: Any) -> Schedule | None:
    """Return the schedule that a thing is or holds as data, or None where it has to be run.

    Args:
        thing: A schedule or document; the path of one; a document as a mapping; a state of lrspec, as checkpoints hold
            it; what `serialize` of Keras made; or lrspec's scheduler of PyTorch.

    Raises:
        SpecError: A document is wrong, or a state is not what its fingerprint says.
        UnsupportedError: A mapping that holds no schedule, such as the state of a scheduler of PyTorch.
    """
    if isinstance(thing, Schedule):
        return thing
    if isinstance(thing, Path):
        return load(thing)
    own = getattr(thing, "schedule", None)
    if _is_torch_scheduler(thing) and isinstance(own, Schedule):
        return own
    if not isinstance(thing, Mapping):
        return None
    if "lrspec" in thing:
        return from_dict(thing)
    if isinstance(thing.get("spec"), str) and "fingerprint" in thing:
        held = loads(thing["spec"])
        if held.fingerprint != thing["fingerprint"]:
            raise SpecError(
                "fingerprint", found=show(thing["fingerprint"]), expected=f"{held.fingerprint}, of its spec"
            )
        return held
    if "class_name" in thing:
        return from_native(thing)
    reason = (
        "a mapping without a schedule in it; the state of a native scheduler has numbers, and not which class it is of"
    )
    raise UnsupportedError("pytest", type(thing).__name__, reason)


def measured(thing: Any, start: int, stop: int) -> Values:
    """Return the learning rates of a thing at the steps `start` to `stop - 1`.

    Args:
        thing: What `assert_same_schedule` takes.
        start: The first step.
        stop: One past the last step.

    Raises:
        SpecError: An array of another length, or a value that is no finite number.
        StepError: A schedule has no value there.
        UnsupportedError: It is none of these things, or has no single learning rate.
    """
    schedule = schedule_of(thing)
    if schedule is not None:
        return schedule.values(start, stop)
    if _is_torch_scheduler(thing):
        return _rounded(_replayed(thing, start, stop), start)
    framework = next((name for name, system in systems().items() if system.knows and system.knows(thing)), None)
    if framework is not None and not (framework in _CALLED and callable(thing)):
        return from_native(thing, sample=stop).values(start, stop)
    array = None if framework is not None else _as_array(thing)
    if array is not None:
        if len(array) != stop - start:
            raise SpecError("steps", found=f"an array of {len(array)}", expected=f"{stop - start} values")
        return _rounded(array, start)
    if not callable(thing) or isinstance(thing, type):
        raise UnsupportedError(
            type(thing).__module__.split(".")[0], type(thing).__name__, "no schedule, function or array"
        )
    is_optax = framework == "optax" or type(thing).__module__.startswith("lrspec.adapters.optax")
    return _rounded([_called(thing, np.int32(step) if is_optax else step) for step in range(start, stop)], start)


def _called(function: Callable[[Any], Any], step: Any) -> float:
    value = function(step)
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise SpecError(f"step {step}", found=show(value), expected="a number") from None


def _as_array(thing: Any) -> np.ndarray[Any, Any] | None:
    """Return what holds a number for each step as an array, or None for anything else."""
    if isinstance(thing, Recorded):
        return np.asarray(thing.values)
    if isinstance(thing, np.ndarray | list | tuple):
        if hasattr(thing, "_fields"):  # a pair of functions, as an optimizer of Optax is
            return None
        found = np.asarray(thing)
    elif hasattr(thing, "__array__") and hasattr(thing, "shape"):
        found = np.asarray(thing.detach().cpu() if hasattr(thing, "detach") else thing)
    else:
        return None
    if found.ndim != 1 or not (np.issubdtype(found.dtype, np.floating) or np.issubdtype(found.dtype, np.integer)):
        raise SpecError("", found=f"an array {found.dtype}{list(found.shape)}", expected="a number for each step")
    return found


def _rounded(values: Any, start: int) -> Values:
    """Return the values rounded once to float32, as an optimizer does with a rate in float64."""
    found = np.asarray(values)
    with np.errstate(over="ignore"):
        rounded = found.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(rounded))
    if len(bad):
        raise SpecError(
            f"step {start + int(bad[0])}", found=repr(found[bad[0]].item()), expected="a finite float32 number"
        )
    return rounded


def _is_torch_scheduler(thing: Any) -> bool:
    return any(kind.__module__ == "torch.optim.lr_scheduler" for kind in type(thing).__mro__)


def _replayed(scheduler: Any, start: int, stop: int) -> list[float]:
    """Return the rates that a scheduler of PyTorch writes, on a copy of it: no tensor is copied, no update applied."""
    name = type(scheduler).__name__
    if scheduler.last_epoch > start:
        raise SpecError(
            "start",
            found=f"{start}, and a {name} at step {scheduler.last_epoch}, which no longer has the rates before",
            expected=f"start={scheduler.last_epoch}, or a scheduler that has not moved",
        )
    if any(kind.__name__ == "ReduceLROnPlateau" for kind in type(scheduler).__mro__):
        raise UnsupportedError("torch", name, "its rates follow a metric, and not the step alone")
    optimizer = scheduler.optimizer
    kept = [optimizer.state, *(tensor for group in optimizer.param_groups for tensor in group["params"])]
    moved = copy.deepcopy(scheduler, {id(one): one for one in kept})
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no update comes before these calls
        for step in range(int(moved.last_epoch), stop):
            if step >= start:
                found.append(_one_rate(moved.optimizer, name, step))
            if step < stop - 1:
                moved.step()
    return found


def _one_rate(optimizer: Any, name: str, step: int) -> float:
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    if len(set(rates)) > 1:
        raise UnsupportedError("torch", name, f"groups with different rates at step {step}: {show(rates)}")
    return rates[0]
