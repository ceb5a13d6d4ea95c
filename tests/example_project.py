"""The example project of docs/testing.md, copied and changed, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from processes import HANG

PROJECT = Path(__file__).parent.parent / "docs" / "examples" / "tox_project"
INSTALLED = any(point.name == "lrspec" for point in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "lrspec.testing.plugin")
"""The arguments that load the plugin, where lrspec is on the path and not installed."""


def red(folder: Path, framework: str) -> str:
    """Return what the project's golden test says of another last value, in a framework."""
    copy = folder / "project"
    shutil.copytree(PROJECT, copy)
    schedule = copy / "schedule.yaml"
    text = schedule.read_text(encoding="utf-8")
    assert "end_value: 6.0e-5" in text
    schedule.write_text(text.replace("end_value: 6.0e-5", "end_value: 6.01e-5"), encoding="utf-8")
    paths = os.pathsep.join(map(os.path.abspath, sys.path[1:]))
    command = [sys.executable, "-m", "pytest", *PLUGIN, "-p", "no:cacheprovider", "--lrspec-require", framework]
    result = subprocess.run(
        [*command, "-k", "test_schedule"], cwd=copy, env=os.environ | {"PYTHONPATH": paths}, timeout=HANG,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


CHANGED = "learning_rate.parts[1].end_value: 6e-05 -> 6.01e-05"
