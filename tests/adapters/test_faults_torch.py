"""PyTorch: training that is killed 50 times, and what is said where a run goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import faults
import lrspec
from faults import SCHEDULE, UPDATES


def train(folder: Path, note: Callable[[int, float], None]) -> None:
    torch.set_num_threads(1)
    held = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([held], lr=1.0, momentum=0.0)
    scheduler: Any = SCHEDULE.to_torch(optimizer)
    if (folder / "run.pt").exists():
        states = torch.load(folder / "run.pt", weights_only=True)
        optimizer.load_state_dict(states["optimizer"])
        scheduler.load_state_dict(states["scheduler"])
    for step in range(scheduler.last_epoch, UPDATES):
        with torch.no_grad():
            held.zero_()
        held.grad = -torch.ones_like(held)
        optimizer.step()
        note(step, float(held.detach()))
        scheduler.step()
        if step % 4 == 3:
            states = {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
            faults.replaced(folder / "run.pt", partial(torch.save, states))


def test_a_run_that_is_killed_50_times_applies_every_rate_once(tmp_path: Path) -> None:
    faults.run(__file__, tmp_path, ["torch", "lrspec.adapters.torch"])


def test_a_step_that_goes_backwards_is_a_warning() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    scheduler = SCHEDULE.to_torch(optimizer)
    scheduler.step(20)
    with pytest.warns(UserWarning, match="from update 20 back to 7"):
        scheduler.step(7)
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(7)


@pytest.mark.parametrize(
    "state",
    [{}, {"last_epoch": 3}, {"fingerprint": 5, "last_epoch": 3}, {"fingerprint": SCHEDULE.fingerprint}, {"x": 1}],
    ids=str,
)
def test_a_state_that_is_none_is_an_error_and_changes_nothing(state: dict[str, Any]) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    scheduler: Any = SCHEDULE.to_torch(optimizer, step=20)
    with pytest.raises(lrspec.LrspecError):
        scheduler.load_state_dict(state)
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (20, SCHEDULE(20))
