"""The table: libraries around an optimizer: Accelerate, Opacus, schedulefree, timm and pytorch_optimizer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_optimizer
import schedulefree
import torch
from opacus import PrivacyEngine
from opacus.utils.batch_memory_manager import BatchMemoryManager
from timm.optim import Lookahead

from client_table import PLANS, Cells, Plan, Rates, Train, check, pairs, run
from table_accelerate import accelerated
from table_torch import SCHEDULERS, AdamW, groups, net, traced, trainer

CELLS: Cells = {
    "Accelerate, 1 process": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "Accelerate loads the optimizer's state first"},
        "end": "right",
    },
    "Accelerate, 8 processes by its state": {
        "fresh": {"note": "native counts each update once for each process", "native": [0, 8, 16, 24, 32, 40, 48, 56]},
        "accumulate": {"note": "native counts each update once for each process", "native": [0, 8, 16, 24, 32, 40]},
        "skip": {"note": "native counts each update once for each process", "native": [0, 8, 16, 24, 32, 40]},
        "groups": {"note": "native counts each update once for each process", "native": [0, 8, 16, 24, 32, 40, 48, 56]},
        "tensor rate": {
            "note": "native counts each update once for each process",
            "native": [0, 8, 16, 24, 32, 40, 48, 56],
        },
        "optimizer first": {
            "note": "native counts each update once for each process",
            "native": [0, 8, 16, 24, 32, 40, 48, 56],
        },
        "scheduler first": {"none": "Accelerate loads the optimizer's state first"},
        "end": {
            "note": "native counts each update once for each process",
            "native": [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88],
        },
    },
    "Accelerate, 128 processes by its state": {
        "fresh": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640, 768, 896],
        },
        "accumulate": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640],
        },
        "skip": {"note": "native counts each update once for each process", "native": [0, 128, 256, 384, 512, 640]},
        "groups": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640, 768, 896],
        },
        "tensor rate": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640, 768, 896],
        },
        "optimizer first": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640, 768, 896],
        },
        "scheduler first": {"none": "Accelerate loads the optimizer's state first"},
        "end": {
            "note": "native counts each update once for each process",
            "native": [0, 128, 256, 384, 512, 640, 768, 896, 1024, 1152, 1280, 1408],
        },
    },
    "Opacus": {
        "fresh": "right",
        "accumulate": {
            "note": "native counts the steps that make no update; ours warns, once, of one before the first",
            "native": [1, 3, 5, 7, 9, 11],
            "warns": ["the optimizer has applied no update yet"],
        },
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "schedulefree's AdamWScheduleFree": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "timm's Lookahead": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "pytorch_optimizer's Lookahead": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "pytorch_optimizer's ScheduleFreeWrapper": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "pytorch_optimizer's TRAC": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "pytorch_optimizer's SAM": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"none": "SAM steps without a GradScaler"},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
}


def private(plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train with Opacus; where gradients are accumulated, its manager of batches makes steps that are no updates."""
    model = net()
    optimizer = AdamW(groups(plan, model))
    data = torch.utils.data.TensorDataset(torch.ones(len(batches), 4))
    model, wrapped, loader = PrivacyEngine().make_private(
        module=model,
        optimizer=optimizer,
        data_loader=torch.utils.data.DataLoader(data, batch_size=plan.accumulated),
        noise_multiplier=0.0,
        max_grad_norm=1.0,
        poisson_sampling=False,
    )
    scheduler = make(plan, wrapped)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=bool(plan.skipped))
    if batches.start:
        plan.restore(torch.load(folder / "state.pt"), optimizer=wrapped, scheduler=scheduler)
    with BatchMemoryManager(data_loader=loader, max_physical_batch_size=1, optimizer=wrapped) as physical:
        for batch, (x,) in enumerate(physical):
            scaler.scale(model(x).sum() * plan.factor(batch)).backward()
            scaler.step(wrapped)
            scaler.update()
            wrapped.zero_grad()
            scheduler.step()
    torch.save({"optimizer": wrapped.state_dict(), "scheduler": scheduler.state_dict()}, folder / "state.pt")
    return optimizer.applied, scheduler.last_epoch


def around(wrap: Any) -> Any:
    """Return what makes a wrapper of an optimizer that writes down its rates."""

    def made(held: Any) -> Any:
        inner = AdamW(held)
        wrapper = wrap(inner)
        wrapper.applied = inner.applied
        return wrapper

    return made


def training(make: Any) -> Any:
    """Return what makes an optimizer of schedulefree, which has to be told that it trains."""

    def made(held: Any) -> Any:
        optimizer = make(held)
        optimizer.train()
        return optimizer

    return made


def sharpness_aware(plan: Plan, batches: range, model: Any, optimizer: Any, scheduler: Any) -> None:
    """Train with SAM, which goes up before it steps down."""
    for batch in batches:
        (model(torch.ones(2, 4)).sum() / plan.accumulated).backward()
        if plan.ends_update(batch):
            optimizer.first_step(zero_grad=True)
            model(torch.ones(2, 4)).sum().backward()
            optimizer.second_step(zero_grad=True)
            scheduler.step()


def sam(held: Any) -> Any:
    made = pytorch_optimizer.SAM(held, AdamW, lr=held[0]["lr"])
    made.applied = made.base_optimizer.applied
    return made


CLIENTS: dict[str, Train] = {
    "Accelerate, 1 process": partial(accelerated, 1),
    "Accelerate, 8 processes by its state": partial(accelerated, 8),
    "Accelerate, 128 processes by its state": partial(accelerated, 128),
    "Opacus": private,
    "schedulefree's AdamWScheduleFree": trainer(training(traced(schedulefree.AdamWScheduleFree))),
    "timm's Lookahead": trainer(around(Lookahead)),
    "pytorch_optimizer's Lookahead": trainer(around(pytorch_optimizer.Lookahead)),
    "pytorch_optimizer's ScheduleFreeWrapper": trainer(training(around(pytorch_optimizer.ScheduleFreeWrapper))),
    "pytorch_optimizer's TRAC": trainer(around(pytorch_optimizer.TRAC)),
    "pytorch_optimizer's SAM": trainer(sam, sharpness_aware),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    plan = PLANS[situation]
    native, ours = (run(CLIENTS[client], plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
