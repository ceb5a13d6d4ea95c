"""Accelerate: accumulated gradients, and a schedule that does not run faster with more processes."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from processes import environment, finished, free_port, leave
from torch_model import SCHEDULE, Applied, Falling, rates


def train(accelerator: Any, batches: int) -> tuple[list[float], Any]:
    """Train, stepping the schedule after every micro-batch, as Accelerate's own examples do."""
    model = Falling()
    optimizer = Applied(model.parameters(), lr=1.0)
    scheduler = SCHEDULE.to_torch(optimizer)
    loader = torch.utils.data.DataLoader(torch.ones(batches * accelerator.num_processes, 1), batch_size=1)
    prepared, wrapped, loader, stepping = accelerator.prepare(model, optimizer, loader, scheduler)
    for x in loader:
        with accelerator.accumulate(prepared):
            accelerator.backward(prepared(x)["loss"])
            wrapped.step()
            stepping.step()
            wrapped.zero_grad()
    return optimizer.applied, scheduler


@pytest.mark.parametrize("accumulated", [1, 4])
def test_each_update_has_the_rate_of_its_index(accumulated: int) -> None:
    applied, scheduler = train(Accelerator(cpu=True, gradient_accumulation_steps=accumulated), 24 * accumulated)
    assert applied == rates(range(24))
    assert scheduler.last_epoch == 24


@pytest.mark.filterwarnings("ignore:scheduler.step.. was called, and the optimizer has applied no update yet")
@pytest.mark.parametrize("accumulated", [1, 4])
def test_a_scheduler_of_the_prepared_optimizer_has_the_rate_of_each_update(accumulated: int) -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulated)
    model = Falling()
    plain = Applied(model.parameters(), lr=1.0)
    model, optimizer = accelerator.prepare(model, plain)
    torch.optim.lr_scheduler.StepLR(optimizer, 2)  # torch's own schedulers take it
    scheduler = SCHEDULE.to_torch(optimizer)
    for _ in range(12 * accumulated):
        with accelerator.accumulate(model):
            accelerator.backward(model(torch.ones(1))["loss"])
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    assert plain.applied == rates(range(12))
    assert scheduler.last_epoch == 12


def main() -> None:
    """Train as one of several processes; the values of each are compared by the test."""
    applied, scheduler = train(Accelerator(cpu=True), 24)
    assert applied == rates(range(24)), applied
    assert scheduler.last_epoch == 24


@pytest.mark.parametrize("processes", [2])
def test_several_processes_do_not_make_the_schedule_faster(processes: int) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
    finished([*command, "--master-port", str(free_port()), __file__], environment(ACCELERATE_USE_CPU="true"))


if __name__ == "__main__":
    main()
    leave(torch.distributed)
