"""Many schedules as one on the host, and a run of 10^9 updates stepped through."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import lrspec
from cases import CASES
from lrspec.evaluate import host_evaluator

FEW = 300
BYTES = 96
"""The most memory of a step of a block: a few int64 and float64 numbers."""


def test_every_case_has_its_bits_in_a_batch_of_all() -> None:
    cases = [node for node in list(CASES.values())[::6] if len(node.program.segments) <= FEW]
    cases = [node for node in cases if node.program.last_step == 2**31 - 1]
    batch = lrspec.Batch(cases)
    steps = [*range(12), *np.random.default_rng(0).integers(0, 2**31, 20).tolist(), 2**31 - 1]
    for step in steps:
        wanted = np.array([host_evaluator(node.program)(step) for node in cases], np.float32)
        assert np.array_equal(batch(step).view(np.uint32), wanted.view(np.uint32)), step
    assert np.array_equal(
        batch.values(0, 12).T.view(np.uint32), np.stack([batch(t) for t in range(12)]).view(np.uint32)
    )


def test_a_step_that_one_of_them_does_not_have_is_an_error() -> None:
    ends = lrspec.Linear(init_value=1.0, end_value=0.0, steps=4, after="error")
    batch = lrspec.Batch([lrspec.Constant(value=0.1), ends])
    assert batch(3).tolist() == [np.float32(0.1), 0.25]
    for step in (-1, 4):
        with pytest.raises(lrspec.StepError, match=f"step {step} has no value: expected a step from 0 to 3"):
            batch(step)
    with pytest.raises(lrspec.StepError, match="step 4 has no value"):
        batch.values(0, 5)
    with pytest.raises(TypeError, match="a step of"):
        batch(0.5)  # type: ignore[arg-type]


def walk(schedule: lrspec.Schedule, starts: range, block: int) -> int:
    """Step through blocks, each checked at its ends; return the most bytes that any took or left behind."""
    one = host_evaluator(schedule.program)
    schedule.values(0, block)
    tracemalloc.start()
    for start in starts:
        values = schedule.values(start, start + block)
        assert (values[0], values[-1]) == (one(start), one(start + block - 1))
        assert np.all(np.diff(values) <= 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_run_of_a_thousand_million_updates_is_stepped_through_in_flat_memory() -> None:
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=10**9)
    block = 1 << 14
    starts = range(0, 10**9 - block, 10**9 // 100)
    assert walk(schedule, starts, block) < BYTES * block


@pytest.mark.long
def test_every_update_of_a_run_of_a_thousand_million() -> None:
    schedule = lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=10**8, staircase=True, steps=10**9)
    block = 1 << 22
    assert walk(schedule, range(0, 10**9 - block, block), block) < BYTES * block


def long_cosines() -> list[lrspec.Node]:
    """Schedules of too many values for a table, none of them tiny: their polynomials have one factor."""
    return [lrspec.Cosine(init_value=k / 8, end_value=1e-3, steps=2**20) for k in range(1, 18)]


def test_long_schedules_have_their_bits() -> None:
    nodes = long_cosines()
    batch = lrspec.Batch(nodes)
    assert batch._tables.scales.shape[2] == 1
    for step in [0, 1, 1000, 2**19, 2**20 - 1, 2**20, 2**31 - 1]:
        wanted = np.array([host_evaluator(node.program)(step) for node in nodes], np.float32)
        assert np.array_equal(batch(step).view(np.uint32), wanted.view(np.uint32)), step
