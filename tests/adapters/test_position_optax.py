"""Optax' counters, from states whose updates the test counts, and states put at a step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrspec

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90)
PARAMS = {"a": jnp.ones(2), "b": jnp.ones(3)}


def state_of(transformation: Any, updates: int, **arguments: Any) -> Any:
    state = transformation.init(PARAMS)
    for _ in range(updates):
        _, state = transformation.update(PARAMS, state, PARAMS, **arguments)
    return state


def native() -> optax.Schedule:
    return optax.cosine_decay_schedule(0.1, 10)


TRANSFORMATIONS: dict[str, Callable[[], Any]] = {
    "adam": lambda: optax.adam(0.1),
    "adam with a schedule": lambda: optax.adam(native()),
    "sgd with a schedule": lambda: optax.sgd(native()),
    "sgd with ours": lambda: optax.sgd(SCHEDULE.to_optax()),
    "adamw in a chain": lambda: optax.chain(optax.clip(1.0), optax.adamw(SCHEDULE.to_optax())),
    "injected": lambda: optax.inject_hyperparams(optax.adam)(native()),
    "injected, nothing else counts": lambda: optax.inject_hyperparams(optax.sgd)(native()),
    "groups": lambda: optax.multi_transform({"x": optax.sgd(native()), "y": optax.adam(0.1)}, {"a": "x", "b": "y"}),
    "masked": lambda: optax.masked(optax.adam(0.1), {"a": True, "b": False}),
    "if finite": lambda: optax.apply_if_finite(optax.adam(0.1), 5),
    "schedule free": lambda: optax.contrib.schedule_free_adamw(0.1),
    "schedule free of sgd": lambda: optax.contrib.schedule_free_sgd(0.1),
    "adan": lambda: optax.adan(0.1),
    "lion": lambda: optax.lion(0.1),
    "lbfgs memory": optax.scale_by_lbfgs,
}


for _name in ("ademamix", "simplified_ademamix"):  # the oldest Optax has neither
    if hasattr(optax.contrib, _name):
        TRANSFORMATIONS[_name] = functools.partial(getattr(optax.contrib, _name), 0.1)


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_counts(name: str) -> None:
    transformation = TRANSFORMATIONS[name]()
    for updates in (0, 1, 7):
        position = lrspec.position(state_of(transformation, updates))
        assert position.updates == updates
        assert {counter.value for counter in position.candidates} == {updates}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_a_state_is_moved(name: str) -> None:
    """The counters of the moved state are those of the one that got there; everything else stays as it was."""
    transformation = TRANSFORMATIONS[name]()
    fresh, walked = state_of(transformation, 0), state_of(transformation, 7)
    before = jax.tree_util.tree_leaves_with_path(fresh)
    moved = lrspec.set_position(fresh, 7)
    assert jax.tree.structure(moved) == jax.tree.structure(fresh)
    changed = 0
    for (path, old), new, there in zip(before, jax.tree.leaves(moved), jax.tree.leaves(walked), strict=True):
        assert new.dtype == old.dtype == there.dtype
        if np.issubdtype(old.dtype, np.integer):
            assert new.weak_type == old.weak_type
            assert int(new) == int(there), path
            changed += new is not old
        else:
            assert new is old
    assert changed == len(lrspec.position(moved).candidates)
    assert lrspec.position(fresh).updates == 0
    assert lrspec.position(moved).updates == 7


def test_a_moved_state_goes_on_with_the_schedules_bits() -> None:
    transformation = optax.inject_hyperparams(optax.sgd)(SCHEDULE.to_optax())
    state = lrspec.set_position(transformation.init(PARAMS), 40)
    for step in (40, 41):
        _, state = jax.jit(transformation.update)(PARAMS, state, PARAMS)
        assert np.float32(state.hyperparams["learning_rate"]) == SCHEDULE(step)


def test_multi_steps_counts_updates_and_not_micro_batches() -> None:
    transformation = optax.MultiSteps(optax.adam(native()), 3)
    state = state_of(transformation, 7)
    position = lrspec.position(state)
    assert (position.updates, position.counter) == (2, "gradient_step")
    with pytest.raises(lrspec.LrspecError, match=r"mini_step is 1: the state is in the middle of an update"):
        lrspec.set_position(state, 5)
    moved = lrspec.set_position(state_of(transformation, 6), 40)
    assert lrspec.position(moved).updates == 40
    assert int(moved.mini_step) == 0


def test_counts_that_disagree_are_reported() -> None:
    masked = optax.chain(optax.conditionally_mask(optax.sgd(native()), lambda step: step % 2 == 0))
    state = state_of(masked, 5)
    with pytest.raises(lrspec.AmbiguousPositionError, match="not updated equally often") as caught:
        lrspec.position(state)
    assert caught.value.candidates == {"[0].step": 5, "[0].inner_state[1].count": 3}
    assert lrspec.position(state, counter="[0].step").updates == 5

    outside = optax.chain(
        optax.add_noise(0.1, 0.5, 0), optax.MultiSteps(optax.sgd(native()), 3).gradient_transformation()
    )
    with pytest.raises(lrspec.AmbiguousPositionError) as caught:
        lrspec.position(state_of(outside, 6))
    assert set(caught.value.candidates.values()) == {6, 2}


def test_apply_every_needs_a_choice() -> None:
    state = state_of(optax.chain(optax.apply_every(3), optax.sgd(0.1)), 6)
    with pytest.raises(lrspec.AmbiguousPositionError, match="of apply_every, which accumulates"):
        lrspec.position(state)
    with pytest.raises(lrspec.UnsupportedError, match=r"use optax\.MultiSteps"):
        lrspec.set_position(state, 6)


def test_a_plateau_counts_metrics() -> None:
    plateau = optax.chain(optax.adam(0.1), optax.contrib.reduce_on_plateau(accumulation_size=4))
    state = state_of(plateau, 7, value=1.0)
    assert lrspec.position(state).updates == 7
    moved = lrspec.set_position(state, 40)
    assert int(moved[1].count) == int(state[1].count)


def test_a_state_without_a_count_is_refused() -> None:
    states: list[Any] = [state_of(optax.sgd(0.1), 3), (), {}]
    for state in states:
        with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
            lrspec.position(state)
        with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
            lrspec.set_position(state, 3)


def test_a_state_that_is_replicated_over_devices() -> None:
    state = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), state_of(optax.adam(native()), 5))
    assert lrspec.position(state).updates == 5
    moved = lrspec.set_position(state, 40)
    assert moved[0].count.shape == (3,)
    assert lrspec.position(moved).updates == 40


def test_a_parameter_with_a_counters_name_is_none() -> None:
    params = {"count": jnp.ones(2), "step": jnp.float32(1.0)}
    state = optax.adam(0.1).init(params)
    assert [counter.name for counter in lrspec.position(state).candidates] == ["[0].count"]


def test_steps_up_to_the_last() -> None:
    state = state_of(optax.adam(0.1), 0)
    assert lrspec.position(lrspec.set_position(state, 2**31 - 1)).updates == 2**31 - 1
    with pytest.raises(lrspec.StepError):
        lrspec.set_position(state, 2**31)


def test_what_the_page_says_of_fresh_moments() -> None:
    transformation = optax.adam(0.1)
    moved = lrspec.set_position(transformation.init(PARAMS), 100_000)
    update, _ = transformation.update(PARAMS, moved, PARAMS)
    assert float(-update["a"][0]) == pytest.approx(0.1 * 0.1 / 0.001**0.5, rel=1e-3)
