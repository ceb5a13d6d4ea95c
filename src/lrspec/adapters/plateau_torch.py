"""PyTorch: a scheduler that follows a schedule and lowers its rate where a metric stops improving."""

from __future__ import annotations

from typing import Any, SupportsFloat

import torch

from lrspec.adapters.torch import ScheduleLR
from lrspec.document import Document
from lrspec.errors import SpecError
from lrspec.plateau import PlateauRule, ReduceOnPlateau
from lrspec.schedule import Schedule


class PlateauLR(ScheduleLR):
    """Sets the rate of every parameter group to `controller.rate(schedule(last_epoch))`.

    Call `step()` once after each update, as with the schedule alone (with a constant one there is no need), and
    `update(metric)` once per metric.

    Args:
        optimizer: The optimizer.
        schedule: The schedule; `lrspec.Constant(value=0.1)` for a constant rate.
        rule: The conventions of the plateau.
        step: Updates already applied: 0 for a fresh run, and, with a look at the optimizer's own count, by default.

    Raises:
        StepError: The schedule has no value at `step`.
        TypeError: A group's rate is a tensor of fewer than 32 bits.
        UnsupportedError: The schedule is a document of more than one learning rate.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, schedule: Schedule, rule: PlateauRule, *, step: int | None = None
    ) -> None:
        if isinstance(schedule, Document):
            schedule.require_one_rate("torch", "document['learning_rate'] is the rate alone")
        self.controller = ReduceOnPlateau(rule)
        super().__init__(optimizer, schedule, step)

    def get_lr(self) -> list[float]:
        """Return the rate of each group at `last_epoch`."""
        return [self.controller.rate(value) for value in super().get_lr()]

    def update(self, metric: SupportsFloat) -> None:
        """Take in one metric, and write the rate that follows into every group.

        Raises:
            SpecError: `metric` is not a number, or a NaN that the rule refuses.
        """
        value = self._at(self.last_epoch)
        self.controller.update(metric, value)
        self._note_applied()
        self._write(value)

    def _write(self, value: float) -> None:
        super()._write(self.controller.rate(value))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the schedule, and under `plateau` the controller's."""
        return super().state_dict() | {"plateau": self.controller.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a checkpoint, and write the rate there into every group.

        Raises:
            LrspecError: The checkpoint is of another schedule or rule, or none of a plateau.
        """
        if "plateau" not in state_dict:
            raise SpecError("plateau", found="nothing", expected="the state of a plateau controller")
        controller = ReduceOnPlateau(self.controller.rule)
        controller.load_state_dict(state_dict["plateau"])
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "plateau"})
        self.controller = controller
        self._write(self._at(self.last_epoch))
