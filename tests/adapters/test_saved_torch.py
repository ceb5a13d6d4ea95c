"""A scheduler that was pickled with its optimizer before the modules were moved, loaded: see saved/README.md."""

from __future__ import annotations

import pickle
from pathlib import Path

import lrspec

SAVED = Path(__file__).parents[1] / "saved"


def test_a_pickled_scheduler_goes_on() -> None:
    optimizer, scheduler = pickle.loads((SAVED / "scheduler.pickle").read_bytes())  # noqa: S301 - of this test
    schedule = lrspec.Cosine(init_value=0.5, end_value=0.0, steps=40)
    assert scheduler.schedule == schedule
    for step in range(7, 45):
        assert optimizer.param_groups[0]["lr"] == schedule(step)
        optimizer.step()
        scheduler.step()
