"""Keras' counter: `iterations`, which gradient accumulation makes two counters."""

from __future__ import annotations

from typing import Any

from lrspec.positions.counters import Counter, Found

_BATCHES = "micro-batches, which is what Keras feeds its schedules"


def optimizer_of(found: Any) -> Any:
    """Return the optimizer that counts: a model's, and inside a loss scale's, or None where it is none of Keras."""
    if not any(base.__module__.startswith(("keras.src.", "keras.models", "keras.")) for base in type(found).__mro__):
        return None
    found = getattr(found, "optimizer", found)
    while hasattr(found, "inner_optimizer"):
        found = found.inner_optimizer
    return found if hasattr(found, "iterations") and hasattr(found, "_iterations") else None


def of_optimizer(optimizer: Any) -> Found:
    """Return the counters of a live optimizer."""
    schedule = getattr(optimizer, "_learning_rate", None)
    ours = getattr(schedule, "gradient_accumulation_steps", None) if hasattr(schedule, "schedule") else None
    return of_count(int(optimizer._iterations), optimizer.gradient_accumulation_steps or 1, ours)  # noqa: SLF001


def of_count(raw: int, accumulation: int | None, ours: int | None = None) -> Found:
    """Return what the stored counter says.

    Args:
        raw: The counter: micro-batches.
        accumulation: Micro-batches per update; 1 for no accumulation; None where that is not known.
        ours: Where the rate is a schedule of lrspec, the micro-batches per update that it was told.
    """
    if accumulation is None:
        doubt = (
            f"the file counts {raw} batches and does not say whether gradients were accumulated over several; "
            "give gradient_accumulation_steps=N, 1 if they were not"
        )
        return Found([Counter("iterations", raw, "batches", is_updates=False)], doubt)
    if ours is not None and ours != accumulation:
        counted = Counter("iterations", raw // accumulation, f"updates, one per {accumulation} batches")
        believed = Counter("schedule", raw // ours, "what the schedule takes for updates", is_updates=False)
        return Found([counted, believed])
    if accumulation == 1:
        return Found([Counter("iterations", raw, "updates: one per batch, as gradients are not accumulated")])
    updates = raw // accumulation
    if ours is not None:
        return Found([Counter("iterations", updates, f"updates, one per {accumulation} micro-batches")])
    return Found(
        [
            Counter("iterations", updates, f"updates, one per {accumulation} micro-batches"),
            Counter("_iterations", raw, _BATCHES, is_updates=False),
        ],
        f"gradients are accumulated: {updates} updates have been applied, and {raw} micro-batches seen, which is the "
        "step that Keras' own schedule was read at",
    )
