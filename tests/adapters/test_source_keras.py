"""The source of schedules for Keras, run: against the exact formula at every step, and read back."""

from __future__ import annotations

import keras
import pytest

import lrspec
from lrspec.native import read_native
from source_cases import CASES, assert_near, run

TOLERANCE = 5e-7
"""Relative to the largest value: about four units in the last place of float32."""


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    schedule = run(CASES[name], "keras", "schedule")
    assert isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    count = keras.ops.convert_to_tensor
    assert_near(lambda step: float(schedule(count(step, "int32"))), CASES[name], TOLERANCE)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].form("keras") == "native"])
def test_the_schedule_is_read_back(name: str) -> None:
    schedule = run(CASES[name], "keras", "schedule")
    assert_near(read_native(schedule).schedule.exact, CASES[name], 1e-12)


def test_an_optimizer_takes_it() -> None:
    schedule = run(CASES["inverse_sqrt"], "keras", "schedule")
    optimizer = keras.optimizers.SGD(schedule)
    assert float(optimizer.learning_rate) == 0.0


def test_stairs_that_float32_misses_are_told() -> None:
    def code(period: int) -> str:
        node = lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=period, staircase=True)
        return node.to_native_source("keras")

    assert "# Where it is compiled, float32 may drop a step late, first at step 41." in code(41)
    assert "compiled" not in code(64)
