"""The plateau controller against Optax's own, and the rate in an optimizer's state."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

import lrspec
import plateau_cases
from lrspec.adapters.plateau_optax import with_rate
from lrspec.plateau import PlateauRule, ReduceOnPlateau


@cache
def native(factor: float, rtol: float, atol: float) -> Callable[..., Any]:
    """Return a compiled function from metrics and the other arguments to the states after each."""

    @jax.jit  # type: ignore[untyped-decorator]  # jax is untyped here
    def course(metrics: jax.Array, others: dict[str, Any]) -> Any:
        plateau = optax.contrib.reduce_on_plateau(factor=factor, rtol=rtol, atol=atol, **others)

        def step(state: Any, metric: jax.Array) -> tuple[Any, Any]:
            state = plateau.update(jnp.ones(1), state, value=metric)[1]
            return state, state

        return jax.lax.scan(step, plateau.init(jnp.ones(1)), metrics)[1]

    return course  # type: ignore[no-any-return]  # jax is untyped here


def compare(given: dict[str, Any], metrics: list[float]) -> int:
    """Compare the whole course, and return how often the scale fell."""
    arguments = {"min_scale" if name == "floor" else name: value for name, value in given.items()}
    fixed = [arguments[name] for name in ("factor", "rtol", "atol")]
    others = {name: arguments[name] for name in arguments if name not in ("factor", "rtol", "atol")}
    states = jax.tree.map(np.asarray, native(*fixed)(jnp.asarray(metrics, jnp.float32), others))
    controller = ReduceOnPlateau(PlateauRule.optax(**arguments))
    falls, before = 0, 1.0
    for k, metric in enumerate(metrics):
        scale = controller.update(metric)
        assert scale == states.scale[k]
        assert controller.rate(0.1) == np.float32(0.1) * states.scale[k]
        state = controller.state_dict()
        assert (state["count"], state["cooldown"]) == (states.plateau_count[k], states.cooldown_count[k])
        assert state["averaged"] == states.count[k]
        assert np.array_equal(np.float32(state["mean"]), states.avg_value[k], equal_nan=True)
        assert np.float32("inf" if state["best"] is None else state["best"]) == states.best_value[k]
        falls += scale < before
        before = scale
    return falls


def test_random_courses_are_optax() -> None:
    rng = random.Random(1)  # noqa: S311 - the same on every run
    falls = 0
    for _ in range(24):
        rtol = rng.choice([0.0, 1e-4, 0.25, 1.0, rng.random()])
        atol = rng.choice([0.0, 0.125, rng.random()]) if rtol else rng.choice([1e-4, 0.125, rng.random()])
        factor = plateau_cases.arguments(rng)["factor"]
        for _ in range(15):
            given = plateau_cases.arguments(rng) | {"rtol": rtol, "atol": atol, "factor": factor}
            given["accumulation_size"] = rng.choice([1, 1, 2, 3, 7])
            falls += compare(given, plateau_cases.metrics(rng, rtol, atol))
    assert falls > 300


@pytest.mark.parametrize(("rtol", "atol"), [(1e-4, 0.0), (0.25, 0.0), (0.0, 0.25)])
@pytest.mark.parametrize("accumulation_size", [1, 2])
def test_adversarial_courses_are_optax(rtol: float, atol: float, accumulation_size: int) -> None:
    for given, metrics in plateau_cases.adversarial():
        compare(given | {"rtol": rtol, "atol": atol, "accumulation_size": accumulation_size}, metrics)


def test_the_defaults_are_optax() -> None:
    plateau = optax.contrib.reduce_on_plateau()
    state, controller = plateau.init(jnp.ones(1)), ReduceOnPlateau(PlateauRule.optax())
    update = jax.jit(lambda state, value: plateau.update(jnp.ones(1), state, value=value)[1])
    for _ in range(100):
        state = update(state, 1.0)
        assert controller.update(1.0) == state.scale
    assert controller.reductions == 9


def test_the_rate_in_the_state_is_the_one_applied() -> None:
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=20)
    controller = ReduceOnPlateau(PlateauRule.torch(patience=1, factor=0.3))
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=schedule(0))
    state = optimizer.init(jnp.zeros(1))
    update = jax.jit(optimizer.update)
    for step in range(20):
        rate = controller.rate(schedule(step))
        updates, state = update(-jnp.ones(1), with_rate(state, rate), jnp.zeros(1))
        assert float(updates[0]) == rate
        controller.update(1.0, schedule(step))
    assert controller.reductions == 9


def test_what_cannot_hold_a_rate_is_refused_by_name() -> None:
    params = jnp.zeros(1)
    with pytest.raises(lrspec.UnsupportedError, match="`learning_rate` is injected"):
        with_rate(optax.sgd(0.1).init(params), 0.1)
    injected = optax.inject_hyperparams(optax.sgd)
    with pytest.raises(lrspec.UnsupportedError, match="a scheduled `learning_rate`"):
        with_rate(injected(lrspec.Constant(value=0.1).to_optax()).init(params), 0.1)
    with pytest.raises(TypeError, match="bfloat16"):
        with_rate(injected(0.1).init(jnp.zeros(1, jnp.bfloat16)), 0.1)
