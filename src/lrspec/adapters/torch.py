"""PyTorch: a scheduler that writes the schedule into an optimizer."""

from __future__ import annotations

import operator
import sys
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch.optim.lr_scheduler import ChainedScheduler, LRScheduler

from lrspec.adapters.clock_torch import Clock, Start
from lrspec.adapters.graphs_torch import Graph
from lrspec.adapters.optimizer_torch import Numbers, initial_rate, watch
from lrspec.adapters.updates_torch import innermost
from lrspec.adapters.writing_torch import Block, Writer
from lrspec.errors import LrspecError, StepError, UnsupportedError
from lrspec.evaluate import out_of_range
from lrspec.fields import LAST_STEP
from lrspec.program import Program
from lrspec.resume import check, spec_text
from lrspec.resume.documents import checked_step
from lrspec.schedule import Schedule

Every: TypeAlias = Literal["update", "epoch", "call"]
_TORCHS = LRScheduler.__init__.__code__.co_filename
_UNSEEN = (
    "scheduler.step() was called, and the optimizer has applied no update yet: the schedule stays where it is. Call it "
    "after optimizer.step(); where the optimizer is stepped without its method `step`, say every='call'; and to begin "
    "at a later step, say to_torch(optimizer, step=...)"
)
_IDLE = 10_000
_STILL = (
    f"the optimizer has applied no update in {_IDLE} calls of scheduler.step(), and the schedule stays where it is. If "
    "another optimizer has taken its place, put that one into scheduler.optimizer; if updates are made without its "
    "method `step`, say every='call'"
)
_EPOCH = (
    "scheduler.step() was called after one update, and the schedule counts epochs: call it at the end of each epoch; "
    "or, where the schedule counts updates, say every='update'"
)


class ScheduleLR(Writer):
    """Sets the learning rate of every parameter group to `schedule(last_epoch)`.

    Call `step()` after `optimizer.step()`, as with torch's own schedulers: a call moves the schedule by one step. Where
    the optimizer has applied no update since the last call, it stays: so an update that `GradScaler` skipped does not
    count, and neither do further calls for accumulated gradients, or one for each process. `last_epoch` is torch's word
    for the step, which is the number of updates already applied.

    The rate is absolute: it replaces the optimizer's own. A rate that is a tensor is written in place and keeps its
    identity, dtype and device; any other becomes a Python float that holds a float32 number.

    A group that is added later has the rate of `last_epoch` as soon as `add_param_group` returns.

    Args:
        optimizer: The optimizer.
        schedule: The schedule or document.
        step: Updates already applied. Default: 0; if the optimizer counts more than that, and no state of a scheduler
            is loaded, a warning is raised after the next update.
        every: What a step of the schedule is: an `update`; an `epoch`, where `step()` is called once per epoch; or a
            `call` of `step()`, whatever the optimizer does.

    Raises:
        StepError: The schedule has no value at `step`, and does not end there.
        TypeError: A group's rate is a tensor of fewer than 32 bits.
        ValueError: `every` is another word.
    """

    _step_count: int
    _graph: Graph | None

    def __init__(
        self, optimizer: torch.optim.Optimizer, schedule: Schedule, step: int | None = None, every: Every = "update"
    ) -> None:
        if every not in get_args(Every):
            raise ValueError(f"every: found {every!r}, expected one of {', '.join(get_args(Every))}")
        self.schedule = schedule
        self.every = every
        self.written: Any = None
        self._applied: Any = None
        self._applied_step: int | None = None
        self._foreign: dict[int, float] = {}
        self._idle = (-1, 0)  # calls without an update, at the step of this number
        self._graph = None
        self._step = -1
        self._is_part = False
        self._block = Block()
        self._last = self._last_step()
        self._usual: int | None = None  # updates before a call that need no further look
        self._start = Start(counts_updates=every == "update", is_given=step is not None)
        if step:
            for group in optimizer.param_groups:
                initial_rate(group)
        super().__init__(optimizer, last_epoch=(step or 0) - 1)

    @property
    def last_epoch(self) -> int:
        """The step: the number of updates already applied."""
        if self._graph is not None and self._graph.is_ahead:
            self._settle()
        return self._step

    @last_epoch.setter
    def last_epoch(self, step: int) -> None:
        self._step = step
        if self._graph is not None:
            self._graph.step.fill_(step)
            self._graph.is_ahead = False

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator,unused-ignore]
    def _is_in_graph(self) -> bool:
        """Make what moves the schedule inside a graph, if there is such, and tell: rates that are numbers need Python.

        So do schedules that end with an error, those that count epochs, and parts of other schedulers. It is asked
        when a graph is made; a group that is added later has it made anew.
        """
        slots = self._numbers.slots()
        if slots is None or self._is_part or self.every == "epoch" or self._last < LAST_STEP:
            return False
        tensors = [slot.tensor for slot in slots]
        programs = self._programs()
        if programs is None or len({tensor.device for tensor in tensors}) > 1:
            return False
        if self._graph is None or list(map(id, self._graph.tensors)) != list(map(id, tensors)):
            self._graph = Graph(tensors, programs, self.last_epoch)
        return True

    def _programs(self) -> list[Program] | None:
        """Return the program of each group's rate, or None where more than rates is written."""
        return [self.schedule.program] * len(self._inner.param_groups)

    def _catch_up(self) -> None:
        if self._graph is not None and self._graph.is_ahead:
            self._settle()

    @torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
    def _settle(self) -> None:
        """Take up the steps that compiled code made."""
        graph = self._graph
        if graph is None:
            return
        graph.is_ahead = False
        step = int(graph.step)
        self._applied, self._applied_step = self._at(step - 1), step - 1
        self._step, self.written = step, self._at(step)
        self._numbers.take(self._rates_in(self.written))
        self._start.close()
        self._clock.restart()

    @property
    def optimizer(self) -> Any:
        """The optimizer, or the wrapper of one, that the scheduler writes into; another one may be put in its place."""
        frame = sys._getframe(1)  # noqa: SLF001 - torch's schedulers tell their parts nothing, and ask for this alone
        if frame.f_code.co_name == "__init__" and frame.f_code.co_filename == _TORCHS:
            self._join(frame.f_locals.get("self"))
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Any) -> None:
        unanswered = self._unanswered() if hasattr(self, "_optimizer") else None
        self._optimizer = optimizer
        self._follow()
        if unanswered is not None:
            self._go_to(self.last_epoch)
            self._clock.resume(unanswered, self._first_rate())

    def _join(self, whole: object) -> None:
        """Become a part of a scheduler of torch that is being made.

        Raises:
            UnsupportedError: It multiplies the rates of its parts, where this one's are absolute.
        """
        if isinstance(whole, ChainedScheduler):
            reason = "it multiplies rates, and this scheduler's are absolute; lrspec.Product multiplies schedules"
            raise UnsupportedError("torch", "a schedule of lrspec in a ChainedScheduler", reason)
        if whole is not self:
            self._is_part = True
            self._clock.warns_early = False

    def _follow(self) -> None:
        """Count the optimizer's updates, and hear of its new groups, from now on."""
        self._inner = inner = innermost(self._optimizer)  # whose groups a wrapper may lose when a state is loaded
        self._numbers = Numbers(inner)
        self._slots = None
        self._clock = Clock(inner, self, warns_early=self.every == "update" and not self._is_part)
        watch(self._optimizer, self)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has; it follows its own optimizer anew."""
        self._catch_up()
        own = {"_inner", "_clock", "_numbers", "_block", "_slots", "_graph"}
        return {key: value for key, value in vars(self).items() if key not in own} | {"updates": self._unanswered()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._graph = None
        self._step = state.pop("last_epoch", -1)  # as copies that were pickled by earlier releases have it
        self.__dict__.update(state)
        self._block = Block()
        self._follow()
        self._clock.resume(self.__dict__.pop("updates"), self._first_rate())

    def _unanswered(self) -> int:
        """Return how many updates there were since the last call, as far as they are counted, and 1 where not."""
        clock = self._clock
        return clock.count or int(clock.has_update(self._first_rate()))

    def _initial_step(self) -> None:
        """Write the rate of the first update; the constructors of `LRScheduler` and `SequentialLR` call this."""
        self._step_count = 1  # only PyTorch's own `step` counts by it
        self._go_to(self.last_epoch + 1)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Begin at a step: `SequentialLR` calls this, or `step(0)`, at its milestones."""
        self._go_to(self.last_epoch + 1 if epoch is None else self._step_of(epoch))

    def _go_to(self, step: int) -> None:
        """Write the values of a step, whatever was there before.

        Raises:
            StepError: The schedule has no value there, and does not end there; nothing is changed.
        """
        self._at(step)  # before anything is changed
        self.written = None
        self._move(step)
        self._applied = self._applied_step = None

    def get_lr(self) -> list[float]:
        """Return the rate of each group at `last_epoch`; at the end of a schedule that has one, the last one."""
        if self.last_epoch > self._last:
            self._clock.ask_always()
        return self._rates_at(self.last_epoch)

    def _rates_at(self, step: int) -> list[float]:
        return self._rates_in(self._at(step))

    def step(self, epoch: int | None = None) -> None:
        """Move by one step, if the optimizer has applied an update since the last call, or to step `epoch`.

        Raises:
            StepError: The schedule has no value there, and does not end there; nothing is changed.
            TypeError: `epoch` is not an integer.
        """
        if torch.compiler.is_dynamo_compiling():  # by the module's name, else torch.compile passes the frame over
            is_alone = epoch is None and self._clock.steps.is_traced and self._is_in_graph()
            self._clock.steps.is_traced = False
            if is_alone and self._graph is not None:
                self._graph.move()
            else:
                _step_in_python(self, epoch)
            return
        if self._graph is not None and self._graph.is_ahead:
            self._settle()
        clock = self._clock
        if epoch is None and clock.count == self._usual and clock.is_plain:
            step, block = self._step + 1, self._block
            place = step - block.first
            value = block.values[place] if 0 < place < block.length else self._at(step)
            self._applied, self._applied_step = self.written, step - 1
            self._step = step
            clock.count, clock.mark = 0, clock.steps.mark
            self._write(value)
            if step > self._last:
                clock.ask_always()
            if self._graph is not None:
                self._graph.step.fill_(step)
        elif epoch is not None:
            self._start.close()
            step = self._step_of(epoch)
            if self._is_part and not step:
                self._go_to(step)
            else:
                self._move(step)
        elif self._is_due():
            self._move(self.last_epoch + 1)

    def _step_of(self, epoch: Any) -> int:
        """Return the step that is asked for."""
        try:
            step = operator.index(epoch)
        except TypeError:
            raise TypeError(f"scheduler.step({epoch!r}): expected a whole number, the step to move to") from None
        if step < self.last_epoch:
            self._clock.warn("back", f"scheduler.step({step}) goes from update {self.last_epoch} back to {step}")
        return step

    def _is_due(self) -> bool:
        """Tell whether a call moves the schedule, and warn where it is in doubt that it is to be called here."""
        clock = self._clock
        if self.every == "call" or self._is_part:
            return True
        if not clock.has_update(self._first_rate()):
            if not self._start.has_moved:
                clock.warn("unseen", _UNSEEN)
            self._idle = (self.last_epoch, self._idle[1] + 1 if self._idle[0] == self.last_epoch else 1)
            if self._idle[1] == _IDLE:
                clock.warn("idle", _STILL)
            return False
        if self.every == "epoch":
            self._start.close()
            if clock.count == 1:
                clock.warn("count", _EPOCH)
        else:
            self._start.look(self._inner, clock)
            self._usual = 1
        return True

    def _move(self, step: int) -> None:
        """Write the values of a step, and begin to wait for its update.

        Raises:
            StepError: The schedule has no value there, and does not end there; nothing is changed.
        """
        value = self._at(step)
        self._note_applied()
        self.last_epoch = step
        self._write(value)
        self._clock.restart()
        if step > self._last:
            self._clock.ask_always()

    def _note_applied(self) -> None:
        """Keep what the last update used, if there was one since the last call."""
        if self._clock.has_update(self._first_rate()):
            self._applied, self._applied_step = self.written, self.last_epoch

    @property
    def lr_applied(self) -> list[float] | None:
        """The rate of each group in the last update, or None where there was none since this scheduler was made."""
        self._catch_up()
        if self._clock.has_update(self._first_rate()):
            return self._last_lr
        if self._applied is None:
            return None
        rates = self._rates_in(self._applied)
        return [self._foreign.get(place, rate) for place, rate in enumerate(rates)]

    @property
    def update_applied(self) -> int | None:
        """The index of the last update, from 0, or None where there was none since this scheduler was made.

        It is a step of the schedule: of an epoch or a call, where it counts those.
        """
        self._catch_up()
        if self._clock.has_update(self._first_rate()):
            return self.last_epoch
        return self._applied_step

    @property
    def lr_next(self) -> list[float]:
        """The rate of each group in the next update, once `step()` has been called.

        Raises:
            StepError: The schedule has ended.
        """
        end = self.refusal()
        if end is not None:
            raise end
        return self._last_lr

    def refusal(self) -> StepError | None:
        """Return the error for the next update, where the schedule has ended."""
        return out_of_range(self.last_epoch, self._last) if self.last_epoch > self._last else None

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: the position, what it counts, and the schedule it is one of: fingerprint and text.

        Between an update and the call of `step()` that answers it, it has `updates` too: how many there were.
        """
        state: dict[str, Any] = {
            "last_epoch": self.last_epoch,
            "_step_count": self.last_epoch + 1,
            "fingerprint": self._fingerprint(),
            "spec": spec_text(self.schedule),
            "every": self.every,
        }
        updates = 0 if self._is_part or self.every == "call" else self._unanswered()
        return state | {"updates": updates} if updates else state

    def _fingerprint(self) -> str:
        return self.schedule.fingerprint

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the position of a checkpoint, and write the rate there into every group.

        Args:
            state_dict: The state of a scheduler of lrspec; what `lrspec.resume.state` returned; or the state of one of
                PyTorch's own schedulers, where it says its formula and that is the schedule's. Where the optimizer has
                applied another number of updates than such a one counts, a warning is raised.

        Raises:
            FingerprintError: The checkpoint is of another schedule; `lrspec.resume` says what may follow it.
            LrspecError: It counts something else, or is of a scheduler of PyTorch that has other rates.
            UnsupportedError: It is of one whose state does not say its rates, or of none.
        """
        is_ours = "fingerprint" in state_dict
        if is_ours and self._is_part and state_dict.get("last_epoch") == -1:
            step = check(state_dict | {"last_epoch": 0}, self.schedule, fingerprint=self._fingerprint()) - 1
        elif is_ours:
            step = check(state_dict, self.schedule, fingerprint=self._fingerprint())
        else:
            from lrspec.readers.torch import state as torch_state

            step = torch_state.position(state_dict, self._rates_at, self.schedule)
        every = state_dict.get("every", self.every)
        if every != self.every:
            raise LrspecError(f"a checkpoint that counts every {every}: expected every {self.every}")
        updates = checked_step(state_dict["updates"], "updates") if is_ours and "updates" in state_dict else 0
        if self._is_part:  # the whole knows which part is in force, and the optimizer's state has its rate
            self.last_epoch, self.written = step, None
            return
        self._go_to(step)
        self._start.load(None if is_ours else step, self._inner, self._clock)
        self._usual = None
        self._clock.resume(updates, self._first_rate())


def to_torch(
    schedule: Schedule, optimizer: torch.optim.Optimizer, *, step: int | None = None, every: Every = "update"
) -> ScheduleLR:
    """Return the scheduler that writes `schedule` into `optimizer`, with `step` updates already applied, or 0."""
    from lrspec.adapters.groups_torch import GroupedScheduleLR, is_grouped

    if is_grouped(schedule):
        schedule.require_rate("torch")
        return GroupedScheduleLR(optimizer, schedule, step, every)
    return ScheduleLR(optimizer, schedule, step, every)


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
def _step_in_python(scheduler: ScheduleLR, epoch: int | None) -> None:
    """Make the call between two compiled graphs."""
    scheduler.step(epoch)
