"""Keras 3: a `LearningRateSchedule` for its TensorFlow, JAX and torch backends."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrspec.document import Document, from_dict, to_dict
from lrspec.errors import ClockError, SpecError, UnsupportedError
from lrspec.fields import LAST_STEP, show
from lrspec.positions.keras import count_of, optimizers_in
from lrspec.program import Program
from lrspec.schedule import Schedule


@keras.saving.register_keras_serializable(package="import lrspec.adapters.keras")  # Keras' error names it, and so says
class KerasSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """`schedule(step)`: the rate as a float32 scalar of the current Keras backend.

    Its config is the document, so that a saved model carries the schedule as data and loads it again.

    Args:
        schedule: The schedule or document.
        gradient_accumulation_steps: The optimizer's: Keras hands a schedule the number of batches, of which this many
            make an update.

    Raises:
        SpecError: `gradient_accumulation_steps` is not a whole number from 1 on.
    """

    def __init__(self, schedule: Schedule, gradient_accumulation_steps: int = 1) -> None:
        super().__init__()
        if type(gradient_accumulation_steps) is not int or gradient_accumulation_steps < 1:
            found = show(gradient_accumulation_steps)
            raise SpecError("gradient_accumulation_steps", found=found, expected="a whole number from 1 on")
        self.schedule = schedule
        self.gradient_accumulation_steps = gradient_accumulation_steps

    def __call__(self, step: Any = None) -> Any:
        """Return the rate that batch `step` uses; clamped below 0 and above 2^31 - 1, as on any device.

        Raises:
            TypeError: `step` is not of integers, or left out.
            UnsupportedError: Keras runs on another backend.
        """
        if step is None:
            raise TypeError(
                "a schedule for Keras 3 was called without a step, as tf_keras, which is Keras 2, calls what it does "
                "not know: use keras.optimizers, or give tf_keras a class derived from its own LearningRateSchedule "
                "whose __call__(step) returns schedule.to_keras()(step)"
            )
        accumulated = self.gradient_accumulation_steps
        if isinstance(step, (int, np.integer, np.ndarray)):
            return _backend_value()(self.schedule.program, _updates_of(step, accumulated))
        step = keras.ops.convert_to_tensor(step)
        if accumulated > 1:
            step = _quotient(step, accumulated)
        return _backend_value()(self.schedule.program, step)

    def get_config(self) -> dict[str, Any]:
        """Return the document as plain data, and what makes an update."""
        accumulated = self.gradient_accumulation_steps
        more = {} if accumulated == 1 else {"gradient_accumulation_steps": accumulated}
        return {"document": to_dict(self.schedule), **more}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> KerasSchedule:
        """Return the schedule whose config this is."""
        return cls(from_dict(config["document"]), config.get("gradient_accumulation_steps", 1))


def to_keras(schedule: Schedule, *, gradient_accumulation_steps: int = 1) -> KerasSchedule:
    """Return `schedule` as a Keras schedule, for an optimizer that accumulates so many gradients.

    Raises:
        SpecError: `gradient_accumulation_steps` is not a whole number from 1 on.
        UnsupportedError: The document schedules more than one learning rate, which no optimizer of Keras can take.
    """
    if isinstance(schedule, Document):
        schedule.require_one_rate("keras", "document['learning_rate'].to_keras() gives the rate alone")
    return KerasSchedule(schedule, gradient_accumulation_steps)


def updates_applied(optimizer: Any) -> int:
    """Return how many updates an optimizer of Keras has applied, after checking that its schedule counts the same.

    Args:
        optimizer: The optimizer, or a `LossScaleOptimizer` around it.

    Raises:
        ClockError: The optimizer accumulates another number of gradients than its schedule was made for.
        UnsupportedError: It is a `MultiOptimizer`, of which each optimizer has a rate of its own.
    """
    inner = _one(optimizer)
    schedule = inner._learning_rate  # noqa: SLF001 - the public attribute is its value
    accumulated = inner.gradient_accumulation_steps or 1
    if isinstance(schedule, KerasSchedule) and schedule.gradient_accumulation_steps != accumulated:
        raise ClockError(
            f"an optimizer with gradient_accumulation_steps={accumulated} and a schedule that was made with "
            f"gradient_accumulation_steps={schedule.gradient_accumulation_steps}: give to_keras() the optimizer's"
        )
    return count_of(inner) // accumulated


def lr_applied(optimizer: Any) -> float | None:
    """Return the rate of the last update, or None where none has been applied; the errors are `updates_applied`'s."""
    updates = updates_applied(optimizer)
    return rate_of_update(optimizer, updates - 1) if updates else None


def lr_next(optimizer: Any) -> float:
    """Return the rate of the next update; the errors are `updates_applied`'s."""
    return rate_of_update(optimizer, updates_applied(optimizer))


def rate_of_update(optimizer: Any, step: int) -> float:
    """Return the rate of an optimizer at an update, counted from 0; of a rate that is no schedule, what it is now."""
    inner = _one(optimizer)
    rate = inner._learning_rate  # noqa: SLF001
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        accumulated = inner.gradient_accumulation_steps or 1
        rate = rate(keras.ops.convert_to_tensor((step + 1) * accumulated - 1, inner.iterations.dtype))
    elif callable(rate):
        rate = rate()
    return float(keras.ops.convert_to_numpy(rate))


def _one(optimizer: Any) -> Any:
    """Return the optimizer that takes a rate, without its loss scale."""
    inside = optimizers_in(optimizer)
    if len(inside) > 1:
        reason = "it has a rate and a counter in each of optimizer.optimizers; give one of these"
        raise UnsupportedError("keras", type(optimizer).__name__, reason)
    return inside[0]


def _updates_of(batches: Any, accumulated: int) -> Any:
    """Return the update that each of some batches, integers of the host, belongs to, clamped, for the device."""
    if isinstance(batches, np.ndarray) and batches.ndim:
        if batches.dtype.kind not in "iu":
            raise TypeError(f"a step of {batches.dtype}: expected integers")
        wide = batches.astype(np.uint64 if batches.dtype.kind == "u" else np.int64)
        steps = np.clip(wide // wide.dtype.type(accumulated), 0, LAST_STEP)
    else:
        if isinstance(batches, bool):
            raise TypeError("a step of bool: expected an integer")
        steps = np.asarray(min(max(operator.index(batches) // accumulated, 0), LAST_STEP))
    return keras.ops.convert_to_tensor(steps.astype(np.int32))


def _quotient(batches: Any, accumulated: int) -> Any:
    """Return the update that a batch belongs to, also in a type that is too small for the divisor."""
    dtype = keras.backend.standardize_dtype(batches.dtype)
    if "int" not in dtype:
        return batches  # which is refused as it is
    return keras.ops.zeros_like(batches) if accumulated > np.iinfo(dtype).max else batches // accumulated


def _backend_value() -> Callable[[Program, Any], Any]:
    """Return the function that evaluates a program with the framework under Keras."""
    backend = keras.backend.backend()  # an if-chain: TensorFlow's AutoGraph cannot read `match`
    if backend == "tensorflow":
        from lrspec.adapters import tensorflow

        return tensorflow.value  # type: ignore[no-any-return]  # tensorflow's decorator is untyped
    if backend == "jax":
        from lrspec.adapters import optax

        return optax.value
    if backend == "torch":
        from lrspec.adapters import tensors_torch as torch

        return torch.value  # type: ignore[no-any-return]  # torch's decorator is untyped
    raise UnsupportedError("keras", f"the {backend} backend", "it trains on tensorflow, jax and torch")
