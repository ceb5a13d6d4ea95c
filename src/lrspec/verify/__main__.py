"""One backend's process: `python -m lrspec.verify BACKEND`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lrspec.document import Document, from_dict
from lrspec.probes import Mode
from lrspec.program import Program
from lrspec.verify.backends import is_left_out
from lrspec.verify.processes import answer_from
from lrspec.verify.rows import NATIVE, Row, cause_of, compare, native_row
from lrspec.verify.windows import kinks_of


def _answers(job: dict[str, Any], framework: str) -> Iterator[tuple[str, Any]]:
    """Run one job in this process, and yield its rows as they come."""
    try:
        probe = importlib.import_module(f"lrspec.probes.{framework}")
        modes = [mode for mode in probe.modes() if not is_left_out(job["label"], mode.name, job["without"])]
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is why its rows cannot run
        yield "failed", cause_of(error)
        return
    yield "plan", {"version": probe.VERSION, "modes": [(mode.name, mode.device) for mode in modes]}
    document = from_dict(job["document"])
    given = from_dict(job["document"])
    given.__dict__["program"] = Program.from_bytes(bytes.fromhex(job["program"]))
    for mode in modes[job["skip"] :]:
        ranges = [tuple(window) for window in job["slow" if mode.slow else "fast"]]
        yield "start", (mode.name, mode.device, sum(stop - start for start, stop in ranges))
        yield "row", asdict(_row(mode, document, given, ranges, job["label"], probe.VERSION))
    yield "start", (NATIVE, "", 0)
    yield from _native(probe, document, job)
    yield "end", None


def _row(mode: Mode, document: Document, given: Document, ranges: list[Any], label: str, version: str) -> Row:
    try:
        return compare(mode, document, ranges, label, version, corrupt=given)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is why the row cannot run
        return Row(backend=label, version=version, device=mode.device, mode=mode.name, error=cause_of(error))


def _native(probe: Any, document: Document, job: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the row of the framework's own schedule, where it has one."""
    label: str = job["label"]
    try:
        native = probe.native(document.node)
        if native is None:
            return
        steps = min(native.steps, job["native"], kinks_of(document.program)[-1] + 1, document.program.last_step)
        answer = "native", asdict(native_row(label, native.name, native.sample, document, steps))
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is why the row cannot run
        answer = "row", asdict(Row(backend=label, version=probe.VERSION, device="", mode=NATIVE, error=cause_of(error)))
    yield answer


if __name__ == "__main__":
    answer_from(_answers, sys.argv[1])
