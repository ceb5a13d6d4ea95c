"""Optax and JAX on CUDA: donated state, exported code, a mesh of devices, and 64-bit mode."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import export

import lrspec

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)
EXPECTED = SCHEDULE.values(0, 1 << 20)


def same_bits(found: Any, expected: Any) -> bool:
    return np.array_equal(np.asarray(found).view(np.int32), np.asarray(expected).view(np.int32))


def test_the_device_is_a_gpu() -> None:
    assert jax.devices()[0].platform == "gpu"


def test_a_million_steps_at_once_are_numpys_bits() -> None:
    assert same_bits(jax.jit(jax.vmap(SCHEDULE.to_optax()))(jnp.arange(1 << 20)), EXPECTED)


@pytest.mark.parametrize("x64", [False, True])
def test_a_training_loop_with_donated_state_applies_the_bits(*, x64: bool) -> None:
    with jax.enable_x64(x64):
        optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=SCHEDULE.to_optax())
        params = {"w": jnp.ones((4, 4), jnp.float32)}
        state = optimizer.init(params)

        def update(params: Any, state: Any) -> Any:
            updates, state = optimizer.update(jax.tree.map(jnp.ones_like, params), state, params)
            return optax.apply_updates(params, updates), state

        compiled = jax.jit(update, donate_argnums=(0, 1))
        for step in range(120):
            params, state = compiled(params, state)
            assert float(state.hyperparams["learning_rate"]) == SCHEDULE(step)
        assert compiled._cache_size() == 1


def test_exported_code_gives_the_bits() -> None:
    exported = export.export(jax.jit(jax.vmap(SCHEDULE.to_optax())))(jax.ShapeDtypeStruct((1000,), jnp.int32))
    back = export.deserialize(exported.serialize())
    assert back.platforms == ("cuda",)
    assert same_bits(back.call(jnp.arange(1000, dtype=jnp.int32)), EXPECTED[:1000])


def test_a_mesh_of_all_devices_gives_the_bits() -> None:
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("data",))
    spec = jax.sharding.PartitionSpec("data")
    steps = jnp.arange(1000 * jax.device_count(), dtype=jnp.int32)
    function = jax.shard_map(jax.vmap(SCHEDULE.to_optax()), mesh=mesh, in_specs=spec, out_specs=spec)
    assert same_bits(jax.jit(function)(steps), EXPECTED[: len(steps)])
