"""Keras 3: a callback that lowers the optimizer's rate where a metric stops improving."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import keras

from lrspec.errors import UnsupportedError
from lrspec.plateau import ReduceOnPlateau


class PlateauCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Sets the optimizer's rate to `controller.rate(rate)` when training begins and after each epoch.

    The rate before any reduction is an argument, because a model that was saved holds the reduced one. The state is
    the controller's: training that begins again goes on with it. Keras' own callback starts afresh instead; a new
    controller does that.

    Args:
        controller: The controller; `controller.state_dict()` belongs into the checkpoint.
        rate: The rate before any reduction.
        monitor: The metric's name in the logs.
    """

    def __init__(self, controller: ReduceOnPlateau, rate: float, *, monitor: str = "val_loss") -> None:
        super().__init__()
        self.controller = controller
        self.rate = rate
        self.monitor = monitor

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write the rate.

        Raises:
            UnsupportedError: The optimizer takes its rate from a schedule, or holds several optimizers.
        """
        del logs
        self._write()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take in the epoch's metric, and write the rate that follows. An epoch without it warns and counts not.

        Raises:
            SpecError: The metric is a NaN that the rule refuses.
        """
        logs = logs or {}
        if self.monitor not in logs:
            names = ", ".join(logs) or "nothing"
            message = f"epoch {epoch}: the logs hold {names}: expected the metric {self.monitor}; the rate stays"
            warnings.warn(message, UserWarning, stacklevel=2)
            return
        self.controller.update(logs[self.monitor], self.rate)
        self._write()

    def _write(self) -> None:
        inner = self.model.optimizer
        while hasattr(inner, "inner_optimizer"):
            inner = inner.inner_optimizer
        if hasattr(inner, "optimizers"):
            raise UnsupportedError("keras", type(inner).__name__, "a plateau follows one rate of one optimizer")
        held = inner._learning_rate  # noqa: SLF001 - Keras has no other name for it
        if callable(held):
            reason = "no callback can change a rate that a schedule gives; compile the optimizer with a number"
            raise UnsupportedError("keras", f"a plateau on {type(held).__name__}", reason)
        inner.learning_rate = self.controller.rate(self.rate)
