"""How many updates a run has applied: read from what a framework counts, and set in a fresh run of another.

Nothing is imported here: objects are known by what they have, and files are read by `lrspec.adapters.checkpoints`.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lrspec.errors import ClockError

_COUNTS = ("count", "gradient_step", "step_count")
"""What Optax calls its counters of updates; `mini_step` of `MultiSteps` counts batches, and `step_count`, of
`schedule_free`, begins at 1."""
_STEPS = ("global_step", "iterations", "step")
"""What trainers call theirs, at the top of a checkpoint."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Position:
    """Where a run stands.

    Args:
        updates: Updates already applied: the step of the schedule that comes next.
        counter: Which counter says so.
        counters: All that were found, with their values.
        why: Why it is believed, in words.
    """

    updates: int
    counter: str
    counters: Mapping[str, int]
    why: str


def position(run: object, *, counter: str | None = None) -> Position:
    """Return how many updates a run has applied, by the counters that its objects or its checkpoint have.

    Args:
        run: A scheduler or optimizer of torch, or the `state_dict` of one, or a checkpoint with several; an optimizer
            of Keras; a state of Optax, or one of Flax that holds it; or the path of a file or folder that PyTorch,
            Lightning, transformers, Keras, Flax or Orbax wrote. Nothing in a file is executed.
        counter: Which counter to believe, where they disagree: one of the names in the error.

    Returns:
        The position.

    Raises:
        ClockError: There is no counter of updates; or there are several, and they disagree.
        UnsupportedError: A file that is not known, or that cannot be read without executing what is in it.

    Example:
        >>> position({"last_epoch": 7, "_step_count": 8, "gamma": 0.5}).updates
        7
    """
    if isinstance(run, str | Path):
        from lrspec.adapters.checkpoints import read

        run = read(Path(run))
    found = dict(counters(run))
    if counter is not None:
        if counter not in found:
            raise ClockError(f"no counter {counter}: found {_told(found)}")
        return Position(updates=found[counter], counter=counter, counters=found, why="it was asked for by name")
    if not found:
        raise ClockError(
            f"nothing in this {type(run).__name__} counts updates: expected a scheduler, an optimizer or a state of one"
        )
    if len(set(found.values())) > 1:
        raise ClockError(
            f"the counters disagree: {_told(found)}. One may count epochs, batches of which several make an update, or "
            "calls in several processes; say which one counts updates, as counter=..."
        )
    name = next(iter(found))
    why = "it is the only counter there is" if len(found) == 1 else f"{len(found)} counters agree: {', '.join(found)}"
    return Position(updates=found[name], counter=name, counters=found, why=why)


def check_clock(run: object, updates: int | None = None) -> int:
    """Return how many updates a run has applied, after making sure that all of its counters say the same.

    Call it wherever a step is at hand: it fails at the first disagreement, such as a scheduler that is stepped once
    per epoch, once for each process, or for updates that were skipped.

    Args:
        run: What `position` takes.
        updates: How many there must be, by the caller's own count; by default whatever the counters say.

    Raises:
        ClockError: Counters disagree, with one another or with `updates`; or there is none.

    Example:
        >>> check_clock({"last_epoch": 7, "_step_count": 8}, 8)
        Traceback (most recent call last):
        ...
        lrspec.errors.ClockError: last_epoch is 7: expected 8 updates
    """
    found = position(run)
    if updates is not None and found.updates != updates:
        raise ClockError(f"{found.counter} is {found.updates}: expected {updates} updates")
    return found.updates


def set_position(run: Any, step: int) -> Any:
    """Put a fresh run at a step: the number of updates that were applied elsewhere.

    Args:
        run: A scheduler of torch, which is moved on; an optimizer of Keras that is built, whose `iterations` are set;
            or a state of Optax, of which every count is set in the copy that is returned. (The counts of Adam, and
            `iterations` for Keras' Adam, also correct for moments that began at 0. Restore the moments too: with fresh
            ones and a count above 0, the first updates are up to three times too large.)
        step: Updates already applied, from 0.

    Returns:
        `run`, or for Optax the new state.

    Raises:
        ClockError: The scheduler is past the step, or there is no counter to set.
        ValueError: `step` is negative.

    Example:
        >>> set_position({"count": 0, "mu": 0.5}, 7)
        {'count': 7, 'mu': 0.5}
    """
    if step < 0:
        raise ValueError(f"step: found {step}, expected 0 or above")
    if _is_keras(run):
        inner = getattr(run, "inner_optimizer", run)
        inner._iterations.assign(step * (inner.gradient_accumulation_steps or 1))  # noqa: SLF001 - the batches
        return run
    if hasattr(run, "last_epoch") and hasattr(run, "optimizer"):
        _move(run, step)
        return run
    if hasattr(run, "param_groups"):
        raise ClockError("an optimizer of torch counts no updates of a schedule: give the scheduler")
    if not dict(counters(run)):
        raise ClockError(f"nothing in this {type(run).__name__} counts updates")
    return _counted(run, step)


def counters(run: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield the name and the value of each counter of updates in an object, a state, or a tree of them."""
    if _is_keras(run):
        inner = getattr(run, "inner_optimizer", run)
        yield f"{path}iterations", int(_number(inner.iterations))
        accumulated = getattr(inner._learning_rate, "gradient_accumulation_steps", None)  # noqa: SLF001 - its schedule
        if accumulated is not None:
            yield f"{path}schedule", int(_number(inner._iterations)) // accumulated  # noqa: SLF001 - the batches
    elif hasattr(run, "last_epoch") and hasattr(run, "optimizer"):
        yield from _of_scheduler(vars(run) | {"every": getattr(run, "every", None)}, path)
        yield from _of_optimizer(run.optimizer.state, f"{path}optimizer.")
    elif hasattr(run, "param_groups"):
        yield from _of_optimizer(run.state, path)
    elif isinstance(run, Mapping) and "last_epoch" in run:
        yield from _of_scheduler(run, path)
    elif isinstance(run, Mapping) and {"state", "param_groups"} <= run.keys():
        yield from _of_optimizer(run["state"], path)
    else:
        yield from _in_tree(run, path)


def _of_scheduler(state: Mapping[str, Any], path: str) -> Iterator[tuple[str, int]]:
    if state.get("every") != "epoch" and "patience" not in state:  # epochs, and calls with a metric
        yield f"{path}last_epoch", int(state["last_epoch"])


def _of_optimizer(state: Mapping[Any, Any], path: str) -> Iterator[tuple[str, int]]:
    """Yield the largest count of any parameter: one that had no gradient in some update counts fewer."""
    steps = [int(_number(held["step"])) for held in state.values() if isinstance(held, Mapping) and "step" in held]
    if steps:
        yield f"{path}step", max(steps)


def _in_tree(tree: Any, path: str) -> Iterator[tuple[str, int]]:
    for name, inner in _children(tree):
        if name in _COUNTS or (name in _STEPS and not path):
            if _is_count(inner):
                yield f"{path}{name}", int(_number(inner)) - (name == "step_count")
        elif not isinstance(inner, str | bytes) and not hasattr(inner, "shape"):
            yield from counters(inner, f"{path}{name}.")


def _children(tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        yield from ((str(key), value) for key, value in tree.items())
    elif hasattr(tree, "_fields"):
        if "plateau_count" not in tree._fields:  # reduce_on_plateau counts metrics
            yield from zip(tree._fields, tree, strict=True)
    elif isinstance(tree, tuple | list):
        yield from ((str(place), value) for place, value in enumerate(tree))
    elif dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        yield from ((field.name, getattr(tree, field.name)) for field in dataclasses.fields(tree))


def _counted(tree: Any, step: int) -> Any:
    """Return a tree whose counters all have the value `step`, and whose `mini_step` is 0."""

    def new(name: str, value: Any) -> Any:
        if name == "mini_step" or ((name in _COUNTS or name in _STEPS) and _is_count(value)):
            return value * 0 + (0 if name == "mini_step" else step + (name == "step_count"))
        return _counted(value, step)

    if isinstance(tree, Mapping):
        return {key: new(str(key), value) for key, value in tree.items()}
    if hasattr(tree, "_fields"):
        if "plateau_count" in tree._fields:
            return tree
        return tree._replace(**{name: new(name, value) for name, value in zip(tree._fields, tree, strict=True)})
    if isinstance(tree, tuple | list):
        return type(tree)(_counted(value, step) for value in tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in dataclasses.fields(tree)]
        return dataclasses.replace(tree, **{name: new(name, getattr(tree, name)) for name in names})
    return tree


def _move(scheduler: Any, step: int) -> None:
    """Move a scheduler of torch to a step: one of lrspec at once, another by calling its `step` that often."""
    if hasattr(scheduler, "schedule"):
        scheduler.step(step)
        return
    if scheduler.last_epoch > step:
        raise ClockError(f"the scheduler is at step {scheduler.last_epoch}, past {step}: make a new one")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the optimizer was not stepped
        while scheduler.last_epoch < step:
            scheduler.step()


def _is_keras(run: object) -> bool:
    return hasattr(run, "iterations") and hasattr(run, "apply_gradients")


def _is_count(value: Any) -> bool:
    kind = str(getattr(value, "dtype", ""))
    return type(value) is int or (getattr(value, "ndim", None) == 0 and "int" in kind)


def _number(value: Any) -> Any:
    return value.numpy() if hasattr(value, "assign") else value


def _told(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} is {value}" for name, value in found.items()) or "none"
