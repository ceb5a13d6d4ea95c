"""The lines of the report: what a backend gave, against the program and the exact formula."""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrspec.compiler.formula import exact
from lrspec.device import NumPyArrays, on_device
from lrspec.document import Document
from lrspec.evaluate import host_evaluator, values
from lrspec.probes import Mode, Sampler, Values
from lrspec.program import Program
from lrspec.schedule import Schedule
from lrspec.verify.backends import HOST, Plan, Progress
from lrspec.verify.windows import Window

NATIVE = "its own schedule"
_RAW_TOLERANCE = 0.5 + 2.0**-18


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the report: a backend in one mode, against the program.

    Args:
        backend: The backend, such as `keras[jax]`.
        version: Its version.
        device: Such as `cpu`.
        mode: Such as `jit`.
        steps: How many steps were compared.
        differing: At how many a bit differs.
        first_difference: The first of these steps.
        got: The bits there, in hexadecimal.
        wanted: The bits expected there.
        values: The SHA-256 of all the bits that were got.
        seconds: How long it took.
        error: Why it could not run, where it could not.
    """

    backend: str
    version: str
    device: str
    mode: str
    steps: int = 0
    differing: int = 0
    first_difference: int | None = None
    got: str | None = None
    wanted: str | None = None
    values: str | None = None
    seconds: float = 0.0
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ran and every bit was equal."""
        return self.error is None and self.differing == 0


@dataclass(frozen=True, kw_only=True)
class NativeRow:
    """What the framework's own schedule would have given, against the program."""

    backend: str
    name: str
    steps: int
    differing: int
    largest_ulp: int
    largest_relative: float


def host_rows(document: Document, job: dict[str, Any], plan: Plan, progress: Progress) -> list[Row]:
    """Return the rows of the evaluators that need no framework, the first of them against the exact formula."""
    program = Program.from_bytes(bytes.fromhex(job["program"]))
    evaluate = host_evaluator(program)
    samplers: dict[str, Callable[[Schedule], Sampler]] = {
        "host": lambda _: lambda a, b: np.array([evaluate(t) for t in range(a, b)], np.float32),
        "range": lambda _: lambda a, b: values(program, a, b),
        "int64": lambda _: lambda a, b: _in_numpy(program, a, b, has_int64=True),
        "int32 limbs": lambda _: lambda a, b: _in_numpy(program, a, b, has_int64=False),
    }
    python = ".".join(map(str, sys.version_info[:3]))
    rows = []
    for backend, name in [(host, name) for host in HOST for name in plan.get(host, ())]:
        ranges = job["slow" if backend == "exact formula" else "fast"]
        progress.started(backend, name, sum(stop - start for start, stop in ranges))
        if backend == "exact formula":
            rows.append(_exact_row(document, evaluate, ranges, python))
        else:
            mode = Mode(name=name, device="cpu", sampler=samplers[name])
            rows.append(compare(mode, document, ranges, backend, np.__version__ if backend == "numpy" else python))
        progress.finished(backend)
    return rows


def _in_numpy(program: Program, start: int, stop: int, *, has_int64: bool) -> Values:
    arrays = NumPyArrays(has_int64=has_int64)
    result: Values = on_device(program, arrays.step(np.arange(start, stop)), arrays)
    return result


def _exact_row(document: Document, evaluate: Callable[[int], float], ranges: list[Window], version: str) -> Row:
    """Return how many steps of the program are further than 0.5 + 2**-18 ulp from the exact formula."""
    began = time.perf_counter()
    wrong = [step for start, stop in ranges for step in range(start, stop) if not _is_rounded(document, evaluate, step)]
    return Row(
        backend="exact formula",
        version=version,
        device="cpu",
        mode=HOST["exact formula"][0],
        steps=sum(stop - start for start, stop in ranges),
        differing=len(wrong),
        first_difference=wrong[0] if wrong else None,
        got=bits_of(np.float32(evaluate(wrong[0]))) if wrong else None,
        wanted=bits_of(np.float32(exact(document.node, wrong[0]))) if wrong else None,
        seconds=time.perf_counter() - began,
    )


def _is_rounded(document: Document, evaluate: Callable[[int], float], step: int) -> bool:
    wanted = exact(document.node, step)
    if abs(wanted) < 2.0**-126:
        return evaluate(step) == 0
    ulp = math.ldexp(1.0, math.frexp(wanted)[1] - 24)
    return abs(evaluate(step) - wanted) <= _RAW_TOLERANCE * ulp


def compare(
    mode: Mode,
    schedule: Schedule,
    ranges: list[Window],
    backend: str,
    version: str,
    corrupt: Schedule | None = None,
) -> Row:
    """Return the row of one mode: what it gave against what the program gives."""
    expected = host_evaluator(schedule.program)
    sample = mode.sampler(corrupt or schedule)
    began = time.perf_counter()
    steps = differing = 0
    first: tuple[int | None, str | None, str | None] = (None, None, None)
    digest = hashlib.sha256()
    for start, stop in ranges:
        got = np.asarray(sample(start, stop))
        if got.dtype != np.float32 or got.shape != (stop - start,):
            raise TypeError(f"{mode.name} gave {got.dtype}{list(got.shape)}: expected float32[{stop - start}]")
        wanted = np.array([expected(step) for step in range(start, stop)], np.float32)
        unequal = np.flatnonzero(got.view(np.int32) != wanted.view(np.int32))
        steps += stop - start
        differing += len(unequal)
        digest.update(got.astype("<f4").tobytes())
        if first[0] is None and len(unequal):
            place = int(unequal[0])
            first = (start + place, bits_of(got[place]), bits_of(wanted[place]))
    return Row(
        backend=backend,
        version=version,
        device=mode.device,
        mode=mode.name,
        steps=steps,
        differing=differing,
        first_difference=first[0],
        got=first[1],
        wanted=first[2],
        values=digest.hexdigest(),
        seconds=time.perf_counter() - began,
    )


def bits_of(value: np.float32) -> str:
    """Return the bits of a float32 number as eight hexadecimal digits."""
    return f"{int(value.view('uint32')):08x}"


def cause_of(error: BaseException) -> str:
    """Return the line that says why: of the exception that the others were raised from."""
    while error.__cause__ is not None:
        error = error.__cause__
    message = ""
    for line in str(error).splitlines():
        message = f"{message} {line.strip()}".strip()
        if message and not message.endswith(":"):
            break
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def native_row(label: str, name: str, sample: Sampler, schedule: Schedule, steps: int) -> NativeRow:
    """Return the row of a framework's own schedule: what it gives against the values of ours."""
    got = np.asarray(sample(0, steps), np.float32)
    wanted = schedule.values(0, steps)
    ulps = np.abs(_ordered(got) - _ordered(wanted))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(got.astype(np.float64) - wanted) / np.abs(wanted)
    relative[got == wanted] = 0
    return NativeRow(
        backend=label,
        name=name,
        steps=len(got),
        differing=int(np.count_nonzero(ulps)),
        largest_ulp=int(ulps.max()),
        largest_relative=float(relative.max()),
    )


def _ordered(array: Values) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return float32 numbers as integers in the same order, one apart where they are neighbours."""
    bits = (array + np.float32(0)).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
