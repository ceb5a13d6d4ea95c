"""The position of real runs in Keras, in memory and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec

SCHEDULE = lrspec.Cosine(init_value=0.1, end_value=0.01, steps=100)


def model_with(accumulated: int | None, rate: Any) -> Any:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    options = {} if accumulated is None else {"gradient_accumulation_steps": accumulated}
    model.compile(keras.optimizers.AdamW(learning_rate=rate, **options), loss="mse")
    return model


@pytest.mark.parametrize("accumulated", [None, 4])
@pytest.mark.parametrize("native", [False, True])
def test_the_updates_of_a_run_are_found_in_its_optimizer_and_files(
    accumulated: int | None, tmp_path: Path, *, native: bool
) -> None:
    ours = SCHEDULE.to_keras(gradient_accumulation_steps=accumulated or 1)
    model = model_with(accumulated, keras.optimizers.schedules.CosineDecay(0.1, 100) if native else ours)
    batches = 7 * (accumulated or 1)
    model.fit(np.ones((batches, 1)), np.ones((batches, 1)), batch_size=1, verbose=0)
    model.save(tmp_path / "model.keras")
    assert lrspec.position(model.optimizer).updates == lrspec.position(tmp_path / "model.keras").updates == 7
    model.save_weights(tmp_path / "model.weights.h5")
    if accumulated is None:
        assert lrspec.position(tmp_path / "model.weights.h5").updates == 7


def test_a_schedule_that_counts_batches_disagrees() -> None:
    model = model_with(4, SCHEDULE.to_keras())
    model.fit(np.ones((28, 1)), np.ones((28, 1)), batch_size=1, verbose=0)
    with pytest.raises(lrspec.ClockError, match="iterations is 7, schedule is 28"):
        lrspec.position(model.optimizer)


@pytest.mark.parametrize("accumulated", [None, 4])
def test_a_fresh_optimizer_is_put_at_a_step(accumulated: int | None) -> None:
    model = model_with(accumulated, SCHEDULE.to_keras(gradient_accumulation_steps=accumulated or 1))
    lrspec.set_position(model.optimizer, 40)
    assert lrspec.check_clock(model.optimizer, 40) == 40
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == SCHEDULE(40)


def test_damaged_files_are_errors(tmp_path: Path) -> None:
    model = model_with(None, 0.1)
    model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    for name in ("model.keras", "model.weights.h5"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(lrspec.LrspecError, match="a damaged file of"):
            lrspec.position(tmp_path / name)
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(tmp_path / "plain.keras")
    with pytest.raises(lrspec.LrspecError, match="no optimizer in it"):
        lrspec.position(tmp_path / "plain.keras")
