"""A document that Keras cannot take whole is refused by name: its other hyperparameters are compiled constants."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec import UnsupportedError

TEXT = "{lrspec: 1, learning_rate: {kind: constant, value: 0.5}, %s}"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("momentum: {kind: constant, value: 0.9}", "momentum"),
        ("weight_decay: {kind: constant, value: 0.9}", "weight_decay"),
        ("other: {eps: {kind: constant, value: 0.9}}", "eps"),
        ("groups: {head: {scale: 2}}", "the group head"),
    ],
)
def test_more_than_a_learning_rate_is_refused(more: str, what: str) -> None:
    document = lrspec.loads(TEXT % more)
    with pytest.raises(UnsupportedError, match=f"keras: {what} is not supported: its schedules hold a learning rate"):
        document.to_keras()
    assert float(document["learning_rate"].to_keras()(0)) == 0.5


class Setting(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Sets an attribute of the optimizer once training has begun."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        del logs
        if batch == 1:
            setattr(self.model.optimizer, self.name, 0.0)


def trained(optimizer: Any, callbacks: list[Any], *, eagerly: bool) -> list[float]:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer, loss="mse", run_eagerly=eagerly)
    x, y = np.ones((6, 2), np.float32), np.zeros((6, 1), np.float32)
    model.fit(x, y, batch_size=1, verbose=0, shuffle=False, callbacks=callbacks)
    weights: list[float] = model.get_weights()[0].ravel().tolist()
    return weights


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="its training step is not compiled")
@pytest.mark.parametrize(
    ("kind", "name"), [("SGD", "momentum"), ("Adam", "beta_1"), ("SGD", "weight_decay"), ("AdamW", "weight_decay")]
)
def test_an_attribute_that_is_set_later_changes_nothing_in_the_compiled_step(kind: str, name: str) -> None:
    def make() -> Any:
        return getattr(keras.optimizers, kind)(learning_rate=0.01, **{name: 0.9})

    plain, same = (trained(make(), callbacks, eagerly=False) for callbacks in ([], [Setting(name)]))
    assert plain == same
    if keras.backend.backend() == "tensorflow":  # and the callback does reach the optimizer: eagerly it matters
        plain, other = (trained(make(), callbacks, eagerly=True) for callbacks in ([], [Setting(name)]))
        assert plain != other


@pytest.mark.parametrize("name", ["momentum", "weight_decay"])
def test_the_rate_alone_trains_and_is_the_documents(name: str) -> None:
    text = "{lrspec: 1, learning_rate: {kind: linear, init_value: 0.1, end_value: 0, steps: 9}, %s: {%s}}"
    document = lrspec.loads(text % (name, "kind: constant, value: 0.9"))
    with pytest.raises(lrspec.UnsupportedError, match=name):
        document.to_keras()
    optimizer = keras.optimizers.SGD(learning_rate=document["learning_rate"].to_keras())
    trained(optimizer, [], eagerly=False)
    assert float(optimizer.learning_rate) == document(6)
