"""The bench: its rows, its verdicts, its check against the baseline, and the table of the docs; no time is asserted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as command, baseline
from bench.measure import Pair, Result, Row, measured
from bench.report import document, markdown

RESULT = Result(
    name="row",
    beside="native",
    ours=1.0,
    native=2.0,
    unit="ms",
    ratio=0.5,
    quartiles=(0.4, 0.6),
    control=None,
    budget=1.0,
    device="cpu",
)


def test_names_are_unique_and_chosen_by_beginning_or_pattern() -> None:
    names = [row.name for row in command.ROWS]
    assert len(names) == len(set(names))
    assert [row.name for row in command.chosen(["import", "jax * step 50,000"])] == ["import", "jax train step 50,000"]
    assert all(row.name.startswith("jax scan") for row in command.chosen(["jax scan"]))
    assert command.chosen([]) == list(command.ROWS)
    with pytest.raises(SystemExit, match="nonsense: no row is called so"):
        command.chosen(["nonsense"])


def test_a_row_measures_both_and_the_control_in_turns() -> None:
    calls: list[str] = []
    pair = Pair(lambda: calls.append("ours"), lambda: calls.append("native"), lambda: calls.append("control"))
    result = measured(Row("row", "native", lambda: pair, repeats=1.0), 4)
    assert {"ours", "native", "control"} == set(calls)
    assert result.control is not None
    assert result.quartiles[0] <= result.ratio <= result.quartiles[1]
    assert Result.from_dict(json.loads(json.dumps(result.to_dict()))).name == "row"


def test_counts_are_compared_as_they_are() -> None:
    result = measured(Row("row", "native", lambda: Pair(3, 2), unit=""), 4)
    assert (result.ours, result.native, result.ratio, result.verdict) == (3, 2, 1.5, "missed, 1.50x")


def test_a_verdict_is_met_where_the_control_is_no_better() -> None:
    assert RESULT.verdict == "met"
    slower = replace(RESULT, ratio=1.05, quartiles=(1.01, 1.1))
    assert slower.verdict == "missed, 1.05x"
    assert replace(slower, control=(0.97, 1.02)).verdict == "met, within the noise"
    assert replace(slower, control=(0.99, 1.005)).verdict == "missed, 1.05x"


@pytest.mark.parametrize(("first", "second", "fails"), [(0.6, 9.0, False), (0.63, 0.6, False), (0.63, 0.64, True)])
def test_the_check_fails_where_a_row_is_worse_twice(*, first: float, second: float, fails: bool) -> None:
    again: list[str] = []

    def measure(name: str) -> Result:
        again.append(name)
        return replace(RESULT, ratio=second)

    lines = baseline.worse_twice([replace(RESULT, ratio=first), replace(RESULT, name="new")], [RESULT], measure)
    assert again == (["row"] if first > 0.625 else [])
    expected = ["row: found 0.63 and 0.64, expected at most 1.25 times 0.5"]
    assert lines == (expected if fails else [])


def test_the_command_fails_on_a_row_that_is_worse_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = Row("row", "native", lambda: Pair(3, 2), unit="")
    monkeypatch.setattr(command, "ROWS", (row,))
    monkeypatch.setattr(baseline, "PATH", tmp_path / "baseline.json")
    for before, status in ((1.0, 1), (1.3, 0)):
        baseline.PATH.write_text(json.dumps(document([replace(RESULT, ratio=before)])))
        assert command.main(["row", "--check", "--json"]) == status
    output = capsys.readouterr()
    assert "row: found 1.5 and 1.5, expected at most 1.25 times 1" in output.err


def test_the_table_of_the_docs_is_the_baseline() -> None:
    plain = json.loads(baseline.PATH.read_text())
    text = baseline.PAGE.read_text()
    assert baseline.page(text, plain) == text
    assert markdown(plain) in text
    with pytest.raises(ValueError, match=r"budgets\.md: expected"):
        baseline.page("no marks", plain)


def test_the_baseline_has_rows_of_the_bench_alone() -> None:
    assert {row.name for row in baseline.read()} <= {row.name for row in command.ROWS}
