"""What `explain`, `str` and `lrspec show` say, against tables written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lrspec
from lrspec import Cosine, Linear, Repeat, Sequence, Shift, StepError
from lrspec.cli import main
from lrspec.explain import explain, tree
from lrspec.presets import warmup_cosine

DOCUMENT = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0, end_value: 0.5, steps: 10}
    - kind: repeat
      part: {kind: cosine, init_value: 0.5, end_value: 0.25, steps: 20}
      num_cycles: 3
    - {kind: constant, value: 0.25}
weight_decay: {kind: constant, value: 0.125}
"""


def test_each_phase_has_its_steps_and_the_values_there() -> None:
    phases = explain(lrspec.loads(DOCUMENT)).phases
    seen = [(p.path, p.depth, p.kind, p.first_step, p.last_step, p.first_value) for p in phases]
    assert seen == [
        ("learning_rate", 0, "sequence", 0, None, 0.0),
        ("learning_rate.parts[0]", 1, "linear", 0, 9, 0.0),
        ("learning_rate.parts[1]", 1, "repeat", 10, 69, 0.5),
        ("learning_rate.parts[1].part", 2, "cosine", None, None, None),
        ("learning_rate.parts[2]", 1, "constant", 70, None, 0.25),
    ]
    assert phases[1].last_value == pytest.approx(0.45)
    assert phases[1].formula == "0 + (0.5 - 0) * t / 10"
    assert phases[3].formula == "0.25 + (0.5 - 0.25) * ((1 + cos(2 pi * 0.5 * (t / 20))) / 2)"


def test_the_totals_say_what_comes_after() -> None:
    found = explain(warmup_cosine(peak_value=0.5, warmup_steps=10, decay_steps=90, end_value=0.125))
    assert (found.length, found.after) == (100, "0.125 is held")
    assert found.lowest == (0.0, 0)
    assert found.highest == (0.5, 10)
    assert explain(Linear(init_value=1, end_value=0, steps=10, after="error")).after == "no value"
    assert explain(Linear(init_value=1, end_value=0, steps=10, after="continue")).after == "goes on"
    assert explain(lrspec.loads(DOCUMENT), "weight_decay").length is None


def test_a_global_sequence_and_a_refusing_end_have_their_own_steps() -> None:
    line = Linear(init_value=1, end_value=0, steps=100, after="error")
    found = explain(Sequence(parts=[Linear(init_value=0, end_value=1, steps=10), line], time="global"))
    assert [(p.first_step, p.last_step) for p in found.phases[1:]] == [(0, 9), (10, 99)]
    with pytest.raises(StepError):
        line(100)


def test_text_is_a_table_and_a_tree() -> None:
    schedule = Shift(
        part=Sequence(
            parts=[Linear(init_value=0, end_value=1, steps=4), Repeat(part=Cosine(init_value=1, end_value=0, steps=4))]
        ),
        by=1,
    )
    assert str(schedule).splitlines() == [
        "shift by=1",
        "`- sequence",
        "   +- linear init_value=0 end_value=1 steps=4",
        "   `- repeat",
        "      `- cosine init_value=1 end_value=0 steps=4",
    ]
    assert tree(lrspec.loads(DOCUMENT)).splitlines()[-1] == "weight_decay: constant value=0.125"
    lines = str(lrspec.loads(DOCUMENT).explain()).splitlines()
    assert lines[0] == "learning_rate:"
    assert lines[3].split() == [
        "linear",
        "0",
        "+",
        "(0.5",
        "-",
        "0)",
        "*",
        "t",
        "/",
        "10",
        "0",
        "9",
        "0",
        "0.449999988",
    ]
    assert lines[-3] == "without end"


def test_show_prints_every_schedule_and_the_values_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    assert main(["show", str(path), "--steps", "0:20:10"]) == 0
    printed = capsys.readouterr().out
    assert "weight_decay: constant value=0.125" in printed
    assert printed.splitlines()[-2:] == ["0\t0.0\t0.125", "10\t0.5\t0.125"]
    assert main(["show", str(path), "--json", "--steps", "9:11"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["values"]["learning_rate"] == [0.44999998807907104, 0.5]
    assert data["schedules"]["weight_decay"]["phases"][0]["kind"] == "constant"


@pytest.mark.parametrize("steps", ["5", "5:4", "a:b", "0:9:0", "0:99999999", "1:2:3:4"])
def test_a_bad_range_of_steps_is_refused(steps: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["show", "x.yaml", "--steps", steps])
    assert caught.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_quantities_may_be_given_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text("{lrspec: 1, learning_rate: {kind: linear, init_value: 0, end_value: 1, steps: 2 epochs}}")
    assert main(["show", str(path)]) == 2
    assert capsys.readouterr().err == (
        "lrspec: learning_rate.steps: found '2 epochs', expected `steps_per_epoch` in the document, or "
        "resolve(steps_per_epoch=...)\n"
    )
    assert main(["show", str(path), "--steps-per-epoch", "50"]) == 0
    assert "100 steps, then 1 is held" in capsys.readouterr().out


def test_lint_has_its_exit_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    assert main(["lint", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: learning_rate: step 0: the first update has the rate 0 [first_zero]\n"
    assert main(["lint", "--strict", str(path)]) == 1
    assert main(["lint", "--json", "--total-steps", "100", str(path)]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])[str(path)][0]["code"] == "first_zero"
    path.write_text("lrspec: 1")
    assert main(["lint", str(path)]) == 2
    assert capsys.readouterr().err == f"lrspec: {path}: learning_rate: found nothing, expected a schedule\n"


def test_plot_writes_a_picture(tmp_path: Path) -> None:
    path, picture = tmp_path / "schedule.yaml", tmp_path / "schedule.svg"
    path.write_text(DOCUMENT)
    assert main(["plot", str(path), "-o", str(picture), "--steps", "100"]) == 0
    assert picture.read_text().startswith("<svg")
