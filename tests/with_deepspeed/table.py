"""Trains with DeepSpeed, as one of two processes, in every situation of the table: `table.py rank folder`."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import deepspeed
import deepspeed.comm.torch
import torch

from client_table import Plan, Rates, record
from deepspeed_cells import CELLS
from processes import leave
from table_torch import SCHEDULERS, groups, net

deepspeed.comm.torch.build_shm_op = lambda: None  # it compiles for minutes, and only makes one machine faster


class AdamW(torch.optim.AdamW):  # type: ignore[misc]  # torch is untyped
    """Writes down the rates of every call of its step, of which DeepSpeed makes several for an update."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.calls: list[dict[str, float]] = []

    def step(self, *arguments: Any, **options: Any) -> Any:
        self.calls.append({group.get("name", "whole"): float(group["lr"]) for group in self.param_groups})
        return super().step(*arguments, **options)

    def taken(self, plan: Plan) -> Rates | None:
        """Return the rate that each group had in the calls since the last time, which must be one."""
        calls, self.calls = self.calls, []
        if not calls:
            return None
        rates: list[float] = []
        for name in ("whole", "half")[: len(plan.scales)]:
            (rate,) = {call[name] for call in calls if name in call}
            rates.append(rate)
        return tuple(rates)


def engine_of(plan: Plan, stage: int, bf16: bool, model: Any, optimizer: Any, scheduler: Any) -> Any:  # noqa: FBT001
    config = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": plan.accumulated,
        "zero_optimization": {"stage": stage, "sub_group_size": 8},  # ZeRO 3 steps the optimizer for each
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 10**9,
        "bf16": {"enabled": bf16},
    }
    return deepspeed.initialize(model=model, optimizer=optimizer, lr_scheduler=scheduler, config=config)[0]


def train(
    stage: int, plan: Plan, make: Any, batches: range, folder: Path, *, bf16: bool = False
) -> tuple[list[Rates], int]:
    model = net()
    optimizer = AdamW(groups(plan, model))
    scheduler = make(plan, optimizer)
    engine = engine_of(plan, stage, bf16, model, optimizer, scheduler)
    if batches.start:
        order: list[str] = []
        _note_loading(scheduler, "scheduler", order)
        _note_loading(engine.optimizer, "optimizer", order)
        engine.load_checkpoint(folder)
        assert order == list(plan.order)
    optimizer.calls = []
    applied = []
    for batch in batches:
        x = torch.ones(1, 4, dtype=torch.bfloat16 if bf16 else torch.float32)
        engine.backward(engine(x).float().sum() * plan.factor(batch))
        engine.step()
        calls = len(optimizer.calls)
        rates = optimizer.taken(plan)
        if rates is not None:
            assert calls > 1 if stage == 3 else calls == (len(plan.scales) if stage else 1)
            applied.append(rates)
    if plan.order:
        engine.save_checkpoint(folder)
    return applied, scheduler.last_epoch


def _note_loading(held: Any, name: str, order: list[str]) -> None:
    load = held.load_state_dict

    def load_state_dict(*arguments: Any, **options: Any) -> None:
        order.append(name)
        del held.load_state_dict  # a scheduler's state has all of its attributes
        load(*arguments, **options)

    held.load_state_dict = load_state_dict


CLIENTS: dict[str, Any] = {
    **{f"DeepSpeed, ZeRO {stage}": partial(train, stage) for stage in range(4)},
    **{f"DeepSpeed, ZeRO {stage}, bf16": partial(train, stage, bf16=True) for stage in (0, 2)},
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    rank, target = int(sys.argv[1]), Path(sys.argv[2])
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    gc.freeze()  # ZeRO 3 collects garbage for each engine
    logging.getLogger("DeepSpeed").setLevel(logging.ERROR)  # a pipe that nobody reads yet fills, and that process waits
    deepspeed.init_distributed("gloo")
    found = record(CELLS, CLIENTS, SCHEDULERS, target)
    everyones: list[Any] = [None, None]
    torch.distributed.all_gather_object(everyones, found)
    assert everyones[0] == everyones[1]
    if not rank:
        (target / "found.json").write_text(json.dumps(found), encoding="utf-8")
    leave(torch.distributed)
