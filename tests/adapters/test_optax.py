"""Optax and JAX: a pure function under every transformation."""

from __future__ import annotations

import functools
import importlib
import pickle
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrspec

enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64

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


@pytest.mark.parametrize("name", ["int4", "int8", "uint8", "int16", "uint16", "uint32", "int64", "uint64"])
def test_every_integer_type_is_a_count(name: str) -> None:
    function = SCHEDULE.to_optax()
    with enable_x64("64" in name):
        last = int(jnp.iinfo(name).max)
        counts = jnp.array([*range(7), last], name)
        assert counts.dtype == name
        wanted = [*EXPECTED[:7], SCHEDULE(min(last, 2**31 - 1))]
        for got in (function(counts), jax.jit(function)(counts)):
            assert got.tolist() == wanted
        scalar = jnp.asarray(last, name)
        assert function(scalar) == jax.jit(function)(scalar) == wanted[7]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_type_of_numpy_is_a_count(dtype: type) -> None:
    function = SCHEDULE.to_optax()
    last = np.iinfo(dtype).max
    assert function(dtype(7)) == function(np.array(7, dtype)) == EXPECTED[7]
    assert function(dtype(last)) == function(np.array(last, dtype)) == SCHEDULE(min(int(last), 2**31 - 1))
    assert np.array_equal(function(np.arange(100, dtype=dtype)), EXPECTED[:100])
    assert function(np.array([last]))[0] == SCHEDULE(min(int(last), 2**31 - 1))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (2, 3, 4), (1, 1, 1, 1)])
def test_counts_of_any_shape(shape: tuple[int, ...]) -> None:
    counts = jnp.arange(np.prod(shape, dtype=int)).reshape(shape)
    for got in (SCHEDULE.to_optax()(counts), jax.jit(SCHEDULE.to_optax())(counts)):
        assert got.dtype == jnp.float32
        assert np.array_equal(got, EXPECTED[: counts.size].reshape(shape))


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (3.0, "float32"),
        (np.float32(3), "float32"),
        (np.arange(3.0), "float32"),
        (jnp.float32(3), "float32"),
        (jnp.arange(3, dtype=jnp.bfloat16), "bfloat16"),
        (np.float16(3), "float16"),
        (True, "bool"),
        (np.array([True]), "bool"),
        (3j, "complex64"),
    ],
)
def test_a_count_that_is_no_integer_is_refused_alike_eagerly_and_under_jit(count: Any, name: str) -> None:
    function = SCHEDULE.to_optax()
    for refusing in (function, jax.jit(function)):
        with pytest.raises(TypeError) as caught:
            refusing(count)
        assert str(caught.value) == (
            f"a step of {name}: expected integers, such as Optax' counts; jnp.int32(step) makes one"
        )


def test_what_asks_a_function_for_its_name_gets_one() -> None:
    function = SCHEDULE.to_optax()
    assert jax.named_call(function)(3) == EXPECTED[3]
    assert jax.jit(jax.named_call(function))(3) == EXPECTED[3]
    assert function.__name__ == optax.cosine_decay_schedule(1.0, 10).__name__
    assert functools.wraps(function)(lambda count: count).__name__ == function.__name__


def test_a_kernel_of_pallas_is_refused_and_takes_the_rate() -> None:
    from jax.experimental import pallas

    function = SCHEDULE.to_optax()
    shape = jax.ShapeDtypeStruct((2,), jnp.float32)

    def inside(count: Any, out: Any) -> None:
        out[...] = jnp.full(2, function(count[0]))

    with pytest.raises(lrspec.UnsupportedError, match="call it outside and give the kernel the rate"):
        pallas.pallas_call(inside, out_shape=shape, interpret=True)(jnp.array([3], jnp.int32))

    def given(rate: Any, out: Any) -> None:
        out[...] = jnp.full(2, rate[0])

    def outside(count: jax.Array) -> jax.Array:
        return pallas.pallas_call(given, out_shape=shape, interpret=True)(function(count)[None])

    assert (jax.jit(outside)(jnp.int32(3)) == EXPECTED[3]).all()


DOCUMENT = lrspec.loads("{lrspec: 1, learning_rate: {kind: linear, init_value: 1.0, end_value: 0.0, steps: 100}}")


@pytest.mark.parametrize("schedule", [DOCUMENT, DOCUMENT.node], ids=["document", "node"])
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
@pytest.mark.parametrize(
    "make",
    [
        optax.sgd,
        optax.adamw,
        optax.scale_by_schedule,
        optax.inject_hyperparams(optax.sgd),
        lambda rate: optax.MultiSteps(optax.sgd(rate), 1),
        lambda rate: optax.sgd(optax.join_schedules([rate, optax.constant_schedule(1.0)], [5])),
        lambda rate: optax.chain(optax.clip(1.0), optax.scale_by_learning_rate(rate)),
    ],
)
def test_a_document_in_place_of_its_function_fails_at_the_first_call(make: Any, wrap: Any, schedule: Any) -> None:
    def first_update(params: jax.Array) -> Any:
        optimizer = make(schedule)
        return optimizer.update(params, optimizer.init(params), params)

    with pytest.raises(TypeError, match=r"write schedule\.to_optax\(\) where Optax or JAX calls the schedule"):
        wrap(first_update)(jnp.ones(2))


def test_a_division_in_int32_is_exact_where_its_remainder_is_largest() -> None:
    schedule = lrspec.InverseTime(init_value=1.0, decay_rate=1.0, decay_period=Fraction(2147179597, 5), staircase=True)
    stair = -(-4 * 2147179597 // 5)
    crossing = 1_717_804_488
    steps = [stair - 1, stair, crossing - 1, crossing, crossing + 14_674, crossing + 14_675, 2**30, 2**31 - 1]
    wanted = [1 / (1 + step * 5 // 2147179597) for step in steps]
    assert np.array_equal(jax.jit(schedule.to_optax())(np.array(steps, np.int32)), np.array(wanted, np.float32))


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
