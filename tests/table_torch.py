"""PyTorch in the table client x situation: the schedulers, an optimizer that writes down its rates, a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR

from client_table import Make, Plan, Rates, formula

SCHEDULERS: dict[str, Make] = {
    "native": lambda _, optimizer: LambdaLR(optimizer, formula),
    "lrspec": lambda plan, optimizer: plan.schedule.to_torch(optimizer),
}


def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 1))


def groups(plan: Plan, model: Any) -> list[dict[str, Any]]:
    """Return the parameter groups: one, or the weights, and the biases at half of the rate."""
    if len(plan.scales) == 1:
        return [{"params": list(model.parameters()), "lr": torch.tensor(1.0) if plan.is_tensor else 1.0}]
    held = list(model.parameters())
    return [
        {"params": [p for p in held if p.ndim > 1], "lr": 1.0, "name": "whole"},
        {"params": [p for p in held if p.ndim == 1], "lr": 0.5, "name": "half"},
    ]


def traced(kind: Any) -> Any:
    """Return a class of optimizer whose step writes down the rates of its groups."""

    class Traced(kind):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.applied: list[Rates] = []

        def step(self, *arguments: Any, **options: Any) -> Any:
            skips = getattr(self, "found_inf", None)
            if skips is None or not skips.item():
                self.applied.append(tuple(float(group["lr"]) for group in self.param_groups))
            return super().step(*arguments, **options)

    return Traced


AdamW = traced(torch.optim.AdamW)


def loop(plan: Plan, batches: range, model: Any, optimizer: Any, scheduler: Any) -> None:
    """Train as PyTorch's pages do, with a `GradScaler` where updates are skipped."""
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=bool(plan.skipped))
    for batch in batches:
        loss = model(torch.ones(2, 4)).sum() * plan.factor(batch)
        scaler.scale(loss / plan.accumulated).backward()
        if plan.ends_update(batch):
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            scheduler.step()


def trainer(kind: Any = AdamW, train: Any = loop, model: Any = net, **options: Any) -> Any:
    """Return a client: a hand-written loop with a class of optimizer."""

    def client(plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
        made = model()
        optimizer = kind(groups(plan, made), **options)
        scheduler = make(plan, optimizer)
        if batches.start:
            plan.restore(torch.load(folder / "state.pt"), optimizer=optimizer, scheduler=scheduler)
        train(plan, batches, made, optimizer, scheduler)
        torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, folder / "state.pt")
        return optimizer.applied, scheduler.last_epoch

    return client
