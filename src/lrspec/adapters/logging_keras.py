"""Keras: a callback that logs the rate that was applied."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import keras

from lrspec.adapters.keras import lr_applied, updates_applied
from lrspec.errors import UnsupportedError
from lrspec.positions.keras import optimizers_in


class AppliedRate(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Adds to the logs `lr_applied`, the rate of the last update, and `update`, its index from 0.

    Of a `MultiOptimizer` it logs each optimizer, as `lr_applied_<name>` and `update_<name>`.

    Keras' own logs have `learning_rate`, which is the rate of the next update. Put this callback before those that read
    the logs, such as `TensorBoard`; the history that `fit` returns has both entries for each epoch.

    Raises:
        ClockError: When training begins, where the optimizer accumulates another number of gradients than its schedule
            was made for.

    Example:
        >>> model.fit(x, y, callbacks=[AppliedRate()]).history["lr_applied"]  # doctest: +SKIP
    """

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Check what the schedule counts."""
        del logs
        with suppress(UnsupportedError):  # a MultiOptimizer may learn its optimizers later; each batch looks again
            for optimizer in optimizers_in(self.model.optimizer):
                updates_applied(optimizer)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add to a batch's logs."""
        del batch
        self._add(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add to an epoch's logs."""
        del epoch
        self._add(logs)

    def _add(self, logs: dict[str, Any] | None) -> None:
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        inside = optimizers_in(self.model.optimizer)
        for optimizer in inside:
            rate = lr_applied(optimizer)
            if logs is not None and rate is not None:
                whose = f"_{optimizer.name}" if len(inside) > 1 else ""
                logs |= {f"lr_applied{whose}": rate, f"update{whose}": updates_applied(optimizer) - 1}
