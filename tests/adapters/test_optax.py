"""Optax and JAX: a pure function under every transformation."""

from __future__ import annotations

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrspec

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Exponential(init_value=0.1, decay_rate=0.9, decay_period=7.5, staircase=True),
    ]
)
EXPECTED = np.array([SCHEDULE(t) for t in range(200)], np.float32)


def test_jit_vmap_and_arrays_agree_and_are_float32() -> None:
    function = SCHEDULE.to_optax()
    steps = np.arange(200, dtype=np.int32)
    for got in (function(steps), jax.jit(function)(steps), jax.vmap(function)(steps)):
        assert got.dtype == jnp.float32
        assert np.array_equal(np.asarray(got), EXPECTED)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32])
def test_every_integer_type_is_a_count(dtype: type) -> None:
    assert np.array_equal(jax.jit(SCHEDULE.to_optax())(np.arange(100, dtype=dtype)), EXPECTED[:100])


def test_a_float_count_is_refused() -> None:
    with pytest.raises(TypeError, match="a step of float32: expected integers"):
        jax.jit(SCHEDULE.to_optax())(jnp.float32(3))


def test_cond_and_join_take_it() -> None:
    function = SCHEDULE.to_optax()
    picked = jax.jit(lambda t: jax.lax.cond(t > 3, function, lambda t: function(t + 1), t))
    assert picked(2) == EXPECTED[3]
    joined = optax.join_schedules([optax.constant_schedule(1.0), function], [5])
    assert joined(jnp.int32(3)) == 1.0
    assert joined(jnp.int32(15)) == EXPECTED[10]


def test_steps_out_of_range_clamp_on_a_device() -> None:
    compiled = jax.jit(SCHEDULE.to_optax())
    assert compiled(jnp.int32(-5)) == EXPECTED[0] == SCHEDULE.to_optax()(-5)
    assert compiled(jnp.uint32(2**32 - 1)) == SCHEDULE(2**31 - 1)


def test_inject_hyperparams_holds_the_applied_rate() -> None:
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=SCHEDULE.to_optax())
    params = jnp.zeros(1)
    state = optimizer.init(params)
    update = jax.jit(optimizer.update)
    for step in range(20):
        updates, state = update(-jnp.ones(1), state, params)
        assert updates[0] == EXPECTED[step] == state.hyperparams["learning_rate"]


def test_it_hashes_compares_and_pickles_by_fingerprint() -> None:
    function = SCHEDULE.to_optax()
    copy = pickle.loads(pickle.dumps(function))  # noqa: S301 - our own bytes
    assert copy == function
    assert hash(copy) == hash(function)
    assert lrspec.Constant(value=1.0).to_optax() != function
    assert jax.jit(lambda f, t: f(t), static_argnums=0)(copy, 5) == EXPECTED[5]


def test_a_new_step_does_not_compile_again() -> None:
    compiled = jax.jit(SCHEDULE.to_optax())
    for step in range(5):
        compiled(jnp.int32(step))
    assert compiled._cache_size() == 1


def test_nothing_but_the_last_few_operations_is_in_floating_point_and_none_calls_back() -> None:
    text = str(jax.make_jaxpr(SCHEDULE.to_optax())(jnp.int32(3)))
    assert "callback" not in text
    floats = [line for line in text.splitlines() if ":f32[] =" in line]
    assert 0 < len(floats) <= 10
