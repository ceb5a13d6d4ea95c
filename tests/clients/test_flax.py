"""Flax, Equinox and Orbax: training states, their checkpoints, and runs that go on from them."""

from __future__ import annotations

from typing import Any

import equinox
import flax.linen
import flax.nnx
import flax.serialization
import flax.training.train_state
import jax
import jax.numpy as jnp
import optax
import orbax.checkpoint
import pytest

import lrspec
from lrspec.adapters.clock_optax import applied_rate

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)
FUNCTION = SCHEDULE.to_optax()


def make_state() -> Any:
    params = {"w": jnp.zeros((), jnp.float32)}
    return flax.training.train_state.TrainState.create(apply_fn=len, params=params, tx=optax.sgd(FUNCTION))


@jax.jit  # type: ignore[untyped-decorator]
def step_from_zero(state: Any) -> Any:
    """Return the state after an update of a weight of 0 with a gradient of -1: the weight is the rate."""
    zero = jax.tree.map(jnp.zeros_like, state.params)
    return state.replace(params=zero).apply_gradients(grads=jax.tree.map(lambda leaf: -jnp.ones_like(leaf), zero))


def train(state: Any, steps: range) -> Any:
    for step in steps:
        state = step_from_zero(state)
        assert float(state.params["w"]) == SCHEDULE(step)
        assert applied_rate(FUNCTION, state.opt_state) == {"lr_applied": SCHEDULE(step), "update": step}
    return state


def test_a_train_state_of_linen_goes_on_from_its_bytes() -> None:
    saved = flax.serialization.to_bytes(train(make_state(), range(37)))
    restored = flax.serialization.from_bytes(make_state(), saved)
    assert (int(restored.step), lrspec.check_clock(restored.opt_state)) == (37, 37)
    train(restored, range(37, 120))


def test_a_checkpoint_of_orbax_goes_on(tmp_path: Any) -> None:
    state = train(make_state(), range(37))
    kept = {"params": state.params, "opt_state": state.opt_state, "step": state.step}
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "37", kept)
    fresh = make_state()
    target = {"params": fresh.params, "opt_state": fresh.opt_state, "step": 0}
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        found = checkpointer.restore(tmp_path / "37", target)
    train(fresh.replace(params=found["params"], opt_state=found["opt_state"], step=found["step"]), range(37, 120))


def test_an_optimizer_of_nnx_applies_the_bits() -> None:
    class Model(flax.nnx.Module):  # type: ignore[misc]  # flax is untyped where it is not installed
        def __init__(self) -> None:
            self.w = flax.nnx.Param(jnp.zeros((), jnp.float32))

    model = Model()
    optimizer = flax.nnx.Optimizer(model, optax.sgd(FUNCTION), wrt=flax.nnx.Param)

    @flax.nnx.jit  # type: ignore[untyped-decorator]
    def update(model: Any, optimizer: Any) -> None:
        gradients = flax.nnx.grad(lambda inner: -inner.w[...])(model)
        optimizer.update(model, gradients)

    for step in range(40):
        model.w[...] = jnp.zeros((), jnp.float32)
        update(model, optimizer)
        assert float(model.w[...]) == SCHEDULE(step)


@pytest.mark.parametrize("steps", [40])
def test_a_module_of_equinox_applies_the_bits(steps: int) -> None:
    class Model(equinox.Module):  # type: ignore[misc]  # equinox is untyped where it is not installed
        w: Any

    optimizer = optax.sgd(FUNCTION)
    state = optimizer.init(Model(jnp.zeros((), jnp.float32)))

    @equinox.filter_jit  # type: ignore[untyped-decorator]
    def update(model: Any, state: Any) -> Any:
        gradients = equinox.filter_grad(lambda inner: -inner.w)(model)
        updates, state = optimizer.update(gradients, state, model)
        return equinox.apply_updates(model, updates), state

    for step in range(steps):
        model, state = update(Model(jnp.zeros((), jnp.float32)), state)
        assert float(model.w) == SCHEDULE(step)
