"""Schedules that were pickled before the modules were moved, loaded: see saved/README.md."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import lrspec
from lrspec.kinds import KINDS

SAVED = Path(__file__).parent / "saved"
FINGERPRINTS: dict[str, str | None] = json.loads((SAVED / "schedules.json").read_text())
NEWER = {"sine", "sum", "power", "exp"}
"""The kinds that were not there yet."""


@pytest.fixture(scope="module")
def loaded() -> Any:
    return pickle.loads((SAVED / "schedules.pickle").read_bytes())  # noqa: S301 - of this test


def test_every_kind_is_among_them() -> None:
    kinds = {name.removeprefix("node ") for name in FINGERPRINTS if name.startswith("node ")}
    assert kinds == set(KINDS) - NEWER


@pytest.mark.parametrize("name", [name for name, fingerprint in FINGERPRINTS.items() if fingerprint])
def test_a_pickled_schedule_is_the_same_one(loaded: Any, name: str) -> None:
    schedule = loaded[name]
    assert schedule.fingerprint == FINGERPRINTS[name]
    assert schedule == copy.deepcopy(schedule)
    again = pickle.loads(pickle.dumps(schedule))  # noqa: S301 - of this test
    assert again == schedule
    if isinstance(schedule, lrspec.Document):
        assert lrspec.loads(lrspec.dumps(schedule)) == schedule


def test_a_pickled_controller_goes_on(loaded: Any) -> None:
    fresh = lrspec.ReduceOnPlateau(lrspec.PlateauRule.torch(patience=3))
    assert loaded["reduce on plateau"].state_dict() == fresh.state_dict()
    assert [loaded["reduce on plateau"].update(1.0) for _ in range(6)] == [fresh.update(1.0) for _ in range(6)]
