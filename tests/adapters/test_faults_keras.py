"""Keras: training that is killed 50 times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faults
from faults import SCHEDULE, UPDATES


def train(folder: Path, note: Callable[[int, float], None]) -> None:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(SCHEDULE.to_keras()), loss=lambda _, y: -keras.ops.mean(y))
    model.optimizer.build(model.trainable_variables)
    if (folder / "run.weights.h5").exists():
        model.load_weights(folder / "run.weights.h5")
    (variable,) = model.trainable_variables
    zero, gradient = np.zeros((1, 1), np.float32), keras.ops.convert_to_tensor(-np.ones((1, 1), np.float32))
    for step in range(int(keras.ops.convert_to_numpy(model.optimizer.iterations)), UPDATES):
        variable.assign(zero)
        model.optimizer.apply([gradient], [variable])
        note(step, float(keras.ops.convert_to_numpy(variable.value)[0, 0]))
        if step % 4 == 3:
            faults.replaced(folder / "run.weights.h5", model.save_weights)


def test_a_run_that_is_killed_50_times_applies_every_rate_once(tmp_path: Path) -> None:
    faults.run(__file__, tmp_path, ["keras", "h5py"])
