"""Accelerate in the table client x situation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from client_table import Plan, Rates
from table_torch import AdamW, groups, net


def accelerated(processes: int | None, plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train as Accelerate's pages do: all calls are made for every batch, and it makes those that are due.

    Its scheduler asks a state that all of its objects share for the number of processes; `processes` is written there.
    """
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=plan.accumulated)
    model = net()
    optimizer = AdamW(groups(plan, model))
    scheduler = make(plan, optimizer)
    if plan.skipped:
        accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    prepared, wrapped, stepping = accelerator.prepare(model, optimizer, scheduler)
    if processes is not None:
        PartialState._shared_state["num_processes"] = processes
    if batches.start:
        accelerator.load_state(str(folder))
    for batch in batches:
        with accelerator.accumulate(prepared):
            accelerator.backward(prepared(torch.ones(2, 4)).sum() * plan.factor(batch))
            wrapped.step()
            stepping.step()
            wrapped.zero_grad()
    if plan.order:
        accelerator.save_state(str(folder))
        accelerator.wait_for_everyone()
    if processes is not None:
        AcceleratorState._reset_state(reset_partial_state=True)
    return optimizer.applied, scheduler.last_epoch
