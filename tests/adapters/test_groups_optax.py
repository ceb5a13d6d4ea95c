"""Several hyperparameters and parameter groups in Optax, against the document's own schedules."""

from __future__ import annotations

from functools import partial
from typing import Any

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


OTHER = lrspec.loads("""
lrspec: 1
learning_rate: {kind: warmup_cosine, peak_value: 0.1, warmup_steps: 5, decay_steps: 20}
momentum: {kind: one_cycle_momentum, total_steps: 25}
weight_decay: {kind: linear, init_value: 0.1, end_value: 0, steps: 25}
groups: {head: {scale: 0.3, weight_decay: {kind: cosine, init_value: 0.2, end_value: 0.1, steps: 9}}}
""")
TWO = {"a": jnp.ones(2), "b": jnp.ones(3)}
TWO_LABELS = {"a": "head", "b": "default"}


@pytest.mark.parametrize("name", ["learning_rate", "momentum", "weight_decay"])
@pytest.mark.parametrize("of", ["head", None])
def test_any_hyperparameter_of_any_group_is_a_function(name: str, of: str | None) -> None:
    node = OTHER.group(of)[name]
    found = jax.jit(jax.vmap(node.to_optax()))(jnp.arange(40))
    assert np.array_equal(np.asarray(found).view(np.int32), node.values(0, 40).view(np.int32))


def test_a_training_loop_inside_scan_applies_every_value() -> None:
    optimizer = grouped(OTHER, optax.adamw, TWO_LABELS)

    def train(carry: Any, _: None) -> tuple[Any, Any]:
        params, state = carry
        updates, state = optimizer.update(TWO, state, params)
        applied = {label: state.inner_states[label].inner_state.hyperparams for label in ("head", "default")}
        return (optax.apply_updates(params, updates), state), applied

    _, applied = jax.lax.scan(train, (TWO, optimizer.init(TWO)), length=30)
    arguments = {"learning_rate": "learning_rate", "b1": "momentum", "weight_decay": "weight_decay"}
    for label, (argument, name) in ((label, pair) for label in applied for pair in arguments.items()):
        found = np.asarray(applied[label][argument])
        assert found.dtype == np.float32
        assert np.array_equal(found.view(np.int32), OTHER.group(label)[name].values(0, 30).view(np.int32))


def test_sgd_takes_its_momentum_by_that_name_and_labels_may_be_a_function() -> None:
    document = lrspec.Document({key: value for key, value in OTHER.to_dict().items() if key[0] in "lm"})
    make = partial(optax.sgd, nesterov=True)
    optimizer = grouped(document, make, lambda params: jax.tree_util.tree_map(lambda _: "default", params))
    state = optimizer.init(TWO)
    _, state = jax.jit(optimizer.update)(TWO, state, TWO)
    _, state = jax.jit(optimizer.update)(TWO, state, TWO)
    applied = state.inner_states["default"].inner_state.hyperparams
    assert (applied["learning_rate"], applied["momentum"]) == (document(1), document["momentum"](1))


def test_a_label_of_no_group_is_an_error() -> None:
    with pytest.raises(ValueError, match="haed"):
        grouped(OTHER, optax.adamw, {"a": "haed", "b": "default"}).init(TWO)


SCALES = "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 8}, groups: %s}"


def applied(document: lrspec.Document, make: Any, labels: Any, params: Any) -> Any:
    optimizer = grouped(document, make, labels)
    updates, state = jax.jit(optimizer.update)(params, optimizer.init(params), params)
    return updates, {label: inner.inner_state for label, inner in state.inner_states.items()}


def test_groups_that_are_listed_are_labelled_by_their_places() -> None:
    document = lrspec.loads(SCALES % "[{scale: 2}, {scale: 3}]")
    params = {"a": -jnp.ones(()), "b": -jnp.ones(()), "c": -jnp.ones(())}
    for labels in ({"a": 0, "b": 1, "c": "default"}, lambda _: {"a": "0", "b": "1", "c": "default"}):
        updates, _ = applied(document, optax.sgd, labels, params)
        assert {key: float(value) for key, value in updates.items()} == {"a": 2.0, "b": 3.0, "c": 1.0}


def test_a_group_by_the_name_of_default_has_its_own_schedules() -> None:
    updates, _ = applied(lrspec.loads(SCALES % "{default: {scale: 2}}"), optax.sgd, "default", -jnp.ones(()))
    assert float(updates) == 2.0


def test_narrow_parameters_keep_the_values_and_the_other_arguments_whole() -> None:
    """Injected, Adam's b2 would be 0.999 in bfloat16, which is 1, and every update not a number."""
    document = lrspec.Document({key: value for key, value in OTHER.to_dict().items() if key != "momentum"})
    params = {"a": jnp.ones(2, jnp.bfloat16)}
    make = partial(optax.adamw, mask=lambda _: {"a": True})
    updates, state = applied(document, make, {"a": "head"}, params)
    found, wanted = state["head"].hyperparams, document.group("head")
    assert sorted(found) == ["learning_rate", "weight_decay"]
    for name, value in found.items():
        assert (value.dtype, float(value)) == (jnp.float32, wanted[name](0))
    assert bool(jnp.isfinite(updates["a"]).all())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("b1", "b1 of adamw is not supported: its argument b1 has another schedule of the document"),
        ("nesterov", "nesterov of adamw is not supported: its argument nesterov is a flag"),
    ],
)
def test_an_argument_has_one_schedule_and_is_a_number(more: str, message: str) -> None:
    document = lrspec.Document(OTHER.to_dict() | {"other": {more: {"kind": "constant", "value": 0.5}}})
    with pytest.raises(lrspec.UnsupportedError, match=message):
        grouped(document, optax.adamw, TWO_LABELS)
