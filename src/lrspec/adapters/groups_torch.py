"""PyTorch: a scheduler for documents with several hyperparameters, parameter groups, or relative rates."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any, TypeGuard

import torch

from lrspec.adapters.torch import Ahead, ScheduleLR, write
from lrspec.document import Document
from lrspec.errors import UnsupportedError
from lrspec.schedule import Schedule


def is_grouped(schedule: Schedule) -> TypeGuard[Document]:
    """Tell whether a schedule is a document that says more than one absolute learning rate."""
    if not isinstance(schedule, Document):
        return False
    return bool(schedule.groups) or schedule.relative or list(schedule) != ["learning_rate"]


class GroupedScheduleLR(ScheduleLR):
    """Sets every hyperparameter of a document in every parameter group.

    A group of the optimizer is the document's by its key `name`, or by its place where the document lists its groups;
    one that the document does not name has the document's own schedules. `momentum` is written as `momentum`, or as the
    first of `betas`; a name under `other` as the key of that name. Groups that are added later are taken up at the next
    step. With `relative: true` the rates are multiples of the rate that each group began with.

    Args:
        optimizer: The optimizer.
        schedule: The document.
        step: Updates already applied: 0 for a fresh run.

    Raises:
        UnsupportedError: A group has no hyperparameter of a name that the document schedules.
        SpecError: The document lacks a quantity.
    """

    schedule: Document

    def __init__(self, optimizer: torch.optim.Optimizer, schedule: Document, step: int = 0) -> None:
        self._values: dict[str, Ahead] = {}
        self._plans: list[dict[str, str]] = []
        super().__init__(optimizer, schedule, step)
        names = [group.get("name", place) for place, group in enumerate(optimizer.param_groups)]
        places = range(len(names))
        absent = [name for name in schedule.groups if name not in names and name not in places]
        if absent:
            found = ", ".join(map(str, names))
            warnings.warn(
                f"no parameter group is {', '.join(map(str, absent))} yet: found {found}", UserWarning, stacklevel=3
            )

    def get_lr(self) -> list[float]:
        """Return the rate of each group at `last_epoch`."""
        self._plan()
        return [self._values[plan["lr"]](self.last_epoch) for plan in self._plans]

    def _at(self, step: int) -> float:
        """Return the first group's rate, after making sure that every schedule has a value at the step."""
        self._plan()
        values = {fingerprint: ahead(step) for fingerprint, ahead in self._values.items()}
        return values[self._plans[0]["lr"]]

    def _write(self, value: float) -> None:  # noqa: ARG002 - each group has its own
        self._plan()
        values = {fingerprint: ahead(self.last_epoch) for fingerprint, ahead in self._values.items()}
        for group, plan in zip(self.optimizer.param_groups, self._plans, strict=True):
            for key, fingerprint in plan.items():
                if key == "betas":
                    group["betas"] = (values[fingerprint], *group["betas"][1:])
                else:
                    write(group, key, values[fingerprint])
        self._last_lr = [values[plan["lr"]] for plan in self._plans]

    def _plan(self) -> None:
        """Find, for each group that is new, which schedule drives which of its keys."""
        groups = self.optimizer.param_groups
        for place in range(len(self._plans), len(groups)):
            group = groups[place]
            base = float(group.setdefault("initial_lr", group["lr"]))
            document = self.schedule
            if document.relative and document.base_value is None:
                document = document.resolve(base_value=base)
            name = group.get("name")
            schedules = document.group(name if name in document.groups else place)
            plan: dict[str, str] = {}
            for hyperparameter, node in schedules.items():
                plan[_key(self.optimizer, group, hyperparameter)] = node.fingerprint
                self._values.setdefault(node.fingerprint, Ahead(node))
            self._plans.append(plan)

    def _fingerprint(self) -> str:
        """Return the document's fingerprint; of relative rates, that of what each group has."""
        if not self.schedule.relative:
            return self.schedule.fingerprint
        return "sha256:" + hashlib.sha256(repr([sorted(plan.items()) for plan in self._plans]).encode()).hexdigest()


def _key(optimizer: torch.optim.Optimizer, group: dict[str, Any], hyperparameter: str) -> str:
    """Return the key of a parameter group that holds a hyperparameter.

    Raises:
        UnsupportedError: The group has none.
    """
    candidates = {"learning_rate": ("lr",), "momentum": ("momentum", "betas")}.get(hyperparameter, (hyperparameter,))
    for key in candidates:
        if key in group:
            return key
    reason = f"its parameter groups have no {' or '.join(candidates)}; schedule it by hand, or leave it out"
    raise UnsupportedError("torch", f"{hyperparameter} of {type(optimizer).__name__}", reason)
