"""States and files that are damaged, or made to do harm: an answer or an error of ours, in little time and memory."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrspec
from lrspec.cli import main

SCHEDULER = {"last_epoch": 7, "_step_count": 8, "fingerprint": "x"}


@pytest.mark.parametrize(
    "value", [-1, -(2**63), 2**31, 2**64 - 1, 10**400, np.int64(-3), np.uint32(2**32 - 1)], ids=str
)
@pytest.mark.parametrize(
    "state",
    [
        lambda value: {"count": value},
        lambda value: {"count": np.asarray(value)} if abs(int(value)) < 2**63 else {"count": value},
        lambda value: {"last_epoch": value, "_step_count": 1, "fingerprint": "x"},
        lambda value: {"state": {0: {"step": value}}, "param_groups": [{"lr": 0.1}]},
        lambda value: {"step_count": int(value) + (value > 0), "base_optimizer_state": ()},
        lambda value: {"global_step": value, "optimizer_states": [], "lr_schedulers": []},
    ],
)
def test_negative_and_wrapped_counters_are_refused(state: Any, value: Any) -> None:
    for ask in (lrspec.position, lrspec.check_clock):
        with pytest.raises(lrspec.LrspecError, match=r"expected a count from 0 to 2147483647"):
            ask(state(value))


def test_another_counter_can_be_chosen_beside_a_wrapped_one() -> None:
    state = {"scheduler": SCHEDULER, "optimizer": {"state": {0: {"step": -5}}, "param_groups": []}}
    with pytest.raises(lrspec.LrspecError, match=r"optimizer\.step is -5: .*choose another with counter"):
        lrspec.position(state)
    assert lrspec.position(state, counter="scheduler.last_epoch").updates == 7
    with pytest.raises(lrspec.LrspecError, match="expected a count from 0"):
        lrspec.position(state, counter="optimizer.step")


@pytest.mark.parametrize(
    ("dtype", "last"),
    [("int8", 127), ("uint8", 255), ("int16", 32767), ("uint16", 65535)],
)
def test_a_counter_of_a_small_type_that_is_full_is_in_doubt(dtype: str, last: int) -> None:
    assert lrspec.position({"count": np.asarray(last - 1, dtype)}).updates == last - 1
    full = {"count": np.asarray(last, dtype)}
    with pytest.raises(lrspec.AmbiguousPositionError, match=f"stored as {dtype} stands still"):
        lrspec.position(full)
    assert lrspec.position(full, counter="count").updates == last
    assert lrspec.set_position({"count": np.asarray(0, dtype)}, last)["count"].dtype == dtype
    with pytest.raises(
        lrspec.LrspecError, match=f"count is of type {dtype}, which goes up to {last}: found step {last + 1}"
    ):
        lrspec.set_position({"count": np.asarray(0, dtype)}, last + 1)


@pytest.mark.parametrize("value", [None, "5", float("nan"), 2.7, True, [5], {}, b"5"], ids=repr)
def test_what_is_no_step_of_lightning_is_damage(value: Any) -> None:
    with pytest.raises(lrspec.LrspecError, match="global_step of a Lightning checkpoint"):
        lrspec.position({"global_step": value, "optimizer_states": [], "lr_schedulers": []})


@pytest.mark.parametrize("parts", [None, {}, 7, "x", [None], [7], {"a": None}], ids=repr)
def test_lists_of_lightning_that_are_none(parts: Any) -> None:
    assert lrspec.position({"global_step": 5, "optimizer_states": parts, "lr_schedulers": parts}).updates == 5


def test_two_counters_of_one_name_are_not_chosen_between() -> None:
    state = {"a": {"b": SCHEDULER}, "a.b": SCHEDULER | {"last_epoch": 9}}
    with pytest.raises(lrspec.LrspecError, match=r"2 counters are called a\.b\.last_epoch, and say 7, 9"):
        lrspec.position(state, counter="a.b.last_epoch")


def test_what_holds_itself_or_is_deep_is_refused() -> None:
    for start in ("state", "opt"):
        cyclic: dict[str, Any] = {"count": 1}
        cyclic[start] = [cyclic]
        deep: Any = {"count": 1}
        for _ in range(5 * sys.getrecursionlimit()):
            deep = {start: deep}
        for found in (cyclic, deep):
            for ask in (lrspec.position, lambda state: lrspec.set_position(state, 3)):
                with pytest.raises(lrspec.LrspecError, match="holds itself"):
                    ask(found)


def test_parts_that_stand_in_many_places_are_visited_once() -> None:
    tree: Any = {"count": 3}
    for _ in range(100):
        tree = [tree, {"x": tree}]
    assert lrspec.position(tree).updates == 3
    moved = lrspec.set_position(tree, 9)
    for _ in range(100):
        assert moved[0] is moved[1]["x"]
        moved = moved[0]
    assert moved == {"count": 9}


def test_a_name_that_is_a_number_of_many_digits() -> None:
    assert lrspec.position({10**5000: SCHEDULER}).updates == 7


@pytest.mark.parametrize("path", ["a\0b", "a\udc80b"])
def test_paths_that_are_none(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((lrspec.LrspecError, FileNotFoundError)):
        lrspec.position(path)
    (tmp_path / "a.yaml").write_text("{lrspec: 1, learning_rate: {kind: constant, value: 1}}")
    assert main(["migrate", path, "--schedule", str(tmp_path / "a.yaml"), "--to", "torch"]) == 2
    assert "lrspec: " in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such thing on this system")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(lrspec.UnsupportedError, match="neither a file nor a folder"):
        lrspec.position(tmp_path / "pipe.pt")


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"global_step": ' + "[" * 100_000, '{"global_step": NaN}', '{"global_step": 2.0}', "\ud800".encode(
        "utf-8", "surrogatepass"
    ), '{"global_step": 1' + "0" * 5000 + "}", '{"global_step": true}'],
    ids=["deep", "deep value", "NaN", "float", "surrogate", "digits", "bool"],
)  # fmt: skip
def test_a_damaged_state_of_the_trainer(content: str | bytes, tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(lrspec.LrspecError):
        lrspec.position(tmp_path)


def test_a_huge_state_of_the_trainer_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "trainer_state.json").open("wb") as file:
        file.write(json.dumps({"global_step": 5}).encode())
        file.truncate(2**26 + 1)  # of holes, so that it takes no room
    with pytest.raises(lrspec.LrspecError, match="the file is larger than"):
        lrspec.position(tmp_path)


def test_a_count_of_updates_that_is_none_is_an_error_of_python() -> None:
    with pytest.raises(TypeError):
        lrspec.check_clock({"count": 7}, "7")  # type: ignore[arg-type]
    with pytest.raises(lrspec.ClockError, match="expected 8 updates"):
        lrspec.check_clock({"count": 7}, 8)
    with pytest.raises(lrspec.UnsupportedError):
        lrspec.check_clock({})
