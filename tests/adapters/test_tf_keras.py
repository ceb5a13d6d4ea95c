"""TF-Keras, which is Keras 2: its schedules and its two sorts of optimizers, read."""

from __future__ import annotations

import os
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.readers import read_native

if find_spec("tf_keras") is None and "keras" not in os.environ.get("TOX_ENV_NAME", ""):
    pytest.skip("the environment of Keras has TF-Keras", allow_module_level=True)
tf_keras: Any = import_module("tf_keras")
if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's own", allow_module_level=True)
OPTIMIZERS: Any = tf_keras.optimizers
LEGACY: Any = tf_keras.optimizers.legacy
SCHEDULES: Any = tf_keras.optimizers.schedules

STAIRS = lrspec.Exponential(init_value=0.1, decay_period=64, decay_rate=0.5, staircase=True)
ROWS: dict[str, tuple[Any, Any]] = {
    "exponential": (SCHEDULES.ExponentialDecay(0.1, 64, 0.5, staircase=True), STAIRS),
    "cosine with a warmup": (
        SCHEDULES.CosineDecay(0.0, 10, warmup_target=0.1, warmup_steps=5),
        lrspec.Sequence(
            parts=[
                lrspec.Linear(init_value=0.0, end_value=0.1, steps=5),
                lrspec.Cosine(init_value=0.1, end_value=0.0, steps=10),
            ]
        ),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_schedule_is_that_of_keras_3(name: str) -> None:
    native, expected = ROWS[name]
    assert lrspec.from_native(native) == expected
    for optimizer in (OPTIMIZERS.Adam(native), LEGACY.Adam(native), LEGACY.SGD(native)):
        assert lrspec.from_native(optimizer) == expected
        scaled = tf_keras.mixed_precision.LossScaleOptimizer(optimizer)
        assert lrspec.from_native(scaled) == expected
        config = OPTIMIZERS.serialize(optimizer)
        assert lrspec.from_native(config) == expected


RATES: Any = [0.25, SCHEDULES.PolynomialDecay(0.25, 40, 0.0, power=1.0), SCHEDULES.CosineDecay(0.25, 40)]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("decay", [0.0, 0.125, 1e-3])
def test_decay_divides_what_a_legacy_optimizer_applies(rate: Any, decay: float) -> None:
    optimizer = LEGACY.RMSprop(rate, decay=decay)
    reading = read_native(optimizer)
    for step in (0, 1, 2, 3, 20, 39, 40, 41, 400):
        optimizer.iterations.assign(step)
        own = float(optimizer._decayed_lr("float32"))
        assert abs(float(reading.schedule(step)) - own) <= 3e-7 * 0.25
    assert lrspec.from_native(OPTIMIZERS.serialize(optimizer)).fingerprint == reading.schedule.fingerprint


def test_stairs_without_an_end_with_decay() -> None:
    optimizer = LEGACY.SGD(SCHEDULES.ExponentialDecay(0.1, 64, 0.5, staircase=True), decay=0.01)
    schedule = lrspec.from_native(optimizer)
    for step in (0, 63, 64, 127, 128, 6400):
        wanted = Fraction(1, 10) / 2 ** (step // 64) / (1 + Fraction(step, 100))
        assert schedule(step) == np.float32(float(wanted))
    assert schedule(2**31 - 1) == 0


def test_a_model_that_was_trained_and_saved(tmp_path: Any) -> None:
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(2,))])
    model.compile(LEGACY.SGD(0.1, decay=0.01), "mse")
    model.fit(np.ones((8, 2)), np.ones((8, 1)), batch_size=2, verbose=0)
    expected = lrspec.InverseTime(init_value=0.1, decay_rate=0.01, decay_period=1)
    assert lrspec.from_native(model.optimizer) == expected
    model.save(tmp_path / "run.keras")
    assert lrspec.load_config(tmp_path / "run.keras").schedule == expected


def test_a_rate_that_is_a_function_is_refused() -> None:
    with pytest.raises(lrspec.UnsupportedError, match="a function without an argument"):
        lrspec.from_native(LEGACY.Adam(lambda: 0.1))
