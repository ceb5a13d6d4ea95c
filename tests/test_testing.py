"""The plugin of pytest, without a framework: runs of pytest within a test, and the functions by themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import lrspec
from example_project import PLUGIN
from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.program import Program
from lrspec.testing import assert_same_schedule, golden_file, strategies
from lrspec.testing.golden import Golden
from processes import HANG

pytest_plugins = ["pytester"]

LINEAR = lrspec.Linear(init_value=1.0, end_value=0.0, steps=8)
KERAS = {"initial_learning_rate": 1.0, "decay_steps": 8, "end_learning_rate": 0.0}
DOCUMENT = "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 8}}"
TEST = f"""
    import lrspec
    DOCUMENT = lrspec.loads("{DOCUMENT}")
    def test_rate(schedule_golden):
        schedule_golden(DOCUMENT, steps=10)
"""


@pytest.fixture
def host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the frameworks, which tests in their own environments load."""
    monkeypatch.setattr("lrspec.testing.frameworks.installed", list)


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# what it costs


def test_a_run_without_it_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    seen = ["numpy", "yaml", "lrspec.document", "lrspec.reports", "hypothesis", "torch", "keras", "jax", "optax"]
    code = f"""
import sys, pytest
assert pytest.main(["-q", "-p", "no:cacheprovider", "-p", "lrspec.testing.plugin", {str(tmp_path)!r}]) == 0
assert "lrspec.testing.plugin" in sys.modules
print("LOADED", [name for name in {seen!r} if name in sys.modules])
print("OURS", sorted(name for name in sys.modules if name.startswith("lrspec")))
"""
    paths = os.pathsep.join(map(os.path.abspath, sys.path[1:]))
    environment = os.environ | {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # others load NumPy
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG,
        env=environment,
        cwd=tmp_path,
    ).stdout
    assert "LOADED []" in found
    assert "OURS ['lrspec', 'lrspec.testing', 'lrspec.testing.current', 'lrspec.testing.plugin']" in found


# assert_same_schedule


@pytest.mark.parametrize(
    "other",
    [
        LINEAR,
        lrspec.loads(DOCUMENT),
        lrspec.loads(DOCUMENT).to_dict(),
        lrspec.resume.state(LINEAR, 3),
        [1 - Fraction(t, 8).__float__() for t in range(8)],
        np.linspace(1, 0, 8, endpoint=False, dtype=np.float32),
        lambda step: 1 - step / 8,
        {
            "class_name": "PolynomialDecay",
            "config": KERAS,
        },
    ],
    ids=["node", "document", "mapping", "state", "list", "array", "function", "keras config"],
)
def test_the_same_schedule_in_any_form(other: Any) -> None:
    assert_same_schedule(LINEAR, other, steps=8)
    assert_same_schedule(other, LINEAR, steps=8)
    with pytest.raises(AssertionError, match=r"learning_rate: 7 of 8 steps differ.*first at step 1"):
        assert_same_schedule(other, lrspec.Linear(init_value=1.0, end_value=0.5, steps=8), steps=8)


def test_a_failure_says_where_by_how_much_and_what_changed() -> None:
    with pytest.raises(AssertionError) as failure:
        assert_same_schedule(LINEAR, lrspec.Linear(init_value=1.0, end_value=0.0, steps=9), steps=4)
    lines = str(failure.value).splitlines()
    assert lines[0].startswith("learning_rate: 3 of 4 steps differ: the first at step 1, by ")
    assert any(line.startswith(">         1  ") and "0.875 (3f600000)" in line for line in lines)
    assert "  learning_rate.steps: 8 -> 9" in lines
    picture = next(line for line in lines if line.startswith("picture: ")).removeprefix("picture: ")
    assert Path(picture).read_text(encoding="utf-8").startswith("<svg")


def test_a_tolerance_is_in_ulps_and_has_a_reason() -> None:
    near = np.nextafter(LINEAR.values(0, 8), np.float32(2))
    assert_same_schedule(LINEAR, near, max_ulps=1, reason="one rounding more")
    with pytest.raises(AssertionError, match="8 of 8 steps differ: the first at step 0, by 1 ulp"):
        assert_same_schedule(LINEAR, near)
    far = np.nextafter(near, np.float32(2))
    with pytest.raises(AssertionError, match="more than the 1 ulps that are allowed: the first at step 0, by 2 ulps"):
        assert_same_schedule(LINEAR, far, max_ulps=1, reason="one rounding more")
    with pytest.raises(SpecError, match="reason: found none"):
        assert_same_schedule(LINEAR, near, max_ulps=1)


@pytest.mark.parametrize(
    ("other", "options", "message"),
    [
        ([1.0] * 7, {"steps": 8}, "found an array of 7, expected 8 values"),
        ([1.0, float("nan")], {}, "step 1: found nan, expected a finite float32 number"),
        ([1.0, 1e39], {}, "step 1: found 1e.39"),
        ([[1.0]], {}, "found an array float64"),
        ([True], {}, "found an array bool"),
        (lambda step: None if step else 1.0, {"steps": 3}, "step 1: found None, expected a number"),
        (LINEAR, {}, "steps: found None"),
        (LINEAR, {"steps": 0}, "steps: found 0"),
        (LINEAR, {"steps": 5, "start": 5}, "steps: found 5"),
        (LINEAR, {"steps": 5, "max_ulps": -1}, "max_ulps: found -1"),
        ({"spec": lrspec.dumps(LINEAR), "fingerprint": "sha256:0"}, {"steps": 5}, "fingerprint: found"),
    ],
)
def test_what_cannot_be_compared_is_refused(other: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        assert_same_schedule(LINEAR, other, **options)


@pytest.mark.parametrize("other", [object(), {"last_epoch": 5, "base_lrs": [0.1]}, int, "schedule.yaml"])
def test_what_is_no_schedule_is_refused(other: Any) -> None:
    with pytest.raises(UnsupportedError):
        assert_same_schedule(LINEAR, other, steps=5)


def test_a_document_with_more_than_a_rate_is_not_compared_by_its_rate_alone() -> None:
    both = lrspec.loads(DOCUMENT.replace("}}", "}, momentum: {kind: constant, value: 0.5}}"))
    with pytest.raises(SpecError, match="a document of learning_rate, momentum"):
        assert_same_schedule(both, LINEAR.values(0, 4))
    with pytest.raises(AssertionError, match="only one of the two schedules has momentum"):
        assert_same_schedule(both, LINEAR, steps=4)
    other = lrspec.loads(DOCUMENT.replace("}}", "}, momentum: {kind: constant, value: 0.25}}"))
    with pytest.raises(AssertionError, match="momentum: 4 of 4 steps differ"):
        assert_same_schedule(both, other, steps=4)


# golden files


@pytest.mark.usefixtures("host_only")
def test_a_golden_file_is_written_when_asked_for_and_then_held(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TEST)
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no golden file *test_rate.txt; `pytest --update-schedules` writes it"])
    path = pytester.path / "schedules" / "test_rate.txt"
    assert not path.exists()
    result = pytester.runpytest(*PLUGIN, "--update-schedules")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["wrote schedules/test_rate.txt"])
    text = path.read_text(encoding="utf-8")
    assert "              1  3f600000  0.875\n" in text
    assert "            8-9  00000000  0.0\n" in text
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=1)
    again = pytester.runpytest(*PLUGIN, "--update-schedules")
    assert path.read_text(encoding="utf-8") == text
    assert "wrote" not in again.stdout.str()


@pytest.mark.usefixtures("host_only")
def test_a_change_is_red_and_names_the_field(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TEST)
    pytester.runpytest(*PLUGIN, "--update-schedules").assert_outcomes(passed=1)
    pytester.makepyfile(test_it=TEST.replace("end_value: 0", "end_value: 0.1"))
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*9 of 10 steps differ: the first at step 1*", "*learning_rate.end_value: 0.0 -> 0.1*"]
    )
    result = pytester.runpytest(*PLUGIN, "--update-schedules")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["rewrote schedules/test_rate.txt"])


@pytest.mark.usefixtures("host_only")
def test_where_only_the_fingerprint_changes_the_field_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TEST.replace("steps=10", "steps=4").replace("value: 0,", "value: 0, after: hold,"))
    pytester.runpytest(*PLUGIN, "--update-schedules").assert_outcomes(passed=1)
    pytester.makepyfile(test_it=TEST.replace("steps=10", "steps=4").replace("value: 0,", "value: 0, after: error,"))
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*every value is equal, and the fingerprint is not*", "*rate.after: nothing -> 'error'*"]
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3f600000  0.875", "3f600000  0.876", "expected 0.875, the number of these bits"),
        ("3f600000  0.875", "3f600001  0.875", "the number of these bits"),
        ("golden: 1", "golden: 2", "found golden: 2"),
        ("            8-9", "            9-9", "expected step 8"),
        ("            8-9", "          8-999999999", "expected step 8, and none from 100000 on"),
        ("steps: 8", "steps: 7", "its document has the fingerprint"),
        ("values of", "value of", "a line of a golden file"),
    ],
)
def test_a_golden_file_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    golden = Golden(tmp_path / "a.txt", tmp_path, update=True)
    golden(lrspec.loads(DOCUMENT), steps=10)
    edited(tmp_path / "a.txt", old, new)
    with pytest.raises(LrspecError, match=message):
        golden_file.read(tmp_path / "a.txt")


def test_what_is_no_schedule_is_checked_and_does_not_replace_a_document(tmp_path: Path) -> None:
    golden = Golden(tmp_path / "a.txt", tmp_path, update=True)
    golden(LINEAR, steps=4)
    before = (tmp_path / "a.txt").read_text(encoding="utf-8")
    golden([1.0, 0.875, 0.75, 0.625])
    with pytest.raises(AssertionError, match="1 of 4 steps differ"):
        golden([1.0, 0.875, 0.75, 0.5])
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == before
    golden([0.5, 0.25], name="b")
    assert golden_file.read(tmp_path / "b.txt").document is None


def test_every_schedule_of_a_document_is_held(tmp_path: Path) -> None:
    both = lrspec.loads(DOCUMENT.replace("}}", "}, momentum: {kind: constant, value: 0.5}, groups: [{scale: 2}]}"))
    golden = Golden(tmp_path / "a.txt", tmp_path, update=True)
    golden(both, steps=3)
    held = golden_file.read(tmp_path / "a.txt")
    assert list(held.values) == ["learning_rate", "momentum", "groups[0].learning_rate"]
    assert held.values["groups[0].learning_rate"].tolist() == [2.0, 1.75, 1.5]


# options and reports


@pytest.mark.usefixtures("host_only")
def test_a_required_backend_that_is_missing_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it="def test_it(): pass")
    result = pytester.runpytest(*PLUGIN, "--lrspec-require", "torch,keras")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--lrspec-require: not installed: torch, keras" in result.stderr.str()
    result = pytester.runpytest(*PLUGIN, "--lrspec-require", "pytorch")
    assert "--lrspec-require: found 'pytorch', expected a list of torch,keras,optax" in result.stderr.str()


@pytest.mark.usefixtures("host_only")
def test_reports_merge_and_a_difference_is_exit_status_1(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    from lrspec.cli import main

    pytester.makepyfile(test_it=TEST)
    for name in ("a", "b"):
        pytester.runpytest(*PLUGIN, "--update-schedules", "--lrspec-report", f"{name}.json").assert_outcomes(passed=1)
    files = [str(pytester.path / f"{name}.json") for name in ("a", "b")]
    data = json.loads(Path(files[0]).read_text(encoding="utf-8"))
    (row,) = data["rows"]
    assert data["environment"]["spec"] == lrspec.SPEC_VERSION
    assert row["fingerprint"] == lrspec.loads(DOCUMENT).fingerprint
    assert (row["file"], row["test"]) == ("schedules/test_rate.txt", "test_it.py::test_rate")
    assert (row["ok"], row["steps"], row["backend"]) == (True, 10, "host")
    capsys.readouterr()
    assert main(["merge", *files]) == 0
    assert "All 1 comparisons are equal in all 2 reports" in capsys.readouterr().out
    assert main(["merge", *files, "--require", "torch"]) == 1
    assert "torch: required, and no report has a row of it" in capsys.readouterr().out
    edited(Path(files[1]), row["values"], "0" * 64)
    assert main(["merge", *files]) == 1
    assert "different values" in capsys.readouterr().out
    assert main(["merge", "--json", *files]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False
    edited(Path(files[1]), '"lrspec_report": 1', '"lrspec_report": 2')
    assert main(["merge", *files]) == 2
    assert "found 2, expected 1: a report of lrspec" in capsys.readouterr().err


def test_a_failure_stands_in_the_report(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    from lrspec.cli import main

    pytester.makepyfile(
        """
        import lrspec
        from lrspec.testing import assert_same_schedule
        def test_it():
            assert_same_schedule([1.0, 0.5], lrspec.Constant(value=1))
        """
    )
    result = pytester.runpytest(*PLUGIN, "--lrspec-report", "a.json")
    result.assert_outcomes(failed=1)
    (row,) = json.loads((pytester.path / "a.json").read_text(encoding="utf-8"))["rows"]
    assert (row["ok"], row["first_difference"], row["got"], row["wanted"]) == (False, 1, "3f000000", "3f800000")
    capsys.readouterr()
    assert main(["merge", str(pytester.path / "a.json")]) == 1
    assert "differs at 1 of 2 steps, first at 1: 3f000000, not 3f800000" in capsys.readouterr().out


# strategies


@settings(max_examples=30, deadline=None)
@given(strategies.documents(max_steps=50))
def test_drawn_documents_are_read_back(document: lrspec.Document) -> None:
    assert lrspec.loads(lrspec.dumps(document)).fingerprint == document.fingerprint
    assert np.isfinite(document.values(0, 60)).all()


@settings(max_examples=30, deadline=None)
@given(strategies.programs(max_steps=50))
def test_drawn_programs_are_read_back(program: Program) -> None:
    assert Program.from_bytes(program.to_bytes()) == program
