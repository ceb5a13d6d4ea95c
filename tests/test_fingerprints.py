"""Golden fingerprints: equal ones mean equal numbers, for ever and on every machine.

After a change that is meant to change the numbers, write the file anew with `python tests/test_fingerprints.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
sys.path[:0] = [] if str(TESTS) in sys.path else [str(TESTS)]

from cases import CASES  # noqa: E402 - run as a script or by pytest

GOLDEN = TESTS / "golden_fingerprints.json"
REGENERATE = "if the numbers are meant to change, run: python tests/test_fingerprints.py"


def fingerprints() -> dict[str, str]:
    return {name: node.fingerprint for name, node in CASES.items()}


def golden() -> dict[str, str]:
    data: dict[str, str] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return data


def test_golden_file_has_exactly_the_cases() -> None:
    assert list(golden()) == list(CASES), REGENERATE


@pytest.mark.parametrize("name", CASES)
def test_fingerprint_is_the_golden_one(name: str) -> None:
    assert CASES[name].fingerprint == golden().get(name), REGENERATE


@pytest.mark.parametrize("seed", ["0", pytest.param("1", marks=pytest.mark.long)])
def test_fingerprints_need_no_gmpy2_and_no_hash_order(seed: str) -> None:
    code = (
        "import json, sys; sys.modules['gmpy2'] = None; sys.path.insert(0, sys.argv[1]); import test_fingerprints;"
        "print(json.dumps(test_fingerprints.fingerprints()))"
    )
    environment = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", code, str(TESTS)]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == golden()


def test_different_cases_have_different_fingerprints_where_their_values_differ() -> None:
    by_fingerprint: dict[str, list[str]] = {}
    for name, fingerprint in golden().items():
        by_fingerprint.setdefault(fingerprint, []).append(name)
    for names in by_fingerprint.values():
        programs = {CASES[name].program for name in names}
        assert len(programs) == 1, names


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(fingerprints(), indent=2) + "\n", encoding="utf-8")
