"""Putting a fresh run at a step: torch's schedulers and Keras' optimizers, in place."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from lrspec.errors import ClockError, LrspecError, StepError, UnsupportedError
from lrspec.fields import LAST_STEP, whole_step
from lrspec.positions import keras
from lrspec.positions.torch import state_of


def checked(step: int) -> int:
    """Return a step as an integer.

    Raises:
        StepError: It is below 0 or above 2^31 - 1.
        TypeError: It is not an integer.
    """
    step = whole_step(step)
    if not 0 <= step <= LAST_STEP:
        raise StepError(f"step {step}: expected 0 to {LAST_STEP}")
    return step


def move_torch(scheduler: Any, step: int) -> None:
    """Put a scheduler at a step: one of lrspec at once, one of torch by as many steps, for the very same bits.

    Raises:
        ClockError: It is one of torch that is past the step.
        UnsupportedError: It follows a metric.
        LrspecError: It has no rate at the step; it is left as it was.
    """
    state = state_of(scheduler)
    if "fingerprint" in state:
        answered = {key: value for key, value in state.items() if key != "updates"}
        scheduler.load_state_dict({**answered, "last_epoch": step, "_step_count": step + 1})
        return
    name = type(scheduler).__name__
    if "patience" in state:
        raise UnsupportedError("torch", name, "it follows a metric; lrspec.ReduceOnPlateau does, on every framework")
    counter = _counting(scheduler)
    if not isinstance(counter.last_epoch, int):
        raise UnsupportedError("torch", name, f"its last_epoch is {counter.last_epoch!r:.80}")
    if counter.last_epoch > step:
        raise ClockError(f"the scheduler is at step {counter.last_epoch}, past {step}: make a new one")
    groups = scheduler.optimizer.param_groups
    before = [group["lr"].clone() if hasattr(group["lr"], "clone") else group["lr"] for group in groups]
    with ExitStack() as undo, warnings.catch_warnings():
        undo.callback(_put_back, scheduler, state, before)
        warnings.simplefilter("ignore")  # that the optimizer was not stepped
        try:
            while counter.last_epoch < step:
                scheduler.step()
        except Exception as error:  # OneCycleLR past its last step, a plateau among its parts, a function of a user
            raise LrspecError(f"{name} has no rate at step {step}: {error}") from error
        undo.pop_all()


def _counting(scheduler: Any) -> Any:
    """Return the scheduler that has the count: ChainedScheduler has none, and steps all of its own at once.

    Raises:
        UnsupportedError: There is none.
    """
    counter = scheduler
    while not hasattr(counter, "last_epoch"):
        parts = getattr(counter, "_schedulers", None)  # which its state has too
        if not parts:
            raise UnsupportedError("torch", type(scheduler).__name__, "it has no last_epoch")
        counter = parts[0]
    return counter


def _put_back(scheduler: Any, state: Mapping[Any, Any], rates: list[Any]) -> None:
    scheduler.load_state_dict(state)
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        if hasattr(group["lr"], "fill_"):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def move_keras(optimizer: Any, step: int) -> None:
    """Put an optimizer of Keras at a step."""
    keras.move(optimizer, step)
