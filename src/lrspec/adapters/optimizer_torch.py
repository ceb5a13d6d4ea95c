"""PyTorch: the numbers of an optimizer's parameter groups, as a scheduler writes them; and its new groups."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

_WIDE_ENOUGH = (torch.float32, torch.float64)
_HALF_ULP = 2.0**-24
_USERS: Any = WeakIdKeyDictionary()
"""Of each tensor that a scheduler writes, a reference to the optimizer that it is a number of."""


class Slot:
    """A tensor that a scheduler fills, for one parameter group or several.

    Attributes:
        tensor: The tensor.
        column: Which of the schedules it follows.
        value: What was written last.
        version: How often it had been written then.
    """

    __slots__ = ("column", "tensor", "value", "version")

    def __init__(self, tensor: torch.Tensor, column: int) -> None:
        self.tensor = tensor
        self.column = column
        self.value: float | None = None
        self.version = 0

    def is_untouched(self) -> bool:
        """Tell whether nobody else has written, without reading the tensor, which might wait for a device."""
        return _version(self.tensor) == self.version

    def fill(self, value: float) -> None:
        """Write a number."""
        self.tensor.fill_(value)
        self.value, self.version = value, _version(self.tensor)


def _version(tensor: torch.Tensor) -> int:
    """Return how often a tensor was written; one made in inference mode does not say it."""
    return -1 if tensor.is_inference() else int(tensor._version)  # noqa: SLF001 - torch's only name for it


class Numbers:
    """The numbers that one scheduler writes into an optimizer, where a plain assignment is not enough.

    A tensor stays where it is, and is filled: the first group that has it keeps it. Where another group follows another
    schedule, or a scheduler of another optimizer fills it too, this one gets a copy of its own. So does
    `optimizer.defaults`, so that a group that is added later begins with the number that the optimizer was made with.
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self._slots: dict[tuple[int, str], Slot] = {}
        self._by_tensor: dict[int, Slot] = {}

    def owns(self, tensor: object) -> bool:
        """Tell whether a tensor is one that was filled."""
        slot = self._by_tensor.get(id(tensor))
        return slot is not None and slot.tensor is tensor

    def slots(self) -> list[Slot] | None:
        """Return the slot of each group's rate, where each is a tensor of its own that tells its writes, else None."""
        places = range(len(self._optimizer.param_groups))
        found = [self._slots.get((place, "lr")) for place in places]
        known = [slot for slot in found if slot is not None and not slot.tensor.is_inference()]
        distinct = {id(slot.tensor) for slot in known}
        return known if known and len(distinct) == len(known) == len(places) else None

    def take(self, rates: list[float]) -> None:
        """Take the groups' rates, each a tensor, as filled with these: compiled code did."""
        for slot, rate in zip(self.slots() or (), rates, strict=False):
            slot.value, slot.version = rate, _version(slot.tensor)

    def found(self, place: int, key: str) -> float:
        """Return the number that a group holds; one that was filled, and not changed since, is not read."""
        held = standing(self._optimizer.param_groups[place], key)
        slot = self._slots.get((place, key))
        if slot is not None and slot.tensor is held and slot.value is not None and slot.is_untouched():
            return slot.value
        return float(held)

    def other(self, place: int, key: str, last: float | None) -> float | None:
        """Return the number that somebody else has written into a group since the scheduler did, if so.

        Args:
            place: The group's.
            key: The key in the group.
            last: What the scheduler wrote, or None where nothing is known to stand there.
        """
        held = standing(self._optimizer.param_groups[place], key)
        if last is None or held is last:
            return None
        slot = self._slots.get((place, key))
        if slot is not None and slot.tensor is held and slot.is_untouched():
            return None
        found = float(held)
        return None if abs(found - last) <= _HALF_ULP * abs(last) else found  # torch's schedulers round to float64

    def write(self, place: int, key: str, value: float, column: int = 0) -> None:
        """Write a number; in a tuple, such as Adam's `betas`, it is the first.

        Args:
            place: The group's.
            key: The key in the group.
            value: The number.
            column: Which of the schedules it is one of.

        Raises:
            TypeError: It is a tensor of fewer than 32 bits.
        """
        group = self._optimizer.param_groups[place]
        held = standing(group, key)
        if not isinstance(held, torch.Tensor):
            _put(group, key, value)
            return
        slot = self._slots.get((place, key))
        if slot is None or slot.tensor is not held or slot.column != column:
            slot = self._slots[place, key] = self._own(place, key, held, column)
        slot.fill(value)

    def _own(self, place: int, key: str, held: torch.Tensor, column: int) -> Slot:
        """Return a slot with the tensor that a group has to itself, or shares with those of the same schedule."""
        if held.dtype not in _WIDE_ENOUGH:
            what = "learning rate" if key == "lr" else key
            raise TypeError(f"a {what} of {held.dtype}: expected a tensor of float32 or float64")
        if self.owns(held):
            slot = self._by_tensor[id(held)]
            if slot.column == column:
                return slot
        if self.owns(held) or _is_of_another(held, self._optimizer):
            held = held.clone()
            _put(self._optimizer.param_groups[place], key, held)
        _spare_defaults(self._optimizer, key, held)
        _USERS[held] = weakref.ref(self._optimizer)
        slot = self._by_tensor[id(held)] = Slot(held, column)
        return slot


def fill(groups: list[dict[str, Any]], slots: list[Slot], values: Iterable[float]) -> int:
    """Fill the groups' rates, up to the first where it takes a closer look; return how many were filled."""
    done = 0
    for group, slot, value in zip(groups, slots, values, strict=False):
        tensor = slot.tensor
        if group["lr"] is not tensor or tensor._version != slot.version:  # noqa: SLF001 - torch's only name for it
            break
        tensor.fill_(value)
        slot.value, slot.version = value, tensor._version  # noqa: SLF001
        done += 1
    return done


def standing(group: dict[str, Any], key: str) -> Any:
    """Return what a parameter group holds under a key: of a tuple, such as Adam's `betas`, the first."""
    held = group[key]
    return held[0] if isinstance(held, tuple) and held else held


def _put(group: dict[str, Any], key: str, value: Any) -> None:
    group[key] = (value, *group[key][1:]) if isinstance(group[key], tuple) else value


def _is_of_another(tensor: torch.Tensor, optimizer: Any) -> bool:
    """Tell whether a scheduler writes a tensor as a number of another optimizer, which still has it."""
    reference = _USERS.get(tensor)
    other = None if reference is None else reference()
    if other is None or other is optimizer or other.param_groups is optimizer.param_groups:
        return False
    return any(standing(group, key) is tensor for group in other.param_groups for key in group)


def _spare_defaults(optimizer: Any, key: str, tensor: torch.Tensor) -> None:
    """Give `optimizer.defaults` a copy of a tensor that is about to be written."""
    defaults = getattr(optimizer, "defaults", {})
    if key in defaults and standing(defaults, key) is tensor:
        _put(defaults, key, tensor.clone())


def initial_rate(group: dict[str, Any]) -> float:
    """Return the rate that a parameter group began with, and keep it as torch does: a copy, under `initial_lr`."""
    rate = group["lr"]
    return float(group.setdefault("initial_lr", rate.clone() if isinstance(rate, torch.Tensor) else rate))


def watch(optimizer: torch.optim.Optimizer, scheduler: Any) -> None:
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


def _telling(optimizer: torch.optim.Optimizer, watchers: list[weakref.ref[Any]]) -> Any:
    held, patched = weakref.ref(optimizer), vars(optimizer).get("add_param_group")

    @functools.wraps(type(optimizer).add_param_group)
    def add_param_group(param_group: dict[str, Any]) -> None:
        owner: Any = held()
        add = patched or functools.partial(type(owner).add_param_group, owner)
        add(param_group)
        for watcher in watchers:
            scheduler = watcher()
            if scheduler is not None:
                scheduler.take_up(owner.param_groups[-1])

    add_param_group.watchers = watchers  # type: ignore[attr-defined]
    return add_param_group
