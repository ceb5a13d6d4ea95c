"""The table: flax nnx and linen, and Orbax' checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flax.nnx
import flax.training.train_state
import jax
import jax.numpy as jnp
import orbax.checkpoint
import pytest

from client_table import PLANS, Cells, Make, Plan, Rates, Train, check, pairs, run
from table_optax import SCHEDULERS, taken, trainer, transformation, zeros

CELLS: Cells = {
    "Optax, saved by Orbax": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
    "flax nnx": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
    "flax linen's TrainState": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "a schedule has no state of its own"},
        "end": "right",
    },
}


def save(folder: Path, state: Any) -> None:
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder.absolute() / "orbax", state)


def load(folder: Path, fresh: Any) -> Any:
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        return checkpointer.restore(folder.absolute() / "orbax", fresh)


class Model(flax.nnx.Module):  # type: ignore[misc]  # flax is untyped where it is not installed
    def __init__(self, plan: Plan) -> None:
        for name, value in zeros(plan).items():
            setattr(self, name, flax.nnx.Param(value))


def with_nnx(plan: Plan, make: Make, batches: range, folder: Path) -> tuple[list[Rates], None]:
    model = Model(plan)
    names = list(zeros(plan))
    optimizer = flax.nnx.Optimizer(model, transformation(plan, make), wrt=flax.nnx.Param)
    if batches.start:
        flax.nnx.update(optimizer, load(folder / str(batches.start), flax.nnx.state(optimizer)))

    @flax.nnx.jit  # type: ignore[untyped-decorator]
    def update(model: Any, optimizer: Any, factor: Any) -> None:
        gradients = flax.nnx.grad(lambda inner: -sum(getattr(inner, name)[...] for name in names) * factor)(model)
        optimizer.update(model, gradients)

    applied: list[Rates] = []
    for batch in batches:
        for name in names:
            getattr(model, name)[...] = jnp.zeros((), jnp.float32)
        update(model, optimizer, plan.factor(batch))
        applied += taken(plan, batch, {name: getattr(model, name)[...] for name in names})
    if plan.order:
        save(folder / str(batches.stop), flax.nnx.state(optimizer))
    return applied, None


def with_linen(plan: Plan, make: Make, batches: range, folder: Path) -> tuple[list[Rates], None]:
    create = flax.training.train_state.TrainState.create
    state = create(apply_fn=len, params=zeros(plan), tx=transformation(plan, make))
    if batches.start:
        state = load(folder / str(batches.start), state)

    @jax.jit  # type: ignore[untyped-decorator]
    def update(state: Any, factor: Any) -> Any:
        params = zeros(plan)
        gradients = jax.tree.map(lambda leaf: jnp.full_like(leaf, -1.0) * factor, params)
        return state.replace(params=params).apply_gradients(grads=gradients)

    applied: list[Rates] = []
    for batch in batches:
        state = update(state, plan.factor(batch))
        applied += taken(plan, batch, {name: state.params[name] for name in zeros(plan)})
    if plan.order:
        save(folder / str(batches.stop), state)
    return applied, None


CLIENTS: dict[str, Train] = {
    "Optax, saved by Orbax": trainer(save, load),
    "flax nnx": with_nnx,
    "flax linen's TrainState": with_linen,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    plan = PLANS[situation]
    native, ours = (run(CLIENTS[client], plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
