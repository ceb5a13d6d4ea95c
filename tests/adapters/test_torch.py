"""PyTorch: the scheduler as a scheduler."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
)

import lrspec
from lrspec.adapters.tensors_torch import TorchArrays, evaluator
from lrspec.device import on_device, value_table

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


def optimizer_with(rate: float | torch.Tensor, groups: int = 1) -> torch.optim.SGD:
    parameters = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(groups)]
    return torch.optim.SGD(parameters, lr=rate)


def run(optimizer: torch.optim.Optimizer, scheduler: LRScheduler, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def test_it_is_a_scheduler_and_every_group_follows() -> None:
    optimizer = optimizer_with(1.0, groups=3)
    scheduler = SCHEDULE.to_torch(optimizer)
    assert isinstance(scheduler, LRScheduler)
    assert run(optimizer, scheduler, 120) == [SCHEDULE(t) for t in range(120)]
    assert scheduler.get_last_lr() == [SCHEDULE(120)] * 3 == [group["lr"] for group in optimizer.param_groups]


def test_a_resumed_run_goes_on_bit_for_bit() -> None:
    optimizer = optimizer_with(1.0)
    scheduler = SCHEDULE.to_torch(optimizer)
    run(optimizer, scheduler, 37)
    file = io.BytesIO()
    torch.save(scheduler.state_dict(), file)
    file.seek(0)
    fresh = optimizer_with(1.0)
    resumed = SCHEDULE.to_torch(fresh)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert run(fresh, resumed, 50) == [SCHEDULE(t) for t in range(37, 87)]
    other = optimizer_with(1.0)
    assert run(other, SCHEDULE.to_torch(other, step=37), 50) == [SCHEDULE(t) for t in range(37, 87)]


def test_a_checkpoint_of_another_schedule_is_refused() -> None:
    state = lrspec.Constant(value=0.1).to_torch(optimizer_with(1.0)).state_dict()
    with pytest.raises(lrspec.LrspecError, match="a checkpoint of schedule sha256:"):
        SCHEDULE.to_torch(optimizer_with(1.0)).load_state_dict(state)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_rate_is_written_in_place(dtype: torch.dtype) -> None:
    rate = torch.tensor(1.0, dtype=dtype)
    optimizer = optimizer_with(rate)
    scheduler = SCHEDULE.to_torch(optimizer)
    assert run(optimizer, scheduler, 20) == [SCHEDULE(t) for t in range(20)]
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.dtype == dtype
    assert scheduler.get_last_lr() == [SCHEDULE(20)]


def test_a_tensor_rate_that_cannot_hold_float32_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a learning rate of torch.bfloat16: expected a tensor of float32 or float64"):
        SCHEDULE.to_torch(optimizer_with(torch.tensor(1.0, dtype=torch.bfloat16)))


def test_stepping_before_the_optimizer_warns() -> None:
    scheduler = SCHEDULE.to_torch(optimizer_with(1.0))
    with pytest.warns(UserWarning, match="has applied no update yet"):
        scheduler.step()


def test_schedules_copy_and_pickle_after_use() -> None:
    SCHEDULE(3)
    assert pickle.loads(pickle.dumps(SCHEDULE)) == copy.deepcopy(SCHEDULE) == SCHEDULE  # noqa: S301 - our own bytes


def test_programs_run_on_tensors() -> None:
    steps = torch.arange(0, 200)
    got = on_device(SCHEDULE.program, steps, TorchArrays(steps.device))
    assert got.tolist() == [SCHEDULE(t) for t in range(200)]


@pytest.mark.parametrize("length", [1000, 1_000_000], ids=["table", "polynomials"])
def test_a_program_is_exported_in_one_graph(length: int) -> None:
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=length)
    assert (value_table(schedule.program) is not None) == (length == 1000)
    steps = torch.tensor([-(2**63), -1, 0, 1, 999, 1000, 500_000, 2**31 - 1, 2**31, 2**63 - 1])
    exported = torch.export.export(evaluator(schedule.program), (steps,))
    stored = io.BytesIO()
    torch.export.save(exported, stored)
    stored.seek(0)
    found = torch.export.load(stored).module()(steps)
    assert found.tolist() == [schedule(min(max(int(step), 0), 2**31 - 1)) for step in steps]


def sequential(optimizer: torch.optim.Optimizer) -> LRScheduler:
    return SequentialLR(optimizer, [LinearLR(optimizer, 0.1, 1, 10), CosineAnnealingLR(optimizer, 50)], [10])


def test_from_native_returns_the_schedule_itself() -> None:
    own = SCHEDULE.to_torch(optimizer_with(0.1))
    assert lrspec.from_native(own) is SCHEDULE
