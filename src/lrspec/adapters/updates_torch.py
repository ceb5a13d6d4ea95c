"""PyTorch: the steps that an optimizer makes, told to the clocks of its schedulers."""

from __future__ import annotations

import functools
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch.compiler import is_dynamo_compiling
from torch.optim.optimizer import (
    _global_optimizer_post_hooks,
    _global_optimizer_pre_hooks,
    _use_grad_for_differentiable,
)


class Listener(Protocol):
    """Who is told of the steps."""

    def check(self, optimizer: Any) -> None:
        """Refuse a step that is about to be made."""

    def note(self, optimizer: Any) -> None:
        """Take in a step that was made."""


def innermost(optimizer: Any) -> Any:
    """Return the optimizer that a wrapper steps: the one, at any depth, that it shares its parameter groups with."""
    seen = {id(optimizer)}
    found = optimizer
    while found is not None:
        optimizer, found = found, None
        groups = optimizer.param_groups
        for inner in list(getattr(optimizer, "__dict__", {}).values()):
            if id(inner) not in seen and callable(getattr(type(inner), "step", None)) and _share(inner, groups):
                seen.add(id(inner))
                found = inner
                break
    return optimizer


def _share(inner: Any, groups: Any) -> bool:
    theirs = getattr(inner, "param_groups", None)
    return isinstance(theirs, list) and bool(theirs) and bool(groups) and theirs[0] is groups[0]


class Steps:
    """The steps of one optimizer, for the clocks of all the schedulers on it.

    Neither it nor they are compiled: parts of an optimizer's step may be, around the calls.

    Attributes:
        mark: Another object after each step that compiled code made, which must not count: it would be compiled again
            for each count.
        is_over: Whether the clocks are asked before each step, also in compiled code: a schedule may have ended.
        asks: Whether they are asked before the next: then, and before the first.
        is_within: Whether a step is being made.
        is_traced: Whether compiled code made a step, and no scheduler was called after it.
        is_told: Whether the clocks know of it, as they do where a hook was called: a scheduler may be in one.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = weakref.ref(optimizer)
        self.mark: list[None] = []
        self.is_over = False
        self.asks = True
        self.is_within = False
        self.is_told = False
        self.is_traced = False
        self._clocks: list[weakref.ref[Listener]] = []

    def add(self, clock: Listener) -> None:
        """Tell a clock from now on, for as long as it lives."""
        self._clocks = [*(reference for reference in self._clocks if reference() is not None), weakref.ref(clock)]
        self.asks = True

    @torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
    def begin(self, optimizer: Any) -> None:
        """Tell that a step is about to be made."""
        self.asks = self.is_over
        for reference in self._clocks:
            clock = reference()
            if clock is not None:
                clock.check(optimizer)

    @torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
    def end(self, optimizer: Any) -> None:
        """Tell that a step was made."""
        self.is_told = True
        for reference in self._clocks:
            clock = reference()
            if clock is not None:
                clock.note(optimizer)


def watched(optimizer: Any) -> Steps:
    """Return the steps of an optimizer, which are told from now on, by its method `step` and by its hooks.

    Neither is enough alone: some optimizers never call their hooks, or have none; and `step` may have been taken from
    the optimizer before, or be put back later. A `step` that calls the hooks, once or several times, is one.
    """
    found: Steps | None = getattr(optimizer, "_lrspec_steps", None)
    steps = Steps(optimizer) if found is None or found.optimizer() is not optimizer else found
    if steps is not found:
        optimizer._lrspec_steps = steps  # noqa: SLF001 - ours
        if isinstance(vars(optimizer).get("_optimizer_step_post_hooks"), Mapping):
            _hook(optimizer, steps)
    if getattr(optimizer.step, "lrspec_steps", None) is not steps:
        optimizer.step = _telling(optimizer, steps)
    return steps


def _hook(optimizer: Any, steps: Steps) -> None:
    def begin(optimizer: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG001 - what torch calls a hook with
        if is_dynamo_compiling():
            if steps.is_over:
                steps.begin(optimizer)
        elif steps.asks and not steps.is_within:
            steps.begin(optimizer)

    def end(optimizer: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG001 - what torch calls a hook with
        if is_dynamo_compiling():
            steps.mark = []
            steps.is_traced = True
        elif not (steps.is_within and steps.is_told):
            steps.end(optimizer)

    optimizer.register_step_pre_hook(begin)
    handle = optimizer.register_step_post_hook(end)
    hooks = optimizer._optimizer_step_post_hooks  # noqa: SLF001 - the only way to be the first, before a user's hooks
    if isinstance(hooks, OrderedDict):
        hooks.move_to_end(handle.id, last=False)


def _without_breaks(optimizer: Any) -> Any:
    """Return the method `step` of an optimizer of torch without what ends a graph there, or None where it has none.

    It switches gradients off between two breaks, so that the compiler sees no switch; which it has understood since.
    """
    outer = type(optimizer).step
    inner: Any = getattr(outer, "__wrapped__", None)
    if getattr(inner, "__code__", None) is not _USE_GRAD or getattr(optimizer, "defaults", {}).get("differentiable"):
        return None
    return inner.__wrapped__


_USE_GRAD = _use_grad_for_differentiable(lambda: None).__code__


def _has_ours_alone(optimizer: Any) -> bool:
    """Tell whether nobody else has a hook at an optimizer's step."""
    own = len(optimizer._optimizer_step_pre_hooks) + len(optimizer._optimizer_step_post_hooks)  # noqa: SLF001
    return own == 2 and not _global_optimizer_pre_hooks and not _global_optimizer_post_hooks


def _telling(optimizer: Any, steps: Steps) -> Any:
    """Return the method `step` of an optimizer, made to tell; it does not keep the optimizer alive."""
    patched = vars(optimizer).get("step")
    owner = weakref.ref(optimizer)

    whole = _without_breaks(optimizer) if patched is None else None

    def call(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        return type(optimizer).step(optimizer, *args, **kwargs) if patched is None else patched(*args, **kwargs)

    @functools.wraps(getattr(optimizer.step, "__func__", optimizer.step))
    def step(*args: Any, **kwargs: Any) -> Any:
        optimizer: Any = owner()
        optimizer._opt_called = True  # noqa: SLF001 - what torch's schedulers look for
        if is_dynamo_compiling():
            if steps.is_over:
                steps.begin(optimizer)
            if whole is not None and _has_ours_alone(optimizer):
                with torch.no_grad():
                    result = whole(optimizer, *args, **kwargs)
            else:
                result = call(optimizer, *args, **kwargs)
            steps.mark = []
            steps.is_traced = True
            return result
        if steps.is_within:
            return call(optimizer, *args, **kwargs)
        if steps.asks:
            steps.begin(optimizer)
        steps.is_within, steps.is_told = True, False
        try:
            result = call(optimizer, *args, **kwargs)
        finally:
            steps.is_within = False
        if not steps.is_told:
            steps.end(optimizer)
        return result

    step.lrspec_steps = steps  # type: ignore[attr-defined]
    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]  # noqa: SLF001 - as torch's schedulers mark theirs
    return step
