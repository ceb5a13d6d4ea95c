"""Keras 3: a `LearningRateSchedule` for its TensorFlow, JAX and torch backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from lrspec.document import Document, from_dict, to_dict
from lrspec.errors import UnsupportedError
from lrspec.program import Program
from lrspec.schedule import Schedule


@keras.saving.register_keras_serializable(package="lrspec")
class KerasSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """`schedule(step)`: the rate as a float32 scalar of the current Keras backend.

    Its config is the document, so that a saved model carries the schedule as data and loads it again.

    Args:
        schedule: The schedule or document.
    """

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.schedule = schedule

    def __call__(self, step: Any) -> Any:
        """Return the rate that update `step` uses; clamped below 0 and above 2^31 - 1, as on any device.

        Raises:
            TypeError: `step` is not of integers.
            UnsupportedError: Keras runs on another backend.
        """
        return _backend_value()(self.schedule.program, keras.ops.convert_to_tensor(step))

    def get_config(self) -> dict[str, Any]:
        """Return the document as plain data."""
        return {"document": to_dict(self.schedule)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> KerasSchedule:
        """Return the schedule whose config this is."""
        return cls(from_dict(config["document"]))


def to_keras(schedule: Schedule) -> KerasSchedule:
    """Return `schedule` as a Keras schedule.

    Raises:
        UnsupportedError: The document schedules more than one learning rate, which no optimizer of Keras can take.
    """
    if isinstance(schedule, Document):
        schedule.require_one_rate("keras", "document['learning_rate'].to_keras() gives the rate alone")
    return KerasSchedule(schedule)


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
        from lrspec.adapters import torch

        return torch.value  # type: ignore[no-any-return]  # torch's decorator is untyped
    raise UnsupportedError("keras", f"the {backend} backend", "it trains on tensorflow, jax and torch")
