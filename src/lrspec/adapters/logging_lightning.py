"""Lightning: a callback that logs the rate that was applied."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback

from lrspec.adapters.torch import ScheduleLR


class AppliedRate(Callback):  # type: ignore[misc]  # lightning is untyped where it is not installed
    """Logs after each update `lr_applied`, the rate that it used, and `update`, its index from 0.

    With several optimizers, or parameter groups of different rates, the names end in `/` and the place of the
    scheduler, and the place of the group. Lightning's own `LearningRateMonitor` logs the rate of the next update.

    Example:
        >>> Trainer(callbacks=[AppliedRate()])  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def on_train_batch_end(self, trainer: Any, *arguments: Any, **options: Any) -> None:
        """Log the last update, where the batch made one."""
        del arguments, options
        schedulers = [
            config.scheduler for config in trainer.lr_scheduler_configs if isinstance(config.scheduler, ScheduleLR)
        ]
        if trainer.global_step == self._last.get(id(trainer)):
            return
        self._last = {id(trainer): trainer.global_step}
        found: dict[str, float] = {}
        for place, scheduler in enumerate(schedulers):
            rates = scheduler.lr_applied or []
            name = "lr_applied" if len(schedulers) == 1 else f"lr_applied/{place}"
            if len(set(rates)) == 1:
                found[name] = rates[0]
            else:
                found |= {f"{name}/{group}": rate for group, rate in enumerate(rates)}
        if found and trainer.logger is not None:
            trainer.logger.log_metrics(found | {"update": trainer.global_step - 1}, step=trainer.global_step - 1)
