"""Keras' counter: `iterations`, which gradient accumulation makes two counters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lrspec.errors import ClockError, UnsupportedError, argument
from lrspec.positions.counters import Counter, Found

_BATCHES = "micro-batches, which is what Keras feeds its schedules"


def optimizer_of(found: Any) -> Any:
    """Return the optimizer of a model, or the one that was given, without its loss scale; None where it is none."""
    if not any(base.__module__.startswith("keras.") for base in type(found).__mro__):
        return None
    if hasattr(found, "jax_state_sync"):
        found.jax_state_sync()  # while `fit` runs on JAX the counters are not in the variables, which say 0
    found = getattr(found, "optimizer", found)
    while hasattr(found, "inner_optimizer"):
        found = found.inner_optimizer
    return found if hasattr(found, "iterations") and hasattr(found, "_iterations") else None


def optimizers_in(optimizer: Any) -> list[Any]:
    """Return the optimizers that take a rate and count: without their loss scale, each one of a `MultiOptimizer`.

    Raises:
        UnsupportedError: It is a `MultiOptimizer` that does not know its optimizers yet.
    """
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    if not hasattr(optimizer, "optimizers"):
        return [optimizer]
    inside = [one for one in optimizer.optimizers if one.built or not optimizer.built]  # the others have no variables
    if not inside:
        reason = "it learns its optimizers when it is built: optimizer.build(model.trainable_variables)"
        raise UnsupportedError("keras", type(optimizer).__name__, reason)
    return inside


def of_optimizer(optimizer: Any) -> Found:
    """Return the counters of a live optimizer, of each one of a `MultiOptimizer`.

    Raises:
        ClockError: A counter is negative.
        UnsupportedError: A counter has no value to be read.
    """
    found = [_of_one(one) for one in optimizers_in(optimizer)]
    if len(found) == 1:
        return found[0]
    counters = [
        replace(counter, name=f"optimizers[{place}].{counter.name}")
        for place, one in enumerate(found)
        for counter in one.counters
    ]
    return Found(counters, next((one.doubt for one in found if one.doubt is not None), None))


def _of_one(optimizer: Any) -> Found:
    schedule = getattr(optimizer, "_learning_rate", None)
    ours = getattr(schedule, "gradient_accumulation_steps", None) if hasattr(schedule, "schedule") else None
    return of_count(count_of(optimizer), optimizer.gradient_accumulation_steps or 1, ours)


def count_of(optimizer: Any) -> int:
    """Return the stored counter of one optimizer.

    Raises:
        ClockError: It is negative.
        UnsupportedError: It has no value, as within a compiled function.
    """
    stored = optimizer._iterations  # noqa: SLF001 - the public one is a quotient
    name = f"the counter of {type(optimizer).__name__}"
    if getattr(stored, "_value", stored) is None:
        reason = "`fit` keeps it to itself on JAX: call model.jax_state_sync() first, or give the model"
        raise UnsupportedError("keras", name, reason)
    try:
        raw = int(np.asarray(stored))  # which also takes a variable that is mirrored on several devices
    except (TypeError, NotImplementedError):
        raise UnsupportedError("keras", name, "it has no value within a compiled function: ask outside of it") from None
    if raw < 0:
        raise ClockError(f"{name} is {raw}: expected 0 or more; it was set so, or has wrapped around")
    return raw


def move(optimizer: Any, step: int) -> None:
    """Put an optimizer at a step: its counter of micro-batches at as many as the updates took.

    Raises:
        UnsupportedError: The optimizers of a `MultiOptimizer` accumulate over different numbers of batches.
    """
    inside = optimizers_in(optimizer)
    accumulated = {one.gradient_accumulation_steps or 1 for one in inside}
    if len(accumulated) > 1:
        reason = "its optimizers accumulate different numbers of gradients, and have different steps at any time"
        raise UnsupportedError("keras", type(optimizer).__name__, reason)
    for one in {id(one): one for one in (optimizer, *inside)}.values():
        one._iterations.assign(step * max(accumulated))  # noqa: SLF001 - the stored one


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
            f"give {argument('gradient_accumulation_steps', 'N')}, 1 if they were not"
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
