"""`lrspec convert` and `lrspec diff` as users run them, and the comparison behind them."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrspec
from command import ROOT, run, run_process
from lrspec.cli.run_source import NEEDED, run_source
from lrspec.cli.waiting import advance, waiting
from lrspec.comparison import compared, difference

DOCUMENT = ROOT / "docs" / "examples" / "warmup_cosine.yaml"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_document_in_the_other_form_is_the_same_schedule(form: str, tmp_path: Path) -> None:
    target = tmp_path / f"schedule.{form}"
    result = run("convert", DOCUMENT, "--to", form, "-o", target)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert lrspec.load(target).fingerprint == lrspec.load(DOCUMENT).fingerprint


def test_a_table_has_the_values_of_every_step() -> None:
    result = run_process("convert", DOCUMENT, "--to", "csv", "--steps", "60")
    head, *rows = result.stdout.splitlines()
    assert head == "step,learning_rate"
    schedule = lrspec.load(DOCUMENT)
    assert [(int(step), float(value)) for step, value in (row.split(",") for row in rows)] == [
        (step, schedule(step)) for step in range(60)
    ]


@pytest.mark.parametrize("framework", NEEDED)
def test_code_is_printed_run_and_compared(framework: str) -> None:
    plain = run("convert", DOCUMENT, "--to", framework, "--no-check")
    assert plain.returncode == 0
    compile(plain.stdout, "printed", "exec")
    assert "import lrspec" not in plain.stdout
    checked = run("convert", DOCUMENT, "--to", framework)
    if all(map(find_spec, NEEDED[framework])):
        assert checked.returncode == 0, checked.stderr
        assert "checked against the schedule's own float32 values: 442 steps: " in checked.stderr
        ulps = 0 if "equal in every bit" in checked.stderr else int(checked.stderr.split("by ")[1].split(" ulps")[0])
        assert ulps <= 32
    else:
        assert checked.returncode == 2
        assert "not checked: " in checked.stderr


def test_config_files_and_objects_are_read_with_what_was_mapped(tmp_path: Path) -> None:
    arguments = {"learning_rate": 0.1, "lr_scheduler_type": "linear", "warmup_steps": 50, "max_steps": 400}
    (tmp_path / "training_args.json").write_text(json.dumps(arguments))
    result = run("convert", tmp_path / "training_args.json", "--to", "yaml")
    assert result.returncode == 0, result.stderr
    found = lrspec.loads(result.stdout)
    exact = [0.1 * min(step / 50, (400 - step) / 350) for step in range(401)]
    assert [found.exact(step) for step in range(401)] == pytest.approx(exact, abs=1e-15)
    assert "lrspec: note: step 0 is the first update" in result.stderr
    (tmp_path / "mine.py").write_text(
        "import lrspec\n\nclass Run:\n    rate = lrspec.Constant(value=0.5)\n\ndef f(step):\n    return 0.5\n"
    )
    for text in ("mine:Run.rate", f"{tmp_path}/mine.py:Run.rate"):
        result = run_process("convert", text, "--to", "yaml", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert lrspec.loads(result.stdout).fingerprint == lrspec.Constant(value=0.5).fingerprint
    result = run("convert", "mine:f", "--to", "yaml", cwd=tmp_path)
    assert (result.returncode, "give --sample N" in result.stderr) == (2, True)
    assert run("convert", "mine:f", "--to", "csv", "--sample", "9", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.yaml", "No such file"),
        ("none:thing", "No module named 'none'"),
        ("lrspec:nothing", "lrspec:nothing: no nothing in it"),
        ("none.py:thing", "no such file"),
        (":thing", "no name of a module"),
        ("..:thing", "no name of a module"),
    ],
)
def test_bad_input_is_exit_status_2_and_says_what(text: str, message: str) -> None:
    result = run("convert", text, "--to", "yaml")
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [("import nothing_of_the_kind", "ModuleNotFoundError"), ("x = (", "SyntaxError"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_module_that_fails_is_exit_status_2(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(content)
    for text in ("broken:thing", "broken.py:thing"):
        result = run("diff", text, DOCUMENT, cwd=tmp_path)
        assert (result.returncode, "Traceback" in result.stderr) == (2, False)
        assert f"failed: {message}" in result.stderr


def test_quantities_are_refused_for_an_object(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import lrspec\nrate = lrspec.Constant(value=0.5)\n")
    result = run_process("convert", "mine:rate", "--to", "yaml", "--total-steps", "10", cwd=tmp_path)
    assert (result.returncode, "an object takes no --total-steps" in result.stderr) == (2, True)


@pytest.mark.parametrize("given", [("--system", "keras"), ("--with", "x.json"), ("--sample", "9")])
def test_an_option_that_no_input_takes_is_refused(given: tuple[str, str], tmp_path: Path) -> None:
    for command in (("convert", DOCUMENT, "--to", "yaml"), ("diff", DOCUMENT, DOCUMENT)):
        result = run(*command, *given, cwd=tmp_path)
        assert (result.returncode, f"{given[0]} is for a" in result.stderr) == (2, True)
    config = tmp_path / "args.json"
    config.write_text('{"lr_scheduler_type": "linear", "learning_rate": 0.5, "max_steps": 10}')
    (tmp_path / "x.json").write_text("{}")
    assert run("convert", config, "--to", "yaml", *given, cwd=tmp_path).returncode == 2
    assert run("diff", DOCUMENT, config, "--with", "x.json", cwd=tmp_path).returncode == 1


def test_every_group_is_compared_and_written(tmp_path: Path) -> None:
    text = "{lrspec: 1, learning_rate: {kind: constant, value: 0.5}, groups: {head: {scale: 0.5}}}"
    a, b, c = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"
    a.write_text(text)
    b.write_text(text.replace("scale: 0.5", "scale: 0.25"))
    c.write_text("{lrspec: 1, learning_rate: {kind: constant, value: 0.5}}")
    assert run("diff", a, a).returncode == 0
    result = run("diff", a, b, "--steps", "9")
    assert result.returncode == 1
    assert "learning_rate: 9 steps: equal in every bit" in result.stdout
    assert "groups.head.learning_rate: 9 steps: 9 differ, the first at step 0" in result.stdout
    result = run("diff", a, c)
    assert (result.returncode, "groups.head.learning_rate: only in a.yaml" in result.stdout) == (1, True)
    result = run("convert", a, "--to", "csv", "--steps", "2")
    assert result.stdout == "step,learning_rate,groups.head.learning_rate\n0,0.5,0.25\n1,0.5,0.25\n"


def test_equal_schedules_are_exit_status_0_and_others_1_with_a_picture(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(DOCUMENT.read_text().replace("steps: 350", "steps: 351"))
    same = run("diff", DOCUMENT, DOCUMENT)
    assert (same.returncode, same.stdout) == (0, "442 steps: equal in every bit\n")
    result = run_process("diff", DOCUMENT, other, "-o", tmp_path / "difference.svg")
    a, b = lrspec.load(DOCUMENT), lrspec.load(other)
    expected = [step for step in range(443) if a(step) != b(step)]
    assert result.returncode == 1
    assert f"{len(expected)} differ, the first at step {expected[0]}" in result.stdout
    assert repr(a(expected[0])) in result.stdout
    picture = (tmp_path / "difference.svg").read_text()
    assert picture.count("<polyline") == 4  # two curves, their difference, and ulps
    assert "warmup_cosine.yaml" in picture
    if find_spec("matplotlib"):
        assert run("diff", DOCUMENT, other, "-o", tmp_path / "difference.png").returncode == 1
        assert (tmp_path / "difference.png").read_bytes().startswith(b"\x89PNG")


def test_units_in_the_last_place_are_counted_across_zero() -> None:
    values = np.array([1.0, -1.0, 0.0, 2.0**-149, 1.0], np.float32)
    others = np.array([np.nextafter(np.float32(1), np.float32(2)), -1.0, -0.0, -(2.0**-149), 0.5], np.float32)
    found = compared([values], [others])
    assert (found.steps, found.differing, found.first, found.largest_ulps, found.at) == (5, 3, 0, 2**23, 4)
    assert found.largest_relative == 0.5
    with pytest.raises(lrspec.SpecError, match="steps: found 0, expected a number of steps from 1"):
        difference(lrspec.Constant(value=1), lrspec.Constant(value=1), 0)


@pytest.mark.parametrize("command", ["convert", "diff", "migrate"])
def test_the_commands_explain_themselves(command: str) -> None:
    result = run(command, "--help")
    assert result.returncode == 0
    expected: dict[str, Any] = {
        "convert": "IMPORTS, and so runs",
        "diff": "0 where they are equal",
        "migrate": "counter",
    }
    assert expected[command] in " ".join(result.stdout.split())


README_DOCUMENT = """
lrspec: 1
learning_rate: {kind: wsd, peak_value: 3e-4, warmup_steps: 1 %, stable_steps: 79 %, decay_steps: 20 %}
weight_decay: {kind: constant, value: 0.1}
groups:
  embedding: {scale: 0.1}
  head: {learning_rate: {kind: constant, value: 0.5}, momentum: {kind: constant, value: 1}}
total_steps: 1000
"""
PARTS: dict[str, tuple[list[str], float]] = {
    "learning_rate": (["--schedule", "learning_rate"], 3e-4),
    "weight_decay": (["--schedule", "weight_decay"], 0.1),
    "groups.embedding.learning_rate": (["--group", "embedding"], 3e-5),
    "groups.embedding.weight_decay": (["--group", "embedding", "--schedule", "weight_decay"], 0.1),
    "groups.head.learning_rate": (["--schedule", "groups.head.learning_rate"], 0.5),
    "groups.head.momentum": (["--group", "head", "--schedule", "momentum"], 1.0),
}


@pytest.mark.parametrize("form", ["yaml", "json", "csv", *NEEDED])
@pytest.mark.parametrize("name", PARTS)
def test_a_document_is_converted_part_by_part(name: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(README_DOCUMENT)
    options, stable = PARTS[name]
    if form == "csv":
        options = [*options, *([] if "--schedule" in options else ["--schedule", "learning_rate"]), "--steps", "401"]
    check = ["--no-check"] if form in NEEDED else []
    result = run("convert", "all.yaml", "--to", form, *options, *check, "-o", "part", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "part").read_text()
    if form == "csv":
        head, *rows = text.splitlines()
        assert head == f"step,{name}"
        assert float(rows[400].split(",")[1]) == np.float32(stable)
    elif form in {"yaml", "json"}:
        document = lrspec.loads(text)
        assert document(400) == np.float32(stable)
        assert document.total_steps == 1000
    else:
        assert text.startswith(f"# Schedule: {name!r}.\n")
        assert repr(stable) in text
        assert ("these are values of" in result.stderr) == (not name.endswith("learning_rate"))


def test_a_document_of_several_names_them_and_the_options(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(README_DOCUMENT)
    for options, said in {
        (): "5 schedules, where optax has one at a time: choose with --schedule learning_rate; --schedule weight_dec",
        ("--group", "head"): "2 schedules, where optax has one at a time: choose with --group head --schedule learning",
        ("--group", "x"): "no group x: expected one of embedding, head after --group",
        (
            "--schedule",
            "beta",
        ): "no schedule beta: expected one of learning_rate, weight_decay, groups.head.",
        ("--schedule", "momentum"): "no schedule momentum: expected one of",
    }.items():
        result = run("convert", "all.yaml", "--to", "optax", *options, cwd=tmp_path)
        assert (result.returncode, said in result.stderr) == (2, True), result.stderr
    result = run("convert", DOCUMENT, "--to", "optax", "--group", "x")
    assert (result.returncode, "no group x: it has no groups" in result.stderr) == (2, True)


def test_a_group_is_a_document_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(README_DOCUMENT)
    found = lrspec.loads(run("convert", "all.yaml", "--to", "yaml", "--group", "head", cwd=tmp_path).stdout)
    assert (list(found), found.groups) == (["learning_rate", "momentum", "weight_decay"], [])
    assert {name: found[name](0) for name in found} == {
        "learning_rate": 0.5,
        "momentum": 1.0,
        "weight_decay": float(np.float32(0.1)),
    }
    result = run("convert", "all.yaml", "--to", "csv", "--group", "head", "--steps", "1", cwd=tmp_path)
    assert (
        result.stdout.splitlines()[0] == "step,groups.head.learning_rate,groups.head.weight_decay,groups.head.momentum"
    )


def test_one_schedule_of_two_documents_is_compared(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(README_DOCUMENT)
    (tmp_path / "b.yaml").write_text(README_DOCUMENT.replace("scale: 0.1", "scale: 0.2"))
    assert run("diff", "a.yaml", "b.yaml", cwd=tmp_path).returncode == 1
    assert run("diff", "a.yaml", "b.yaml", "--schedule", "weight_decay", cwd=tmp_path).returncode == 0
    result = run("diff", "a.yaml", "b.yaml", "--group", "embedding", "--steps", "9", cwd=tmp_path)
    assert result.returncode == 1
    assert "groups.embedding.learning_rate: 9 steps: 8 differ, the first at step 1" in result.stdout
    result = run("diff", "a.yaml", DOCUMENT, "--group", "embedding", cwd=tmp_path)
    assert (result.returncode, "warmup_cosine.yaml: no group embedding: it has no groups" in result.stderr) == (2, True)


HUGGING_FACE = {"lr_scheduler_type": "cosine", "learning_rate": 1e-3, "max_steps": 1000, "warmup_steps": 100}


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ([], "native"),
        (["--until", "total"], "native"),
        (["--until", "1000"], "native"),
        (["--until", "forever"], "function"),
    ],
)
def test_code_is_written_until_the_end_of_the_run(options: list[str], form: str, tmp_path: Path) -> None:
    (tmp_path / "args.json").write_text(json.dumps(HUGGING_FACE))
    result = run("convert", "args.json", "--to", "optax", "--no-check", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert ("optax.warmup_cosine_decay_schedule(" in result.stdout) == (form == "native")
    assert ("# The schedule at steps 0 to 999, the 1,000 updates of the run." in result.stdout) == (form == "native")
    assert ("note: the code is the schedule at steps 0 to 999" in result.stderr) == (form == "native")


def test_the_total_goes_along(tmp_path: Path) -> None:
    (tmp_path / "args.json").write_text(json.dumps(HUGGING_FACE))
    assert run("convert", "args.json", "--to", "yaml", "-o", "a.yaml", cwd=tmp_path).returncode == 0
    assert lrspec.load(tmp_path / "a.yaml").total_steps == 1000
    result = run("convert", "a.yaml", "--to", "keras", "--no-check", cwd=tmp_path)
    assert "CosineDecay(0.0, decay_steps=900, warmup_target=0.001, warmup_steps=100)" in result.stdout
    result = run("convert", "a.yaml", "--to", "csv", "--until", "9", cwd=tmp_path)
    assert (result.returncode, "--until is for code, not for csv" in result.stderr) == (2, True)
    result = run("convert", DOCUMENT, "--to", "optax", "--until", "total")
    assert (result.returncode, "--until total: the input has none; give --until N" in result.stderr) == (2, True)


def test_every_step_of_the_run_is_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def compare(_code: str, _framework: str, schedule: lrspec.Schedule, steps: int) -> Any:
        asked.append(steps)
        return difference(schedule, schedule, 1)

    monkeypatch.setattr("lrspec.cli.convert.missing", lambda _: [])
    monkeypatch.setattr("lrspec.cli.convert.run_source", compare)
    (tmp_path / "bert.json").write_text(json.dumps(HUGGING_FACE | {"max_steps": 1_000_000}))
    for options in ([], ["--steps", "50"], ["--steps", "2000000"], ["--until", "forever"]):
        assert run("convert", "bert.json", "--to", "optax", *options, cwd=tmp_path).returncode == 0
    assert asked == [1_000_000, 50, 1_000_000, 2_000_000]


@pytest.mark.skipif(not find_spec("torch"), reason="runs torch")
def test_code_that_fails_is_said() -> None:
    schedule = lrspec.Constant(value=0.5)
    with pytest.raises(lrspec.LrspecError, match="the code that was printed fails: ValueError: not so"):
        run_source("def make(params):\n    raise ValueError('not so')", "torch", schedule, 5)


def test_what_takes_long_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("lrspec.cli.waiting._SPARSE", 0.05)
    with waiting("counting", after=0.01):
        advance(300, 1000)
        time.sleep(0.5)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "lrspec: counting"
    assert said[1] == "lrspec: counting: 300 of 1,000 after 0 s"
    with waiting("counting"):
        pass
    assert capsys.readouterr().err == ""
