"""The source of schedules for Keras, run: against the exact formula at every step, and read back."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import keras
import pytest

import lrspec
from lrspec.readers import read_native
from lrspec.writers import NativeSource
from source_cases import CASES, PAST, assert_near, assert_same_until, cut, defined, run

if keras.backend.backend() == "jax":
    import jax

TOLERANCE = 1e-6
"""Relative to the largest value: about eight units in the last place of float32; Keras' own cosines need five."""


@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_schedule(name: str) -> None:
    schedule = run(CASES[name], "keras", "schedule")
    assert isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    assert_near(rates(schedule, CASES[name].stop + PAST).__getitem__, CASES[name], TOLERANCE)


def rates(schedule: Any, steps: int) -> list[float]:
    with (
        jax.disable_jit() if keras.backend.backend() == "jax" else nullcontext()
    ):  # which compiles each step's branches
        return [float(schedule(keras.ops.convert_to_tensor(step, "int32"))) for step in range(steps)]


@pytest.mark.parametrize(("name", "source"), cut("keras"))
def test_the_code_gives_the_schedule_until_the_end_of_a_run(name: str, source: NativeSource) -> None:
    found = rates(defined(source, "schedule"), 2 * CASES[name].stop + 2)
    assert_same_until(found.__getitem__, name, source, TOLERANCE)


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
