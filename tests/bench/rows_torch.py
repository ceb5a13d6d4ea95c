"""Rows of PyTorch: `scheduler.step()` beside PyTorch's own schedulers, rates in tensors, and training steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import lrspec
from bench.measure import Pair, Row
from bench.rows_host import COSINE, MILLION

_OFTEN = 300


def optimizer(groups: int) -> Any:
    """Return an optimizer with so many parameter groups."""
    import torch

    parameters = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)]
    return torch.optim.SGD(parameters, lr=0.1)


def started(optimizer: Any, scheduler: Any) -> Callable[[], None]:
    """Return what calls a scheduler often, as after updates: ours counts them, and is told so here."""
    optimizer.step()
    scheduler.step()
    clock = getattr(scheduler, "_clock", None)

    def often() -> None:
        for _ in range(_OFTEN):
            if clock is not None:
                clock.count = 1
            scheduler.step()

    return often


def one_rate(groups: int) -> Pair:
    """One schedule for all groups, beside `CosineAnnealingLR`."""
    from torch.optim.lr_scheduler import CosineAnnealingLR

    ours, native = optimizer(groups), optimizer(groups)
    theirs = started(native, CosineAnnealingLR(native, MILLION))
    return Pair(started(ours, COSINE.to_torch(ours)), theirs, per=_OFTEN)


def own_rates(groups: int) -> Pair:
    """A schedule of its own for each group, beside `LambdaLR` with as many functions."""
    from torch.optim.lr_scheduler import LambdaLR

    line = {"kind": "linear", "end_value": 0.0, "steps": MILLION}
    lines = [line | {"init_value": 0.1 + k / 8192} for k in range(groups)]
    document = lrspec.from_dict(
        {"lrspec": 1, "learning_rate": lines[0], "groups": [{"learning_rate": line} for line in lines]}
    )
    ours, native = optimizer(groups), optimizer(groups)
    functions = [lambda step: 1.0 - step / MILLION for _ in range(groups)]
    theirs = started(native, LambdaLR(native, functions))
    return Pair(started(ours, document.to_torch(ours)), theirs, per=_OFTEN)


def tensor_rate() -> Pair:
    """A rate that is a tensor, beside the filling of it alone."""
    import torch

    rate, other = torch.tensor(0.1), torch.tensor(0.1)
    ours = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)

    def fill() -> None:
        for _ in range(_OFTEN):
            other.fill_(0.05)

    return Pair(started(ours, COSINE.to_torch(ours)), fill, per=_OFTEN)


def training(*, compiled: bool) -> Pair:
    """Train a small MLP; where `compiled`, the step of the optimizer is, with a rate that is a tensor."""
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR

    torch.manual_seed(0)
    x, y = torch.randn(128, 64), torch.randn(128, 10)

    def run(make: Callable[[Any], Any]) -> Callable[[], None]:
        model = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.Tanh(), torch.nn.Linear(256, 10))
        rate = torch.tensor(0.1) if compiled else 0.1
        adam = torch.optim.AdamW(model.parameters(), lr=rate, foreach=False)
        scheduler = make(adam)
        update = torch.compile(adam.step) if compiled else adam.step

        def often() -> None:
            for _ in range(20):
                adam.zero_grad()
                ((model(x) - y) ** 2).mean().backward()
                update()
                scheduler.step()

        return often

    def native(adam: Any) -> Any:
        return CosineAnnealingLR(adam, MILLION)

    return Pair(run(COSINE.to_torch), run(native), run(native), per=20)


_TORCH = ("torch",)
ROWS = (
    *(
        Row(f"torch step, {groups} groups, one rate", "CosineAnnealingLR", partial(one_rate, groups), _TORCH, 0.25)
        for groups in (1, 50, 100)
    ),
    *(
        Row(f"torch step, {groups} groups, own rates", "LambdaLR", partial(own_rates, groups), _TORCH, 0.125)
        for groups in (1, 10, 100, 1000)
    ),
    Row("torch step, a tensor rate", "rate.fill_(value)", tensor_rate, _TORCH),
    Row("torch train step, eager", "CosineAnnealingLR", partial(training, compiled=False), _TORCH, unit="ms"),
    Row("torch train step, compiled", "CosineAnnealingLR", partial(training, compiled=True), _TORCH, unit="ms"),
)
