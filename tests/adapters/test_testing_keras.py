"""What `lrspec.testing` does with Keras: native schedules, recorded rates, the example project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import example_project
import lrspec
from lrspec.errors import UnsupportedError
from lrspec.testing import AppliedRates, assert_same_schedule
from lrspec.testing.frameworks import applied

COSINE = lrspec.Cosine(init_value=0.125, end_value=0.0, steps=50)


def fitted(rate: Any, steps_per_execution: int = 1, accumulated: int | None = None) -> list[float]:
    model = keras.Sequential([keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulated)
    model.compile(optimizer, "mse", steps_per_execution=steps_per_execution)
    recorded = AppliedRates().keras()
    x = np.ones((20, 1), np.float32)
    model.fit(x, x, batch_size=2, epochs=2, verbose=0, callbacks=[recorded.callback])
    assert_same_schedule(recorded, recorded.values)
    return recorded.values


@pytest.mark.parametrize("steps_per_execution", [1, 5])
def test_the_rates_of_a_fit_are_recorded(steps_per_execution: int) -> None:
    assert_same_schedule(fitted(COSINE.to_keras(), steps_per_execution), COSINE, steps=20)


def test_updates_of_several_batches_are_one() -> None:
    rates = fitted(COSINE.to_keras(gradient_accumulation_steps=2), accumulated=2)
    assert_same_schedule(rates, COSINE, steps=10)


def test_a_number_that_may_have_changed_between_two_calls_is_refused() -> None:
    assert fitted(0.5) == [0.5] * 20
    with pytest.raises(UnsupportedError, match="5 updates between two calls"):
        fitted(0.5, 5)


def test_schedules_of_keras_and_ours_are_called() -> None:
    assert_same_schedule(COSINE.to_keras(), COSINE, steps=60)
    native = keras.optimizers.schedules.CosineDecay(0.125, 50)
    assert_same_schedule(native, COSINE, steps=40, max_ulps=100, reason="Keras computes the cosine in float32")
    with pytest.raises(AssertionError, match="of 40 steps differ"):
        assert_same_schedule(native, lrspec.Cosine(init_value=0.125, end_value=0.01, steps=50), steps=40)


def test_an_optimizer_applies_the_schedule() -> None:
    assert (applied("keras", COSINE, 0, 60) == COSINE.values(0, 60)).all()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the project's environment has TensorFlow")
def test_a_changed_number_turns_the_example_red(tmp_path: Path) -> None:
    assert example_project.CHANGED in example_project.red(tmp_path, "keras")
