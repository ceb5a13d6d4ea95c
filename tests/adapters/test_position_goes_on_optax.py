"""States of Optax that are put at a step, and go on from there, compiled."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest

import lrspec

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.01, steps=100)
FUNCTION = SCHEDULE.to_optax()
ZERO = jnp.zeros((), jnp.float32)


@pytest.mark.parametrize(
    "make",
    [
        lambda: optax.sgd(FUNCTION),
        lambda: optax.inject_hyperparams(optax.sgd)(learning_rate=FUNCTION),
        lambda: optax.MultiSteps(optax.sgd(FUNCTION), 1),
        lambda: optax.apply_if_finite(optax.sgd(FUNCTION), 3),
        lambda: optax.multi_transform({"a": optax.sgd(FUNCTION), "b": optax.adam(FUNCTION)}, "a"),
        lambda: optax.chain(optax.clip(1e9), optax.sgd(FUNCTION)),
    ],
    ids=["sgd", "inject", "multi_steps", "finite", "multi_transform", "chain"],
)
def test_a_fresh_state_is_put_at_a_step_and_goes_on_compiled(make: Any) -> None:
    optimizer = make()
    fresh = optimizer.init(ZERO)
    state = lrspec.set_position(fresh, 40)
    assert jax.tree.structure(state) == jax.tree.structure(fresh)
    assert [leaf.dtype for leaf in jax.tree.leaves(state)] == [leaf.dtype for leaf in jax.tree.leaves(fresh)]
    assert lrspec.check_clock(fresh, 0) == 0
    update = jax.jit(optimizer.update)
    for step in range(40, 60):
        updates, state = update(-jnp.ones((), jnp.float32), state, ZERO)
        assert float(updates) == SCHEDULE(step)
    assert lrspec.position(state).updates == 60


@pytest.mark.parametrize(
    "make",
    [
        lambda: optax.contrib.schedule_free_sgd(0.1),
        lambda: optax.contrib.schedule_free_adamw(0.1),
        lambda: optax.chain(optax.adam(FUNCTION), optax.contrib.reduce_on_plateau(accumulation_size=4)),
    ],
    ids=["schedule-free sgd", "schedule-free adamw", "plateau"],
)
def test_counters_that_begin_at_1_or_count_something_else(make: Any) -> None:
    optimizer, params = make(), jnp.ones(3)
    state = optimizer.init(params)
    assert lrspec.position(state).updates == 0
    for _ in range(7):
        _, state = optax.with_extra_args_support(optimizer).update(jnp.ones(3), state, params, value=1.0)
    assert lrspec.position(state).updates == 7
    assert lrspec.position(lrspec.set_position(optimizer.init(params), 7)).updates == 7
