"""Positions of plain states: what is a counter, what is none, and what is said where several disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import lrspec


class Adam(NamedTuple):
    count: Any
    mu: Any


class Steps(NamedTuple):
    mini_step: Any
    gradient_step: Any
    inner_opt_state: Any


def count(value: int) -> Any:
    return np.int32(value) * np.ones((), np.int32)


@pytest.mark.parametrize(
    ("state", "updates", "counter"),
    [
        ({"last_epoch": 7, "_step_count": 8, "base_lrs": [0.1]}, 7, "last_epoch"),
        ({"state": {0: {"step": 5.0}, 1: {"step": 3.0}}, "param_groups": []}, 5, "step"),
        ({"model": {}, "epoch": 3, "scheduler": {"last_epoch": 4}}, 4, "scheduler.last_epoch"),
        ({"global_step": 9, "optimizer_states": [{"state": {}, "param_groups": []}]}, 9, "global_step"),
        ((Adam(count(6), {"w": np.ones(3)}), (), Adam(count(6), ())), 6, "0.count"),
        (Steps(count(2), count(6), (Adam(count(6), ()),)), 6, "gradient_step"),
        ({"step": 6, "opt_state": {"0": {"count": count(6)}}}, 6, "step"),
        ({"iterations": 12}, 12, "iterations"),
        ({"last_epoch": 3, "every": "epoch"} | {"x": 1}, None, "nothing in this dict counts updates"),
        ({"last_epoch": 3, "patience": 2, "best": 0.5}, None, "nothing in this dict counts updates"),
        ({"params": {"step": np.ones(3), "count": np.ones(())}}, None, "nothing in this dict counts updates"),
        ({"a": {"last_epoch": 5}, "b": {"count": count(500)}}, None, "a.last_epoch is 5, b.count is 500"),
        ((Adam(count(3), ()), Adam(count(4), ())), None, "0.count is 3, 1.count is 4"),
        ([], None, "nothing in this list counts updates"),
    ],
)  # fmt: skip
def test_the_position_of_a_state(state: Any, updates: int | None, counter: str) -> None:
    if updates is None:
        with pytest.raises(lrspec.ClockError, match=counter):
            lrspec.position(state)
    else:
        found = lrspec.position(state)
        assert (found.updates, found.counter) == (updates, counter)
        assert lrspec.check_clock(state, updates) == updates


def test_one_of_several_counters_is_chosen_by_name() -> None:
    state = {"scheduler": {"last_epoch": 5}, "optimizer": {"state": {0: {"step": 500}}, "param_groups": []}}
    found = lrspec.position(state, counter="optimizer.step")
    assert (found.updates, dict(found.counters)) == (500, {"scheduler.last_epoch": 5, "optimizer.step": 500})
    with pytest.raises(
        lrspec.ClockError, match=r"no counter step: found scheduler.last_epoch is 5, optimizer.step is 500"
    ):
        lrspec.position(state, counter="step")


def test_every_count_of_a_state_is_set_in_a_copy() -> None:
    state: dict[str, Any] = {"step": 0, "opt": Steps(count(3), count(0), (Adam(count(0), {"w": np.ones(2)}), [0.5]))}
    moved = lrspec.set_position(state, 9)
    assert lrspec.check_clock(moved["opt"], 9) == 9
    assert (moved["step"], int(moved["opt"].mini_step), moved["opt"].gradient_step.dtype) == (9, 0, np.int32)
    assert moved["opt"].inner_opt_state[1] == [0.5]
    assert (state["step"], int(state["opt"].gradient_step)) == (0, 0)
    with pytest.raises(lrspec.ClockError, match="nothing in this dict counts updates"):
        lrspec.set_position({"w": 0.5}, 9)
    with pytest.raises(ValueError, match="step: found -1"):
        lrspec.set_position(state, -1)


def test_files_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        lrspec.position(tmp_path / "none.pt")
    (tmp_path / "run.zip").write_bytes(b"")
    with pytest.raises(
        lrspec.UnsupportedError, match=r"run.zip is not supported: a file of no kind that is known here"
    ):
        lrspec.position(tmp_path / "run.zip")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "trainer_state.json").write_text("{")
    with pytest.raises(lrspec.LrspecError, match=r"trainer_state.json: no JSON"):
        lrspec.position(str(tmp_path / "run"))
    (tmp_path / "model.keras").write_bytes(b"PK")
    with pytest.raises(lrspec.LrspecError, match="a damaged file of Keras"):
        lrspec.position(tmp_path / "model.keras")
