"""transformers: a callback that logs the rate that was applied."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from lrspec.adapters.torch import ScheduleLR


class AppliedRate(TrainerCallback):  # type: ignore[misc]  # transformers is untyped where it is not installed
    """Adds to the logs `lr_applied`, the rate of the last update, and `update`, its index from 0.

    The Trainer's own entry `learning_rate` is the rate of the next update. Where the parameter groups have different
    rates, there is an entry for each, such as `lr_applied/1`. `log_applied_rate` puts it where it must stand.
    """

    def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Add to the logs, and to the history that the Trainer keeps."""
        del args, control
        logs, scheduler = given.get("logs"), given.get("lr_scheduler")
        scheduler = getattr(scheduler, "scheduler", scheduler)  # Accelerate's is around it
        if logs is None or not isinstance(scheduler, ScheduleLR) or scheduler.lr_applied is None:
            return
        rates = scheduler.lr_applied
        found: dict[str, Any] = {f"lr_applied/{group}": rate for group, rate in enumerate(rates)}
        if len(set(rates)) == 1:
            found = {"lr_applied": rates[0]}
        # the Trainer counts the skipped updates too
        found["update"] = scheduler.update_applied if scheduler.every == "update" else state.global_step - 1
        logs.update(found)
        state.log_history[-1].update(found)


def log_applied_rate(trainer: Any) -> None:
    """Have a Trainer log the rate applied, also to TensorBoard and the like: `AppliedRate` before all other callbacks.

    Args:
        trainer: The Trainer, whose scheduler is one of lrspec.

    Example:
        >>> log_applied_rate(trainer)  # doctest: +SKIP
    """
    trainer.callback_handler.callbacks.insert(0, AppliedRate())
