"""The source of schedules for Optax, run: against the exact formula at every step, and read back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrspec
from lrspec.readers import read_native
from lrspec.writers import NativeSource, native_source
from source_cases import CASES, PAST, assert_near, assert_same_until, cut, defined, run

TOLERANCE = 5e-7
"""Relative to the largest value: about four units in the last place of float32."""


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    made = CASES[name]
    schedule = run(made, "optax", "schedule")
    counts = jnp.arange(made.stop + PAST, dtype=jnp.int32)
    found = np.broadcast_to(np.asarray(jax.jit(jax.vmap(schedule))(counts)), counts.shape)
    assert_near(lambda step: float(found[step]), made, TOLERANCE)


@pytest.mark.parametrize(("name", "source"), cut("optax"))
def test_the_code_gives_the_schedule_until_the_end_of_a_run(name: str, source: NativeSource) -> None:
    counts = jnp.arange(2 * CASES[name].stop + 2, dtype=jnp.int32)
    found = np.broadcast_to(np.asarray(jax.jit(jax.vmap(defined(source, "schedule")))(counts)), counts.shape)
    assert_same_until(lambda step: float(found[step]), name, source, TOLERANCE)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].form("optax") == "native"])
def test_the_schedule_is_read_back(name: str) -> None:
    schedule = run(CASES[name], "optax", "schedule")
    assert_near(read_native(schedule).schedule.exact, CASES[name], 1e-12)


@pytest.mark.parametrize("steps", [40, 41, 100, 1000])
def test_an_end_that_a_compiled_power_would_miss(steps: int) -> None:
    """`optax.polynomial_schedule` is NaN there, or above its end; the source is not, and says why it is a function."""
    node = lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=steps, power=0.5)
    source = native_source(node, "optax")
    assert "polynomial with a power that is not whole" in source.code
    script: dict[str, Any] = {}
    exec(source.code, script)  # noqa: S102 - what is tested
    assert float(jax.jit(script["schedule"])(jnp.int32(steps))) == 0.0


@pytest.mark.parametrize("name", ["warmup_cosine", "cosine_restarts, growing", "noam"])
def test_an_optimizer_takes_it(name: str) -> None:
    schedule = run(CASES[name], "optax", "schedule")
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=schedule)
    state = optimizer.init(jnp.zeros(1))
    assert float(state.hyperparams["learning_rate"]) == pytest.approx(float(schedule(0)), rel=1e-6)
