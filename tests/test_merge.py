"""Reports of several environments as one table: of `verify`, of `conformance`, and what turns the table red."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lrspec
from lrspec.cli import main

Report = dict[str, Any]
Written = Callable[[str, Report], str]
DOCUMENT = "{lrspec: 1, learning_rate: {kind: linear, init_value: 0.0, end_value: 0.1, steps: 41}}"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(name: str, report: Report) -> str:
        (tmp_path / name).write_text(json.dumps(report))
        return str(tmp_path / name)

    return write


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main([*arguments])
    return status, capsys.readouterr().out


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> Report:
    status, out = said(capsys, *arguments, "--json")
    assert status == 0
    found: Report = json.loads(out)
    return found


@pytest.fixture
def vectors(capsys: pytest.CaptureFixture[str]) -> Report:
    return report(capsys, "conformance", "--backends", "host", "--kind", "linear", "--kind", "documents")


@pytest.fixture
def verified(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.yaml").write_text(DOCUMENT)
    with monkeypatch.context() as none:
        none.setattr("lrspec.verify.targets", lambda: ([], []))
        return report(capsys, "verify", "line.yaml", "--quick")


def as_torch(content: Report, **changes: Any) -> Report:
    """The rows of the host as if a framework had given them, some fields changed in the last one."""
    rows = [{**row, "backend": "torch", "mode": f"{row['backend']} {row['mode']}"} for row in content["rows"]]
    return {**content, "rows": [*rows[:-1], {**rows[-1], **changes}]}


def test_verify_says_what_a_merge_needs(verified: Report) -> None:
    assert verified["ok"] is True
    assert verified["environment"]["lrspec"] == lrspec.__version__
    assert verified["environment"]["spec"] == lrspec.SPEC_VERSION
    assert {"python", "platform", "versions"} <= verified["environment"].keys()
    assert verified["file"] == "line.yaml"
    assert verified["fingerprint"] == lrspec.loads(DOCUMENT).fingerprint
    assert verified["windows"]["slow"][0][0] == 0
    assert {"got", "wanted", "values", "steps", "error"} <= verified["rows"][0].keys()


def test_equal_reports_are_one_matrix(
    written: Written, vectors: Report, verified: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [written("a.json", vectors), written("b.json", as_torch(vectors)), written("c.json", verified)]
    status, out = said(capsys, "conformance", "merge", *files, "--require", "torch")
    assert status == 0
    assert f"lrspec {lrspec.__version__}" in out
    vectors_of_host = sum(row["vectors"] for row in vectors["rows"] if row["mode"] == "host")
    assert f"equal: {vectors_of_host} vectors, " in out
    assert "lrspec verify" in out
    assert out.rstrip().endswith("are equal in all 3 reports.")


def test_rows_of_the_host_are_shown_once(written: Written, vectors: Report, capsys: pytest.CaptureFixture[str]) -> None:
    files = [written(name, vectors) for name in ("a.json", "b.json", "c.json")]
    status, out = said(capsys, "merge", *files, "--json")
    assert status == 0
    assert len(json.loads(out)["rows"]) == len(vectors["rows"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": "0" * 64}, "different values"),
        ({"fingerprint": "sha256:00"}, "different fingerprint"),
        (
            {
                "ok": False,
                "differing": 3,
                "first_difference": 7,
                "got": "00000001",
                "wanted": "00000000",
                "message": "kinds/linear/41",
            },
            "first at kinds/linear/41, step 7: 00000001, not 00000000",
        ),
    ],
)
def test_two_that_disagree_are_exit_status_1(
    written: Written, vectors: Report, capsys: pytest.CaptureFixture[str], change: Report, message: str
) -> None:
    files = [written("a.json", vectors), written("b.json", as_torch(vectors, **change))]
    status, out = said(capsys, "conformance", "merge", *files)
    assert status == 1
    assert message in out


def test_documents_of_one_name_that_differ_are_told(
    written: Written, verified: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [written("a.json", verified), written("b.json", as_torch(verified, fingerprint="sha256:00"))]
    status, out = said(capsys, "merge", *files)
    assert status == 1
    assert "different fingerprint" in out


def test_a_missing_backend_is_exit_status_1(
    written: Written, vectors: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written("a.json", vectors)
    for name in ("torch", "keras"):
        status, out = said(capsys, "merge", file, "--require", f"numpy,{name}")
        assert status == 1
        assert f"{name}: required, and no report has a row of it that ran" in out
    keras = {**vectors, "rows": [{**row, "backend": "keras[jax]"} for row in vectors["rows"]]}
    assert said(capsys, "merge", file, written("b.json", keras), "--require", "keras")[0] == 0


def test_what_could_not_run_is_exit_status_3_and_is_no_row_of_a_required_backend(
    written: Written, vectors: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = {**vectors, "rows": [{**vectors["rows"][0], "backend": "torch", "error": "No module named 'setuptools'"}]}
    files = [written("a.json", vectors), written("b.json", failed)]
    status, out = said(capsys, "merge", *files)
    assert status == 3
    assert "Could not run: " in out
    assert "torch: reader, compiler: No module named 'setuptools'" in out
    assert said(capsys, "merge", *files, "--require", "torch")[0] == 1


def test_another_version_of_the_spec_is_told(
    written: Written, vectors: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {**vectors, "environment": {**vectors["environment"], "spec": 2}}
    assert said(capsys, "merge", written("a.json", vectors), written("b.json", other))[0] == 1
