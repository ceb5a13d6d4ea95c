"""One backend's process: `python -m lrspec.conformance BACKEND`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from lrspec.conformance.hosts import cause_in, corruptible
from lrspec.conformance.results import Result, Sampled, compared, timed
from lrspec.conformance.selection import ranges, selection
from lrspec.conformance.vectors_file import Steps, Vector, VectorFile
from lrspec.probes import Mode
from lrspec.verify.backends import is_left_out
from lrspec.verify.processes import answer_from
from lrspec.verify.rows import cause_of


def _answers(job: dict[str, Any], framework: str) -> Iterator[tuple[str, Any]]:
    """Run one job in this process, and yield its rows as they come."""
    try:
        probe = importlib.import_module(f"lrspec.probes.{framework}")
        modes = [mode for mode in probe.modes() if not is_left_out(job["label"], mode.name, job["without"])]
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is why its rows cannot run
        yield "failed", cause_of(error)
        return
    yield "plan", {"version": probe.VERSION, "modes": [(mode.name, mode.device) for mode in modes]}
    files = [VectorFile(name) for name in job["files"]]
    for mode in modes[job["skip"] :]:
        yield "start", (mode.name, mode.device, 0)
        yield "row", asdict(_row(mode, files, job, probe.VERSION))
    yield "end", None


def _row(mode: Mode, files: list[VectorFile], job: dict[str, Any], version: str) -> Result:
    chosen = selection(mode, job["size"])
    names = {"backend": job["label"], "version": version, "device": mode.device, "mode": mode.name}
    try:
        found = compared(files, chosen, corruptible(_sampled(mode), job))
        return timed(found, **names, selection=chosen.name)
    except RuntimeError as error:
        return Result(**names, selection=chosen.name, error=cause_in(error))


def _sampled(mode: Mode) -> Sampled:
    """Return what gives the values of a mode at any steps: by ranges, of which it gives all values."""

    def sample(vector: Vector, steps: Steps) -> Any:
        of = mode.sampler(vector.schedule(vector.program))
        each = ranges(steps, vector.data["last_step"], builds=(mode.builds or mode.compiles) and not mode.slow)
        places = np.concatenate([np.arange(start, stop) for start, stop in each])
        given = [np.asarray(of(start, stop)) for start, stop in each]
        wrong = [one.dtype for one in given if one.dtype != np.float32]
        if wrong:
            raise TypeError(f"{mode.name} gave {wrong[0]}: expected float32")
        order = np.argsort(places, kind="stable")
        return np.concatenate(given)[order][np.searchsorted(places[order], steps)]

    return sample


if __name__ == "__main__":
    answer_from(_answers, sys.argv[1])
