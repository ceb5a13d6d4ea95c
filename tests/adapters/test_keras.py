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


LINE = lrspec.Linear(init_value=1.0, end_value=0.0, steps=100)
BACKEND = keras.backend.backend()
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def update(batch: int, accumulated: int) -> int:
    return min(max(batch // accumulated, 0), 100)


@pytest.mark.parametrize("accumulated", [1, 4, 300])
@pytest.mark.parametrize("kind", [int, *INTEGERS])
def test_steps_of_any_integer_of_the_host(kind: Any, accumulated: int) -> None:
    ends = [-(2**70), 2**70] if kind is int else [np.iinfo(kind).min, np.iinfo(kind).max]
    rate = LINE.to_keras(gradient_accumulation_steps=accumulated)
    for batch in (*ends, 0, 3, 100, *(n for n in (-3, 2**31 - 1, 2**31, 2**32 + 5, 2**40) if ends[0] <= n <= ends[1])):
        step = batch if kind is int else np.dtype(kind).type(batch)
        assert float(keras.ops.convert_to_numpy(rate(step))) == LINE(update(batch, accumulated))
        if kind is not int:
            several = keras.ops.convert_to_numpy(rate(np.array([batch, 8], kind)))
            assert several.tolist() == [LINE(update(batch, accumulated)), LINE(update(8, accumulated))]


def compiled(rate: Any) -> Any:
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(rate, jit_compile=True)
    if BACKEND == "jax":
        import jax

        return jax.jit(rate)
    return rate


@pytest.mark.parametrize("accumulated", [1, 300])
@pytest.mark.parametrize("kind", INTEGERS[: {"jax": 6, "torch": 7}.get(BACKEND)])  # of those that they have
def test_steps_of_any_integer_of_the_device(kind: str, accumulated: int) -> None:
    rate = LINE.to_keras(gradient_accumulation_steps=accumulated)
    given = keras.ops.convert_to_tensor(np.zeros((), np.int32))
    wide = np.dtype(keras.backend.standardize_dtype(keras.ops.cast(given, kind).dtype))  # of 32 bits on JAX
    functions = (rate, compiled(rate))
    for batch in (0, 3, 100, np.iinfo(wide).max, np.iinfo(wide).min):
        step = keras.ops.convert_to_tensor(np.array(batch, wide))
        for function in functions:
            assert float(keras.ops.convert_to_numpy(function(step))) == LINE(update(batch, accumulated))


@pytest.mark.parametrize("step", [True, np.array([True]), np.array([1.0]), 3.0])
@pytest.mark.parametrize("accumulated", [1, 4])
def test_a_step_that_is_no_integer_is_refused(step: Any, accumulated: int) -> None:
    for given in (step, keras.ops.convert_to_tensor(step)):
        with pytest.raises(TypeError):
            LINE.to_keras(gradient_accumulation_steps=accumulated)(given)


@pytest.mark.parametrize("make", [keras.optimizers.SGD, keras.optimizers.Adam])
def test_a_document_in_place_of_a_schedule_says_what_to_write_before_any_update(make: Any) -> None:
    """Keras takes whatever can be called, and calls it without a step when it first wants the rate."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(make(LINE), loss="mse")
    uses: tuple[Any, ...] = (
        lambda: model.optimizer.learning_rate,
        lambda: model.optimizer.apply([keras.ops.ones((1, 1)), keras.ops.ones((1,))], model.trainable_variables),
        lambda: model.fit(np.ones((4, 1)), np.ones((4, 1)), batch_size=1, verbose=0),
    )
    for use in uses:
        before = model.get_weights()
        with pytest.raises(TypeError, match=r"schedule\.to_keras\(\)"):
            use()
        if BACKEND != "jax":  # where `fit` that fails has taken the weights along
            assert [weight.tolist() for weight in model.get_weights()] == [weight.tolist() for weight in before]


def test_a_schedule_that_is_called_without_a_step_says_what_to_write() -> None:
    """As tf_keras, Keras 2, does with all that it does not know."""
    for rate, message in ((LINE, r"schedule\.to_keras\(\) instead"), (LINE.to_keras(), "which is Keras 2")):
        with pytest.raises(TypeError, match=message):
            rate()
        if BACKEND == "tensorflow":
            import tensorflow as tf

            with pytest.raises(TypeError, match=message):
                tf.Variable(rate)  # how tf_keras makes the rate of an optimizer


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_model_that_is_loaded_without_the_import_says_what_to_import(name: str, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(learning_rate=SCHEDULE.to_keras()), loss=keras.losses.MeanSquaredError())
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, verbose=0)
    model.save(tmp_path / name)
    path = str(tmp_path / name)
    code = f"import keras\nprint(float(keras.models.load_model({path!r}).optimizer.learning_rate))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if keras.version().startswith("3.6."):  # which imports whatever a file names
        assert done.stdout.strip() == str(SCHEDULE(3)), done.stderr
        return
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Exception encountered: Could not locate class 'KerasSchedule'"), done.stderr
    assert "import lrspec.adapters.keras" in last
