"""PyTorch in real processes: DDP and FSDP2 over gloo, another number of ranks after a resume, and ranks that differ."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

import lrspec
from lrspec.ranks import compare
from processes import environment, finished, free_port, leave
from torch_model import SCHEDULE, Falling

KINDS = ("ddp", "fsdp2")


def wrapped(kind: str, model: Any) -> Any:
    if kind == "ddp":
        return DistributedDataParallel(model)
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
    finished([sys.executable, __file__, str(tmp_path)], environment())
    assert [lrspec.position(tmp_path / f"{kind}.pt").updates for kind in KINDS] == [30, 30]


def test_a_rank_that_differs_is_named() -> None:
    with pytest.raises(lrspec.ClockError, match="rank 2 is at step 6 of a; the other 3 are at step 5 of a"):
        compare([("a", 5), ("a", 5), ("a", 6), ("a", 5)])
    lrspec.verify_ranks(SCHEDULE, 3, over="torch")  # a single process
    with pytest.raises(ValueError, match="over: found 'mpi', expected torch or jax"):
        lrspec.verify_ranks(SCHEDULE, 3, over="mpi")  # type: ignore[arg-type]


def rank_main(rank: int, ranks: int, port: int, folder: Path, start: int, stop: int) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    for each in KINDS:
        train(each, folder, start, stop)
    if ranks > 2:
        differ()
    leave(dist)


def main(folder: Path) -> None:
    """Train with two ranks and go on with three, in processes forked from one that has loaded torch."""
    context = multiprocessing.get_context("fork")
    for ranks, start, stop in ((2, 0, 15), (3, 15, 30)):
        port = free_port()
        started = [
            context.Process(target=rank_main, args=(rank, ranks, port, folder, start, stop)) for rank in range(ranks)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join()
        assert [process.exitcode for process in started] == [0] * ranks


if __name__ == "__main__":
    main(Path(sys.argv[1]))
