"""Several hyperparameters and parameter groups in Optax, against the document's own schedules."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lrspec
from lrspec import UnsupportedError
from lrspec.adapters.groups_optax import grouped

DOCUMENT = lrspec.loads("""
lrspec: 1
learning_rate: {kind: warmup_cosine, peak_value: 0.1, warmup_steps: 5, decay_steps: 20}
momentum: {kind: one_cycle_momentum, total_steps: 25}
weight_decay: {kind: linear, init_value: 0.1, end_value: 0, steps: 25}
groups:
  backbone: {scale: 0.1}
  head: {weight_decay: {kind: constant, value: 0}}
""")
PARAMS = {"a": jnp.ones(2), "b": jnp.ones(3), "c": jnp.ones(1)}
LABELS = {"a": "backbone", "b": "head", "c": "default"}


def test_each_group_applies_its_own_values_under_jit() -> None:
    optimizer = grouped(DOCUMENT, optax.adamw, LABELS)
    state, params = optimizer.init(PARAMS), PARAMS
    update = jax.jit(optimizer.update)
    for step in range(30):
        updates, state = update(PARAMS, state, params)
        params = optax.apply_updates(params, updates)
        for label in LABELS.values():
            found = state.inner_states[label].inner_state.hyperparams
            expected = DOCUMENT.group(label)
            assert {name: float(found[name]) for name in ("learning_rate", "b1", "weight_decay")} == {
                "learning_rate": expected["learning_rate"](step),
                "b1": expected["momentum"](step),
                "weight_decay": expected["weight_decay"](step),
            }


def test_scales_alone_need_no_injection() -> None:
    text = (
        "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 8}, groups: {a: {scale: 0.5}}}"
    )
    document = lrspec.loads(text)
    optimizer = grouped(document, optax.sgd, {"a": "a", "b": "default"})
    params = {"a": jnp.zeros(()), "b": jnp.zeros(())}
    gradients = {"a": -jnp.ones(()), "b": -jnp.ones(())}
    state = optimizer.init(params)
    for step in range(10):
        updates, state = jax.jit(optimizer.update)(gradients, state)
        for name in ("a", "b"):
            assert np.asarray(updates[name]) == document.group(name)["learning_rate"](step)


def test_what_cannot_be_taken_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="optax: weight_decay of sgd is not supported: it takes no argument"):
        grouped(DOCUMENT, optax.sgd, LABELS)
    with pytest.raises(UnsupportedError, match="optax: momentum and weight_decay and the group backbone"):
        DOCUMENT.to_optax()
    assert float(DOCUMENT["learning_rate"].to_optax()(5)) == DOCUMENT["learning_rate"](5)
