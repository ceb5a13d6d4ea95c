"""Lightning: a callback that logs the rate that was applied."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback

from lrspec.adapters.torch import ScheduleLR


class AppliedRate(Callback):  # type: ignore[misc]  # lightning is untyped where it is not installed
    """Logs after each update `lr_applied`, the rate that it used, and `update`, its index from 0.

    An update that `GradScaler` skipped is none. With several optimizers both names end in `/` and the place of the
    scheduler, and with parameter groups of different rates the first in `/` and the place of the group. Lightning's own
    `LearningRateMonitor` logs the rate of the next update.

    Example:
        >>> Trainer(callbacks=[AppliedRate()])  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._last: dict[int, int | None] = {}

    def on_train_batch_end(self, trainer: Any, *arguments: Any, **options: Any) -> None:
        """Log the last update of each optimizer, where the batch made one."""
        del arguments, options
        configs = trainer.lr_scheduler_configs
        schedulers = [config.scheduler for config in configs if isinstance(config.scheduler, ScheduleLR)]
        found: dict[str, float] = {}
        for place, scheduler in enumerate(schedulers):
            # Lightning counts the skipped updates too, and those of all optimizers together
            index = scheduler.update_applied if scheduler.every == "update" else trainer.global_step - 1
            if index is None or index == self._last.get(id(scheduler)):
                continue
            self._last[id(scheduler)] = index
            suffix = "" if len(schedulers) == 1 else f"/{place}"
            rates = scheduler.lr_applied or []
            if len(set(rates)) == 1:
                found[f"lr_applied{suffix}"] = rates[0]
            else:
                found |= {f"lr_applied{suffix}/{group}": rate for group, rate in enumerate(rates)}
            found[f"update{suffix}"] = index
        if found and trainer.logger is not None:
            trainer.logger.log_metrics(found, step=trainer.global_step - 1)
