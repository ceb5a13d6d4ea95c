"""The benchmark steps schedulers as a training loop does: without a warning."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def test_the_benchmark_of_torch_warns_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parents[1] / "bench" / "bench.py"
    spec = importlib.util.spec_from_file_location("bench", path)
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench", bench)  # where dataclasses look for it
    spec.loader.exec_module(bench)
    assert [row.unit for row in bench.torch_stepping(1)] == ["x faster"] * 3
