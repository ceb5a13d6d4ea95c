"""What `lrspec.testing` does with Optax: native schedules, recorded rates, the example project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest

import example_project
import lrspec
from lrspec.errors import ClockError, SpecError
from lrspec.testing import AppliedRates, Recorded, assert_same_schedule
from lrspec.testing.frameworks import applied

COSINE = lrspec.Cosine(init_value=0.125, end_value=0.0, steps=50)


def trained(optimizer: Any, recorded: Recorded, updates: int = 30) -> Recorded:
    weights = jnp.zeros(2)
    state, update = optimizer.init(weights), jax.jit(optimizer.update)
    assert recorded.after is not None
    for _ in range(updates):
        _, state = update(jnp.ones(2), state, weights)
        recorded.after(state)
    return recorded


def test_the_rates_of_a_loop_are_recorded() -> None:
    schedule = COSINE.to_optax()
    for given in (COSINE, schedule):
        assert_same_schedule(trained(optax.adam(schedule), AppliedRates().optax(given)), COSINE, steps=30)
    assert_same_schedule(
        trained(optax.inject_hyperparams(optax.sgd)(schedule), AppliedRates().optax()), COSINE, steps=30
    )


def test_what_the_optimizer_used_is_recorded_and_not_what_was_meant() -> None:
    optimizer = optax.inject_hyperparams(optax.sgd)(lrspec.Constant(value=0.5).to_optax())
    with pytest.raises(AssertionError, match="30 of 30 steps differ"):
        assert_same_schedule(trained(optimizer, AppliedRates().optax()), COSINE)


def test_an_update_that_was_not_recorded_is_an_error() -> None:
    optimizer, recorded = optax.adam(COSINE.to_optax()), AppliedRates().optax(COSINE)
    weights = jnp.zeros(2)
    state = optimizer.init(weights)
    for _ in range(2):
        _, state = optimizer.update(jnp.ones(2), state, weights)
    assert recorded.after is not None
    with pytest.raises(ClockError, match="the state has seen 2 updates, where 0 are recorded"):
        recorded.after(state)


def test_a_state_without_a_rate_needs_the_schedule() -> None:
    with pytest.raises(SpecError, match=r"found 0 of them, expected one `learning_rate`"):
        trained(optax.adam(COSINE.to_optax()), AppliedRates().optax())


def test_schedules_of_optax_and_ours_are_called() -> None:
    assert_same_schedule(COSINE.to_optax(), COSINE, steps=60)
    native = optax.cosine_decay_schedule(0.125, 50)
    assert_same_schedule(native, COSINE, steps=40, max_ulps=100, reason="Optax computes the cosine in float32")
    with pytest.raises(AssertionError, match="of 40 steps differ"):
        assert_same_schedule(native, lrspec.Cosine(init_value=0.125, end_value=0.01, steps=50), steps=40)


def test_an_optimizer_applies_the_schedule() -> None:
    assert (applied("optax", COSINE, 0, 60) == COSINE.values(0, 60)).all()


def test_a_changed_number_turns_the_example_red(tmp_path: Path) -> None:
    assert example_project.CHANGED in example_project.red(tmp_path, "optax")
