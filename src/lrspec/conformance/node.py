"""JavaScript as a backend: the evaluator of this package, run by node."""

from __future__ import annotations

import shutil
from pathlib import Path

from lrspec.verify.backends import Target

MODES = {"node": ("evaluate.mjs",)}
"""The modes of the evaluator in JavaScript."""
EVALUATOR = Path(__file__).parents[1] / "views" / "evaluate.mjs"
RUNNER = Path(__file__).with_name("run.mjs")


def target() -> Target | None:
    """Return the process to run, where node is installed."""
    node = shutil.which("node")
    if node is None or not EVALUATOR.exists():
        return None
    return Target("node", "node", command=(node, str(RUNNER)))
