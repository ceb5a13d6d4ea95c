"""Where a run stands: how many optimizer updates have been applied, by what each framework itself counted.

An object is recognised by where its class comes from, and a file by its first bytes; no framework is imported that the
object did not bring, and a file's own framework only to read it. Nothing is ever unpickled.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrspec.errors import ClockError, LrspecError, UnsupportedError
from lrspec.positions import files, keras, moving, optax, torch
from lrspec.positions.counters import Counter as Counter, Found, Position as Position, decide, not_too_deep


def position(found: Any, *, counter: str | None = None, gradient_accumulation_steps: int | None = None) -> Position:
    """Return how many optimizer updates have been applied, as the counters of a run say.

    Args:
        found: A scheduler or optimizer of torch, its state_dict, or a checkpoint that holds some; an optimizer or model
            of Keras; a state of Optax, a TrainState or `nnx.Optimizer` of Flax; or the path of a file or folder: what
            `torch.save` wrote, a checkpoint of Lightning, a checkpoint folder of the Transformers' Trainer or of
            Accelerate, `.keras`, `.weights.h5` and `.h5`, msgpack of Flax, or a checkpoint folder of Orbax.
        counter: The name of the counter to believe, where they leave the position open.
        gradient_accumulation_steps: For a weights file of Keras, which does not say it: micro-batches per update, from
            1.

    Returns:
        The step that the next update uses, the counter it was read from, and why that is believed.

    Raises:
        AmbiguousPositionError: The counters disagree, or none of them certainly counts updates, and none was chosen.
        UnsupportedError: Nothing here has a counter, or it cannot be read without running code from the file.
        LrspecError: There is no counter of that name, one is below 0 or above 2^31 - 1, or has no value here, as in a
            trace, or the file is damaged.
        OSError: The file cannot be read.

    Example:
        >>> state = {"optimizer": {"state": {0: {"step": 40}}, "param_groups": []}}
        >>> state["scheduler"] = {"last_epoch": 40, "_step_count": 41}
        >>> position(state).updates
        40
        >>> position(state | {"scheduler": {"last_epoch": 2, "_step_count": 3}})
        Traceback (most recent call last):
        ...
        lrspec.errors.AmbiguousPositionError: optimizer.step says 40 and scheduler.last_epoch says 2: far fewer, as \
with a step per epoch; choose with counter=...: optimizer.step (40) or scheduler.last_epoch (2)
    """
    steps = gradient_accumulation_steps
    if steps is not None and (not isinstance(steps, int) or isinstance(steps, bool) or steps < 1):
        raise LrspecError(f"gradient_accumulation_steps={steps}: expected an integer from 1")
    with not_too_deep(found):
        if isinstance(found, str | os.PathLike):
            return decide(files.read(Path(found), steps), counter)
        if steps is not None:
            raise LrspecError(
                "gradient_accumulation_steps is for a weights file of Keras, which does not say it itself"
            )
        return decide(_of_any(found), counter)


def check_clock(run: Any, updates: int | None = None) -> int:
    """Return how many updates a run has applied, after making sure that all of its counters say the same.

    Call it wherever a step is at hand: it fails at the first disagreement, such as a scheduler that is stepped once
    per epoch, once for each process, or for updates that were skipped.

    Args:
        run: What `position` takes.
        updates: How many there must be, by the caller's own count; by default whatever the counters say.

    Raises:
        ClockError: Counters disagree, with one another or with `updates`, or leave open how many there were.
        UnsupportedError: There is no counter, or nothing that is known here.
        LrspecError: A counter is below 0 or above 2^31 - 1, has no value here, as in a trace, or a file is damaged.
        OSError: A file cannot be read.
        TypeError: `updates` is not an integer.

    Example:
        >>> check_clock({"count": 7}, 8)
        Traceback (most recent call last):
        ...
        lrspec.errors.ClockError: count is 7: expected 8 updates
    """
    updates = None if updates is None else operator.index(updates)
    found = position(run)
    if updates is not None and found.updates != updates:
        raise ClockError(f"{found.counter} is {found.updates}: expected {updates} updates")
    return found.updates


def _of_any(found: Any) -> Found:
    if torch.is_scheduler(scheduler := torch.unwrapped(found)):
        return torch.of_scheduler(scheduler)
    if torch.is_optimizer(found):
        return torch.of_optimizer(found)
    if torch.is_state(found):
        return torch.of_state(found)
    if (optimizer := keras.optimizer_of(found)) is not None:
        return keras.of_optimizer(optimizer)
    if isinstance(found, Mapping | list | tuple) or hasattr(found, "opt_state"):
        return optax.counters(found)
    module = type(found).__module__
    raise UnsupportedError(
        module.partition(".")[0], type(found).__name__, "it is no run, state or checkpoint known here"
    )


def set_position(found: Any, step: int) -> Any:
    """Put a fresh run at a step, as if that many updates had been applied.

    Args:
        found: A scheduler of torch or lrspec, or an optimizer or model of Keras, which are changed; or a state of Optax
            or a TrainState of Flax, of which a new one is made.
        step: Updates applied, an integer from 0 to 2^31 - 1.

    Returns:
        The same object, or the new state. Moments and weights stay as they are and must be restored too. The counts of
        Adam, and `iterations` for Keras' Adam, also correct for moments that began at 0; with fresh ones and a count
        above 0 the first updates are up to three times too large.

    Raises:
        UnsupportedError: It has no position that can be set, such as an optimizer of torch.
        ClockError: A scheduler of torch is past the step.
        LrspecError: A schedule has no value at the step; or a state is in the middle of an update, has no values, as in
            a trace, or a counter whose type does not go as far as the step.
        StepError: `step` is below 0 or above 2^31 - 1.
        TypeError: `step` is not an integer.

    Example:
        >>> set_position({"count": 0, "mu": 0.0}, 7)
        {'count': 7, 'mu': 0.0}
    """
    step = moving.checked(step)
    with not_too_deep(found):
        return _moved(found, step)


def _moved(found: Any, step: int) -> Any:
    if torch.is_scheduler(scheduler := torch.unwrapped(found)):
        moving.move_torch(scheduler, step)
        return found
    if torch.is_optimizer(found) or torch.is_state(found):
        reason = "the scheduler holds the position; use schedule.to_torch(optimizer, step=...)"
        raise UnsupportedError("torch", type(found).__name__, reason)
    if (optimizer := keras.optimizer_of(found)) is not None:
        moving.move_keras(optimizer, step)
        return found
    if isinstance(found, Mapping | list | tuple) or hasattr(found, "opt_state"):
        return optax.moved(found, step)
    module = type(found).__module__
    raise UnsupportedError(module.partition(".")[0], type(found).__name__, "it is no run or state known here")
