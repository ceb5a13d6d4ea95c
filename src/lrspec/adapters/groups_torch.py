"""PyTorch: a scheduler for documents with several hyperparameters, parameter groups, or relative rates."""

from __future__ import annotations

import hashlib
from typing import Any, TypeGuard

import numpy as np
import torch

from lrspec.adapters.clock_torch import warn
from lrspec.adapters.optimizer_torch import Numbers, fill, initial_rate
from lrspec.adapters.torch import Every, ScheduleLR
from lrspec.adapters.writing_torch import Float32s
from lrspec.document import Document
from lrspec.errors import UnsupportedError
from lrspec.fields import LAST_STEP
from lrspec.program import Program
from lrspec.schedule import Schedule

_VALUES = 1 << 20
"""The most values that are kept ahead, of all schedules together."""


def is_grouped(schedule: Schedule) -> TypeGuard[Document]:
    """Tell whether a schedule is a document that says more than one absolute learning rate."""
    if not isinstance(schedule, Document):
        return False
    return bool(schedule.groups) or schedule.relative or list(schedule) != ["learning_rate"]


class GroupedScheduleLR(ScheduleLR):
    """Sets every hyperparameter of a document in every parameter group.

    A group of the optimizer is the document's by its key `name`, or by its place where the document lists its groups;
    one that the document does not name has the document's own schedules. `momentum` is written as `momentum`, or as the
    first of `betas`; a name under `other` as the key of that name. Groups that are added later are taken up at once.
    With `relative: true` the rates are multiples of the rate that each group began with.

    Args:
        optimizer: The optimizer.
        schedule: The document.
        step: Updates already applied: 0 for a fresh run, and, with a look at the optimizer's own count, by default.
        every: What a step of the document is, as `ScheduleLR` has it.

    Raises:
        UnsupportedError: A group has no number under a name that the document schedules.
        SpecError: The document lacks a quantity.
    """

    schedule: Document

    def __init__(
        self, optimizer: torch.optim.Optimizer, schedule: Document, step: int | None = None, every: Every = "update"
    ) -> None:
        self._schedules: dict[str, Schedule] = {}
        self._plans: list[dict[str, str]] = []
        self._writes: list[tuple[int, str, int]] = []
        self._rates: list[int] = []
        self._own_columns: list[int] = []
        self._has_rates_alone = False
        self._known = 0
        super().__init__(optimizer, schedule, step, every)
        names = [group.get("name", place) for place, group in enumerate(optimizer.param_groups)]
        places = range(len(names))
        absent = [name for name in schedule.groups if name not in names and name not in places]
        if absent:
            found = ", ".join(map(str, names))
            warn(f"no parameter group is {', '.join(map(str, absent))} yet: found {found}")

    def _rates_in(self, written: Any) -> list[float]:
        return [written[column] for column in self._rates]

    def is_own(self, rate: object) -> bool:
        """Tell whether an object is one that this scheduler has put into the optimizer as a rate."""
        written = self.written or ()
        return any(rate is value for value in written) or self._numbers.owns(rate)

    def _at(self, step: int) -> Any:
        """Return the row of a step: the value of each distinct schedule, of which there is one for many groups."""
        if len(self._plans) != len(self._inner.param_groups):
            self._plan()
        return super()._at(step)

    def _ahead(self, step: int, count: int) -> Float32s:
        schedules = self._schedules.values()
        stop = max(step + 1, min(step + max(1, min(count, _VALUES // len(schedules))), self._last + 1))
        return np.stack([schedule.values(step, stop) for schedule in schedules], axis=1)

    def _programs(self) -> list[Program] | None:
        if not self._has_rates_alone or len(self._plans) != len(self._inner.param_groups):
            return None
        schedules = list(self._schedules.values())
        return [schedules[column].program for column in self._rates]

    def _write(self, value: Any) -> None:
        written, groups = self.written, self._inner.param_groups
        if len(self._plans) != len(groups):  # some came, or went, without a word
            value = self._at(self.last_epoch)
        known = 0 if written is None else self._known
        self.written, self._known = value, len(self._writes)
        done = 0
        if known == len(self._writes) == len(groups) and self._has_rates_alone:
            done = self._write_rates(groups, written, value)
            if done == len(groups):
                self._foreign = {}
                return
        slow = []
        for number, (place, key, column) in enumerate(self._writes[done:], start=done):
            group = groups[place]
            last = written[column] if number < known else None
            if last is not None and group[key] is last:
                group[key] = value[column]
            else:
                slow.append((place, key, column, last))
        self._tell_others([(place, key, last) for place, key, _, last in slow])
        for place, key, column, _ in slow:
            self._numbers.write(place, key, value[column], column)
        self._slots = self._numbers.slots()

    def _write_rates(self, groups: list[dict[str, Any]], written: Any, value: Any) -> int:
        """Write the rates alone, up to the first where it takes a closer look; return how many were written."""
        columns = self._rates
        if columns != self._own_columns:
            written, value = [written[column] for column in columns], [value[column] for column in columns]
        if self._slots is not None:
            return fill(groups, self._slots, value)
        done = 0
        for group, last, new in zip(groups, written, value, strict=False):
            if group["lr"] is not last:
                break
            group["lr"] = new
            done += 1
        return done

    def _plan(self) -> None:
        """Find, for each group that is new, which schedule drives which of its keys."""
        groups = self._inner.param_groups
        if len(groups) < len(self._plans):  # some were taken away: the places of the rest may have changed
            self._plans, self._writes, self._rates, self._known = [], [], [], 0
            self._numbers = Numbers(self._inner)
        for place in range(len(self._plans), len(groups)):
            schedules = self._keys(place, groups[place])
            columns = {key: self._column(schedule) for key, schedule in schedules.items()}
            self._writes += [(place, key, column) for key, column in columns.items()]
            self._rates.append(columns["lr"])
            self._plans.append({key: schedule.fingerprint for key, schedule in schedules.items()})
        self._has_rates_alone = all(list(plan) == ["lr"] for plan in self._plans)
        self._own_columns = list(range(len(groups)))
        self._last = self._last_step()

    def _last_step(self) -> int:
        return min((schedule.program.last_step for schedule in self._schedules.values()), default=LAST_STEP)

    def _column(self, schedule: Schedule) -> int:
        """Return where a schedule's value stands in every row."""
        if schedule.fingerprint not in self._schedules:
            self._schedules[schedule.fingerprint] = schedule
            self._block.clear()  # its rows have no such column
        return list(self._schedules).index(schedule.fingerprint)

    def _keys(self, place: int, group: dict[str, Any]) -> dict[str, Schedule]:
        """Return the schedule of each key of a parameter group."""
        base = initial_rate(group)
        document = self.schedule
        if document.relative and document.base_value is None:
            document = document.resolve(base_value=base)
        name = group.get("name")
        found: dict[str, Schedule] = {}
        for hyperparameter, node in document.group(name if name in document.groups else place).items():
            key = _key(self._optimizer, group, hyperparameter)
            if key in found:
                raise _refused(self._optimizer, hyperparameter, f"its key {key} has another schedule of the document")
            found[key] = node
        return found

    def _fingerprint(self) -> str:
        """Return the document's fingerprint; of relative rates, that of what each group has."""
        if not self.schedule.relative:
            return self.schedule.fingerprint
        return "sha256:" + hashlib.sha256(repr([sorted(plan.items()) for plan in self._plans]).encode()).hexdigest()


def _key(optimizer: torch.optim.Optimizer, group: dict[str, Any], hyperparameter: str) -> str:
    """Return the key of a parameter group that holds a hyperparameter.

    Raises:
        UnsupportedError: The group has none, or no number there.
    """
    candidates = {"learning_rate": ("lr",), "momentum": ("momentum", "betas")}.get(hyperparameter, (hyperparameter,))
    key = next((key for key in candidates if key in group), None)
    if key is None:
        wanted = " or ".join(candidates)
        raise _refused(
            optimizer, hyperparameter, f"its parameter groups have no {wanted}; leave it out of the document"
        )
    held = group[key][0] if hyperparameter == "momentum" and key == "betas" else group[key]
    if isinstance(held, bool) or not isinstance(held, int | float | torch.Tensor):
        raise _refused(optimizer, hyperparameter, f"its parameter groups hold a {type(held).__name__} there, no number")
    return key


def _refused(optimizer: torch.optim.Optimizer, hyperparameter: str, reason: str) -> UnsupportedError:
    return UnsupportedError("torch", f"{hyperparameter} of {type(optimizer).__name__}", reason)
