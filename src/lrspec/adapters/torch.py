"""PyTorch: a scheduler that writes the schedule into an optimizer, and programs on tensors."""

from __future__ import annotations

import operator
import warnings
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch.optim.lr_scheduler import LRScheduler

from lrspec.adapters.optimizer_torch import Updates, initial_rate, watch, write, wrong_frequency
from lrspec.device import Table, binary_search, on_device
from lrspec.errors import LrspecError
from lrspec.evaluate import clamped_evaluator
from lrspec.positions.torch import own_count
from lrspec.program import Program
from lrspec.resume import check, spec_text
from lrspec.schedule import Schedule

Every: TypeAlias = Literal["update", "epoch", "call"]
BLOCK = 1024
_IDLE = 64
_UNSEEN = (
    "the schedule stays where it is; call it after optimizer.step(), or make it with every='call', where the optimizer "
    "is stepped without its method `step`"
)
_FOREIGN = "something else sets it too: another scheduler, or the optimizer's state, loaded without the scheduler's"
_LATE = "load the scheduler's state too, or make it with the step to go on from; step=0 begins anew"


class ScheduleLR(LRScheduler):  # type: ignore[misc]  # untyped where torch is not installed
    """Sets the learning rate of every parameter group to `schedule(last_epoch)`.

    `last_epoch` is torch's word for the number of updates already applied. Call `step()` after `optimizer.step()`: it
    moves to the updates that the optimizer has really applied. So an update that `GradScaler` skipped does not count,
    and neither do further calls between two updates, for accumulated gradients or one for each process.

    The rate is absolute: it replaces the optimizer's own. A rate that is a tensor is written in place and keeps its
    identity, dtype and device; any other becomes a Python float that holds a float32 number.

    A group that is added later has the rate of `last_epoch` as soon as `add_param_group` returns.

    Args:
        optimizer: The optimizer.
        schedule: The schedule or document.
        step: Updates already applied: 0 for a fresh run. Where it is left out it is 0, and an optimizer whose own state
            counts some is a warning once it has applied another, unless a state was loaded by then.
        every: What a step of the schedule is: an `update`; an `epoch`, where `step()` is called once per epoch; or a
            `call` of `step()`, as with torch's own schedulers, whatever the optimizer does.

    Raises:
        StepError: The schedule has no value at `step`.
        TypeError: A group's rate is a tensor of fewer than 32 bits.
        ValueError: `every` is another word.
    """

    last_epoch: int
    _step_count: int

    def __init__(
        self, optimizer: torch.optim.Optimizer, schedule: Schedule, step: int | None = None, every: Every = "update"
    ) -> None:
        if every not in get_args(Every):
            raise ValueError(f"every: found {every!r}, expected one of {', '.join(get_args(Every))}")
        self.schedule = schedule
        self.every = every
        self._expect(own_count(optimizer) if step is None and every == "update" else None)
        self._first = 0
        self._block: list[Any] = []
        self._length = 0
        self._rate: float | None = None
        if step:
            for group in optimizer.param_groups:
                initial_rate(group)
        super().__init__(optimizer, last_epoch=(step or 0) - 1)
        self._follow()

    def _initial_step(self) -> None:
        """Write the rate of the first update; the constructor of `LRScheduler` calls this."""
        self.last_epoch += 1
        self._step_count = 1  # only PyTorch's own `step` counts by it
        self._write(self._at(self.last_epoch), self.optimizer.param_groups)

    def _expect(self, before: int | None) -> None:
        """Set how many updates a call of `step()` moves by without a further look; before a warning is due, none."""
        self._before = before
        self._usual = 1 if self.every == "update" and not before else None

    def _follow(self) -> None:
        """Count the optimizer's updates, and hear of its new groups, from now on."""
        self._updates = Updates(self.optimizer, self)
        self._seen, self._idle = 0, (0, 0)  # the latter: calls without an update, since the one of this number
        self._applied: Any = None
        self._has_warned = False
        watch(self.optimizer, self)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has; it follows its own optimizer anew."""
        return {key: value for key, value in vars(self).items() if key != "_updates"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._follow()

    def get_lr(self) -> list[float]:
        """Return the rate of each group at `last_epoch`."""
        return self._rates_at(self.last_epoch)

    def _rates_at(self, step: int) -> list[float]:
        return self._rates_in(self._at(step))

    def step(self, epoch: int | None = None) -> None:
        """Move to the updates that the optimizer has applied, or to update `epoch`, and write the rates there.

        Raises:
            StepError: The schedule has no value there; nothing is changed.
            LrspecError: The optimizer has applied no update in 64 calls in a row.
        """
        updates = self._updates.count
        applied = updates - self._seen
        step = self.last_epoch + 1 if epoch is None and applied == self._usual else self._step_after(applied, epoch)
        value = self._at(step)
        groups = self.optimizer.param_groups
        rate = groups[0]["lr"]
        if rate is not self._rate and type(rate) is float and rate != self._rate:
            self._warn(f"the rate is {rate!r}, where this scheduler wrote {self._rate!r}: {_FOREIGN}")
        if applied:
            self._seen = updates
            self._applied = self._written
        if step != self.last_epoch:
            self.last_epoch = step
            self._write(value, groups)

    def _step_after(self, applied: int, epoch: int | None) -> int:
        """Return the step to which a call after so many updates, or for update `epoch`, moves the schedule."""
        if epoch is None:
            return self.last_epoch + self._moved(applied)
        step = operator.index(epoch)
        if step < self.last_epoch:
            self._warn(f"scheduler.step({step}) goes from update {self.last_epoch} back to {step}")
        return step

    def _moved(self, applied: int) -> int:
        """Return by how much a call after so many updates moves the schedule on."""
        if self.every == "call":
            return 1
        if not applied:
            self._idle = (self._seen, self._idle[1] + 1 if self._idle[0] == self._seen else 1)
            if self._idle[1] == _IDLE:
                raise LrspecError(f"no update in {_IDLE} calls of scheduler.step(): {_UNSEEN}")
            if not self._seen:
                self._warn(f"scheduler.step() was called, and the optimizer has applied no update yet: {_UNSEEN}")
            return 0
        if self._before:
            self._warn(f"the optimizer had applied {self._before} updates, and the schedule began at 0: {_LATE}")
            self._expect(None)
        wrong = wrong_frequency(self.every, applied)
        if wrong is not None:
            self._warn(wrong)
        return 1 if self.every == "epoch" else applied

    def _warn(self, message: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(message, UserWarning, stacklevel=3)

    @property
    def lr_applied(self) -> list[float] | None:
        """The rate of each group in the last update, or None where there was none since this scheduler was made."""
        applied = self._written if self._updates.count > self._seen else self._applied
        return None if applied is None else self._rates_in(applied)

    @property
    def _last_lr(self) -> list[float]:
        """The rates that were written last: PyTorch's name for what `get_last_lr()` returns."""
        return self._rates_in(self._written)

    @property
    def lr_next(self) -> list[float]:
        """The rate of each group in the next update, once `step()` has been called."""
        return self._last_lr

    def take_up(self, group: dict[str, Any]) -> None:
        """Write the values of `last_epoch` into a parameter group that was added to the optimizer."""
        initial_rate(group)
        self._write(self._at(self.last_epoch), self.optimizer.param_groups)

    def _at(self, step: int) -> Any:
        """Return what is written at a step; the values come from NumPy a block at a time, the same bits sooner."""
        place = step - self._first
        if place < 0 or place >= self._length:
            self._block, self._first, place = self._ahead(step), step, 0
            self._length = len(self._block)
        return self._block[place]

    def _ahead(self, step: int) -> list[Any]:
        """Return what is written at the steps from `step` on: at that one, and at some more."""
        last = self.schedule.program.last_step
        return self.schedule.values(step, max(step + 1, min(step + BLOCK, last + 1))).tolist()

    def _write(self, value: Any, groups: list[dict[str, Any]]) -> None:
        """Write what `_at` returned."""
        written = self._rate
        for group in groups:
            if group["lr"] is written:  # a float, and this scheduler's
                group["lr"] = value
            else:
                write(group, "lr", value)
        self._written = self._rate = value

    def _rates_in(self, written: Any) -> list[float]:
        """Return the rate of each group in what `_at` returned."""
        return [written] * len(self.optimizer.param_groups)

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: the position, what it counts, and the schedule it is one of: fingerprint and text."""
        return {
            "last_epoch": self.last_epoch,
            "_step_count": self.last_epoch + 1,
            "fingerprint": self._fingerprint(),
            "spec": spec_text(self.schedule),
            "every": self.every,
        }

    def _fingerprint(self) -> str:
        return self.schedule.fingerprint

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the position of a checkpoint, and write the rate there into every group.

        Args:
            state_dict: The state of a scheduler of lrspec; what `lrspec.resume.state` returned; or the state of one of
                PyTorch's own schedulers, where it says its formula and that is the schedule's.

        Raises:
            FingerprintError: The checkpoint is of another schedule; `lrspec.resume` says what may follow it.
            LrspecError: It counts something else, or is of a scheduler of PyTorch that has other rates.
            UnsupportedError: It is of one whose state does not say its rates, or of none.
        """
        if "fingerprint" in state_dict:
            step = check(state_dict, self.schedule, fingerprint=self._fingerprint())
        else:
            from lrspec.native import torch_state

            step = torch_state.position(state_dict, self._rates_at, self.schedule)
        every = state_dict.get("every", self.every)
        if every != self.every:
            raise LrspecError(f"a checkpoint that counts every {every}: expected every {self.every}")
        value = self._at(step)
        self._seen, self._idle, self._applied = self._updates.count, (0, 0), None
        self._expect(None)
        self.last_epoch = step
        self._write(value, self.optimizer.param_groups)


def to_torch(
    schedule: Schedule, optimizer: torch.optim.Optimizer, *, step: int | None = None, every: Every = "update"
) -> ScheduleLR:
    """Return the scheduler that writes `schedule` into `optimizer`, with `step` updates already applied, or 0."""
    from lrspec.adapters.groups_torch import GroupedScheduleLR, is_grouped

    if is_grouped(schedule):
        return GroupedScheduleLR(optimizer, schedule, step, every)
    return ScheduleLR(optimizer, schedule, step, every)


class TorchArrays:
    """The integer operations of `lrspec.device.Arrays`, on tensors of one device."""

    has_int64 = True

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def row(self, table: Table, index: torch.Tensor) -> list[torch.Tensor]:
        """Return the columns of `table[index]`."""
        rows = torch.nn.functional.embedding(index, torch.from_numpy(table).to(self._device))
        return [rows[..., k] for k in range(table.shape[1])]

    def search(self, starts: Table, index: torch.Tensor) -> Any:
        """Return the number of the last row that starts at or before `index`."""
        return binary_search(self, starts, index)

    def where(self, condition: torch.Tensor, a: Any, b: Any) -> torch.Tensor:
        """Return `a` where the condition holds, else `b`."""
        return torch.where(condition, a, b)

    def float32(self, a: torch.Tensor) -> torch.Tensor:
        """Return integers as float32."""
        return a.to(torch.float32)


def evaluator(program: Program, device: str | torch.device = "cpu") -> torch.nn.Module:
    """Return a program as a module from integer tensors on a device to their float32 values.

    It is a plain graph of operations on tensors, which `torch.compile` takes in whole, with the tables on the device.
    """
    arrays = TorchArrays(torch.device(device))

    class Evaluator(torch.nn.Module):  # type: ignore[misc]  # untyped where torch is not installed
        def forward(self, step: torch.Tensor) -> Any:
            return on_device(program, step.to(torch.int64), arrays)

    module: torch.nn.Module = torch.fx.symbolic_trace(Evaluator())
    return module


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
def value(program: Program, step: torch.Tensor) -> torch.Tensor:
    """Return the float32 values at `step`, an integer tensor, on its device.

    A single step is evaluated on the host: one copy instead of a hundred small kernels. `torch.compile` calls this as
    it is, between two graphs; inside one graph, use `evaluator`.

    Raises:
        TypeError: `step` is not an integer tensor.
    """
    if step.is_floating_point() or step.is_complex() or step.dtype == torch.bool:
        raise TypeError(f"a step of {step.dtype}: expected an integer tensor")
    if step.ndim == 0:
        host = clamped_evaluator(program)(int(step))
        return torch.tensor(host, dtype=torch.float32, device=step.device)
    result: torch.Tensor = on_device(program, step.to(torch.int64), TorchArrays(step.device))
    return result
