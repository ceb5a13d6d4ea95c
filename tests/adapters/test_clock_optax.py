"""The step is the number of updates applied, in every transformation of Optax that skips, gathers or counts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import export

import lrspec
from lrspec.adapters.clock_optax import applied_rate, lr_applied, lr_next

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)
FUNCTION = SCHEDULE.to_optax()
ZERO = jnp.zeros((), jnp.float32)


def run(optimizer: Any, gradients: list[float]) -> tuple[list[float], Any]:
    """Return what each gradient adds to a parameter of 0, and the state after all."""
    state = optimizer.init(ZERO)
    update = jax.jit(optimizer.update)
    added = []
    for gradient in gradients:
        updates, state = update(jnp.float32(gradient), state, ZERO)
        added.append(float(updates))
    return added, state


@pytest.mark.parametrize("every", [1, 4])
def test_accumulated_gradients_are_one_update(every: int) -> None:
    optimizer = optax.MultiSteps(optax.sgd(FUNCTION), every)
    added, state = run(optimizer, [-1.0] * every * 30)
    assert added[every - 1 :: every] == [SCHEDULE(step) for step in range(30)]
    assert all(rate == 0 for i, rate in enumerate(added) if i % every != every - 1)
    assert lrspec.check_clock(state) == 30
    assert (lr_applied(FUNCTION, state), lr_next(FUNCTION, state)) == (SCHEDULE(29), SCHEDULE(30))


def test_an_update_that_is_not_finite_does_not_count() -> None:
    gradients = [float("nan") if i < 3 or i % 7 == 5 else -1.0 for i in range(60)]
    added, state = run(optax.apply_if_finite(optax.sgd(FUNCTION), 10), gradients)
    applied = [rate for rate, gradient in zip(added, gradients, strict=True) if gradient == -1.0]
    assert applied == [SCHEDULE(step) for step in range(len(applied))]
    assert lrspec.check_clock(state) == len(applied) == gradients.count(-1.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: optax.inject_hyperparams(optax.sgd)(learning_rate=FUNCTION),
        lambda: optax.chain(optax.clip_by_global_norm(1e6), optax.identity(), optax.sgd(FUNCTION)),
        lambda: optax.chain(optax.trace(decay=0.0), optax.scale_by_learning_rate(FUNCTION)),
        lambda: optax.chain(optax.scale_by_schedule(lambda count: -FUNCTION(count))),
        lambda: optax.masked(optax.sgd(FUNCTION), mask=True),
        lambda: optax.multi_transform({"all": optax.sgd(FUNCTION)}, "all"),
        lambda: optax.flatten(optax.sgd(FUNCTION)),
    ],
    ids=["inject", "chain", "trace", "scale", "masked", "multi_transform", "flatten"],
)
def test_each_transformation_applies_the_rate_of_its_count(make: Any) -> None:
    added, state = run(make(), [-1.0] * 120)
    assert added == [SCHEDULE(step) for step in range(120)]
    assert lrspec.check_clock(state) == 120
    assert applied_rate(FUNCTION, state) == {"lr_applied": SCHEDULE(119), "update": 119}


def test_several_counts_agree_or_are_an_error() -> None:
    optimizer = optax.chain(optax.scale_by_adam(), optax.scale_by_learning_rate(FUNCTION))
    state = optimizer.init(ZERO)
    assert (lrspec.check_clock(state), lr_applied(FUNCTION, state)) == (0, None)
    assert applied_rate(FUNCTION, state) == {}
    _, state = optimizer.update(ZERO, state, ZERO)
    assert lrspec.check_clock(state) == 1
    torn = (state[0]._replace(count=jnp.int32(7)), *state[1:])
    with pytest.raises(lrspec.ClockError, match=r"\[0\]\.count says 7 and \[1\]\.count says 1"):
        lrspec.check_clock(torn)
    with pytest.raises(lrspec.UnsupportedError, match="it keeps no count"):
        lrspec.check_clock(optax.sgd(0.1).init(ZERO))


def test_schedule_free_reads_the_rate_of_its_own_count() -> None:
    optimizer = optax.contrib.schedule_free(optax.sgd(FUNCTION), FUNCTION, b1=0.5)
    params = jnp.ones((), jnp.float32)
    state = optimizer.init(params)
    for step in range(20):
        updates, state = jax.jit(optimizer.update)(-jnp.ones(()), state, params)
        params = optax.apply_updates(params, updates)
        assert lrspec.check_clock(state.base_optimizer_state) == step + 1
    most = max(SCHEDULE(step) for step in range(20))
    assert float(state.max_lr) == most


@pytest.mark.parametrize("x64", [False, True])
def test_a_loop_with_donated_state_is_compiled_once(*, x64: bool) -> None:
    optimizer = optax.sgd(FUNCTION)
    jax.config.update("jax_enable_x64", x64)
    try:
        update = jax.jit(optimizer.update, donate_argnums=1)
        state = optimizer.init(ZERO)
        for step in range(120):
            updates, state = update(-jnp.ones((), jnp.float32), state)
            assert float(updates) == SCHEDULE(step)
        assert update._cache_size() == 1
    finally:
        jax.config.update("jax_enable_x64", False)  # noqa: FBT003 - its own signature


def test_exported_and_compiled_code_is_the_same_function() -> None:
    exported = export.export(jax.jit(FUNCTION))(jax.ShapeDtypeStruct((), jnp.int32))
    back = export.deserialize(exported.serialize())
    compiled = jax.jit(FUNCTION).lower(jax.ShapeDtypeStruct((), jnp.int32)).compile()
    for step in (0, 9, 10, 11, 99, 100, 2**31 - 1):
        count = np.int32(step)
        assert float(back.call(count)) == float(compiled(count)) == SCHEDULE(step)


def test_nothing_calls_the_host_and_no_tracer_leaks() -> None:
    text = jax.jit(FUNCTION).lower(jax.ShapeDtypeStruct((), jnp.int32)).as_text()
    assert "callback" not in text
    with jax.checking_leaks():
        jax.jit(FUNCTION)(jnp.int32(3))
        jax.lax.scan(lambda count, _: (count + 1, FUNCTION(count)), jnp.int32(0), None, length=5)
