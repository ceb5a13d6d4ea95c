"""One backend's process: `python -m lrspec.verify BACKEND`."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lrspec.document import from_dict
from lrspec.program import Program
from lrspec.verify.rows import compare, native_row
from lrspec.verify.windows import kinks_of


def _answers(job: dict[str, Any], framework: str) -> Iterator[tuple[str, Any]]:
    """Run one job in this process, and yield its rows as they come."""
    probe = importlib.import_module(f"lrspec.probes.{framework}")
    document = from_dict(job["document"])
    given = from_dict(job["document"])
    given.__dict__["program"] = Program.from_bytes(bytes.fromhex(job["program"]))
    label: str = job["label"]
    for mode in probe.modes():
        ranges = [tuple(window) for window in job["slow" if mode.slow else "fast"]]
        total = sum(stop - start for start, stop in ranges)
        yield "progress", (f"{label}, {mode.name}", total)
        yield "row", asdict(compare(mode, document, ranges, label, probe.VERSION, corrupt=given))
    native = probe.native(document.node)
    if native is not None:
        yield "progress", (f"{label}, its own schedule", 0)
        steps = min(native.steps, kinks_of(document.program)[-1] + 1, document.program.last_step)
        yield "native", asdict(native_row(label, native.name, native.sample, document, steps))


def _main(framework: str) -> None:
    """Answer one job from standard input; what a framework prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    for answer in _answers(job, framework):
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1])
