"""Every transformation of JAX, of a schedule that is a table on the device and of one that is polynomials."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import lrspec
from lrspec.device import value_table

export = importlib.import_module("jax.export")
enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64

TABLE = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1000)
POLYNOMIALS = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1_000_000)
STEPS = np.array([0, 1, 499, 999, 1000, 1001, 123_456, 999_999, 1_000_000, 2**31 - 1], np.int32)
schedules = pytest.mark.parametrize("schedule", [TABLE, POLYNOMIALS], ids=["table", "polynomials"])
x64 = pytest.mark.parametrize("x64", [False, True], ids=["x32", "x64"])


def expected(schedule: lrspec.Node) -> Any:
    return np.array([schedule(int(step)) for step in STEPS], np.float32)


def test_the_two_are_evaluated_in_two_ways() -> None:
    assert value_table(TABLE.program) is not None
    assert value_table(POLYNOMIALS.program) is None


ELEMENTWISE: dict[str, Callable[[Any], Callable[[Any], Any]]] = {
    "jit": jax.jit,
    "jit of jit": lambda f: jax.jit(jax.jit(f)),
    "vmap": jax.vmap,
    "jit of vmap of vmap": lambda f: lambda x: jax.jit(jax.vmap(jax.vmap(f)))(x.reshape(5, 2)).reshape(-1),
    "map": lambda f: jax.jit(lambda x: lax.map(f, x)),
    "scan": lambda f: lambda x: lax.scan(lambda carry, step: (carry, f(step)), 0, x)[1],
    "cond": lambda f: jax.jit(jax.vmap(lambda step: lax.cond(step % 2 == 0, f, lambda s: f(s + 0), step))),
    "switch": lambda f: jax.jit(lambda x: lax.map(lambda step: lax.switch(step % 2, [f, f], step), x)),
    "checkpoint": lambda f: jax.jit(jax.checkpoint(f)),
    "jvp": lambda f: lambda x: jax.jvp(f, (x,), (np.zeros(x.shape, jax.dtypes.float0),))[0],
    "jacobian": lambda f: jax.jit(lambda x: jax.jacfwd(lambda weight: weight * f(x))(2.0)),
    "gradient": lambda f: jax.vmap(lambda step: jax.grad(lambda weight: weight * f(step))(2.0)),
    "gradient of a checkpoint": lambda f: jax.vmap(lambda s: jax.grad(jax.checkpoint(lambda w: w * f(s)))(2.0)),
    "linearize": lambda f: lambda x: jax.linearize(lambda weight: weight * f(x), 2.0)[1](1.0),
    "pmap": lambda f: lambda x: jnp.concatenate([jax.pmap(f)(x[k : k + 1]) for k in range(len(x))]),
    "donated": lambda f: jax.jit(lambda x: f(x) + (x * 0).astype(np.float32), donate_argnums=0),
    "exported": lambda f: lambda x: through_bytes(f, jax.ShapeDtypeStruct(x.shape, x.dtype))(x),
    "exported for other devices": lambda f: (
        lambda x: through_bytes(f, jax.ShapeDtypeStruct(x.shape, x.dtype), platforms=("cpu", "cuda", "tpu"))(x)
    ),
    "exported with a symbolic shape": lambda f: (
        lambda x: through_bytes(f, jax.ShapeDtypeStruct(export.symbolic_shape("n"), x.dtype))(x)
    ),
    "exported under vmap with a symbolic shape": lambda f: (
        lambda x: through_bytes(jax.vmap(f), jax.ShapeDtypeStruct(export.symbolic_shape("n"), x.dtype))(x)
    ),
}


def through_bytes(function: Any, shape: Any, **options: Any) -> Any:
    exported = export.export(jax.jit(function), **options)(shape)
    return export.deserialize(exported.serialize()).call


@schedules
@x64
@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.filterwarnings("ignore:Some donated buffers were not usable")
def test_values_are_the_same_under_every_transformation(name: str, schedule: lrspec.Node, *, x64: bool) -> None:
    with enable_x64(x64):
        found = np.asarray(ELEMENTWISE[name](schedule.to_optax())(jnp.asarray(STEPS)))
    assert np.array_equal(found.astype(np.float32).view(np.int32), expected(schedule).view(np.int32))


@schedules
@x64
def test_steps_without_a_value_are_clamped(schedule: lrspec.Node, *, x64: bool) -> None:
    first, last = schedule(0), schedule(2**31 - 1)
    with enable_x64(x64):
        compiled = jax.jit(schedule.to_optax())
        for dtype in (np.int32, np.int64) if x64 else (np.int32,):
            info = np.iinfo(dtype)
            steps = np.array([info.min, -1, 0, info.max, min(info.max, 2**31)], dtype)
            wanted = [first, first, first, last, last]
            assert compiled(steps).tolist() == wanted
            assert [float(compiled(step)) for step in steps] == wanted


@schedules
def test_a_gradient_with_respect_to_the_step_is_none(schedule: lrspec.Node) -> None:
    gradient = jax.grad(schedule.to_optax(), allow_int=True)(jnp.int32(5))
    assert gradient.dtype == jax.dtypes.float0


def test_an_executable_holds_one_table_for_all_who_use_it() -> None:
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=50_000).to_optax()
    once, often = (
        jax.jit(function).lower(np.int32(3)).compile().as_text()
        for function in (schedule, lambda step: schedule(step) + schedule(step + 1) * schedule(step + 2))
    )
    assert once.count("f32[50001]{0} constant(") == often.count("f32[50001]{0} constant(") == 1
