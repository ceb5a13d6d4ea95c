"""torchtitan's schedulers, as objects. It is not installed here: its function is written anew, in a module so named."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

import lrspec
from lrspec.readers.configs import read_config
from reader_rows import optimizer


def linear_warmup_stable_decay(
    current_step: int, warmup_steps: int, stable_steps: int, decay_steps: int, lr_decay_type: str, min_lr_factor: float
) -> float:
    """What torchtitan 0.1.0 to 0.3.0 multiply the rate by."""
    after, done = current_step + 1, warmup_steps + stable_steps
    if after <= warmup_steps:
        return after / warmup_steps
    if current_step < done:
        return 1.0
    x = (after - done) / decay_steps
    share = {"linear": 1 - x, "sqrt": 1 - math.sqrt(x), "cosine": 0.5 * (1 + math.cos(math.pi * x))}[lr_decay_type]
    return min_lr_factor + (1 - min_lr_factor) * share


def one_step_more(current_step: int, warmup_steps: int, **more: Any) -> float:
    """What checkouts before 0.1.0 did in the warmup."""
    if current_step < warmup_steps:
        return (current_step + 1) / (warmup_steps + 1)
    return linear_warmup_stable_decay(current_step, warmup_steps, **more)


class LRSchedulersContainer:
    def __init__(self, schedulers: list[LambdaLR]) -> None:
        self.schedulers = schedulers


LRSchedulersContainer.__module__ = "torchtitan.components.lr_scheduler"


def scheduler(kind: str = "cosine", function: Any = linear_warmup_stable_decay, **more: Any) -> LambdaLR:
    numbers = {"warmup_steps": 5, "stable_steps": 16, "decay_steps": 20, "min_lr_factor": 0.1, **more}
    function.__module__, function.__qualname__ = (
        "torchtitan.components.lr_scheduler",
        "f.<locals>.linear_warmup_stable_decay",
    )
    return LambdaLR(optimizer(0.5), partial(function, lr_decay_type=kind, **numbers))


@pytest.mark.parametrize("kind", ["linear", "sqrt", "cosine"])
@pytest.mark.parametrize("as_container", [False, True])
def test_an_object_and_its_config_are_one_schedule(kind: str, as_container: bool) -> None:  # noqa: FBT001
    native = scheduler(kind)
    reading = lrspec.read_native(LRSchedulersContainer([native, scheduler(kind)]) if as_container else native)
    section = {"warmup_steps": 5, "decay_ratio": 0.5, "decay_type": kind, "min_lr_factor": 0.1}
    config = {"lr_scheduler": section, "optimizer": {"lr": 0.5}, "training": {"steps": 40}}
    assert reading.schedule.fingerprint == read_config(config).schedule.fingerprint
    assert (reading.framework, reading.construct, reading.position) == ("torchtitan", kind, 0)


def test_a_scheduler_under_way_knows_its_position() -> None:
    native = scheduler()
    for _ in range(7):
        native.optimizer.step()
        native.step()
    assert lrspec.read_native(native).position == 7
    native.optimizer.param_groups[0]["lr"] = 0.3
    with pytest.raises(lrspec.MismatchError, match="at step 7"):
        lrspec.from_native(native)


def test_the_formula_before_the_first_release_is_no_match() -> None:
    with pytest.raises(lrspec.MismatchError, match="at step 0"):
        lrspec.from_native(scheduler(function=one_step_more))


def test_schedulers_that_differ_are_refused() -> None:
    with pytest.raises(lrspec.UnsupportedError, match="its schedulers differ"):
        lrspec.from_native(LRSchedulersContainer([scheduler("linear"), scheduler("cosine")]))


def test_groups_with_rates_of_their_own_are_groups() -> None:
    numbers = {"warmup_steps": 2, "stable_steps": 3, "decay_steps": 4, "min_lr_factor": 0.0, "lr_decay_type": "linear"}
    function = partial(scheduler().lr_lambdas[0].func, **numbers)
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in (0.5, 0.25)]
    reading = lrspec.read_native(LambdaLR(torch.optim.SGD(groups), function))
    assert isinstance(reading.schedule, lrspec.Document)
    assert [reading.schedule.group(i)["learning_rate"](1) for i in range(2)] == [0.5, 0.25]
