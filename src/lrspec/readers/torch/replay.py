"""A scheduler of PyTorch stepped again from its beginning: on a copy, in float64, without the object's optimizer."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.torch.description import as_float

MODULES = {"torch.optim.lr_scheduler", "torch.optim.swa_utils"}


@dataclass(frozen=True, kw_only=True)
class Played:
    """What the copy gave at the steps 0, 1, ...: for each parameter group its rates, and its momenta if they cycle."""

    rates: list[list[float]]
    momenta: list[list[float]]


class _Step:
    """The `step` of an optimizer, as a scheduler looks at it: one that has been called, so that it does not warn."""

    _wrapped_by_lr_sched = True
    _with_counter = True

    def __call__(self) -> None:
        """Do nothing."""


class Groups:
    """What a scheduler asks of its optimizer: its parameter groups, with no optimizer behind them."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = groups
        self.defaults: dict[str, Any] = {}
        self.step = _Step()
        self._opt_called = True


def group_rate(native: Any, group: int, key: str) -> float:
    """Return what the optimizer's group holds under a key: `initial_lr`, which schedulers keep there, or `lr`."""
    held = native.optimizer.param_groups[group]
    return as_float(held[key] if key in held else held["lr"])


def class_of(native: Any) -> str:
    """Return the name of a scheduler's class; with its module where it is not torch's own."""
    kind = type(native)
    return kind.__name__ if kind.__module__ in MODULES else f"{kind.__module__}.{kind.__qualname__}"


def leaves(native: Any) -> Iterator[Any]:
    """Yield the schedulers that have none inside: of a chain or a sequence its children's, else the scheduler."""
    inside = getattr(native, "_schedulers", None)
    if inside is None:
        yield native
    for child in inside or ():
        yield from leaves(child)


def is_chain(native: Any) -> bool:
    """Tell whether a scheduler steps several others at once: one of torch, or derived from it."""
    return hasattr(native, "_schedulers") and not hasattr(native, "_milestones")


def cycles_momentum(native: Any) -> bool:
    """Tell whether a scheduler, or one inside it, drives the momentum too."""
    return any(getattr(leaf, "cycle_momentum", False) for leaf in leaves(native))


def replay(native: Any, name: str, starts: list[float], steps: int) -> Played:
    """Return what a scheduler gives at the steps 0 to `steps - 1`, where it is built anew and stepped.

    Args:
        native: The scheduler, of which nothing is changed.
        name: Its name, for errors.
        starts: The rate of each group before the scheduler is built.
        steps: How many steps.

    Raises:
        UnsupportedError: The scheduler itself fails on the way.
    """
    groups = _copied(native, starts)
    played = Played(rates=[[] for _ in groups], momenta=[[] for _ in groups])
    step = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copy = _fresh(native, Groups(groups))
            for step in range(steps):
                if step:
                    copy.step()
                _note(played, groups, momentum=cycles_momentum(native))
    except Exception as error:
        reason = f"the object itself fails at step {step}: {type(error).__name__}: {error}"
        raise UnsupportedError("torch", name, reason) from error
    return played


def jump(native: Any, starts: list[float], steps: Sequence[int], before: Sequence[Sequence[float]]) -> Played | None:
    """Return what a scheduler gives at some steps, each of them one step from rates that are given; None if it cannot.

    Args:
        native: The scheduler, of which nothing is changed.
        starts: The rate of each group before the scheduler is built.
        steps: The steps, from 1 on.
        before: For each group, its rates one step before each of `steps`.
    """
    groups = _copied(native, starts)
    played = Played(rates=[[] for _ in groups], momenta=[[] for _ in groups])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copy = _fresh(native, Groups(groups))
        for i, step in enumerate(steps):
            if not _place(copy, step - 1):
                return None
            for group, rates in zip(groups, before, strict=True):
                group["lr"] = rates[i]
            copy.step()
            _note(played, groups, momentum=cycles_momentum(native))
    return played


def _place(copy: Any, step: int) -> bool:
    """Put a copy at a step, as if it had come there, and tell whether that can be done."""
    name, inside = class_of(copy), getattr(copy, "_schedulers", None)
    if is_chain(copy):
        return all([_place(child, step) for child in copy._schedulers])  # noqa: C419, SLF001 - each of them, in any case
    copy.last_epoch, copy._step_count = step, step + 1  # noqa: SLF001 - SWALR counts by it
    if name == "SequentialLR":
        place = bisect_right(copy._milestones, step)  # noqa: SLF001
        begin = copy._milestones[place - 1] if place else 0  # noqa: SLF001
        child = copy._schedulers[place]  # noqa: SLF001
        return not hasattr(child, "_schedulers") and _place(child, step - begin)
    if hasattr(copy, "T_cur"):
        copy.T_cur, copy.T_i = (step, copy.T_0) if copy.T_mult > 1 else (step % copy.T_0, copy.T_0)
        while copy.T_cur >= copy.T_i:
            copy.T_cur, copy.T_i = copy.T_cur - copy.T_i, copy.T_i * copy.T_mult
    return inside is None


def _copied(native: Any, starts: list[float]) -> list[dict[str, Any]]:
    groups = zip(native.optimizer.param_groups, starts, strict=True)
    return [{**_numbers(group), "lr": start} for group, start in groups]


def _note(played: Played, groups: list[dict[str, Any]], *, momentum: bool) -> None:
    for group, rates, momenta in zip(groups, played.rates, played.momenta, strict=True):
        rates.append(as_float(group["lr"]))
        if momentum:
            momenta.append(as_float(group["betas"][0] if "betas" in group else group["momentum"]))


def _numbers(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group without its parameters, and with floats where tensors of one number stand."""
    return {key: _plain(value) for key, value in group.items() if key not in {"params", "param_names"}}


def _plain(value: Any) -> Any:
    if type(value) is dict:
        return {key: _plain(one) for key, one in value.items()}
    if type(value) in {tuple, list}:
        return type(value)(map(_plain, value))
    return value.item() if hasattr(value, "item") and math.prod(value.shape) == 1 else value


def _fresh(native: Any, optimizer: Groups) -> Any:
    """Return a scheduler as its constructor would leave it, with another optimizer."""
    kind = type(native)
    copy: Any = object.__new__(kind)
    inside = getattr(native, "_schedulers", None)
    if inside is not None:
        children = [_fresh(child, optimizer) for child in inside]
        if hasattr(native, "_milestones"):
            kind.__init__(copy, optimizer, children, list(native._milestones))  # noqa: SLF001 - kept nowhere else
        else:
            kind.__init__(copy, children)
        return copy
    copy.__dict__.update({key: _plain(value) for key, value in vars(native).items() if key != "optimizer"})
    copy.optimizer = optimizer
    copy.last_epoch = -1
    if hasattr(native, "T_cur"):
        copy.T_cur, copy.T_i = -1, native.T_0
    copy._initial_step()  # noqa: SLF001 - what the constructor calls
    return copy
