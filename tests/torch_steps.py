"""Schedulers of torch on real optimizers, stepped: for the tests of reading them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import lrspec

Make = Callable[[Any], Any]
VERSION = tuple(map(int, torch.__version__.split(".")[:2]))


def optimizer_with(*rates: Any, names: tuple[str, ...] = (), kind: Any = torch.optim.SGD) -> Any:
    """Return an optimizer with a group for each rate."""
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates or (0.1,)]
    for group, name in zip(groups, names, strict=False):
        group["name"] = name
    return kind(groups, **({"momentum": 0.9} if kind is torch.optim.SGD else {}))


def stepped(scheduler: Any, optimizer: Any, steps: int) -> Any:
    """Return a scheduler after some steps of it and of its optimizer."""
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
    return scheduler


def rates_of(make: Make, steps: int, *rates: float) -> list[list[float]]:
    """Return the rates of each group at each step, of an object that is stepped."""
    optimizer = optimizer_with(*rates)
    scheduler = make(optimizer)
    found: list[list[float]] = [[] for _ in optimizer.param_groups]
    for step in range(steps):
        stepped(scheduler, optimizer, 1 if step else 0)
        for held, group in zip(found, optimizer.param_groups, strict=True):
            held.append(group["lr"])
    return found


def read(make: Make, steps: int = 0, *, sample: int | None = None) -> lrspec.Reading:
    """Return the reading of an object after some steps."""
    optimizer = optimizer_with()
    return lrspec.read_native(stepped(make(optimizer), optimizer, steps), sample=sample)


def assert_same(schedule: lrspec.Schedule, make: Make, steps: int) -> None:
    """Assert that a schedule is what an object gives."""
    for step, rate in enumerate(rates_of(make, steps)[0]):
        assert abs(schedule.exact(step) - rate) < 1e-13
