"""What users do with a schedule of Keras, done with Keras' own and with ours in its place: the rates applied compared.

The schedule is a list of values, which is the same numbers in both, and every weight has a gradient of -1, so that an
update adds the rate that it applied.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.adapters.logging_keras import AppliedRate
from lrspec.readers import read_native

BACKEND = keras.backend.backend()
VALUES = [(1 + step * 7 % 40) / 64 for step in range(40)]
OURS = lrspec.PiecewiseConstant(boundaries=list(range(1, 40)), values=VALUES)


def native() -> Any:
    return keras.optimizers.schedules.PiecewiseConstantDecay(list(range(39)), VALUES)


RATES: dict[str, Callable[[], Any]] = {"native": native, "ours": OURS.to_keras}


class Probe(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """One weight whose gradient is minus the input."""

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="zeros", dtype="float32")

    def call(self, inputs: Any) -> Any:
        return -inputs * self.weight


class Record(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Takes every weight after each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[float]] = []

    def on_train_batch_end(self, *_: object, **__: object) -> None:
        if BACKEND == "jax":
            self.model.jax_state_sync()
        self.seen.append(weights(self.model))


def weights(model: Any) -> list[float]:
    return [float(keras.ops.convert_to_numpy(weight)) for weight in model.trainable_variables]


def model_with(optimizer: Any, probes: int = 1, **options: Any) -> Any:
    model = keras.Sequential([keras.Input((1,)), *(Probe(name=f"probe_{i}") for i in range(probes))])
    if probes > 1:
        inputs = keras.Input((1,))
        outputs = keras.layers.Add()([Probe(name=f"probe_{i}")(inputs) for i in range(probes)])
        model = keras.Model(inputs, outputs)
    model.compile(optimizer, loss=mean, **options)
    return model


@keras.saving.register_keras_serializable(package="tests")  # type: ignore[untyped-decorator]  # keras is untyped
def mean(_: Any, y: Any) -> Any:
    return keras.ops.mean(y)


keras.saving.register_keras_serializable(package="tests")(Probe)


def fit(model: Any, batches: int | Sequence[float], **options: Any) -> list[float]:
    """Train on one input of 1 per batch; return what each batch added to the first weight."""
    given = [1.0] * batches if isinstance(batches, int) else batches
    x = np.array(given, np.float32)[:, None]
    before, record = weights(model)[0], Record()
    callbacks = [*options.pop("callbacks", []), record]
    model.fit(x, x, batch_size=1, verbose=0, shuffle=False, callbacks=callbacks, **options)
    added: list[float] = np.diff([before, *(seen[0] for seen in record.seen)]).tolist()
    return added


def by_fit(rate: Any, path: Path) -> list[float]:
    del path
    return fit(model_with(keras.optimizers.SGD(rate)), 10, epochs=3)


def by_compiled_fit(rate: Any, path: Path) -> list[float]:
    del path
    return fit(model_with(keras.optimizers.SGD(rate), jit_compile=True), 30)


def by_eager_fit(rate: Any, path: Path) -> list[float]:
    del path
    return fit(model_with(keras.optimizers.SGD(rate), run_eagerly=True), 10)


def by_several_steps_per_execution(rate: Any, path: Path) -> list[float]:
    del path
    model = model_with(keras.optimizers.SGD(rate), steps_per_execution=4)
    sums = []
    for _ in range(5):
        fit(model, 8)
        sums.append(weights(model)[0])
    return sums


def by_train_on_batch(rate: Any, path: Path) -> list[float]:
    del path
    model, seen = model_with(keras.optimizers.SGD(rate)), [0.0]
    for _ in range(10):
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        seen += weights(model)
    return np.diff(seen).tolist()


def by_updates_that_a_loss_scale_skips(rate: Any, path: Path) -> list[float]:
    del path
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rate), initial_scale=2.0**10)
    return fit(model_with(optimizer), [3e38 if i % 5 in {0, 3} else 1.0 for i in range(25)])


def by_an_averaged_model(rate: Any, path: Path) -> list[float]:
    del path
    optimizer = keras.optimizers.SGD(rate, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3)
    return fit(model_with(optimizer), 12)


def by_an_optimizer_alone(rate: Any, path: Path) -> list[float]:
    del path
    optimizer, variable, seen = keras.optimizers.SGD(rate), keras.Variable([0.0]), [0.0]
    for _ in range(20):
        optimizer.apply([keras.ops.convert_to_tensor([-1.0])], [variable])
        seen.append(float(keras.ops.convert_to_numpy(variable)[0]))
        assert float(keras.ops.convert_to_numpy(optimizer.learning_rate)) == VALUES[len(seen) - 1]
    return np.diff(seen).tolist()


def by_two_optimizers_in_turns(rate: Any, path: Path) -> list[float]:
    """As a GAN does: one schedule in both, the second one's updates three times rarer."""
    del path
    first, second = keras.optimizers.SGD(rate), keras.optimizers.SGD(rate)
    variables, gradient = [keras.Variable([0.0]), keras.Variable([0.0])], keras.ops.convert_to_tensor([-1.0])
    seen = []
    for batch in range(12):
        first.apply([gradient], variables[:1])
        if batch % 3 == 2:
            second.apply([gradient], variables[1:])
        seen += [float(keras.ops.convert_to_numpy(variable)[0]) for variable in variables]
    return seen


def by_a_saved_model(rate: Any, path: Path) -> list[float]:
    model = model_with(keras.optimizers.SGD(rate))
    first = fit(model, 7)
    model.save(path / "model.keras")
    return first + fit(keras.models.load_model(path / "model.keras"), 7)


def by_weights_loaded_into_a_built_optimizer(rate: Any, path: Path) -> list[float]:
    model = model_with(keras.optimizers.SGD(rate, momentum=0.5))
    first = fit(model, 7)
    model.save_weights(path / "model.weights.h5")
    fresh = model_with(keras.optimizers.SGD(rate, momentum=0.5))
    fresh.optimizer.build(fresh.trainable_variables)
    fresh.load_weights(path / "model.weights.h5")
    return first + fit(fresh, 7)


def by_a_backup_that_is_restored(rate: Any, path: Path) -> list[float]:
    class Stop(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            del logs
            if epoch == 2:
                raise KeyboardInterrupt

    model = model_with(keras.optimizers.SGD(rate, momentum=0.5))
    with pytest.raises(KeyboardInterrupt):
        fit(model, 5, epochs=4, callbacks=[keras.callbacks.BackupAndRestore(path), Stop()])
    again = model_with(keras.optimizers.SGD(rate, momentum=0.5))
    fit(again, 5, epochs=4, callbacks=[keras.callbacks.BackupAndRestore(path)])
    return weights(again)


def by_a_clone_of_the_optimizer(rate: Any, path: Path) -> list[float]:
    del path
    optimizer = keras.optimizers.SGD(rate)
    fit(model_with(optimizer), 3)
    clones = [
        keras.optimizers.SGD.from_config(optimizer.get_config()),
        keras.optimizers.deserialize(keras.optimizers.serialize(optimizer)),
    ]
    return [added for clone in clones for added in fit(model_with(clone), 5)]


def by_a_copy_of_the_schedule(rate: Any, path: Path) -> list[float]:
    del path
    return fit(model_with(keras.optimizers.SGD(copy.deepcopy(rate))), 5)


def by_a_counter_that_is_set(rate: Any, path: Path) -> list[float]:
    del path
    optimizer = keras.optimizers.SGD(rate)
    optimizer.iterations.assign(11)
    return fit(model_with(optimizer), 6)


def by_another_compilation(rate: Any, path: Path) -> list[float]:
    """With the optimizer of before, as for fine-tuning."""
    del path
    model = model_with(keras.optimizers.SGD(rate))
    first = fit(model, 5)
    model.compile(model.optimizer, loss=mean)
    return first + fit(model, 5)


def by_a_schedule_put_in_later(rate: Any, path: Path) -> list[float]:
    del path
    model = model_with(keras.optimizers.SGD(0.5))
    model.optimizer.learning_rate = rate
    return fit(model, 5)


def by_weights_that_freeze(rate: Any, path: Path) -> list[float]:
    del path
    model = model_with(keras.optimizers.SGD(rate), 2)
    first = fit(model, 5)
    model.layers[1].trainable = False
    model.compile(model.optimizer, loss=mean)
    return first + fit(model, 5)


def by_float64(rate: Any, path: Path) -> list[float]:
    del path
    optimizer, variable, seen = keras.optimizers.SGD(rate), keras.Variable([0.0], dtype="float64"), [0.0]
    for _ in range(8):
        optimizer.apply([keras.ops.convert_to_tensor([-1.0], dtype="float64")], [variable])
        seen.append(float(keras.ops.convert_to_numpy(variable)[0]))
    return np.diff(seen).tolist()


def by_bfloat16(rate: Any, path: Path) -> list[float]:
    del path
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        return fit(model_with(keras.optimizers.SGD(rate)), 12)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def by_callbacks_that_only_look(rate: Any, path: Path) -> list[float]:
    logs = keras.callbacks.CSVLogger(path / "log.csv")
    best = keras.callbacks.ModelCheckpoint(path / "best.keras", monitor="loss", save_best_only=True)
    model = model_with(keras.optimizers.SGD(rate))
    added = fit(model, 5, epochs=3, callbacks=[AppliedRate(), best, logs])
    logged = (path / "log.csv").read_text().splitlines()
    column = logged[0].split(",").index("lr_applied")
    return added + [float(line.split(",")[column]) for line in logged[1:]]


EVERYWHERE = (
    by_fit,
    by_compiled_fit,
    by_eager_fit,
    by_train_on_batch,
    by_updates_that_a_loss_scale_skips,
    by_an_averaged_model,
    by_an_optimizer_alone,
    by_two_optimizers_in_turns,
    by_a_saved_model,
    by_weights_loaded_into_a_built_optimizer,
    by_a_backup_that_is_restored,
    by_a_clone_of_the_optimizer,
    by_a_copy_of_the_schedule,
    by_a_counter_that_is_set,
    by_another_compilation,
    by_a_schedule_put_in_later,
    by_bfloat16,
    by_callbacks_that_only_look,
    *(() if BACKEND == "torch" else (by_several_steps_per_execution,)),
    # on JAX, float64 is a mode of its own, and Keras refuses an optimizer some of whose weights were frozen
    *(() if BACKEND == "jax" else (by_float64, by_weights_that_freeze)),
)
FIRST = {by_fit: 30, by_compiled_fit: 30, by_train_on_batch: 10, by_an_optimizer_alone: 20, by_a_saved_model: 14}
"""How many rates, from the first one on, a scenario shows one by one."""


@pytest.mark.parametrize("scenario", EVERYWHERE, ids=lambda scenario: scenario.__name__)
def test_ours_applies_what_the_native_one_applies(scenario: Any, tmp_path: Path) -> None:
    found = {}
    for name, rate in RATES.items():
        keras.utils.clear_session()
        (tmp_path / name).mkdir()
        found[name] = scenario(rate(), tmp_path / name)
    assert found["ours"] == found["native"]
    if scenario in FIRST:
        assert found["ours"] == VALUES[: FIRST[scenario]]


@pytest.mark.parametrize("accumulated", [2, 3, 5])
def test_accumulated_gradients(accumulated: int) -> None:
    """Keras hands its schedule the batches; ours, once told, is at the update."""
    options = {"gradient_accumulation_steps": accumulated}
    added = {}
    for name, rate in (("native", native()), ("ours", OURS.to_keras(**options))):
        added[name] = fit(model_with(keras.optimizers.SGD(rate, **options)), accumulated * 7)
    assert added["native"][accumulated - 1 :: accumulated] == VALUES[accumulated - 1 : accumulated * 7 : accumulated]
    assert added["ours"][accumulated - 1 :: accumulated] == VALUES[:7]
    assert sum(map(bool, added["ours"])) == 7


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.callbacks.LearningRateScheduler(lambda _, rate: rate / 2),
        lambda: keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=0, mode="max"),
    ],
    ids=["LearningRateScheduler", "ReduceLROnPlateau"],
)
def test_a_callback_that_sets_the_rate_is_refused_as_beside_the_native_one(make: Any) -> None:
    told = []
    for rate in (native(), OURS.to_keras()):
        with pytest.raises(TypeError, match="not settable") as caught:
            fit(model_with(keras.optimizers.SGD(rate)), 3, epochs=6, callbacks=[make()])
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_a_document_is_a_function_of_the_epoch_for_keras_own_callback() -> None:
    def by_epoch(epoch: int) -> float:
        return VALUES[epoch]

    added = []
    for function in (by_epoch, OURS):
        callback = keras.callbacks.LearningRateScheduler(function)
        added.append(fit(model_with(keras.optimizers.SGD(0.5)), 2, epochs=4, callbacks=[callback]))
    assert added[0] == added[1] == [VALUES[step // 2] for step in range(8)]
    reading = read_native(keras.callbacks.LearningRateScheduler(OURS))
    assert reading.schedule == OURS
    assert any("a step is an epoch" in note for note in reading.conventions)


@pytest.mark.skipif(BACKEND != "jax", reason="a stateless update is JAX's")
@pytest.mark.parametrize("jitted", [False, True])
def test_stateless_updates(*, jitted: bool) -> None:
    import jax

    found = []
    for rate in (native(), OURS.to_keras()):
        optimizer, variable = keras.optimizers.SGD(rate), keras.Variable([0.0])
        optimizer.build([variable])

        def update(state: Any, values: Any, optimizer: Any = optimizer) -> Any:
            return optimizer.stateless_apply(state, [-jax.numpy.ones(1)], values)

        step = jax.jit(update) if jitted else update
        values, state, seen = [variable.value], [one.value for one in optimizer.variables], [0.0]
        for _ in range(20):
            values, state = step(state, values)
            seen.append(float(values[0][0]))
        found.append(np.diff(seen).tolist())
    assert found[0] == found[1] == VALUES[:20]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a checkpoint of TensorFlow's")
def test_a_checkpoint_of_tensorflow(tmp_path: Path) -> None:
    import tensorflow as tf

    found = []
    for name, rate in RATES.items():
        model = model_with(keras.optimizers.SGD(rate(), momentum=0.5))
        fit(model, 7)
        path = tf.train.Checkpoint(optimizer=model.optimizer).save(tmp_path / name)
        fresh = model_with(keras.optimizers.SGD(rate(), momentum=0.5))
        fresh.optimizer.build(fresh.trainable_variables)
        tf.train.Checkpoint(optimizer=fresh.optimizer).restore(path).assert_consumed()
        found.append(fit(fresh, 7))
    assert found[0] == found[1]
    assert lrspec.check_clock(fresh, 14) == 14


SEVERAL = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
import keras, numpy as np, lrspec

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    scope = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope
else:
    devices = keras.distribution.list_devices()
    assert len(devices) == 2, devices
    scope = keras.distribution.DataParallel(devices=devices).scope
values = [(1 + step * 7 % 40) / 64 for step in range(40)]
ours = lrspec.PiecewiseConstant(boundaries=list(range(1, 40)), values=values)
native = keras.optimizers.schedules.PiecewiseConstantDecay(list(range(39)), values)

class Record(keras.callbacks.Callback):
    def on_train_batch_end(self, *_, **__):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        seen.append(float(np.ravel(keras.ops.convert_to_numpy(self.model.trainable_variables[0]))[0]))

for accumulated in (None,) if keras.backend.backend() == "tensorflow" else (None, 3):  # which TensorFlow cannot mirror
    for kind, rate in (("native", native), ("ours", ours.to_keras(gradient_accumulation_steps=accumulated or 1))):
        seen = [0.0]
        with scope():
            dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
            model = keras.Sequential([keras.Input((1,)), dense])
            optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulated)
            model.compile(optimizer, lambda _, y: -keras.ops.mean(y))
            x = np.ones((24, 1), np.float32)
            model.fit(x, x, batch_size=2, epochs=1, verbose=0, callbacks=[Record()])
            assert lrspec.position(optimizer, counter="iterations").updates == (12 if accumulated is None else 4)
        print(kind, accumulated, np.diff(seen).tolist())
"""


@pytest.mark.skipif(BACKEND == "torch", reason="Keras distributes training on TensorFlow and JAX")
def test_two_devices() -> None:
    done = subprocess.run([sys.executable, "-c", SEVERAL], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    found = {}
    for line in lines:
        name, values = line.rstrip("]").split(" [")
        found[name] = [float(value) for value in values.split(",")]
    assert found.keys() >= {"native None", "ours None"}, done.stderr
    gradient = 2 if BACKEND == "tensorflow" else 1  # it adds up those of both devices
    assert found["native None"] == found["ours None"] == [gradient * value for value in VALUES[:12]]
    if BACKEND == "jax":
        assert found["native 3"][2::3] == VALUES[2:12:3]
        assert found["ours 3"][2::3] == VALUES[:4]
