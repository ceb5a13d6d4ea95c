"""The position of real runs in PyTorch, and runs that are put at a step."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

import lrspec

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.01, steps=100)


def trained(optimizer: str, make: Any, updates: int, *, calls: int = 1, per_call: int = 1) -> tuple[Any, Any]:
    made = getattr(torch.optim, optimizer)([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(made)
    for update in range(updates):
        held = made.param_groups[0]["params"][0]
        held.grad = torch.ones_like(held)
        made.step()
        if (update + 1) % per_call == 0:
            for _ in range(calls):
                scheduler.step()
    return made, scheduler


NATIVE = {
    "ours": SCHEDULE.to_torch,
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 100),
    "sequential": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)], [5]
    ),
    "lambda": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step),
    "one cycle": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=100),
}


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_the_updates_of_a_run_are_found_in_its_objects_states_and_file(
    name: str, optimizer: str, tmp_path: Path
) -> None:
    made, scheduler = trained(optimizer, NATIVE[name], 17)
    states = {"optimizer": made.state_dict(), "scheduler": scheduler.state_dict(), "model": {"w": torch.zeros(2)}}
    torch.save(states, tmp_path / "run.pt")
    for run in (scheduler, scheduler.state_dict(), states, tmp_path / "run.pt", str(tmp_path / "run.pt")):
        assert lrspec.position(run).updates == 17
    if optimizer == "AdamW":
        assert lrspec.position(made).updates == lrspec.position(made.state_dict()).updates == 17
        assert dict(lrspec.position(scheduler).counters) == {"last_epoch": 17, "optimizer.step": 17}
    else:
        with pytest.raises(lrspec.ClockError, match="nothing in this SGD counts updates"):
            lrspec.position(made)


@pytest.mark.parametrize(("calls", "per_call", "last_epoch"), [(1, 6, 3), (2, 1, 36)], ids=["epochs", "processes"])
def test_a_scheduler_at_another_frequency_is_an_error_with_both_counters(
    calls: int, per_call: int, last_epoch: int
) -> None:
    _, scheduler = trained("AdamW", NATIVE["cosine"], 18, calls=calls, per_call=per_call)
    with pytest.raises(lrspec.ClockError, match=f"last_epoch is {last_epoch}, optimizer.step is 18") as caught:
        lrspec.position(scheduler)
    assert "say which one counts updates" in str(caught.value)
    assert lrspec.position(scheduler, counter="optimizer.step").updates == 18


@pytest.mark.parametrize("name", NATIVE)
def test_a_fresh_scheduler_is_put_at_a_step(name: str) -> None:
    _, there = trained("SGD", NATIVE[name], 17)
    made, scheduler = trained("SGD", NATIVE[name], 0)
    made.step()  # as far as PyTorch is concerned
    assert lrspec.set_position(scheduler, 17) is scheduler
    assert scheduler.last_epoch == 17
    assert scheduler.get_last_lr() == there.get_last_lr()
    if name != "ours":
        with pytest.raises(lrspec.ClockError, match="the scheduler is at step 17, past 3"):
            lrspec.set_position(scheduler, 3)


def test_an_optimizer_alone_cannot_be_put_at_a_step() -> None:
    with pytest.raises(lrspec.ClockError, match="give the scheduler"):
        lrspec.set_position(torch.optim.AdamW([torch.zeros(1)]), 3)


class Bomb:
    """What would run, were it unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("exploded",)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_file_that_would_execute_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"scheduler": Bomb()}, "run.pt")
    with pytest.raises(
        lrspec.UnsupportedError, match=r"run.pt is not supported: it holds objects that only unpickling"
    ):
        lrspec.position("run.pt")
    Path("plain.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(lrspec.UnsupportedError, match="only unpickling"):
        lrspec.position("plain.pt")
    assert not Path("exploded").exists()


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_damaged_file_is_an_error_that_names_it(kept: float, tmp_path: Path) -> None:
    torch.save({"scheduler": {"last_epoch": 3}, "w": torch.zeros(5000)}, tmp_path / "run.pt")
    content = (tmp_path / "run.pt").read_bytes()
    (tmp_path / "run.pt").write_bytes(content[: int(kept * len(content)) if kept < 1 else int(kept)])
    with pytest.raises(lrspec.LrspecError, match=r"run\.pt"):
        lrspec.position(tmp_path / "run.pt")
