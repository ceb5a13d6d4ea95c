"""PyTorch: what a scheduler asks of an optimizer: the updates applied, its new groups, a place for each value."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import torch

_WIDE_ENOUGH = (torch.float32, torch.float64)


class Updates:
    """Counts the updates that an optimizer applies from now on.

    A step that `GradScaler` skips is none: it does not call the optimizer, or, where the optimizer is fused, hands it
    the flag `found_inf`. A `step` that calls the `step` of its base class is one, though PyTorch may call the hooks of
    both: it does as soon as there is an optimizer of the base class.

    Args:
        optimizer: The optimizer.
        owner: What the counting is for; it ends with it.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, owner: object) -> None:
        self.count = 0
        self._has_begun = False

        @torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
        def begin(optimizer: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG001 - what torch calls a hook with
            self._has_begun = True

        @torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
        def count(optimizer: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG001 - what torch calls a hook with
            found_inf = getattr(optimizer, "found_inf", None)
            if self._has_begun and (found_inf is None or not found_inf.item()):
                self.count += 1
            self._has_begun = False

        for handle in (optimizer.register_step_pre_hook(begin), optimizer.register_step_post_hook(count)):
            weakref.finalize(owner, handle.remove)


def wrong_frequency(every: str, applied: int) -> str | None:
    """Return what is wrong with a call of `scheduler.step()` after so many updates since the last one, or None."""
    if every == "update" and applied > 1:
        return (
            f"scheduler.step() was called after {applied} updates, during which the rate stood still: call it after "
            "each optimizer.step(), or, where the schedule counts epochs, make it with every='epoch'"
        )
    if every == "epoch" and applied == 1:
        return (
            "scheduler.step() was called after one update, and the schedule counts epochs: call it at the end of each "
            "epoch, or, where the schedule counts updates, make it with every='update'"
        )
    return None


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
