"""What float32 explains of Keras' schedules, with objects that are off by more at one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras.optimizers import schedules

import lrspec

MAKES: dict[str, Callable[[], Any]] = {
    "ExponentialDecay": lambda: schedules.ExponentialDecay(0.1, 30, 0.9),
    "InverseTimeDecay": lambda: schedules.InverseTimeDecay(0.1, 30, 0.9),
    "PiecewiseConstantDecay": lambda: schedules.PiecewiseConstantDecay([10, 30], [0.1, 0.05, 0.01]),
    "PolynomialDecay": lambda: schedules.PolynomialDecay(0.1, 40, 0.001, power=0.5),
    "CosineDecay": lambda: schedules.CosineDecay(0.1, 40, 0.01),
    "CosineDecayRestarts": lambda: schedules.CosineDecayRestarts(0.1, 20),
}


@pytest.mark.parametrize("name", MAKES)
def test_an_object_that_is_off_by_a_hundredth_at_one_step_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = getattr(schedules, name)
    right = kind.__call__

    def off(self: Any, step: int) -> Any:
        return keras.ops.convert_to_tensor(right(self, step)) * (1.01 if step == 5 else 1.0)

    lrspec.read_native(MAKES[name]())
    monkeypatch.setattr(kind, "__call__", off)
    with pytest.raises(lrspec.MismatchError, match="at step 5, where the object itself gives"):
        lrspec.read_native(MAKES[name]())
