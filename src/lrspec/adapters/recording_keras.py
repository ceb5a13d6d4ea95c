"""Keras: a callback that records the rate of every update of a `fit`."""

from __future__ import annotations

from typing import Any

import keras

from lrspec.adapters.keras import rate_of_update, updates_applied
from lrspec.errors import UnsupportedError


class RecordRates(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Appends the rate of each update to a list, from the start of training.

    Args:
        values: The list.

    Raises:
        UnsupportedError: Several updates lie between two batches, as with `steps_per_execution`, and the rate is a
            number that a callback may have changed between them.
    """

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self._values = values
        self._known = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin where the optimizer is."""
        del logs
        self._known = updates_applied(self.model.optimizer)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the updates since the last batch."""
        del batch, logs
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        optimizer = self.model.optimizer
        updates = updates_applied(optimizer)
        of_step = isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)  # noqa: SLF001
        if updates - self._known > 1 and not of_step:
            reason = f"{updates - self._known} updates between two calls, and a rate that is no function of the step"
            raise UnsupportedError("keras", type(optimizer).__name__, reason)
        self._values += [rate_of_update(optimizer, update) for update in range(self._known, updates)]
        self._known = updates
