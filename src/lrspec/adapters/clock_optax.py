"""Optax: how many updates a state has seen, and the rates of the last and the next."""

from __future__ import annotations

from typing import Any

import jax
import optax

from lrspec.adapters.optax import OptaxSchedule
from lrspec.errors import ClockError

_COUNTS = ("count", "gradient_step", "step_count")
"""What Optax calls its counters of updates; `mini_step` of `MultiSteps` counts batches."""


def updates_applied(state: Any) -> int:
    """Return how many updates the state of an optimizer has seen, after checking that all its counts agree.

    Args:
        state: A state of Optax, or a tree that holds one, such as a training state of Flax.

    Raises:
        ClockError: The state has no count, or counts that differ, as where one of several transformations skips
            updates.
    """
    found: dict[str, int] = {}
    for name in _COUNTS:
        for path, value in optax.tree_utils.tree_get_all_with_path(state, name):
            found[jax.tree_util.keystr(path)] = int(value)
    if not found:
        raise ClockError("a state without a count: the optimizer has no schedule, and nothing else that counts updates")
    if len(set(found.values())) > 1:
        told = ", ".join(f"{path} is {count}" for path, count in found.items())
        raise ClockError(f"counts that differ: {told}")
    return next(iter(found.values()))


def lr_applied(schedule: OptaxSchedule, state: Any) -> float | None:
    """Return the rate of the last update, or None where there was none; the errors are `updates_applied`'s."""
    updates = updates_applied(state)
    return float(schedule(updates - 1)) if updates else None


def lr_next(schedule: OptaxSchedule, state: Any) -> float:
    """Return the rate of the next update; the errors are `updates_applied`'s."""
    return float(schedule(updates_applied(state)))


def applied_rate(schedule: OptaxSchedule, state: Any) -> dict[str, float | int]:
    """Return what to log after an update: `lr_applied`, the rate of the last update, and `update`, its index from 0.

    Returns:
        The two entries; nothing where no update was applied.

    Raises:
        ClockError: The state has no count, or counts that differ.

    Example:
        >>> metrics |= applied_rate(schedule, opt_state)  # doctest: +SKIP
    """
    updates = updates_applied(state)
    return {"lr_applied": float(schedule(updates - 1)), "update": updates - 1} if updates else {}
