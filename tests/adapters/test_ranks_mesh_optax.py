"""Counts and optimizers on meshes of eight devices, with Optax' own schedule beside ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P

import lrspec
from processes import environment, finished

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.125, steps=4),
        lrspec.PiecewiseConstant(boundaries=[3, 6], values=[0.5, 0.25, 0.125]),
    ]
)
NATIVE = optax.join_schedules(
    [optax.linear_schedule(0.0, 0.125, 4), optax.piecewise_constant_schedule(0.5, {3: 0.5, 6: 0.5})], [4]
)  # all powers of two, so that its bits are ours


def counts_on_a_mesh() -> None:
    """An array of counts, spread over the devices, on a mesh of either type: eagerly, jitted and mapped."""
    mesh = jax.make_mesh((4, 2), ("x", "y"), axis_types=(AxisType.Explicit, AxisType.Explicit))
    rows = jax.device_put(jnp.arange(16), NamedSharding(mesh, P("x")))
    assert_alike(jax.jit, rows)
    with jax.set_mesh(mesh):
        for wrap in (lambda rate: rate, jax.jit, lambda rate: jax.jit(jax.vmap(rate))):
            assert_alike(wrap, rows)
        assert_alike(jax.jit, jax.device_put(jnp.arange(16).reshape(4, 4), NamedSharding(mesh, P("x", "y"))))
    automatic = jax.make_mesh((8,), ("x",), axis_types=(AxisType.Auto,))
    for spec in (P("x"), P()):
        assert_alike(lambda rate: rate, jax.device_put(jnp.arange(16), NamedSharding(automatic, spec)))


def polynomials_on_a_mesh() -> None:
    """Counts of a schedule that is no table: spread alike, and no device asks another for anything."""
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1_000_000)
    rate, steps = schedule.to_optax(), np.arange(16, dtype=np.int32).reshape(8, 2) * np.int32(100_000)
    for kind in (AxisType.Auto, AxisType.Explicit):
        mesh = jax.make_mesh((4, 2), ("x", "y"), axis_types=(kind, kind))
        with jax.set_mesh(mesh):
            spread = jax.device_put(steps, NamedSharding(mesh, P("x", "y")))
            for wrap in (lambda rate: rate, jax.jit, lambda rate: jax.jit(jax.vmap(rate))):
                found = wrap(rate)(spread)
                assert found.sharding.is_equivalent_to(spread.sharding, 2)
                assert np.array_equal(found, rate(steps))
            text = jax.jit(rate).lower(spread).compile().as_text()
            assert not any(word in text for word in ("all-gather", "all-reduce", "all-to-all", "collective-permute"))


def assert_alike(wrap: Callable[[Any], Any], steps: jax.Array) -> None:
    native, ours = wrap(NATIVE)(steps), wrap(SCHEDULE.to_optax())(steps)
    assert ours.sharding.is_equivalent_to(native.sharding, steps.ndim), (ours.sharding, native.sharding)
    assert np.array_equal(ours, SCHEDULE.values(0, 16).reshape(steps.shape))
    assert np.array_equal(ours, native)


def training_on_an_explicit_mesh() -> None:
    mesh = jax.make_mesh((8,), ("x",), axis_types=(AxisType.Explicit,))
    with jax.set_mesh(mesh):
        rows = jax.device_put(jnp.ones((16, 2)), NamedSharding(mesh, P("x")))
        params = dict.fromkeys(("native", "ours"), rows)
        transforms = {"native": optax.adam(NATIVE), "ours": optax.adam(SCHEDULE.to_optax())}
        optimizer = optax.multi_transform(transforms, {"native": "native", "ours": "ours"})
        state, update = optimizer.init(params), jax.jit(optimizer.update)
        for _ in range(12):
            updates, state = update(params, state, params)
            params = optax.apply_updates(params, updates)
            assert np.array_equal(params["native"], params["ours"])


def inside_shard_map() -> None:
    """A count of all devices, one of each, and an array of counts, of which one axis of the mesh is mapped."""
    mesh = jax.make_mesh((4, 2), ("x", "y"), axis_types=(AxisType.Explicit, AxisType.Explicit))
    with jax.set_mesh(mesh):
        steps = jax.device_put(jnp.arange(16).reshape(8, 2), NamedSharding(mesh, P("x", "y")))
        ones = jax.device_put(jnp.ones(4), NamedSharding(mesh, P("x")))
        for rate in (NATIVE, SCHEDULE.to_optax()):
            found = jax.jit(jax.shard_map(rate, in_specs=P("x"), out_specs=P("x"), axis_names={"x"}))(steps)
            assert np.array_equal(found, SCHEDULE.values(0, 16).reshape(8, 2))
            own = jax.shard_map(lambda x, r=rate: x * r(jax.lax.axis_index("x")), in_specs=P("x"), out_specs=P("x"))
            assert jax.jit(own)(ones).tolist() == SCHEDULE.values(0, 4).tolist()
            same = jax.shard_map(lambda c, x, r=rate: x * r(c), in_specs=(P(), P("x")), out_specs=P("x"))
            assert jax.jit(same)(jnp.int32(9), ones).tolist() == [SCHEDULE(9)] * 4


def test_counts_and_optimizers_on_meshes() -> None:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    finished([sys.executable, __file__], environment(**flags))


if __name__ == "__main__":
    counts_on_a_mesh()
    polynomials_on_a_mesh()
    training_on_an_explicit_mesh()
    inside_shard_map()
