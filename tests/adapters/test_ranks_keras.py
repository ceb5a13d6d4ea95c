"""Keras under `tf.distribute.MirroredStrategy` on two logical CPUs, and under `keras.distribution` on JAX."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import pytest

import lrspec
from lrspec.adapters.keras import lr_applied, updates_applied
from processes import environment, finished

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)
BACKEND = keras.backend.backend()


def compiled(replicas: int = 1) -> Any:
    """Return a model whose gradient is -1: TensorFlow adds up those of the replicas."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(SCHEDULE.to_keras()), loss=lambda _, y: -keras.ops.mean(y) / replicas)
    return model


def train(model: Any, *, batch_size: int) -> None:
    for step in range(20):
        model.set_weights([np.zeros((1, 1), np.float32)])
        model.fit(np.ones((batch_size, 1)), np.ones((batch_size, 1)), batch_size=batch_size, verbose=0)
        assert float(model.get_weights()[0][0, 0]) == SCHEDULE(step) == lr_applied(model.optimizer)
    assert updates_applied(model.optimizer) == 20


def mirrored() -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        model = compiled(replicas=2)
    train(model, batch_size=4)


def data_parallel() -> None:
    devices = keras.distribution.list_devices()
    assert len(devices) == 4
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    train(compiled(), batch_size=8)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras distributes on TensorFlow and JAX")
def test_several_devices_apply_the_bits() -> None:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "KERAS_BACKEND": BACKEND}
    finished([sys.executable, __file__], environment(**flags))


if __name__ == "__main__":
    mirrored() if BACKEND == "tensorflow" else data_parallel()
