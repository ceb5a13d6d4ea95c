"""The command as a user runs it: in a process of its own, by its exit status and what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrspec.verify import targets

SEED = """
lrspec: 1
learning_rate: {kind: exponential, init_value: 0.1, decay_rate: 0.96, decay_period: 100000, staircase: true}
"""
QUICK = ("--steps", "2000", "--slow-steps", "40")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrspec", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    return path


def test_verify_finds_every_bit_equal(seed: Path) -> None:
    result = run("verify", seed, *QUICK, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert all(row["differing"] == 0 and row["error"] is None for row in report["rows"])
    ran = {row["backend"] for row in report["rows"]} - {"exact formula", "python", "numpy"}
    assert ran == {target.label for target in targets()[0]}
    assert report["fingerprint"] == "sha256:19da52845fd580896905093d35c3677646e61caff43805a90622fa36b311279a"


def test_verify_notices_one_corrupt_coefficient_in_every_row(seed: Path) -> None:
    result = run("verify", seed, *QUICK, "--corrupt", "--json")
    assert result.returncode == 1, result.stderr
    rows = json.loads(result.stdout)["rows"]
    assert rows
    assert all(row["differing"] > 0 and row["first_difference"] == 0 for row in rows)


def test_verify_prints_a_table_and_names_what_is_not_installed(seed: Path) -> None:
    result = run("verify", seed, *QUICK)
    assert result.returncode == 0, result.stderr
    assert "int32 limbs" in result.stdout
    assert "rows are equal in every bit." in result.stdout
    missing = targets()[1]
    assert ("Not installed: " + ", ".join(missing) in result.stdout) == bool(missing)
    assert "\x1b[" not in result.stdout


def test_a_backend_that_is_asked_for_and_missing_is_an_error(seed: Path) -> None:
    missing = targets()[1]
    if not missing:
        pytest.skip("every framework is installed here; the environments with one framework run this test")
    result = run("verify", seed, *QUICK, "--backends", missing[0])
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
