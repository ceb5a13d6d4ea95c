"""Optax: the rates of the last update that a state has seen, and of the next."""

from __future__ import annotations

from typing import Any

from lrspec.adapters.optax import OptaxSchedule
from lrspec.positions import check_clock


def lr_applied(schedule: OptaxSchedule, state: Any) -> float | None:
    """Return the rate of the last update, or None where there was none; the errors are `check_clock`'s."""
    updates = check_clock(state)
    return float(schedule(updates - 1)) if updates else None


def lr_next(schedule: OptaxSchedule, state: Any) -> float:
    """Return the rate of the next update; the errors are `check_clock`'s."""
    return float(schedule(check_clock(state)))


def applied_rate(schedule: OptaxSchedule, state: Any) -> dict[str, float | int]:
    """Return what to log after an update: `lr_applied`, the rate of the last update, and `update`, its index from 0.

    Returns:
        The two entries; nothing where no update was applied.

    Raises:
        ClockError: The state has counts that differ.
        UnsupportedError: It has none.

    Example:
        >>> metrics |= applied_rate(schedule, opt_state)  # doctest: +SKIP
    """
    updates = check_clock(state)
    return {"lr_applied": float(schedule(updates - 1)), "update": updates - 1} if updates else {}
