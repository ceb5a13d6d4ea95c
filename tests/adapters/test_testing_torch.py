"""What `lrspec.testing` does with PyTorch: native schedulers, recorded rates, the example project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

import example_project
import lrspec
from lrspec.errors import SpecError, UnsupportedError
from lrspec.testing import AppliedRates, assert_same_schedule
from lrspec.testing.frameworks import applied

COSINE = lrspec.Cosine(init_value=0.125, end_value=0.0, steps=50)
HALVED = lrspec.Exponential(init_value=0.5, decay_rate=0.5, decay_period=5, staircase=True)


def optimizer_of(rate: float, groups: int = 1) -> torch.optim.Optimizer:
    params = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate / (i + 1)} for i in range(groups)]
    return torch.optim.SGD(params)


def step(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def test_a_native_scheduler_is_run_on_a_copy() -> None:
    optimizer = optimizer_of(0.5)
    scheduler = lr_scheduler.StepLR(optimizer, 5, 0.5)
    assert_same_schedule(scheduler, HALVED, steps=40)
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (0, 0.5)
    with pytest.raises(AssertionError, match=r"15 of 20 steps differ: the first at step 5, by 8,388,608 ulps"):
        assert_same_schedule(scheduler, lrspec.Constant(value=0.5), steps=20)


def test_one_that_has_moved_goes_on_from_there() -> None:
    optimizer = optimizer_of(0.5)
    scheduler = lr_scheduler.StepLR(optimizer, 5, 0.5)
    for _ in range(7):
        step(optimizer)
        scheduler.step()
    with pytest.raises(SpecError, match="a StepLR at step 7"):
        assert_same_schedule(scheduler, HALVED, steps=40)
    assert_same_schedule(scheduler, HALVED, start=7, steps=40)


@pytest.mark.parametrize(
    "make",
    [
        lambda: lr_scheduler.ReduceLROnPlateau(optimizer_of(0.5)),
        lambda: lr_scheduler.StepLR(optimizer_of(0.5, groups=2), 5),
    ],
    ids=["by a metric", "two rates"],
)
def test_what_has_no_one_rate_by_step_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(UnsupportedError):
        assert_same_schedule(make(), HALVED, steps=10)


def test_ours_and_its_state_are_the_schedule() -> None:
    scheduler = COSINE.to_torch(optimizer_of(1.0))
    assert_same_schedule(scheduler, COSINE, steps=60)
    assert_same_schedule(scheduler.state_dict(), COSINE, steps=60)
    with pytest.raises(UnsupportedError, match="the state of a native scheduler"):
        assert_same_schedule(lr_scheduler.StepLR(optimizer_of(0.5), 5).state_dict(), HALVED, steps=9)


def test_applied_rates_are_recorded_until_the_test_ends() -> None:
    optimizer, rates = optimizer_of(1.0), AppliedRates()
    recorded = rates.torch(optimizer)
    scheduler = COSINE.to_torch(optimizer)
    for _ in range(30):
        step(optimizer)
        scheduler.step()
    assert_same_schedule(recorded, COSINE, steps=30)
    with pytest.raises(SpecError, match="an array of 30, expected 31 values"):
        assert_same_schedule(recorded, COSINE, steps=31)
    rates.close()
    step(optimizer)
    assert len(recorded.values) == 30


def test_a_tensor_on_the_device_is_an_array() -> None:
    assert_same_schedule(torch.tensor(COSINE.values(0, 20), requires_grad=True), COSINE)


def test_an_optimizer_applies_the_schedule() -> None:
    assert (applied("torch", COSINE, 0, 60) == COSINE.values(0, 60)).all()


def test_a_changed_number_turns_the_example_red(tmp_path: Path) -> None:
    assert example_project.CHANGED in example_project.red(tmp_path, "torch")
