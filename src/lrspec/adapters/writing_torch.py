"""PyTorch: the values of a schedule, written into the parameter groups of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

import numpy as np
from torch.optim.lr_scheduler import LRScheduler

from lrspec.adapters.clock_torch import Clock
from lrspec.adapters.optimizer_torch import Numbers, Slot, fill, initial_rate
from lrspec.schedule import Schedule

Float32s = np.ndarray[Any, np.dtype[np.float32]]

BLOCK = 1024
"""Steps whose values NumPy gives at once."""
_FIRST_BLOCK = 32
_LISTED = 64
"""Of these values, how many are Python numbers at a time: those take eight times the memory."""
_FOREIGN = "something else sets it too: another scheduler, or the optimizer's state, loaded without the scheduler's"


class Writer(LRScheduler):  # type: ignore[misc]  # untyped where torch is not installed
    """The part of a scheduler that writes: one learning rate, the same in every group.

    Attributes:
        schedule: The schedule.
        last_epoch: The step.
        written: What was written last, as `_at` returns it, or None where nothing is known to stand there.
    """

    schedule: Schedule
    _step: int
    written: Any
    _inner: Any
    _last: int
    _block: Block
    _clock: Clock
    _numbers: Numbers
    _slots: list[Slot] | None = None
    _foreign: dict[int, float]

    def _first_rate(self) -> Any:
        groups = self._inner.param_groups
        return groups[0]["lr"] if groups else None

    @property
    def _last_lr(self) -> list[float]:
        """The rates that the groups hold: PyTorch's name for what `get_last_lr()` returns."""
        self._catch_up()
        return [self._numbers.found(place, "lr") for place in range(len(self._inner.param_groups))]

    def _catch_up(self) -> None:
        """Take up the steps that compiled code made."""

    def take_up(self, group: dict[str, Any]) -> None:
        """Write the values of `last_epoch` into a parameter group that was added to the optimizer."""
        initial_rate(group)
        if self.last_epoch >= 0:
            value = self._at(self.last_epoch)
            self.written = None  # what stands there now is about to be right, whoever wrote it
            self._write(value)

    def _at(self, step: int) -> Any:
        """Return what is written at a step: the values, or, at the end of a schedule that has one, the last ones."""
        block = self._block
        place = step - block.first
        if 0 <= place < block.length:
            return block.values[place]
        return block.refill(self._last if step == self._last + 1 else step, self._ahead)

    def _last_step(self) -> int:
        """Return the last step that has values."""
        return self.schedule.program.last_step

    def _ahead(self, step: int, count: int) -> Float32s:
        """Return what is written at the steps from `step` on: at that one, and at up to `count` in all."""
        return self.schedule.values(step, max(step + 1, min(step + count, self._last + 1)))

    def _write(self, value: Any) -> None:
        """Write what `_at` returned."""
        written = self.written
        self.written = value
        groups = self._inner.param_groups
        if self._slots is not None:
            done = fill(groups, self._slots, repeat(value))
            if done < len(groups):
                self._write_each(value, written, done)
                return
        else:
            for group in groups:
                if group["lr"] is not written:
                    self._write_each(value, written)
                    return
                group["lr"] = value
        self._foreign = {}

    def _write_each(self, value: Any, written: Any, done: int = 0) -> None:
        """Write into one group after the other, of which some hold tensors, or what somebody else has written."""
        groups = self._inner.param_groups
        places = [place for place, group in enumerate(groups) if place >= done and group["lr"] is not value]
        self._tell_others([(place, "lr", written) for place in places])
        for place in places:
            self._numbers.write(place, "lr", value)
        self._slots = self._numbers.slots()

    def _tell_others(self, places: list[tuple[int, str, Any]]) -> None:
        """Warn of what somebody else has written since; what this scheduler wrote is given with its place and key."""
        self._foreign = {}
        for place, key, written in places:
            other = self._numbers.other(place, key, written)
            if other is None:
                continue
            if key == "lr":
                self._foreign[place] = other
            what = "the rate" if key == "lr" else f"the {key}"
            where = "" if len(self._inner.param_groups) == 1 else f" of group {place}"
            message = f"{what}{where} is {other!r}, where this scheduler wrote {written!r}: {_FOREIGN}"
            self._clock.warn(f"foreign {key}", message)

    def _rates_in(self, written: Any) -> list[float]:
        """Return the rate of each group in what `_at` returned."""
        return [written] * len(self._inner.param_groups)

    def is_own(self, rate: object) -> bool:
        """Tell whether an object is one that this scheduler has put into the optimizer as a rate."""
        return rate is self.written or self._numbers.owns(rate)

    def is_in_force(self) -> bool:
        """Tell whether a group still has the rate that this scheduler wrote: another one may have taken over."""
        if self.written is None:
            return True
        rates = self._rates_in(self.written)
        return any(self._numbers.other(place, "lr", rate) is None for place, rate in enumerate(rates))


class Block:
    """What is written at some steps in a row: NumPy gives the values of many at once, the same bits sooner.

    Attributes:
        values: What is written at each, of the next few.
        first: The first of these steps.
        length: How many there are.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the values."""
        self.values: list[Any] = []
        self.first = self.length = 0
        self._many: Float32s = np.empty(0, np.float32)
        self._first_of_many = 0

    def refill(self, step: int, ahead: Callable[[int, int], Float32s]) -> Any:
        """Take what is written at a step and after it from `ahead`, and return the first."""
        place = step - self._first_of_many
        if not 0 <= place < len(self._many):
            self._many = ahead(step, min(BLOCK, 2 * len(self._many) or _FIRST_BLOCK))
            self._first_of_many, place = step, 0
        rows = max(1, _LISTED * len(self._many) // self._many.size)
        self.values, self.first = self._many[place : place + rows].tolist(), step
        self.length = len(self.values)
        return self.values[0]
