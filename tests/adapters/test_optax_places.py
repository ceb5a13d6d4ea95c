"""Where Optax and JAX call a schedule: Optax' own in one run and ours in the next, with the same bits after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.experimental import checkify

import lrspec

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.125, steps=4),
        lrspec.PiecewiseConstant(boundaries=[3, 6], values=[0.5, 0.25, 0.125]),
    ]
)
NATIVE = optax.join_schedules(
    [optax.linear_schedule(0.0, 0.125, 4), optax.piecewise_constant_schedule(0.5, {3: 0.5, 6: 0.5})], [4]
)  # all powers of two, so that its bits are ours
OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": optax.sgd,
    "adamw": optax.adamw,
    "inject_hyperparams": lambda rate: optax.inject_hyperparams(optax.adamw)(learning_rate=rate, weight_decay=rate),
    "join_schedules": lambda rate: optax.sgd(optax.join_schedules([optax.constant_schedule(0.25), rate], [3])),
    "a function of it": lambda rate: optax.sgd(lambda count: 2 * rate(count)),
    "multi_transform": lambda rate: optax.multi_transform(
        {"a": optax.sgd(rate), "b": optax.adam(rate)}, {"w": "a", "b": "b"}
    ),
    "masked": lambda rate: optax.masked(optax.sgd(rate), {"w": True, "b": False}),
    "MultiSteps": lambda rate: optax.MultiSteps(optax.sgd(rate), 2),
    "apply_if_finite": lambda rate: optax.apply_if_finite(optax.sgd(rate), 3),
    "schedule_free": lambda rate: optax.contrib.schedule_free(optax.sgd(rate), learning_rate=rate, b1=0.9),
    "prodigy": optax.contrib.prodigy,
    "dadapt_adamw": optax.contrib.dadapt_adamw,
    "sam": lambda rate: optax.contrib.sam(optax.sgd(rate), optax.sgd(0.1), sync_period=2, reset_state=False),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers_train_alike(make: Callable[[Any], Any]) -> None:
    def trained(rate: Any) -> Any:
        optimizer = make(rate)
        params = {"w": jnp.ones(4), "b": jnp.zeros(2)}

        def update(carry: Any, size: jax.Array) -> Any:
            params, state = carry
            gradients = jax.tree.map(lambda x: jnp.full_like(x, size), params)
            updates, state = optimizer.update(gradients, state, params)
            params = optax.apply_updates(params, updates)
            return (params, state), params

        return jax.lax.scan(update, (params, optimizer.init(params)), jnp.arange(1.0, 14.0))[1]

    native, ours = jax.jit(partial(trained, NATIVE))(), jax.jit(partial(trained, SCHEDULE.to_optax()))()
    assert len(np.unique(native["w"], axis=0)) > 3
    # XLA may fuse what schedule_free divides in another way beside another schedule
    ulps = 2 if make is OPTIMIZERS["schedule_free"] else 0
    jax.tree.map(partial(np.testing.assert_array_max_ulp, maxulp=ulps), native, ours)


def stateful(rate: Any) -> Any:
    """A count that a function changes while it is called."""
    count = jax.new_ref(jnp.int32(3))

    def stepped() -> Any:
        value = rate(count[...])
        count[...] += 1
        return value

    compiled = jax.jit(stepped)
    return [compiled() for _ in range(5)]


def custom_gradient(rate: Any) -> Any:
    scaled = jax.custom_vjp(lambda w, count: w * rate(count))
    scaled.defvjp(lambda w, count: (w * rate(count), count), lambda count, g: (g * rate(count), None))
    return jax.jit(jax.grad(scaled))(2.0, jnp.int32(5))


def checked(rate: Any) -> Any:
    error, found = jax.jit(checkify.checkify(rate, errors=checkify.all_checks))(jnp.arange(12))
    error.throw()
    return found


def under(context: Callable[[], Any], function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def inside(rate: Any) -> Any:
        with context():
            return function(rate)

    return inside


def jitted(rate: Any) -> Any:
    return jax.jit(lambda count: rate(count) * jnp.float32(2))(jnp.int32(5))


def looped(rate: Any) -> Any:
    return jax.lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0] + 1, c[1] + rate(c[0])), (jnp.int32(0), 0.0))[1]


PLACES: dict[str, Callable[[Any], Any]] = {
    "while_loop": looped,
    "map in batches": lambda rate: jax.lax.map(rate, jnp.arange(12), batch_size=5),
    "switch": lambda rate: jax.jit(lambda i: jax.lax.switch(i, [rate, lambda c: rate(c + 1)], i))(1),
    "gradient": lambda rate: jax.jit(jax.grad(lambda w: (w * rate(jnp.int32(5))) ** 2))(2.0),
    "gradient of vmap": lambda rate: jax.vmap(jax.grad(lambda w, c: w * rate(c)), (None, 0))(2.0, jnp.arange(12)),
    "checkpoint": lambda rate: jax.jit(jax.grad(jax.checkpoint(lambda w, c: (w * rate(c)) ** 2)))(2.0, jnp.int32(6)),
    "hessian": lambda rate: jax.hessian(lambda w: (w * rate(jnp.int32(5))) ** 2)(2.0),
    "custom_vjp": custom_gradient,
    "checkify": checked,
    "donated": lambda rate: jax.jit(lambda c: (rate(c), c + 1), donate_argnums=0)(jnp.int32(4)),
    "ahead of time": lambda rate: jax.jit(rate).lower(jax.ShapeDtypeStruct((), jnp.int32)).compile()(jnp.int32(5)),
    "disable_jit": under(jax.disable_jit, jitted),
    "debug_nans": under(partial(jax.debug_nans, new_val=True), jitted),
    "checking_leaks": under(jax.checking_leaks, jitted),
    "no rank promotion": under(partial(jax.numpy_rank_promotion, "raise"), jitted),
}
if hasattr(jax, "new_ref"):
    PLACES["a count in a Ref"] = stateful


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_places_give_the_same(place: Callable[[Any], Any]) -> None:
    jax.tree.map(np.testing.assert_array_equal, place(NATIVE), place(SCHEDULE.to_optax()))


def test_no_transfer_is_made_while_a_compiled_schedule_runs() -> None:
    compiled, count = jax.jit(SCHEDULE.to_optax()), jnp.int32(5)
    with jax.transfer_guard("disallow"):
        found = compiled(count)
    assert found == SCHEDULE(5)
