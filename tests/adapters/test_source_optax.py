"""The source of schedules for Optax, run: against the exact formula at every step, and read back."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lrspec.native import read_native
from source_cases import CASES, PAST, assert_near, run

TOLERANCE = 5e-7
"""Relative to the largest value: about four units in the last place of float32."""


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    made = CASES[name]
    schedule = run(made, "optax", "schedule")
    counts = jnp.arange(made.stop + PAST, dtype=jnp.int32)
    found = np.broadcast_to(np.asarray(jax.jit(jax.vmap(schedule))(counts)), counts.shape)
    assert_near(lambda step: float(found[step]), made, TOLERANCE)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].form("optax") == "native"])
def test_the_schedule_is_read_back(name: str) -> None:
    schedule = run(CASES[name], "optax", "schedule")
    assert_near(read_native(schedule).schedule.exact, CASES[name], 1e-12)


@pytest.mark.parametrize("name", ["warmup_cosine", "cosine_restarts, growing", "noam"])
def test_an_optimizer_takes_it(name: str) -> None:
    schedule = run(CASES[name], "optax", "schedule")
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=schedule)
    state = optimizer.init(jnp.zeros(1))
    assert float(state.hyperparams["learning_rate"]) == pytest.approx(float(schedule(0)), rel=1e-6)
