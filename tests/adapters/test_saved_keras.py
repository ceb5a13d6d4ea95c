"""A model that was saved before the modules were moved, loaded: see saved/README.md."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

import lrspec
import lrspec.adapters.keras

SAVED = Path(__file__).parents[1] / "saved" / "model.keras"


def test_a_saved_model_goes_on() -> None:
    model = keras.models.load_model(SAVED)
    assert int(model.optimizer.iterations) == 12
    schedule = lrspec.from_native(model.optimizer)
    parts = [
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value="previous", end_value=0.001, steps=90),
    ]
    assert schedule.fingerprint == lrspec.Sequence(parts=parts).fingerprint
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, verbose=0)
    assert float(model.optimizer.learning_rate) == schedule(15)
