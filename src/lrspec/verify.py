"""Verifying a document: run it on every installed backend, device and mode, and compare every bit with the program.

Each backend runs in a process of its own (`python -m lrspec.verify BACKEND`), because Keras fixes its backend and JAX
its integer width when they are imported. The process reads one job as JSON and answers in lines of JSON.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from lrspec.device import NumPyArrays, on_device
from lrspec.document import Document, from_dict, to_dict
from lrspec.evaluate import host_evaluator, values
from lrspec.fields import LAST_STEP
from lrspec.formula import exact
from lrspec.probes import Mode, Sampler, Values
from lrspec.program import Program
from lrspec.schedule import Schedule

FRAMEWORKS = ("torch", "keras", "optax")
FAST_STEPS = 100_000
SLOW_STEPS = 2_000
_WINDOWS = 20
_RAW_TOLERANCE = 0.5 + 2.0**-18
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR"}

Window = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the report: a backend in one mode, against the program."""

    backend: str
    version: str
    device: str
    mode: str
    steps: int = 0
    differing: int = 0
    first_difference: int | None = None
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


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `verify` found."""

    rows: tuple[Row, ...]
    natives: tuple[NativeRow, ...]
    not_installed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every mode of every backend that ran gave equal bits."""
        return all(row.ok for row in self.rows)


@dataclass(frozen=True)
class Target:
    """A process to run: a framework with the environment that it needs."""

    framework: str
    label: str
    environment: tuple[tuple[str, str], ...] = ()


Progress = Callable[[str, int], None]
"""Called with a backend's label and mode, and the steps it is about to run."""


def is_installed(name: str) -> bool:
    """Tell whether a module can be imported, without importing it."""
    return importlib.util.find_spec(name) is not None


def targets() -> tuple[list[Target], list[str]]:
    """Return the processes to run, and the frameworks that are not installed."""
    found: list[Target] = []
    if is_installed("torch"):
        found.append(Target("torch", "torch"))
    if is_installed("keras"):
        found += [
            Target("keras", f"keras[{backend}]", (("KERAS_BACKEND", backend),))
            for backend in ("tensorflow", "jax", "torch")
            if is_installed(backend)
        ]
    if is_installed("jax") and is_installed("optax"):
        found += [Target("optax", "optax"), Target("optax", "optax x64", (("JAX_ENABLE_X64", "1"),))]
    present = {target.framework for target in found}
    return found, [framework for framework in FRAMEWORKS if framework not in present]


def verify(
    document: Document,
    *,
    frameworks: tuple[str, ...] = FRAMEWORKS,
    fast_steps: int = FAST_STEPS,
    slow_steps: int = SLOW_STEPS,
    corrupt: bool = False,
    progress: Progress = lambda *_: None,
) -> Report:
    """Run a document's learning rate everywhere and compare.

    Args:
        document: The document.
        frameworks: Which of torch, keras and optax to run where they are installed.
        fast_steps: Steps to run in each mode that is fast, spread over the schedule's kinks, start and end.
        slow_steps: The same for the modes that go step by step.
        corrupt: Whether to change one coefficient of the program that the backends run, to see that it is noticed.
        progress: Called as the work goes on.

    Returns:
        The report.
    """
    program = document.program
    job = {
        "document": to_dict(document.node),  # the learning rate alone, whatever else the document schedules
        "program": (corrupted(program) if corrupt else program).to_bytes().hex(),
        "fast": windows(program, fast_steps),
        "slow": windows(program, slow_steps),
    }
    found, missing = targets()
    wanted = [target for target in found if target.framework in frameworks]
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = [pool.submit(_run, target, job, progress) for target in wanted]
        rows, natives = _host_rows(document, job)
        for future in running:
            more_rows, more_natives = future.result()
            rows += more_rows
            natives += more_natives
    return Report(
        rows=tuple(rows),
        natives=tuple(natives),
        not_installed=tuple(name for name in missing if name in frameworks),
    )


def corrupted(program: Program) -> Program:
    """Return the program with one coefficient changed, by as little as shows in float32."""
    segment = program.segments[0]
    change = max(1, abs(segment.coefficients[0]) >> 22)
    first = replace(segment, coefficients=(segment.coefficients[0] + change, *segment.coefficients[1:]))
    return replace(program, segments=(first, *program.segments[1:]))


def windows(program: Program, total: int) -> list[Window]:
    """Return ranges of steps, all of one size, `total` steps or a little more together: or all the steps there are.

    The ranges are cells of a grid: those at the start and the end, those around the kinks, and then the first others.
    """
    end = program.last_step + 1
    size = max(1, -(-total // _WINDOWS))
    kinks = _kinks(program)
    spread = [kinks[i * (len(kinks) - 1) // (_WINDOWS // 2)] for i in range(_WINDOWS // 2 + 1)]
    wanted = [0, (end - 1) // size]
    wanted += [cell for kink in spread for cell in (kink // size, max(0, kink - 1) // size)]
    wanted += range(2 * _WINDOWS)
    cells: list[int] = []
    steps = 0
    for cell in dict.fromkeys(wanted):
        if steps < total and cell * size < end:
            cells.append(cell)
            steps += min(size, end - cell * size)
    return [(cell * size, min(end, (cell + 1) * size)) for cell in sorted(cells)]


def _kinks(program: Program) -> list[int]:
    """Return the steps at which phases and segments begin, the first drops of stairs and the first restart."""
    kinks = {0}
    ends = [phase.base for phase in program.phases[1:]] + [LAST_STEP + 1]
    for phase, end in zip(program.phases, ends, strict=True):
        inside = [segment.start for segment in program.segments if phase.base <= segment.start < end]
        drops = [] if phase.is_identity else [phase.base + k for k in range(1, 4)]
        for index in inside + drops:
            offset = -((phase.base - index) * phase.denominator // phase.numerator)
            kinks.add(phase.start + offset)
        kinks.add(phase.start + phase.period)
    return sorted(kink for kink in kinks if kink <= program.last_step)


def _host_rows(document: Document, job: dict[str, Any]) -> tuple[list[Row], list[NativeRow]]:
    """Return the rows of the evaluators that need no framework, the first of them against the exact formula."""
    program = Program.from_bytes(bytes.fromhex(job["program"]))
    evaluate = host_evaluator(program)
    modes = [
        Mode(
            name="host",
            device="cpu",
            sampler=lambda _: lambda a, b: np.array([evaluate(t) for t in range(a, b)], np.float32),
        ),
        Mode(name="range", device="cpu", sampler=lambda _: lambda a, b: values(program, a, b)),
        Mode(name="int64", device="cpu", sampler=lambda _: lambda a, b: _in_numpy(program, a, b, has_int64=True)),
        Mode(
            name="int32 limbs", device="cpu", sampler=lambda _: lambda a, b: _in_numpy(program, a, b, has_int64=False)
        ),
    ]
    python = ".".join(map(str, sys.version_info[:3]))
    rows = [_exact_row(document, evaluate, job["slow"], python)]
    for mode, backend, version in zip(modes, ("python", *["numpy"] * 3), (python, *[np.__version__] * 3), strict=True):
        rows.append(_compare(mode, document, job["fast"], backend, version))
    return rows, []


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
        mode="within 0.5+2^-18 ulp",
        steps=sum(stop - start for start, stop in ranges),
        differing=len(wrong),
        first_difference=wrong[0] if wrong else None,
        seconds=time.perf_counter() - began,
    )


def _is_rounded(document: Document, evaluate: Callable[[int], float], step: int) -> bool:
    wanted = exact(document.node, step)
    if abs(wanted) < 2.0**-126:
        return evaluate(step) == 0
    ulp = math.ldexp(1.0, math.frexp(wanted)[1] - 24)
    return abs(evaluate(step) - wanted) <= _RAW_TOLERANCE * ulp


def _compare(
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
    first: int | None = None
    for start, stop in ranges:
        got = np.asarray(sample(start, stop))
        if got.dtype != np.float32 or got.shape != (stop - start,):
            raise TypeError(f"{mode.name} gave {got.dtype}{list(got.shape)}: expected float32[{stop - start}]")
        wanted = np.array([expected(step) for step in range(start, stop)], np.float32)
        unequal = np.flatnonzero(got.view(np.int32) != wanted.view(np.int32))
        steps += stop - start
        differing += len(unequal)
        if first is None and len(unequal):
            first = start + int(unequal[0])
    return Row(
        backend=backend,
        version=version,
        device=mode.device,
        mode=mode.name,
        steps=steps,
        differing=differing,
        first_difference=first,
        seconds=time.perf_counter() - began,
    )


def _run(target: Target, job: dict[str, Any], progress: Progress) -> tuple[list[Row], list[NativeRow]]:
    """Run one backend's process and return its rows; a process that fails is a row with an error."""
    environment = {**_QUIET, **os.environ, **dict(target.environment)}
    command = [sys.executable, "-m", "lrspec.verify", target.framework]
    rows: list[Row] = []
    natives: list[NativeRow] = []
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
        )
        with process:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("a process without pipes")
            process.stdin.write(json.dumps({**job, "label": target.label}))
            process.stdin.close()
            for line in process.stdout:
                kind, content = json.loads(line)
                if kind == "row":
                    rows.append(Row(**content))
                elif kind == "native":
                    natives.append(NativeRow(**content))
                else:
                    progress(*content)
        if process.returncode:
            errors.seek(0)
            last = (errors.read().strip().splitlines() or ["no message"])[-1]
            message = f"exit status {process.returncode}: {last}"
            rows.append(Row(backend=target.label, version="", device="", mode="", error=message))
    return rows, natives


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
        yield "row", asdict(_compare(mode, document, ranges, label, probe.VERSION, corrupt=given))
    native = probe.native(document.node)
    if native is not None:
        yield "progress", (f"{label}, its own schedule", 0)
        steps = min(native.steps, _kinks(document.program)[-1] + 1, document.program.last_step)
        yield "native", asdict(_native_row(label, native.name, native.sample, document, steps))


def _native_row(label: str, name: str, sample: Sampler, schedule: Schedule, steps: int) -> NativeRow:
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


def _main(framework: str) -> None:
    """Answer one job from standard input; what a framework prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    for answer in _answers(job, framework):
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1])
