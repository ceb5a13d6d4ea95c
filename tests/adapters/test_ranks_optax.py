"""JAX on eight devices in one process, and in two real processes."""

from __future__ import annotations

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import shard_map
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import lrspec
from processes import environment, finished, free_port, together

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


def train(steps: int) -> None:
    """Train parameters that are spread over all devices; what each device adds is the rate."""
    mesh = Mesh(np.array(jax.devices()), ("data",))
    spread = NamedSharding(mesh, PartitionSpec("data"))
    count = jax.device_count()
    optimizer = optax.sgd(SCHEDULE.to_optax())
    params = jax.make_array_from_callback((count,), spread, lambda index: np.zeros(count, np.float32)[index])
    gradients = jax.make_array_from_callback((count,), spread, lambda index: -np.ones(count, np.float32)[index])
    state = jax.jit(optimizer.init)(params)
    update = jax.jit(optimizer.update)
    for step in range(steps):
        updates, state = update(gradients, state, params)
        for shard in updates.addressable_shards:
            assert np.asarray(shard.data).tolist() == [SCHEDULE(step)] * len(shard.data)
    lrspec.verify_ranks(SCHEDULE, lrspec.check_clock(jax.tree.map(local, state), steps), over="jax")


def local(leaf: jax.Array) -> np.ndarray:
    return np.asarray(leaf.addressable_data(0)) if isinstance(leaf, jax.Array) else np.asarray(leaf)


def devices() -> None:
    assert jax.device_count() == 8
    train(30)
    steps = jnp.arange(8 * 20, dtype=jnp.int32).reshape(8, 20)
    mesh = Mesh(np.array(jax.devices()), ("data",))
    spec = PartitionSpec("data")
    mapped = shard_map(jax.vmap(SCHEDULE.to_optax()), mesh=mesh, in_specs=spec, out_specs=spec)
    assert np.array_equal(np.asarray(jax.jit(mapped)(steps.ravel())), SCHEDULE.values(0, 160))
    found = jax.pmap(jax.vmap(SCHEDULE.to_optax()))(steps)
    assert np.array_equal(np.asarray(found).ravel().view(np.int32), SCHEDULE.values(0, 160).view(np.int32))


def process(rank: int, port: str) -> None:
    jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=rank)
    assert jax.process_count() == 2
    train(30)
    with pytest.raises(lrspec.ClockError, match="rank 1 is at step 6 of"):
        lrspec.verify_ranks(SCHEDULE, 5 + rank, over="jax")
    with pytest.raises(lrspec.ClockError, match="rank 1 is at step 5 of"):
        lrspec.verify_ranks(SCHEDULE if rank == 0 else lrspec.Constant(value=1.0), 5, over="jax")


def test_eight_devices_apply_the_bits() -> None:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    finished([sys.executable, __file__, "devices"], environment(**flags))


def test_two_processes_apply_the_bits_and_the_one_that_differs_is_named() -> None:
    together(__file__, 2, str(free_port()))


if __name__ == "__main__":
    if sys.argv[1] == "devices":
        devices()
    else:
        process(int(sys.argv[1]), sys.argv[2])
