"""PyTorch: a scheduler that writes the schedule into an optimizer, and programs on tensors."""

from __future__ import annotations

import functools
import operator
import warnings
import weakref
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from lrspec.device import Table, binary_search, on_device
from lrspec.errors import LrspecError
from lrspec.evaluate import clamped_evaluator
from lrspec.program import Program
from lrspec.schedule import Schedule

_BLOCK = 1024
_WIDE_ENOUGH = (torch.float32, torch.float64)


class Ahead:
    """A schedule that is read step by step: its values come from NumPy, a block at a time, the same bits sooner.

    Args:
        schedule: The schedule.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._first = 0
        self._block: list[float] = []

    def __call__(self, step: int) -> float:
        """Return `schedule(step)`."""
        place = step - self._first
        if not 0 <= place < len(self._block):
            last = self._schedule.program.last_step
            self._block = self._schedule.values(step, max(step + 1, min(step + _BLOCK, last + 1))).tolist()
            self._first, place = step, 0
        return self._block[place]


class ScheduleLR(LRScheduler):  # type: ignore[misc]  # untyped where torch is not installed
    """Sets the learning rate of every parameter group to `schedule(last_epoch)`.

    `last_epoch` is torch's word for the number of updates already applied: call `step()` once after each
    `optimizer.step()`. The rate is absolute: it replaces the optimizer's own. A rate that is a tensor is written in
    place and keeps its identity, dtype and device; any other becomes a Python float that holds a float32 number.

    A group that is added later has the rate of `last_epoch` as soon as `add_param_group` returns. (A scheduler that
    was copied or unpickled with its optimizer writes it at the next step instead.)

    Args:
        optimizer: The optimizer.
        schedule: The schedule or document.
        step: Updates already applied: 0 for a fresh run.

    Raises:
        StepError: The schedule has no value at `step`.
        TypeError: A group's rate is a tensor of fewer than 32 bits.
    """

    last_epoch: int
    _step_count: int

    def __init__(self, optimizer: torch.optim.Optimizer, schedule: Schedule, step: int = 0) -> None:
        self.schedule = schedule
        self._value = Ahead(schedule)
        if step:
            for group in optimizer.param_groups:
                initial_rate(group)
        super().__init__(optimizer, last_epoch=step - 1)
        _watch(optimizer, self)

    def get_lr(self) -> list[float]:
        """Return the rate of each group at `last_epoch`."""
        return [self._value(self.last_epoch)] * len(self.optimizer.param_groups)

    def step(self, epoch: int | None = None) -> None:
        """Advance by one update, or to update `epoch`, and write the rate into every group."""
        if self._step_count == 1 and epoch is None and not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "scheduler.step() was called before optimizer.step(): the rate of update 0 is never used",
                UserWarning,
                stacklevel=2,
            )
        step = self.last_epoch + 1 if epoch is None else operator.index(epoch)
        value = self._at(step)
        self.last_epoch = step
        self._step_count += 1
        self._write(value)

    def take_up(self, group: dict[str, Any]) -> None:
        """Write the values of `last_epoch` into a parameter group that was added to the optimizer."""
        initial_rate(group)
        self._write(self._at(self.last_epoch))

    def _at(self, step: int) -> float:
        return self._value(step)

    def _write(self, value: float) -> None:
        groups = self.optimizer.param_groups
        for group in groups:
            if type(group["lr"]) is float:
                group["lr"] = value
            else:
                write(group, "lr", value)
        self._last_lr: list[float] = [value] * len(groups)

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: the position, and the fingerprint of the schedule it is a position in."""
        return {
            "last_epoch": self.last_epoch,
            "_step_count": self._step_count,
            "fingerprint": self._fingerprint(),
        }

    def _fingerprint(self) -> str:
        return self.schedule.fingerprint

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the position of a checkpoint, and write the rate there into every group.

        Raises:
            LrspecError: The checkpoint is of another schedule.
        """
        found = state_dict.get("fingerprint")
        if found != self._fingerprint():
            raise LrspecError(f"a checkpoint of schedule {found}: expected one of schedule {self._fingerprint()}")
        self.last_epoch = state_dict["last_epoch"]
        self._step_count = state_dict["_step_count"]
        self._write(self._at(self.last_epoch))


def initial_rate(group: dict[str, Any]) -> float:
    """Return the rate that a parameter group began with, and keep it as torch does: a copy, under `initial_lr`."""
    rate = group["lr"]
    return float(group.setdefault("initial_lr", rate.clone() if isinstance(rate, torch.Tensor) else rate))


def _watch(optimizer: torch.optim.Optimizer, scheduler: ScheduleLR) -> None:
    """Have `optimizer.add_param_group` tell the scheduler of each new group, for as long as the scheduler lives.

    PyTorch has no hook there. As its own schedulers do with `optimizer.step`, this wraps the method, once; copies of
    the optimizer do not have the wrapper.
    """
    watchers = getattr(optimizer.add_param_group, "watchers", None)
    if watchers is None:
        watchers = []
        optimizer.add_param_group = _telling(optimizer, watchers)
    watchers[:] = [watcher for watcher in watchers if watcher() is not None]
    watchers.append(weakref.ref(scheduler))


def _telling(optimizer: torch.optim.Optimizer, watchers: list[weakref.ref[ScheduleLR]]) -> Any:
    held, patched = weakref.ref(optimizer), vars(optimizer).get("add_param_group")

    @functools.wraps(type(optimizer).add_param_group)
    def add_param_group(param_group: dict[str, Any]) -> None:
        owner: Any = held()
        add = patched or functools.partial(type(owner).add_param_group, owner)
        add(param_group)
        for watcher in watchers:
            scheduler = watcher()
            if scheduler is not None:
                scheduler.take_up(scheduler.optimizer.param_groups[-1])

    add_param_group.watchers = watchers  # type: ignore[attr-defined]
    return add_param_group


def write(group: dict[str, Any], key: str, value: float) -> None:
    """Write a value into a parameter group: in place where it is a tensor, else as a Python float.

    In a tuple, such as Adam's `betas`, it is the first.

    Raises:
        TypeError: It is a tensor of fewer than 32 bits.
    """
    held = group[key][0] if isinstance(group[key], tuple) else group[key]
    if isinstance(held, torch.Tensor):
        if held.dtype not in _WIDE_ENOUGH:
            what = "learning rate" if key == "lr" else key
            raise TypeError(f"a {what} of {held.dtype}: expected a tensor of float32 or float64")
        held.fill_(value)
    elif isinstance(group[key], tuple):
        group[key] = (value, *group[key][1:])
    else:
        group[key] = value


def to_torch(schedule: Schedule, optimizer: torch.optim.Optimizer, *, step: int = 0) -> ScheduleLR:
    """Return the scheduler that writes `schedule` into `optimizer`, with `step` updates already applied."""
    from lrspec.adapters.groups_torch import GroupedScheduleLR, is_grouped

    if is_grouped(schedule):
        return GroupedScheduleLR(optimizer, schedule, step)
    return ScheduleLR(optimizer, schedule, step)


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
