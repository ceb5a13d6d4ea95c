"""Trains as one of two processes in every situation of the table: `distributed.py rank folder`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import PostLocalSGDOptimizer, ZeroRedundancyOptimizer

from client_table import Plan, Rates, Train, record
from distributed_cells import CELLS
from processes import leave
from table_accelerate import accelerated
from table_torch import SCHEDULERS, AdamW, groups, loop, net, trainer


def data_parallel() -> Any:
    return torch.nn.parallel.DistributedDataParallel(net())


def sharded(kind: Any, plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train with FSDP2, whose state goes through `torch.distributed.checkpoint`: it steps the optimizer to make one."""
    model = net()
    mesh = init_device_mesh("cpu", (2,))
    for part in (*model, model):
        fully_shard(part, mesh=mesh)
    optimizer = kind(groups(plan, model))
    scheduler = make(plan, optimizer)
    if plan.order:
        of_model, of_optimizer = get_state_dict(model, optimizer)
        state = {"model": of_model, "optimizer": of_optimizer, "scheduler": scheduler.state_dict()}
        if batches.start:
            dcp.load(state, checkpoint_id=folder)
            for name in plan.order:
                if name == "scheduler":
                    scheduler.load_state_dict(state["scheduler"])
                else:
                    set_state_dict(
                        model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
                    )
    optimizer.applied.clear()
    loop(plan, batches, model, optimizer, scheduler)
    applied = list(optimizer.applied)
    if plan.order:
        of_model, of_optimizer = get_state_dict(model, optimizer)
        dcp.save(
            {"model": of_model, "optimizer": of_optimizer, "scheduler": scheduler.state_dict()}, checkpoint_id=folder
        )
    return applied, scheduler.last_epoch


def redundancy_free(plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train with an optimizer whose state is spread over the processes, and gathered for a checkpoint."""
    model = data_parallel()
    held = groups(plan, model)
    optimizer = ZeroRedundancyOptimizer(held, optimizer_class=AdamW, lr=held[0]["lr"])
    scheduler = make(plan, optimizer)
    if batches.start:
        plan.restore(torch.load(folder / "state.pt"), optimizer=optimizer, scheduler=scheduler)
    loop(plan, batches, model, optimizer, scheduler)
    optimizer.consolidate_state_dict(0)
    if not dist.get_rank():
        torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, folder / "state.pt")
    dist.barrier()
    return optimizer.optim.applied, scheduler.last_epoch


class PostLocalSGD(PostLocalSGDOptimizer):  # type: ignore[misc]  # torch is untyped
    """Averages the parameters, and hands the rest to an optimizer."""

    def __init__(self, held: Any) -> None:
        averager = torch.distributed.algorithms.model_averaging.averagers.PeriodicModelAverager(2)
        super().__init__(AdamW(held), averager)

    @property
    def applied(self) -> list[Rates]:
        return list(self.optim.applied)


CLIENTS: dict[str, Train] = {
    "DistributedDataParallel": trainer(model=data_parallel),
    "FSDP2 with DCP": partial(sharded, AdamW),
    "ZeroRedundancyOptimizer": redundancy_free,
    "PostLocalSGDOptimizer": trainer(PostLocalSGD, model=data_parallel),
    "Accelerate, 2 processes": partial(accelerated, None),
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    rank, target = int(sys.argv[1]), Path(sys.argv[2])
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    dist.init_process_group("gloo")
    found = record(CELLS, CLIENTS, SCHEDULERS, target)
    everyones: list[Any] = [None, None]
    dist.all_gather_object(everyones, found)
    assert everyones[0] == everyones[1]
    if not rank:
        (target / "found.json").write_text(json.dumps(found), encoding="utf-8")
    leave(dist)
