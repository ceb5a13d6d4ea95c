"""Positions of plain states: what is a counter, what is none, and what is said where several disagree."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
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
        ({"last_epoch": 7, "_step_count": 8, "fingerprint": "x"}, 7, "scheduler.last_epoch"),
        ({"state": {0: {"step": 5.0}, 1: {"step": 3.0}}, "param_groups": []}, 5, "optimizer.step"),
        ((Adam(count(6), {"w": np.ones(3)}), (), Adam(count(6), ())), 6, "[0].count"),
        (Steps(count(2), count(6), (Adam(count(6), ()),)), 6, "gradient_step"),
        ({"step": 6, "opt_state": {"0": {"count": count(6)}}}, 6, "opt_state.0.count"),
        ({"a": {"count": {"value": count(6)}}}, 6, "a.count"),
        ({"rngs": {"count": count(80), "key": count(1)}, "opt": {"count": count(6)}}, 6, "opt.count"),
        ({"plateau_count": 2, "count": 3, "x": {"count": 6}}, 6, "x.count"),
        ({"step_count": 7, "base_optimizer_state": {"count": 6}}, 6, "step_count"),
    ],
)  # fmt: skip
def test_the_position_of_a_state(state: Any, updates: int, counter: str) -> None:
    found = lrspec.position(state)
    assert (found.updates, found.counter, int(found)) == (updates, counter, updates)
    assert lrspec.check_clock(state, updates) == updates


@pytest.mark.parametrize(
    ("state", "candidates"),
    [
        ({"last_epoch": 7, "_step_count": 8}, {"scheduler.last_epoch": 7}),
        (
            {"a": {"last_epoch": 5, "_step_count": 6}, "b": {"state": {0: {"step": 500}}, "param_groups": []}},
            {"a.last_epoch": 5, "b.step": 500},
        ),
        ((Adam(count(3), ()), Adam(count(4), ())), {"[0].count": 3, "[1].count": 4}),
    ],
)
def test_what_leaves_the_position_open_needs_a_choice(state: Any, candidates: dict[str, int]) -> None:
    with pytest.raises(lrspec.AmbiguousPositionError) as caught:
        lrspec.position(state)
    assert caught.value.candidates == candidates
    for name, value in candidates.items():
        assert f"{name} ({value})" in str(caught.value)
        assert lrspec.position(state, counter=name).updates == value
    with pytest.raises(lrspec.ClockError):
        lrspec.check_clock(state)
    with pytest.raises(lrspec.LrspecError, match="no counter other: expected one of"):
        lrspec.position(state, counter="other")


@pytest.mark.parametrize(
    "state",
    [
        {"last_epoch": 3, "every": "epoch", "_step_count": 4},
        {"last_epoch": 3, "patience": 2, "_last_lr": [0.5]},
        {"params": {"step": np.ones(3), "count": np.ones(())}},
        {"step_count": 100},
        {"state": [], "param_groups": []},
        [],
        {},
        {"count": True},
    ],
)
def test_a_state_without_a_counter_is_refused(state: Any) -> None:
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.position(state)


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(lrspec.UnsupportedError, match="it is no run"):
        lrspec.position(7)
    cyclic: dict[str, Any] = {}
    cyclic["state"] = cyclic
    with pytest.raises(lrspec.LrspecError, match="holds itself"):
        lrspec.position(cyclic)


def test_every_count_of_a_state_is_set_in_a_copy() -> None:
    moments: defaultdict[str, Any] = defaultdict(list, {"w": np.ones(2)})
    state: dict[str, Any] = {"step": 0, "opt": Steps(count(0), count(0), (Adam(count(0), moments), [0.5]))}
    moved = lrspec.set_position(state, 9)
    assert lrspec.check_clock(moved["opt"], 9) == 9
    assert (moved["step"], moved["opt"].gradient_step.dtype) == (9, np.int32)
    assert moved["opt"].inner_opt_state[0].mu is moments
    assert (state["step"], int(state["opt"].gradient_step)) == (0, 0)
    boxed = OrderedDict(a=1.0, count={"value": count(0)})
    assert lrspec.set_position(boxed, 9) == OrderedDict(a=1.0, count={"value": 9})
    with pytest.raises(lrspec.LrspecError, match="in the middle of an update"):
        lrspec.set_position(Steps(count(2), count(3), ()), 9)
    with pytest.raises(lrspec.UnsupportedError, match="keeps no count"):
        lrspec.set_position({"w": 0.5}, 9)


@pytest.mark.parametrize("step", [-1, 2**31])
def test_a_step_out_of_range_is_refused(step: int) -> None:
    with pytest.raises(lrspec.StepError):
        lrspec.set_position({"count": 0}, step)
    with pytest.raises(TypeError):
        lrspec.set_position({"count": 0}, 2.5)  # type: ignore[arg-type]


def test_files_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.pt"):
        lrspec.position(tmp_path / "none.pt")
    (tmp_path / "empty.pt").write_bytes(b"")
    with pytest.raises(lrspec.LrspecError, match=r"empty\.pt: the file is cut short, or empty"):
        lrspec.position(tmp_path / "empty.pt")
    (tmp_path / "text.pt").write_text("hello world, this is text")
    with pytest.raises(lrspec.UnsupportedError, match=r"text\.pt is not supported: its first bytes"):
        lrspec.position(str(tmp_path / "text.pt"))
    with pytest.raises(lrspec.UnsupportedError, match="a folder that holds no checkpoint"):
        lrspec.position(tmp_path)
    (tmp_path / "run").mkdir()
    for content in ("{", "[]", "7"):
        (tmp_path / "run" / "trainer_state.json").write_text(content)
        with pytest.raises(lrspec.LrspecError, match=r"trainer_state\.json"):
            lrspec.position(tmp_path / "run")
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04")
    with pytest.raises(lrspec.LrspecError, match=r"model\.keras: the file is damaged"):
        lrspec.position(tmp_path / "model.keras")
