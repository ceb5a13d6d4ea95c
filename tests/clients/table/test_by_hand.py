"""The table: PyTorch by hand, and under `torch.compile`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import lrspec
from client_table import PLANS, SCHEDULE, STEPS, Cells, Plan, Rates, check, formula, pairs, run
from table_torch import SCHEDULERS, AdamW, traced, trainer

CELLS: Cells = {
    "PyTorch by hand": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "PyTorch by hand, fused": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "PyTorch, scheduler.step() after every batch": {
        "fresh": "right",
        "accumulate": {
            "note": "native counts batches; ours warns, once, of a call before the first update, as PyTorch does",
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
    "torch.compile, optimizer and scheduler in one function": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"none": "the function makes both calls, or neither"},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "torch.compile, of optimizer.step": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
}


def after_every_batch(plan: Plan, batches: range, model: Any, optimizer: Any, scheduler: Any) -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=bool(plan.skipped))
    for batch in batches:
        scaler.scale(model(torch.ones(2, 4)).sum() * plan.factor(batch)).backward()
        if plan.ends_update(batch):
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        scheduler.step()


class Moved(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """SGD whose rates are found outside of compiled code: by what a gradient of -1 adds to the parameters."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.applied: list[Rates] = []

    def places(self) -> list[float]:
        return [float(group["params"][0].detach().flatten()[0]) for group in self.param_groups]

    def prepare(self) -> None:
        for group in self.param_groups:
            for held in group["params"]:
                held.detach().zero_()
                held.grad = -torch.ones_like(held)

    def note(self) -> None:
        self.applied.append(tuple(self.places()))


def compiled_together(plan: Plan, batches: range, model: Any, optimizer: Any, scheduler: Any) -> None:
    del model

    @torch.compile(backend="eager")  # type: ignore[untyped-decorator]
    def update() -> None:
        optimizer.step()
        scheduler.step()

    for batch in batches:
        if plan.ends_update(batch):
            optimizer.prepare()
            update()
            optimizer.note()


def compiled_step(plan: Plan, batches: range, model: Any, optimizer: Any, scheduler: Any) -> None:
    del model
    update = torch.compile(optimizer.step, backend="eager")
    for batch in batches:
        if plan.ends_update(batch):
            optimizer.prepare()
            if batch not in plan.skipped:
                update()
                optimizer.note()
            scheduler.step()


CLIENTS = {
    "PyTorch by hand": trainer(),
    "PyTorch by hand, fused": trainer(AdamW, fused=True),
    "PyTorch, scheduler.step() after every batch": trainer(traced(torch.optim.SGD), after_every_batch, momentum=0.9),
    "torch.compile, optimizer and scheduler in one function": trainer(Moved, compiled_together),
    "torch.compile, of optimizer.step": trainer(Moved, compiled_step),
}


def test_the_formula_is_the_schedule() -> None:
    assert [SCHEDULE(step) for step in range(STEPS)] == [formula(step) for step in range(STEPS)]
    assert len({formula(step) for step in range(STEPS)}) == STEPS
    with pytest.raises(lrspec.StepError):
        SCHEDULE(STEPS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    torch.compiler.reset()
    plan = PLANS[situation]
    native, ours = (run(CLIENTS[client], plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
