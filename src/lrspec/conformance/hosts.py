"""The rows that need no framework: the reader and the compiler, and the evaluators in Python and NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lrspec.conformance.results import Result, Sampled, Tally, compared, timed
from lrspec.conformance.selection import ALL, Selection, ranges
from lrspec.conformance.vectors_file import Steps, Vector, VectorFile
from lrspec.device import NumPyArrays, on_device
from lrspec.document import from_dict, loads
from lrspec.errors import LrspecError, StepError
from lrspec.evaluate import host_evaluator, values
from lrspec.probes import Values
from lrspec.verify.backends import Plan, Progress

COMPILER = "reader, compiler"
HOST = {"python": (COMPILER, "host"), "numpy": ("range", "int64", "int32 limbs")}
"""The modes that need no framework."""
FEW = Selection(name="all", most=24)
"""All vectors, with the points that a mode runs which takes as long for one as for many."""


def host_results(job: dict[str, Any], plan: Plan, progress: Progress) -> list[Result]:
    """Return the rows that need no framework."""
    python = ".".join(map(str, sys.version_info[:3]))
    files = [VectorFile(name) for name in job["files"]]
    samplers: dict[str, Callable[[Vector, Steps], Values]] = {
        "host": _on_host,
        "range": _in_ranges,
        "int64": lambda vector, steps: _in_numpy(vector, steps, has_int64=True),
        "int32 limbs": lambda vector, steps: _in_numpy(vector, steps, has_int64=False),
    }
    rows = []
    for backend, mode in [(host, mode) for host in HOST for mode in plan.get(host, ())]:
        progress.started(backend, mode, 0)
        chosen = FEW if mode == "range" else ALL
        found = _compiled(files) if mode == COMPILER else compared(files, chosen, corruptible(samplers[mode], job))
        version = np.__version__ if backend == "numpy" else python
        try:
            rows.append(timed(found, backend=backend, version=version, device="cpu", mode=mode, selection=ALL.name))
        except RuntimeError as error:
            rows.append(Result(backend=backend, version=version, device="cpu", mode=mode, error=cause_in(error)))
        progress.finished(backend)
    return rows


def corruptible(sample: Sampled, job: dict[str, Any]) -> Sampled:
    """Return a sampler that runs programs with one coefficient changed, where the job asks for it."""
    if not job["corrupt"]:
        return sample
    from lrspec.verify import corrupted

    def corrupt(vector: Vector, steps: Steps) -> Any:
        other = Vector(vector.data)
        other.__dict__["program"] = corrupted(vector.program)
        return sample(other, steps)

    return corrupt


def cause_in(error: RuntimeError) -> str:
    """Return the line that says which vector could not run, and why."""
    from lrspec.verify.rows import cause_of

    return f"{error}: {cause_of(error)}"


def _compiled(files: list[VectorFile]) -> Iterator[dict[str, Any]]:
    """Yield for each file whether its documents have their fingerprints, and are refused where they must be."""
    for file in files:
        tally = Tally(file)
        for vector in file.vectors:
            for got, wanted in _told(vector):
                tally.add_text(vector, got, wanted)
        yield tally.found


def _told(vector: Vector) -> Iterator[tuple[str, str]]:
    """Yield what the reader and the compiler say of a vector, with what they should say."""
    data = vector.data
    if vector.is_refused:
        at, by = vector.refused_at(), data["refused_by"]
        # what a compiler may find, a reader may find too
        is_right = at == by or (at == "reader" and by == "compiler")
        yield f"refused by the {at}" if at else "taken", f"refused by the {by if not is_right else at}"
        return
    try:
        document = from_dict(data["document"]) if "document" in data else None
        program = vector.node.program if document is not None else vector.program
        own = program.fingerprint
        whole = document.fingerprint if document is not None and "document_fingerprint" in data else None
        last = program.last_step
    except LrspecError as error:
        yield f"refused: {error}", data["fingerprint"]
        return
    yield own, data["fingerprint"]
    yield f"last step {last}", f"last step {data['last_step']}"
    for step in (-1, data["last_step"] + 1):
        yield _outside(vector, step), f"step {step} has no value"
    if whole is not None:
        yield whole, data["document_fingerprint"]
    if "text" in data:
        yield loads(data["text"]).fingerprint, data["fingerprint"]


def _outside(vector: Vector, step: int) -> str:
    """Return what the evaluator in Python says of a step that has no value."""
    try:
        return f"step {step} is {host_evaluator(vector.program)(step)!r}"
    except StepError:
        return f"step {step} has no value"


def _on_host(vector: Vector, steps: Steps) -> Values:
    evaluate = host_evaluator(vector.program)
    return np.array([evaluate(step) for step in steps.tolist()], np.float32)


def _in_ranges(vector: Vector, steps: Steps) -> Values:
    last = vector.data["last_step"]
    return np.concatenate([values(vector.program, *each) for each in ranges(steps, last, builds=False)])


def _in_numpy(vector: Vector, steps: Steps, *, has_int64: bool) -> Values:
    arrays = NumPyArrays(has_int64=has_int64)
    result: Values = on_device(vector.program, arrays.step(steps), arrays)
    return result
