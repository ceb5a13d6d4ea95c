"""`lrspec verify` where a row cannot run, what it says of its progress, and what may be left out: with a fake torch."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

import lrspec
from lrspec.cli import main, progress
from lrspec.probes import MODES
from lrspec.verify.backends import HOST, is_left_out
from lrspec.verify.rows import _exact_row

NAMES = MODES["torch"]
SETUPTOOLS = "ModuleNotFoundError: No module named 'setuptools'"
SITE = """
import sys
if "lrspec.verify" in sys.orig_argv or "lrspec.conformance" in sys.orig_argv:
    {printed}
    import fake_probe
    sys.modules["lrspec.probes.torch"] = fake_probe
"""


class Fake:
    """Runs the command on one document and a fake torch."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys
        self.document = folder / "constant.yaml"
        self.document.write_text("{lrspec: 1, learning_rate: {kind: constant, value: 0.5}}")
        self.site("pass")

    def site(self, printed: str) -> None:
        (self._folder / "sitecustomize.py").write_text(SITE.format(printed=printed))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["verify", str(self.document), "--quick", "--backends", "torch", *arguments])
        return status, *self._capsys.readouterr()

    def report(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        status, out, _ = self.run("--json", *arguments)
        return status, json.loads(out)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fake:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "raise ImportError('libcudart.so.12: cannot open shared object file')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    paths = [tmp_path, Path(__file__).parent, Path(__file__).parents[1] / "src"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))
    return Fake(tmp_path, capsys)


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the fake."""
    return [row for row in report["rows"] if row["backend"] == "torch"]


def outcomes(report: dict[str, Any]) -> list[tuple[str, int | str]]:
    """Return each row of the fake as its mode with the cause, or with how many bits differ."""
    return [(row["mode"], row["error"] or row["differing"]) for row in rows_of(report)]


def host_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that need no framework."""
    return [row for row in report["rows"] if row["backend"] in HOST]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("raises", SETUPTOOLS),
        ("raises alone", "RuntimeError: backend='inductor' raised: OSError: no space left"),
        ("killed", "the process was killed by SIGKILL"),
        ("exits", "the process ended with exit status 7 before it was done: the last word"),
        ("ends", "the process ended with exit status 0 before it was done: it said nothing"),
    ],
)
def test_a_row_that_cannot_run_is_named_with_its_cause_and_the_others_run(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, fault: str, cause: str
) -> None:
    monkeypatch.setenv("FAKE", fault)
    status, report = fake.report()
    assert status == 3
    assert outcomes(report) == [(NAMES[0], 0), (NAMES[1], cause), (NAMES[2], 0), (NAMES[3], 0)]
    assert [row["name"] for row in report["natives"]] == ["Fake"]
    assert {row["version"] for row in rows_of(report)} == {"9.9"}


def test_values_of_another_type_are_not_compared(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "float64")
    status, report = fake.report()
    assert status == 3
    assert "gave float64" in rows_of(report)[1]["error"]


def test_a_differing_bit_is_told_before_a_row_that_cannot_run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "differs, another raises")
    status, out, _ = fake.run()
    assert status == 1
    assert f"Could not run torch: {NAMES[2]}: {SETUPTOOLS}\n" in out
    assert out.endswith("7 of 9 rows are equal in every bit, 1 could not run.\n")
    monkeypatch.setenv("FAKE", "differs")
    status, report = fake.report()
    assert status == 1
    assert [row["differing"] > 0 for row in rows_of(report)] == [False, True, False, False]
    assert report["ok"] is False
    wrong = rows_of(report)[1]
    assert (wrong["first_difference"], wrong["got"], wrong["wanted"]) == (0, "3f000001", "3f000000")


def test_the_table_names_what_could_not_run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "raises")
    status, out, _ = fake.run()
    assert status == 3
    (line,) = [line for line in out.splitlines() if "could not run │" in line]
    assert NAMES[1] in line
    assert f"Could not run torch: {NAMES[1]}: {SETUPTOOLS}\n" in out
    assert out.endswith("8 of 9 rows are equal in every bit, 1 could not run.\n")


def test_the_framework_s_own_schedule_that_cannot_run_is_a_row(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "native raises")
    status, report = fake.report()
    assert status == 3
    assert outcomes(report) == [*((name, 0) for name in NAMES), ("its own schedule", SETUPTOOLS)]


def test_a_backend_that_cannot_be_imported_is_named_with_all_its_rows(fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").unlink()
    status, report = fake.report()
    assert status == 3
    cause = "ImportError: libcudart.so.12: cannot open shared object file"
    assert outcomes(report) == [(name, cause) for name in NAMES]
    assert all(row["error"] is None for row in host_rows(report))
    _, out, _ = fake.run()
    assert f"Could not run torch: {'; '.join(NAMES)}: {cause}\n" in out


@pytest.mark.parametrize(("fault", "status"), [("raises", 3), ("killed", 3), ("differs", 1), ("", 0)])
def test_the_vectors_run_in_each_mode_whatever_another_does(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str, status: int
) -> None:
    monkeypatch.setenv("FAKE", fault)
    chosen = ["--kind", "cosine", "--kind", "programs", "--backends", "torch"]
    assert main(["conformance", *chosen, "--json"]) == status
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["backend"] for row in rows} == {"torch"}
    wrong = [row for row in rows if row["error"] or row["differing"]]
    assert {row["mode"] for row in wrong} == ({NAMES[1]} if fault else set())
    assert {row["mode"] for row in rows} == set(NAMES)
    if fault == "raises":
        assert wrong[0]["error"] == f"kinds/cosine/41: {SETUPTOOLS}"
    if fault == "differs":
        assert wrong[0]["message"].startswith("kinds/cosine/")
        assert wrong[0]["got"] != wrong[0]["wanted"]
    assert fake.document.exists()


def test_what_something_else_prints_is_no_answer(fake: Fake) -> None:
    fake.site("print('hello'); print('[1, 2]'); print('7'); print('[[], 1]')")
    status, report = fake.report()
    assert status == 0
    assert outcomes(report) == [(name, 0) for name in NAMES]
    fake.site("print('no JSON', flush=True); import os; os._exit(0)")
    status, report = fake.report()
    assert status == 3
    cause = "the process ended with exit status 0 before it was done: it said nothing; it printed 'no JSON'"
    assert outcomes(report) == [(name, cause) for name in NAMES]


def test_an_interrupt_ends_the_command(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "interrupted")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    try:
        assert fake.run("--json")[:2] == (130, "")
    finally:
        signal.signal(signal.SIGINT, before)


def test_modes_are_left_out_by_name_and_by_word(fake: Fake) -> None:
    status, report = fake.report("--without", "tensor", "--without", f"torch:{NAMES[2]}", "--without", "numpy:int64")
    assert status == 0
    assert outcomes(report) == [(NAMES[0], 0), (NAMES[3], 0)]
    assert [row["mode"] for row in host_rows(report)] == ["within 0.5+2^-18 ulp", "host", "range", "int32 limbs"]
    assert report["without"] == ["tensor", f"torch:{NAMES[2]}", "numpy:int64"]
    status, out, err = fake.run("--without", "xla", "--without", NAMES[0])
    assert status == 0
    assert f"Left out: xla, {NAMES[0]}.\nAll 8 rows are equal in every bit.\n" in out
    assert err.startswith("8 rows to run:\n")


def test_a_name_of_no_mode_is_refused_with_the_modes(fake: Fake) -> None:
    for name in ("opt", "torch:xla", "torch", ""):
        status, out, err = fake.run("--without", name)
        assert (status, out) == (2, "")
        assert f"without: found {name!r}, expected MODE or BACKEND:MODE, where the modes are: " in err
        assert {mode for modes in MODES.values() for mode in modes} <= set(err.strip().split(": ")[-1].split("; "))


def test_leaving_out_everything_is_refused(fake: Fake) -> None:
    words = ("exact formula:within", "host", "range", "int64", "int32", "optimizer", "compiled", "compile")
    status, out, err = fake.run(*(word for name in words for word in ("--without", name)))
    assert (status, out, err) == (2, "", "lrspec: without: nothing is left to run\n")


def test_a_word_is_not_a_part_of_one() -> None:
    assert is_left_out("keras[jax]", "jit (xla)", ["xla"])
    assert is_left_out("keras[jax]", "jit (xla)", ["keras[jax]:xla"])
    assert not is_left_out("keras[jax]", "jit (xla)", ["keras[tensorflow]:xla"])
    assert not is_left_out("torch", "compiled step (inductor)", ["compile"])
    assert not is_left_out("torch", "compile (aot_eager)", ["eager", "aot", ""])


def test_the_plan_is_said_at_once_and_the_count_seldom(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ["9 rows to run:", "  exact formula: within 0.5+2^-18 ulp", "  python: host"]
    plan += ["  numpy: range; int64; int32 limbs", f"  torch: {'; '.join(NAMES)}"]
    monkeypatch.setattr(progress, "_SPARSE", float("inf"))
    assert fake.run("--json")[2].splitlines() == plan
    monkeypatch.setattr(progress, "_SPARSE", 0.0)
    lines = fake.run("--json")[2].splitlines()
    assert [line for line in lines if " rows after " not in line] == plan
    counts = [int(line.split(" of 9 rows after ")[0]) for line in lines if " rows after " in line]
    assert counts == sorted(counts)
    assert counts[-1] == 9
    assert any(f"torch: {NAMES[2]}, " in line for line in lines)


def test_without_a_framework_there_is_no_plan(fake: Fake) -> None:
    status, _, err = fake.run("--without", "optimizer", "--without", "compiled", "--without", "compile")
    assert (status, err) == (0, "")


def test_a_terminal_shows_one_line_that_changes() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    columns = (TextColumn("{task.completed} of {task.total} rows"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, auto_refresh=False) as bar:
        live = progress.Live(bar)
        live.planned({"keras[jax]": ["eager", "jit (xla)"]})
        live.started("keras[jax]", "eager", 40)
        bar.refresh()
        assert "0 of 2 rows keras[jax]: eager, 40 steps" in screen.getvalue()
        live.finished("keras[jax]")
        live.planned({"keras[jax]": ["eager", "jit (xla)", "one more"]})
        live.started("keras[jax]", "jit (xla)", 2000)
        bar.refresh()
    assert "2 rows to run:" in screen.getvalue()
    assert "  keras[jax]: eager; jit (xla)" in screen.getvalue()
    assert "1 of 3 rows keras[jax]: jit (xla), 2,000 steps" in screen.getvalue()


@pytest.mark.parametrize(("units", "wrong"), [(0, []), (1, [20]), (-1, [20])])
def test_a_value_that_is_a_unit_beside_the_formula_is_counted(units: int, wrong: list[int]) -> None:
    document = lrspec.from_dict(
        {"lrspec": 1, "learning_rate": {"kind": "linear", "init_value": 0.1, "end_value": 0, "steps": 50}}
    )
    assert isinstance(document, lrspec.Document)

    def evaluate(step: int) -> float:
        value = document(step)
        return value + units * 2.0**-28 if step == 20 else value  # 0.06 has 2**-28 as the unit of its last place

    row = _exact_row(document, evaluate, [(0, 51)], "3")
    assert (row.differing, row.first_difference) == (len(wrong), wrong[0] if wrong else None)
