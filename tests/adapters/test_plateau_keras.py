"""The plateau controller against Keras' own, and the callback that carries it."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
import plateau_cases
from lrspec.adapters.plateau_keras import PlateauCallback
from lrspec.plateau import PlateauRule, ReduceOnPlateau

BASE = 0.1
SMALLEST = 2.0**-126
IS_OLD = tuple(map(int, keras.__version__.split(".")[:2])) < (3, 11)
OLD: dict[str, Any] = {"first": "compare", "nan": "worse", "threshold_on": "best", "arithmetic": "rates"}
CONVENTIONS = OLD if IS_OLD else {}


def attached(callback: keras.callbacks.Callback, rate: Any = BASE) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.SGD(rate)
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    return optimizer


def compare(given: dict[str, Any], metrics: list[float]) -> int:
    """Compare the whole course, and return how often the rate fell."""
    arguments = {"min_lr" if name == "floor" else name: value for name, value in given.items()}
    native = keras.callbacks.ReduceLROnPlateau(monitor="loss", **({"mode": "min"} | arguments))
    optimizer = attached(native)
    ours = PlateauCallback(ReduceOnPlateau(PlateauRule.keras(**(CONVENTIONS | arguments))), BASE, monitor="loss")
    follower = attached(ours)
    blind = ReduceOnPlateau(ours.controller.rule)
    falls, before = 0, float(np.float32(BASE))
    for epoch, metric in enumerate(metrics):
        native.on_epoch_end(epoch, {"loss": metric})
        ours.on_epoch_end(epoch, {"loss": metric})
        blind.update(metric)
        rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        rate = rate if rate >= SMALLEST else 0.0
        assert float(keras.ops.convert_to_numpy(follower.learning_rate)) == rate == blind.rate(BASE)
        if rate:
            state = ours.controller.state_dict()
            assert (state["count"], state["cooldown"]) == (native.wait, native.cooldown_counter)
            if state["best"] is None:
                assert native.best in {math.inf, -math.inf}  # Keras up to 3.10 begins with these
            else:
                assert state["best"] == (native.best if math.isfinite(native.best) else repr(native.best))
        falls += rate < before
        before = rate
    return falls


@pytest.mark.parametrize("direction", ["min", "max"])
def test_random_courses_are_keras(direction: str) -> None:
    rng = random.Random(direction)  # noqa: S311 - the same on every run
    falls = 0
    for _ in range(160):
        delta = rng.choice([0.0, 1e-4, 0.25, 0.1, rng.random()])
        given = plateau_cases.arguments(rng) | {
            "mode": direction,
            "min_delta": rng.choice([1 if IS_OLD else -1, 1]) * delta,
        }
        falls += compare(given, plateau_cases.metrics(rng, 0.0, delta))
    assert falls > 300


@pytest.mark.parametrize("direction", ["min", "max"])
def test_adversarial_courses_are_keras(direction: str) -> None:
    for delta in (1e-4, 0.25):
        for given, metrics in plateau_cases.adversarial():
            compare(given | {"mode": direction, "min_delta": delta}, metrics)


def test_the_defaults_are_keras() -> None:
    compare({}, [1.0] * 100)


def model() -> keras.Model:
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(1.0), loss="mse")
    return made


def test_it_follows_a_real_training_and_goes_on_from_a_checkpoint() -> None:
    rule = PlateauRule.keras(patience=1, factor=0.5, min_delta=1e9)  # nothing improves
    callback = PlateauCallback(ReduceOnPlateau(rule), BASE, monitor="loss")
    trained, seen = model(), []
    record = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: seen.append(float(keras.ops.convert_to_numpy(trained.optimizer.learning_rate)))
    )
    data = np.ones((4, 1)), np.ones((4, 1))
    trained.fit(*data, epochs=3, verbose=0, callbacks=[callback, record])
    resumed = ReduceOnPlateau(rule)
    resumed.load_state_dict(callback.controller.state_dict())
    trained = model()
    trained.fit(*data, epochs=2, verbose=0, callbacks=[PlateauCallback(resumed, BASE, monitor="loss"), record])
    assert seen == [float(np.float32(BASE)) / 2**k for k in (0, 0, 1, 2, 3)]


def test_a_scheduled_rate_is_refused_by_name() -> None:
    callback = PlateauCallback(ReduceOnPlateau(PlateauRule.keras()), BASE)
    with pytest.raises(lrspec.UnsupportedError, match="a plateau on KerasSchedule is not supported"):
        attached(callback, lrspec.Constant(value=0.1).to_keras())


def test_a_missing_metric_warns_and_counts_not() -> None:
    callback = PlateauCallback(ReduceOnPlateau(PlateauRule.keras()), BASE)
    attached(callback)
    before = callback.controller.state_dict()
    with pytest.warns(UserWarning, match="the logs hold loss: expected the metric val_loss"):
        callback.on_epoch_end(0, {"loss": 1.0})
    assert callback.controller.state_dict() == before
