"""Verifying a document: run it on every installed backend, device and mode, and compare every bit with the program.

Each backend runs in a process of its own (`python -m lrspec.verify BACKEND`), because Keras fixes its backend and JAX
its integer width when they are imported. The process reads one job as JSON and answers in lines of JSON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from lrspec.document import Document, to_dict
from lrspec.program import Program
from lrspec.verify.rows import NativeRow, Row, host_rows
from lrspec.verify.windows import windows

FRAMEWORKS = ("torch", "keras", "optax")
FAST_STEPS = 100_000
SLOW_STEPS = 2_000
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR"}


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
        rows, natives = host_rows(document, job)
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
