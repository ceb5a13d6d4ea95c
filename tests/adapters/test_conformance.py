"""One body for every framework and mode: what was really applied is the program's value, in every bit."""

from __future__ import annotations

import numpy as np
import pytest

from cases import CASES
from lrspec import Node
from lrspec.probes import Mode

WINDOWS = {True: ((0, 25), (990, 1005)), False: ((0, 1200), (99_900, 100_100), (2**31 - 200, 2**31 - 1))}


@pytest.mark.parametrize("name", CASES)
def test_applied_rates_are_the_programs_bits(name: str, mode: Mode) -> None:
    schedule: Node = CASES[name]
    sample = mode.sampler(schedule)
    last = schedule.program.last_step
    for start, stop in WINDOWS[mode.slow]:
        if start > last:
            continue
        end = min(stop, last + 1)
        applied = np.asarray(sample(start, end))
        expected = np.array([schedule(step) for step in range(start, end)], np.float32)
        assert applied.dtype == np.float32
        np.testing.assert_array_equal(applied.view(np.int32), expected.view(np.int32))
