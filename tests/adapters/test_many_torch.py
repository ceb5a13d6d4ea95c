"""PyTorch: thousands of schedulers in one process, and a thousand parameter groups with their own rates."""

from __future__ import annotations

import tracemalloc

import pytest
import torch

import lrspec
from lrspec.adapters.writing_torch import BLOCK


def stairs(place: int) -> lrspec.Node:
    """A schedule of its own for each place, which compiles in no time."""
    rates = [(place + 1) / 2**14, (place + 1) / 2**15, 0.0]
    return lrspec.PiecewiseConstant(boundaries=[3, 10 + place % 7], values=rates)


def optimizer() -> torch.optim.Optimizer:
    parameter = torch.zeros(1, requires_grad=True)
    parameter.grad = torch.ones(1)
    return torch.optim.SGD([parameter])


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.long)])
def test_each_of_thousands_of_schedulers_has_its_own_rate(count: int) -> None:
    nodes = [stairs(place) for place in range(count)]
    optimizers = [optimizer() for _ in nodes]
    schedulers = [node.to_torch(each) for node, each in zip(nodes, optimizers, strict=True)]
    for step in range(1, 20):
        for each, scheduler in zip(optimizers, schedulers, strict=True):
            each.step()
            scheduler.step()
        assert [each.param_groups[0]["lr"] for each in optimizers] == [node(step) for node in nodes]


def test_a_scheduler_keeps_little_of_what_is_ahead() -> None:
    """4 bytes for each value, and few of them as Python's numbers, which have 32; a process may have thousands."""
    nodes = [lrspec.Linear(init_value=1.0 + place, end_value=0.0, steps=10**6) for place in range(8)]
    schedulers = [node.to_torch(optimizer(), every="call") for node in nodes]
    tracemalloc.start()
    for _ in range(3 * BLOCK):
        for scheduler in schedulers:
            scheduler.step()
    used = tracemalloc.get_traced_memory()[0] / len(nodes)
    tracemalloc.stop()
    assert used < 12 * BLOCK


def test_a_thousand_groups_have_their_own_rates() -> None:
    lines = [lrspec.Linear(init_value=(place + 1) / 1024, end_value=0.0, steps=100) for place in range(1000)]
    groups = [{"learning_rate": lrspec.to_dict(line)["learning_rate"]} for line in lines]
    document = lrspec.from_dict({"lrspec": 1, "learning_rate": groups[0]["learning_rate"], "groups": groups})
    many = torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)]} for _ in lines])
    scheduler = document.to_torch(many, every="call")
    for step in range(1, 103):
        scheduler.step()
        if step in {1, 31, 32, 33, 64, 65, 99, 100, 102}:
            assert [group["lr"] for group in many.param_groups] == [line(step) for line in lines], step
