"""PyTorch in real processes: DDP and FSDP2 over gloo, another number of ranks after a resume, and ranks that differ."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import lrspec
from lrspec.ranks import compare
from processes import torchrun
from torch_model import SCHEDULE, Falling

KINDS = ("ddp", "fsdp2")


def wrapped(kind: str, model: Any) -> Any:
    if kind == "ddp":
        return DistributedDataParallel(model)
    from torch.distributed.fsdp import fully_shard

    return fully_shard(model)


def weight_of(model: Any) -> torch.Tensor:
    (held,) = model.parameters()
    return held.full_tensor() if hasattr(held, "full_tensor") else held


def train(kind: str, folder: Path, start: int, stop: int) -> None:
    """Train from a checkpoint at `start` up to `stop`; every rank compares what it applied with the schedule."""
    model = wrapped(kind, Falling())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler: Any = SCHEDULE.to_torch(optimizer)
    if start:
        scheduler.load_state_dict(torch.load(folder / f"{kind}.pt", weights_only=True))
    for step in range(start, stop):
        optimizer.zero_grad()
        before = weight_of(model).detach().clone()
        model(torch.ones(1))["loss"].backward()
        optimizer.step()
        applied = weight_of(model).detach() - before
        assert abs(float(applied) - SCHEDULE(step)) <= 2.0**-22  # the weight is not 0, so that the sum is rounded
        assert optimizer.param_groups[0]["lr"] == SCHEDULE(step)
        scheduler.step()
        lrspec.verify_ranks(scheduler.schedule, scheduler.last_epoch, over="torch")
    if dist.get_rank() == 0:
        torch.save(scheduler.state_dict(), folder / f"{kind}.pt")
    dist.barrier()


def differ() -> None:
    """Every rank raises, and names the rank that differs."""
    rank = dist.get_rank()
    with pytest.raises(lrspec.ClockError, match="rank 1 is at step 6 of"):
        lrspec.verify_ranks(SCHEDULE, 5 + (rank == 1), over="torch")
    with pytest.raises(lrspec.ClockError, match="rank 1 is at step 5 of"):
        lrspec.verify_ranks(SCHEDULE if rank != 1 else lrspec.Constant(value=1.0), 5, over="torch")


def test_every_rank_applies_the_bits_and_a_run_goes_on_with_another_number_of_ranks(tmp_path: Path) -> None:
    torchrun(__file__, str(tmp_path), "0", "15", processes=2)
    torchrun(__file__, str(tmp_path), "15", "30", processes=3)
    assert [lrspec.position(tmp_path / f"{kind}.pt").updates for kind in KINDS] == [30, 30]


def test_a_rank_that_differs_is_named() -> None:
    with pytest.raises(lrspec.ClockError, match="rank 2 is at step 6 of a; the other 3 are at step 5 of a"):
        compare([("a", 5), ("a", 5), ("a", 6), ("a", 5)])
    lrspec.verify_ranks(SCHEDULE, 3, over="torch")  # a single process
    with pytest.raises(ValueError, match="over: found 'mpi', expected torch or jax"):
        lrspec.verify_ranks(SCHEDULE, 3, over="mpi")  # type: ignore[arg-type]


if __name__ == "__main__":
    dist.init_process_group("gloo")
    for each in KINDS:
        train(each, Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    if dist.get_world_size() > 2:
        differ()
    dist.destroy_process_group()
