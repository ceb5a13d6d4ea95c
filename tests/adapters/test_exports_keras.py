"""Keras on TensorFlow: a schedule in graphs, under XLA and in a SavedModel, as a table and as polynomials."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import lrspec
from lrspec.device import value_table

if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's own", allow_module_level=True)

import tensorflow as tf

STAIRS = lrspec.Exponential(init_value=0.1, decay_rate=0.96, decay_period=100_000, staircase=True)
TABLE = lrspec.Sequence(parts=[lrspec.Linear(init_value=0.0, end_value=0.1, steps=30), STAIRS])
POLYNOMIALS = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=1_000_000)
STEPS = [-(2**63), -1, 0, 1, 29, 30, 999, 123_456, 1_000_000, 2**31 - 1, 2**31, 2**63 - 1]
schedules = pytest.mark.parametrize("schedule", [TABLE, POLYNOMIALS], ids=["table", "polynomials"])


def bits(numbers: object) -> list[int]:
    found: list[int] = np.asarray(numbers, np.float32).view(np.int32).tolist()
    return found


def expected(schedule: lrspec.Node) -> list[int]:
    return bits([schedule(min(max(step, 0), 2**31 - 1)) for step in STEPS])


def test_the_two_are_evaluated_in_two_ways() -> None:
    assert value_table(TABLE.program) is not None
    assert value_table(POLYNOMIALS.program) is None


@schedules
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_a_function_is_traced_once_and_clamps(schedule: lrspec.Node, *, xla: bool) -> None:
    function = tf.function(schedule.to_keras(), jit_compile=xla)
    assert bits([function(tf.constant(step, tf.int64)) for step in STEPS]) == expected(schedule)
    assert function.experimental_get_tracing_count() == 1
    assert bits(function(tf.constant(STEPS, tf.int64))) == expected(schedule)


@schedules
def test_a_saved_model_has_the_values(schedule: lrspec.Node, tmp_path: Path) -> None:
    module = tf.Module()
    module.rate = tf.function(schedule.to_keras(), input_signature=[tf.TensorSpec((), tf.int64)])
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert bits([loaded.rate(tf.constant(step, tf.int64)) for step in STEPS]) == expected(schedule)
