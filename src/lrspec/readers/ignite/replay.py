"""A parameter scheduler of pytorch-ignite played again from its beginning: on a copy, without the object's optimizer.

Cyclical schedulers change their own parameters at the end of each cycle; what they began with is found here too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.torch.replay import Groups

MOST = 100_000
"""How many events are played at most."""


refused = partial(UnsupportedError, "ignite")
"""The error that refuses a construct of ignite: of its name, and why."""


def is_cyclical(scheduler: Any) -> bool:
    """Tell whether a scheduler is one of those with cycles."""
    return hasattr(scheduler, "cycle_size") and hasattr(scheduler, "cycle_mult")


def is_wrapper(scheduler: Any) -> bool:
    """Tell whether a scheduler wraps one of torch."""
    return hasattr(scheduler, "lr_scheduler")


def torch_of(wrapper: Any) -> Any:
    """Return the scheduler of torch in a wrapper, which may hold it in another one."""
    return getattr(wrapper.lr_scheduler, "_lr_scheduler", wrapper.lr_scheduler)


class Player:
    """The values that a copy of a scheduler sets, event by event.

    Args:
        scheduler: The scheduler, of which nothing is changed.
        parameter: The name of what it drives.
        groups: The optimizer's parameter groups, before the scheduler.
    """

    def __init__(self, scheduler: Any, parameter: str, groups: list[dict[str, Any]]) -> None:
        self._groups = [
            {key: value for key, value in group.items() if key not in {"params", "param_names"}} for group in groups
        ]
        self._parameter = parameter
        self._make: Callable[[], Any] = lambda: fresh(scheduler, Groups(self._groups))
        self._copy: Any = None
        self._rows: list[list[float]] = []

    def __call__(self, step: int) -> list[float]:
        """Return what each group has at an event, played up to there."""
        if self._copy is None:
            self._copy = self._make()
        while len(self._rows) <= step:
            self._copy(None)
            self._rows.append([float(group[self._parameter]) for group in self._groups])
        return self._rows[step]


def fresh(scheduler: Any, optimizer: Any) -> Any:
    """Return a scheduler as it was before its first event, with another optimizer."""
    kind = type(scheduler)
    copy: Any = object.__new__(kind)
    copy.__dict__.update(vars(scheduler))
    if hasattr(scheduler, "schedulers"):
        copy.schedulers = [fresh(child, optimizer) for child in scheduler.schedulers]
        copy.optimizer = optimizer if hasattr(scheduler, "durations") else [optimizer] * len(copy.schedulers)
        if hasattr(scheduler, "durations"):
            copy.event_index, copy._scheduler_index = 0, 0  # noqa: SLF001 - where its own constructor begins
            copy._setup_scheduler()  # noqa: SLF001
        return copy
    copy.optimizer, copy.event_index = optimizer, 0
    if is_cyclical(scheduler):
        copy.__dict__.update(begun(scheduler), cycle=0)
        copy.total_cycle_size = copy.cycle_size + copy.warmup_duration
    elif is_wrapper(scheduler):
        inner = _fresh_torch(torch_of(scheduler), optimizer)
        inner.last_epoch += ahead_of(scheduler)
        copy.lr_scheduler = inner
        if torch_of(scheduler) is not scheduler.lr_scheduler:
            copy.lr_scheduler = object.__new__(type(scheduler.lr_scheduler))
            copy.lr_scheduler._lr_scheduler = inner  # noqa: SLF001 - kept nowhere else
    elif hasattr(scheduler, "_index"):
        copy._index = 0  # noqa: SLF001
    return copy


def ahead_of(wrapper: Any) -> int:
    """Return by how many steps the torch scheduler in a wrapper was ahead of the events when it was made."""
    if torch_of(wrapper) is not wrapper.lr_scheduler:
        return 0  # it counts its cycles, not its epochs
    return int(wrapper.lr_scheduler.last_epoch) - int(wrapper.event_index)


def _fresh_torch(scheduler: Any, optimizer: Any) -> Any:
    """Return a scheduler of torch as its constructor leaves it, and the groups at its first rate."""
    copy: Any = object.__new__(type(scheduler))
    copy.__dict__.update({key: value for key, value in vars(scheduler).items() if key != "optimizer"})
    copy.optimizer, copy.last_epoch = optimizer, -1
    if hasattr(copy, "T_0"):
        copy.T_i, copy.T_cur = copy.T_0, -1
    for group, base in zip(optimizer.param_groups, scheduler.base_lrs, strict=True):
        group["lr"] = base
    copy._initial_step()  # noqa: SLF001 - what the constructor calls
    return copy


def begun(scheduler: Any) -> dict[str, Any]:
    """Return the parameters that a cyclical scheduler began with: values and lengths of its first cycle.

    Raises:
        UnsupportedError: They cannot be found in what the scheduler is now.
    """
    name, cycle = type(scheduler).__name__, int(scheduler.cycle)
    in_warmup = scheduler.event_index > scheduler.cycle_size
    return {
        "start_value": _undone(name, scheduler.start_value, scheduler.start_value_mult, cycle + in_warmup),
        "end_value": _undone(name, scheduler.end_value, scheduler.end_value_mult, cycle),
        "cycle_size": _length_before(name, scheduler.cycle_size, scheduler.cycle_mult, cycle),
        "warmup_duration": _length_before(name, scheduler.warmup_duration, scheduler.cycle_mult, cycle),
    }


def _undone(name: str, value: float, factor: float, times: int) -> float:
    if times == 0 or factor == 1:
        return float(value)
    if factor == 0:
        raise refused(
            name, f"in cycle {times} its first value is lost, for it was multiplied by 0; read it before that"
        )
    return float(Fraction(value) / Fraction(factor) ** times)


def _length_before(name: str, length: int, factor: float, cycles: int) -> int:
    """Return the length that has grown to this one, each time cut to a whole number."""
    if cycles == 0 or factor == 1 or length == 0:
        return int(length)
    guess = math.floor(length / float(factor) ** cycles)
    fits = [
        first for first in range(max(guess - 1, 1), guess + 3 + 2 * cycles) if grown(first, factor, cycles) == length
    ]
    if len(fits) != 1:
        reason = f"the first cycle's length is lost: {len(fits)} of them grow to {length} in {cycles} cycles"
        raise refused(name, f"{reason}; read it in its first cycle")
    return fits[0]


def grown(length: int, factor: float, cycles: int) -> int:
    """Return a length after so many cycles, as ignite computes it."""
    for _ in range(cycles):
        length = int(length * factor)
    return length


def position_of(scheduler: Any) -> int:
    """Return the number of events so far."""
    if hasattr(scheduler, "durations"):
        index = int(scheduler._scheduler_index)  # noqa: SLF001 - kept nowhere else
        durations = [*scheduler.durations, -1]
        return int(sum(durations[:index])) + int(durations[index] - scheduler._current_duration)  # noqa: SLF001
    if hasattr(scheduler, "schedulers"):
        return position_of(scheduler.schedulers[0])
    events = int(scheduler.event_index)
    if is_cyclical(scheduler) and scheduler.cycle:
        found = begun(scheduler)
        for cycle in range(int(scheduler.cycle)):
            events += grown(found["cycle_size"], scheduler.cycle_mult, cycle)
            events += grown(found["warmup_duration"], scheduler.cycle_mult, cycle)
    return events
