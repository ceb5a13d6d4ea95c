"""PyTorch: what is seen of an optimizer's updates, and what only looks like one."""

from __future__ import annotations

import sys
import warnings
import weakref
from typing import Any, Protocol

import torch

from lrspec.adapters.updates_torch import watched
from lrspec.errors import StepError
from lrspec.positions.torch import own_count

_UNANSWERED = 100
"""After so many updates without a call of `scheduler.step()` it is probably never called."""
_LIBRARIES = frozenset(
    {"lrspec", "torch", "accelerate", "deepspeed", "ignite", "lightning", "pytorch_lightning", "transformers", "trl"}
)


class Scheduler(Protocol):
    """What a clock asks its scheduler."""

    def is_own(self, rate: object) -> bool:
        """Tell whether an object is one that the scheduler has put into the optimizer as a rate."""

    def is_in_force(self) -> bool:
        """Tell whether a group still has the rate that the scheduler wrote: another one may have taken over."""

    def refusal(self) -> StepError | None:
        """Return the error for the next update, where the schedule has no rate for it."""


class Clock:
    """Tells one scheduler whether its optimizer has applied an update since the last call of `scheduler.step()`.

    A step of the optimizer is none where `GradScaler` hands a fused optimizer the flag that it is to be skipped, as far
    as that flag can be read without waiting for a device; nor where it is made with a rate of 0 that is taken back
    afterwards, as `torch.distributed.checkpoint` does to create the optimizer's state.

    Args:
        optimizer: The optimizer; of a wrapper, the innermost.
        scheduler: The scheduler, which is not kept alive.

    Attributes:
        count: Updates since the last call, as far as they are counted: none in compiled code. A step for a part of the
            parameters, as DeepSpeed's one for each group, is one update together with those for the others.
        steps: What tells the clock of the optimizer's steps.
        mark: The mark of the last step, of which it is known that there was a call after it.
        is_plain: Whether all that happened since are updates that were counted.
        warns_early: Whether many updates without a call are a warning before there is one.
        is_captured: Whether a step was captured in a CUDA graph: nobody is told of its replays, so each call counts.
        had_zero: Whether there was a step at a rate of 0 only to create the optimizer's state.
        made_state: Whether one of the updates is a library's to create that state, at the rate that stood there, or had
            no gradients: some make it so that PyTorch does not warn.
    """

    def __init__(self, optimizer: Any, scheduler: Scheduler, *, warns_early: bool) -> None:
        self.warns_early = warns_early
        self.had_zero = False
        self.is_captured = False
        self._scheduler = weakref.ref(scheduler)
        self._has_noted = False
        self._told: set[str] = set()
        self._had_state: bool | None = None
        self._parts: list[int | None] = []
        self._rate: Any = None
        self._before = 0  # updates that used another rate than the last one did
        self.steps = watched(optimizer)
        self.steps.add(self)
        self.restart()

    def ask_always(self) -> None:
        """Have the optimizer ask before each step from now on: the schedule has ended."""
        self.steps.is_over = self.steps.asks = True

    def restart(self) -> None:
        """Begin to count anew: `scheduler.step()` moved the schedule."""
        self.count = 0
        self.is_plain = True
        self.made_state = False
        self._has_unread = self._has_zero = False
        self.mark = self.steps.mark

    def resume(self, count: int, rate: object) -> None:
        """Take up updates that were applied, and not answered by a call, before the clock was made."""
        self.count, self._rate = count, rate
        self.is_plain = not count
        self._before, self._parts = 0, []

    def repeats(self) -> int:
        """Return how many updates since the last call used the same rate as the last one did.

        A search for a rate and a second scheduler write another one before each.
        """
        return self.count - self._before

    def has_update(self, rate: object) -> bool:
        """Tell whether there was an update since the last call.

        Args:
            rate: What the first parameter group holds as its rate now.
        """
        if self.count or self._has_unread or self.is_captured or self.mark is not self.steps.mark:
            return True
        return self._has_zero and not self._is_own(rate)

    def check(self, optimizer: Any) -> None:
        """Refuse an update that has no rate.

        Raises:
            StepError: The schedule has ended.
        """
        if self._had_state is None:
            self._had_state = bool(getattr(optimizer, "state", None))
        scheduler = self._scheduler()
        end = None if scheduler is None else scheduler.refusal()
        if scheduler is None or end is None or self._is_for_its_state(optimizer):
            return
        if scheduler.is_in_force():
            raise end

    def note(self, optimizer: Any) -> None:
        """Take in a step of the optimizer."""
        skipped = getattr(optimizer, "found_inf", None)
        if skipped is not None and (skipped.device.type != "cpu" or skipped.item()):
            self._has_unread |= skipped.device.type != "cpu"
            self.is_plain = False
            return
        part = rate = None
        for group in optimizer.param_groups:
            if group["params"]:
                if _is_captured(group["params"][0]):
                    self.is_captured = True
                    return
                part = id(group["params"][0])
                rate = group.get("lr")
                if (type(rate) is not float or not rate) and self._is_for_its_state(optimizer):
                    self._has_zero = self.had_zero = True
                    self.is_plain = False
                    return
                break
        self._count(part, rate, optimizer)

    def _count(self, part: int | None, rate: Any, optimizer: Any) -> None:
        """Count a step for some of the parameters, told by the first: it begins an update where it repeats another."""
        if not self.count:
            self._parts, self._rate = [part], rate
            self.count, self._before = 1, 0
            if not self._has_noted:
                self._has_noted, self.made_state = True, _has_no_gradient(optimizer) or _is_called_for_state()
        elif self._parts and part not in self._parts:
            self._parts.append(part)
        else:
            self._parts = [part]
            if _differ(rate, self._rate):
                self._rate, self._before = rate, self.count
            self.count += 1
            if self.repeats() == _UNANSWERED and self.warns_early and self._is_own(rate):
                self.warn("count", unanswered(self.repeats()))

    def _is_for_its_state(self, optimizer: Any) -> bool:
        """Tell whether all rates are 0 and none of them is the scheduler's."""
        groups = optimizer.param_groups
        return all(not self._is_own(rate := group.get("lr")) and _is_zero(rate) for group in groups)

    def _is_own(self, rate: object) -> bool:
        scheduler = self._scheduler()
        return scheduler is not None and scheduler.is_own(rate)

    def is_fresh(self) -> bool:
        """Tell whether the optimizer is known to have had no state before its first step, so that none need be read."""
        return self._had_state is False

    def warn(self, kind: str, message: str) -> None:
        """Raise a warning, the first of its kind, at the line that led here from outside of the libraries."""
        if kind not in self._told:
            self._told.add(kind)
            warn(message)


def _differ(rate: object, other: object) -> bool:
    """Tell whether two rates differ, without waiting for a device: a tensor is the same as itself alone."""
    if rate is other:
        return False
    return isinstance(rate, torch.Tensor) or isinstance(other, torch.Tensor) or rate != other


def _is_captured(parameter: Any) -> bool:
    """Tell whether a step of a parameter is not made now, but captured in a CUDA graph that is replayed later."""
    return bool(getattr(parameter, "is_cuda", False)) and torch.cuda.is_current_stream_capturing()


def _has_no_gradient(optimizer: Any) -> bool:
    return all(parameter.grad is None for group in optimizer.param_groups for parameter in group["params"])


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
def _is_called_for_state() -> bool:
    """Tell whether a function that names the initialization of a state led here, such as DeepSpeed's."""
    frame: Any = sys._getframe(2)  # noqa: SLF001 - nothing else tells this step from an update
    for _ in range(15):
        if frame is None:
            return False
        name = frame.f_code.co_name
        if "init" in name and "state" in name:
            return True
        frame = frame.f_back
    return False


def _is_zero(rate: object) -> bool:
    """Tell whether a rate is 0, without waiting for a device: a tensor on one is taken for another number."""
    if isinstance(rate, torch.Tensor):
        return rate.device.type == "cpu" and rate.numel() == 1 and not rate.item()
    return rate == 0.0


def warn(message: str) -> None:
    """Raise a `UserWarning` at the line that led here from outside of the libraries."""
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - as the module `warnings` does
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def unanswered(count: int) -> str:
    """Return what is said of several updates in one call of `scheduler.step()`, or in none, with its three readings."""
    return (
        f"{count} updates without a call of scheduler.step() used the same rate, and a call moves the schedule by one "
        "step. If the schedule counts updates, call scheduler.step() after each optimizer.step(); if it counts epochs, "
        "say every='epoch'; if it counts whatever a call stands for, say every='call'"
    )


class Start:
    """What is in doubt until the first update after a scheduler was made, or took up the state of one of PyTorch.

    The optimizer's own count may be one above its updates: a step that creates its state counts there.

    Args:
        counts_updates: Whether the schedule counts updates.
        is_given: Whether it was said at which step the schedule begins.

    Attributes:
        has_moved: Whether a call has moved the schedule.
    """

    def __init__(self, *, counts_updates: bool, is_given: bool) -> None:
        self._counts_updates = counts_updates
        self._is_in_doubt = counts_updates and not is_given
        self._calls: int | None = None
        self.has_moved = False

    def close(self) -> None:
        """Take the position as right."""
        self._is_in_doubt, self._calls = False, None
        self.has_moved = True

    def load(self, calls: int | None, optimizer: Any, clock: Clock) -> None:
        """Take a position from a state, and warn if it is known by now that it is not the optimizer's.

        Args:
            calls: What a scheduler of PyTorch counted, or None where the state is one of lrspec.
            optimizer: The optimizer, whose own state may have been loaded before, or may be later.
            clock: Its clock.
        """
        had = own_count(optimizer) if calls is not None and self._counts_updates else None
        if calls is not None and self._counts_updates and not had:
            self._calls, self._is_in_doubt = calls, True
            return
        self.close()
        if calls is not None and had and had not in {calls, calls + 1}:
            clock.warn("start", _calls_differ(calls, had, had))

    def look(self, optimizer: Any, clock: Clock) -> None:
        """Warn of what is wrong with the updates since the last call, or, at first, with all of them."""
        if self._is_in_doubt and not clock.is_fresh():
            now = own_count(optimizer) or 0
            had = now - max(clock.count, 1) - clock.had_zero
            if self._calls is None and had > 1:
                clock.warn("start", _late(had))
            elif self._calls is not None and had > 0 and had not in {self._calls, self._calls + 1}:
                clock.warn("start", _calls_differ(self._calls, had, now))
        self.close()
        if clock.repeats() > 1 + clock.made_state:
            clock.warn("count", unanswered(clock.repeats()))


def _late(had: int) -> str:
    return (
        f"the optimizer had applied {had} updates, and the schedule began at 0: load the scheduler's state too, or "
        "make it with the step to go on from; step=0 begins anew"
    )


def _calls_differ(calls: int, had: int, now: int) -> str:
    return (
        f"the state that was loaded counts {calls} calls of scheduler.step(), and the optimizer has applied {had} "
        f"updates: the schedule goes on from step {calls}, as PyTorch's would. If it is to count updates, say "
        f"lrspec.set_position(scheduler, {now})"
    )
