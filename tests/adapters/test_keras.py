"""Keras: the schedule in real training, and in a saved model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.adapters.keras import KerasSchedule

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


class Probe(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """One weight whose gradient is -1: each update adds the rate that it applied."""

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        return inputs * 0 - self.weight


def fitted(steps: int, *, jit_compile: bool) -> tuple[keras.Model, list[float]]:
    layer = Probe()
    model = keras.Sequential([keras.Input((1,)), layer])
    optimizer = keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras())
    model.compile(optimizer, loss=lambda _, y: keras.ops.mean(y), jit_compile=jit_compile)
    applied: list[float] = []

    class Record(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
        def on_train_batch_end(self, *_: object, **__: object) -> None:
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()
            applied.append(float(keras.ops.convert_to_numpy(layer.weight.value)))

    model.fit(np.ones((steps, 1)), np.ones((steps, 1)), batch_size=1, verbose=0, callbacks=[Record()], shuffle=False)
    return model, applied


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_applies_the_schedule(jit_compile: bool) -> None:  # noqa: FBT001 - a pytest parameter
    model, weights = fitted(30, jit_compile=jit_compile)
    sums = np.cumsum(np.array([SCHEDULE(t) for t in range(30)], np.float32), dtype=np.float32)
    assert weights == sums.tolist()
    assert float(model.optimizer.learning_rate) == SCHEDULE(30)


def test_its_config_is_the_document() -> None:
    schedule = SCHEDULE.to_keras()
    assert isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    assert schedule.get_config() == {"document": lrspec.to_dict(SCHEDULE)}
    again = KerasSchedule.from_config(schedule.get_config())
    assert again.schedule == SCHEDULE
    assert keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule)).schedule == SCHEDULE


def test_a_saved_model_loads_in_a_process_that_imports_the_adapter(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras()), loss="mse")
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    code = (
        f"import keras, lrspec.adapters.keras\nmodel = keras.models.load_model({str(path)!r})\n"
        "print(float(model.optimizer.learning_rate))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == str(SCHEDULE(3)), result.stderr


def test_a_float_step_is_refused() -> None:
    with pytest.raises(TypeError, match=r"step of|integer scalar"):
        SCHEDULE.to_keras()(keras.ops.convert_to_tensor(3.0))
