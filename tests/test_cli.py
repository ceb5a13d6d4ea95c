"""The command as a user runs it: in a process of its own, by its exit status and what it prints."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lrspec
from command import run, run_process
from lrspec.cli import main
from lrspec.cli.curve import curve
from lrspec.probes import MODES
from lrspec.verify.backends import HOST, targets

SEED = """
lrspec: 1
learning_rate: {kind: exponential, init_value: 0.1, decay_rate: 0.96, decay_period: 100000, staircase: true}
"""
DOCUMENT = """
lrspec: 1
learning_rate:
  kind: sequence
  parts:
    - {kind: linear, init_value: 0, end_value: 0.5, steps: 10}
    - {kind: repeat, part: {kind: cosine, init_value: 0.5, end_value: 0.25, steps: 20}, num_cycles: 3}
    - {kind: constant, value: 0.25}
weight_decay: {kind: constant, value: 0.125}
"""
QUICK = ("--quick",)


def long_with_all_frameworks(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test as long where every framework is installed, and `verify` runs all of them."""
    return test if targets()[1] else pytest.mark.long(test)


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    return path


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Write the seed with other hyperparameters and groups, of which `verify` runs the learning rate alone."""
    path = tmp_path / "several.yaml"
    path.write_text(f"{SEED}momentum: {{kind: constant, value: 0.9}}\ngroups: {{head: {{scale: 2}}}}\n")
    return path


def test_verify_finds_every_bit_equal(seed: Path) -> None:
    result = run_process("verify", seed, *QUICK, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    rows = report["rows"]
    assert report["ok"] is True
    assert all(row["differing"] == 0 and row["error"] is None for row in rows)
    known = {**HOST, **{target.label: MODES[target.label] for target in targets()[0]}}
    assert {(row["backend"], row["mode"]) for row in rows} == {(b, m) for b, ms in known.items() for m in ms}
    assert report["fingerprint"] == "sha256:19da52845fd580896905093d35c3677646e61caff43805a90622fa36b311279a"


@long_with_all_frameworks
def test_verify_notices_one_corrupt_coefficient_in_every_row(several: Path) -> None:
    result = run_process("verify", several, *QUICK, "--corrupt", "--json")
    assert result.returncode == 1, result.stderr
    report = json.loads(result.stdout)
    rows = report["rows"]
    assert rows
    assert report["ok"] is False
    assert [row for row in rows if not row["differing"] or row["first_difference"] != 0] == []


def test_verify_prints_a_table_and_names_what_is_not_installed(several: Path) -> None:
    missing = targets()[1]
    few = () if missing else ("--backends", "optax")  # where all are installed, the tests above have run all
    result = run_process("verify", several, *QUICK, *few)
    assert result.returncode == 0, result.stderr
    assert "int32 limbs" in result.stdout
    assert "rows are equal in every bit." in result.stdout
    assert ("Not installed: " + ", ".join(missing) in result.stdout) == bool(missing)
    assert "\x1b[" not in result.stdout


def test_a_backend_that_is_asked_for_and_missing_is_an_error(seed: Path) -> None:
    missing = targets()[1]
    if not missing:
        pytest.skip("every framework is installed here; the environments with one framework run this test")
    result = run_process("verify", seed, *QUICK, "--backends", missing[0])
    assert result.returncode == 2
    assert f"not installed, though asked for: {missing[0]}" in result.stderr


def test_bad_input_is_exit_status_2_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("{lrspec: 1, learning_rate: {kind: cosine, init_value: 0.1, end_value: 0, steps: -5}}")
    result = run("verify", path)
    assert result.returncode == 2
    assert "learning_rate.steps: found -5, expected a whole number of steps from 1 to 2147483647" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("verify", "no-such-file.yaml"), ("verify",), (), ("verify", "x.yaml", "--backends", "caffe")],
    ids=["missing file", "no file", "no command", "unknown backend"],
)
def test_wrong_use_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_help_tells_the_exit_statuses() -> None:
    result = run("verify", "--help")
    assert result.returncode == 0
    assert "Exit status" in result.stdout


def test_show_prints_every_schedule_and_the_values_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    assert main(["show", str(path), "--steps", "0:20:10"]) == 0
    printed = capsys.readouterr().out
    assert "weight_decay: constant value=0.125" in printed
    assert "\u2847" in printed or "\u28a0" in printed or "\u28c0" in printed  # the curve of the learning rate
    assert printed.splitlines()[-3:] == ["step\tlearning_rate\tweight_decay", "0\t0.0\t0.125", "10\t0.5\t0.125"]
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
        f"lrspec: {path}: learning_rate.steps: found '2 epochs', expected `steps_per_epoch` in the document, or "
        "--steps-per-epoch\n"
    )
    assert main(["show", str(path), "--steps-per-epoch", "fifty"]) == 2
    assert "steps_per_epoch: found 'fifty'" in capsys.readouterr().err
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


def test_lint_goes_on_after_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(DOCUMENT)
    bad.write_text("lrspec: 1")
    assert main(["lint", str(bad), str(tmp_path / "none.yaml"), str(good), "--strict"]) == 2
    out, err = capsys.readouterr()
    assert out.count("[first_zero]") == 1
    assert [line.split(":")[0] for line in err.splitlines()] == ["lrspec", "lrspec"]


def test_lint_takes_its_thresholds_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "jump.yaml"
    path.write_text("""{lrspec: 1, steps_per_epoch: 100, learning_rate: {kind: sequence, parts: [
        {kind: constant, value: 4, steps: 50}, {kind: constant, value: 3}]}}""")
    assert main(["lint", "--strict", "--jump", "0.24", "--epochs", "49", str(path)]) == 1
    assert "from 4 to 3, 25 % of the larger [jump]" in capsys.readouterr().out
    assert main(["lint", "--strict", "--jump", "0.26", "--epochs", "49", str(path)]) == 0
    assert main(["lint", "--strict", "--jump", "0.26", str(path)]) == 1
    assert "`50 epochs`? [epochs_as_steps]" in capsys.readouterr().out


@pytest.mark.parametrize("option", [("--jump", "2"), ("--jump", "half"), ("--jump", "nan"), ("--epochs", "-1")])
def test_a_bad_threshold_is_refused(option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["lint", "x.yaml", *option])
    assert caught.value.code == 2


def test_a_relative_document_is_shown_with_a_base_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "relative.yaml"
    path.write_text("{lrspec: 1, relative: true, learning_rate: {kind: constant, value: 0.5}, groups: [{scale: 2}]}")
    assert main(["show", str(path)]) == 2
    assert f"lrspec: {path}: base_value: found nothing" in capsys.readouterr().err
    assert main(["show", str(path), "--base-value", "0.25", "--steps", "0:1"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "step\tlearning_rate\tgroups[0].learning_rate",
        "0\t0.125\t0.25",
    ]


def test_a_step_without_a_value_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("{lrspec: 1, learning_rate: {kind: constant, value: 1, steps: 3, after: error}}")
    assert main(["show", str(path), "--steps", "0:4"]) == 2
    assert capsys.readouterr() == ("", f"lrspec: {path}: step 3 has no value: expected a step from 0 to 2\n")


def test_plot_draws_in_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    assert main(["plot", str(path), "--steps", "31"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 15
    assert (lines[0].split("|")[0].strip(), lines[-2].split("|")[0].strip()) == ("0.5", "0")
    ticks = lines[-1].split()
    assert (ticks[0], ticks[-1]) == ("0", "30")
    assert {"10", "20"} <= set(ticks)


def test_a_curve_goes_through_its_values() -> None:
    line = lrspec.Linear(init_value=8, end_value=0, steps=8)
    assert curve(line, 9, width=20, height=4, only_ascii=True) == [
        "8          |**",
        "           |  **",
        "           |    **",
        "0          |      **",
        "           0       8",
    ]
    stairs = lrspec.PiecewiseConstant(boundaries=[4], values=[8, 0])
    assert curve(stairs, 9, width=20, height=3, only_ascii=True)[:3] == [
        "8          |*****",
        "           |    *",
        "0          |    ****",
    ]


def test_plot_writes_a_picture(tmp_path: Path) -> None:
    path, picture = tmp_path / "schedule.yaml", tmp_path / "schedule.svg"
    path.write_text(DOCUMENT)
    assert main(["plot", str(path), "-o", str(picture), "--steps", "100"]) == 0
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert main(["plot", str(path), "-o", str(picture), "--schedule", "weight_decay"]) == 0
    assert "step 0: 0.125" in picture.read_text(encoding="utf-8")


def test_plot_refuses_other_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    assert main(["plot", str(path), "--schedule", "momentum"]) == 2
    assert "no schedule momentum: expected one of learning_rate, weight_decay" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["plot", str(path), "-o", "curve.pdf"])


def test_plot_writes_png_with_matplotlib(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path, picture = tmp_path / "schedule.yaml", tmp_path / "schedule.png"
    path.write_text(DOCUMENT)
    assert main(["plot", str(path), "-o", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_png_without_matplotlib_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, picture = tmp_path / "schedule.yaml", tmp_path / "schedule.png"
    path.write_text(DOCUMENT)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["plot", str(path), "-o", str(picture)]) == 2
    assert "PNG needs matplotlib: pip install 'lrspec[plot]', or write an .svg" in capsys.readouterr().err
    assert not picture.exists()


def test_show_and_lint_in_a_process_without_utf8(tmp_path: Path) -> None:
    path = tmp_path / "schedule.yaml"
    path.write_text(DOCUMENT)
    result = run_process("show", path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.returncode == 0, result.stderr
    assert "*" in result.stdout
    assert result.stdout.isascii()
    assert run_process("lint", "--strict", path).returncode == 1


def test_the_documentation_shows_what_the_commands_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[1]
    text = (root / "docs" / "lint.md").read_text(encoding="utf-8")
    documents = re.findall(r"`([a-z]+\.yaml)`:\n\n```yaml\n(.*?)```", text, re.DOTALL)
    for name, document in documents:
        (tmp_path / name).write_text(document)
    examples = re.findall(r"```console\nlrspec ([^\n]*)\n```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert (len(documents), len(examples)) == (1, 3)
    for command, printed in examples:
        places = {word: str((root if word.startswith("docs/") else tmp_path) / word) for word in command.split()}
        main([places[word] if word.endswith(".yaml") else word for word in command.split()])
        out = capsys.readouterr().out
        for word, place in places.items():
            out = out.replace(place, word)
        assert out.rstrip() == printed.rstrip()
