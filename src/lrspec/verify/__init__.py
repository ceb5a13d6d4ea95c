"""Verifying a document: run it on every installed backend, device and mode, and compare every bit with the program.

Each backend runs in a process of its own (`python -m lrspec.verify BACKEND`), because Keras fixes its backend and JAX
its integer width when they are imported. The process reads one job as JSON and answers in lines of JSON.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from lrspec.document import Document, to_dict
from lrspec.program import Program
from lrspec.verify.backends import FRAMEWORKS, Progress, planned, targets
from lrspec.verify.processes import run
from lrspec.verify.rows import NativeRow, Row, host_rows
from lrspec.verify.windows import Window, windows

FAST_STEPS = 100_000
SLOW_STEPS = 2_000
NATIVE_STEPS = 1_000_000
QUICK = {"fast_steps": 2_000, "slow_steps": 40, "native_steps": 10_000}
"""Few steps: the time is that of starting the backends and compiling in each mode."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `verify` found.

    Args:
        rows: A row for each backend and mode.
        natives: What the frameworks' own schedules would have given.
        not_installed: The frameworks that are missing.
        without: The modes that were left out.
        windows: The ranges of steps of the fast modes and of the slow ones: first step, and the one after the last.
    """

    rows: tuple[Row, ...]
    natives: tuple[NativeRow, ...]
    not_installed: tuple[str, ...]
    without: tuple[str, ...] = ()
    windows: dict[str, list[Window]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every row could run and gave equal bits."""
        return all(row.ok for row in self.rows)

    @property
    def differs(self) -> bool:
        """Whether a bit differs in some row."""
        return any(row.differing for row in self.rows)


def verify(
    document: Document,
    *,
    frameworks: tuple[str, ...] = FRAMEWORKS,
    fast_steps: int = FAST_STEPS,
    slow_steps: int = SLOW_STEPS,
    native_steps: int = NATIVE_STEPS,
    without: tuple[str, ...] = (),
    corrupt: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Run a document's learning rate everywhere and compare.

    Args:
        document: The document.
        frameworks: Which of torch, keras and optax to run where they are installed.
        fast_steps: Steps to run in each mode that is fast, spread over the schedule's kinks, start and end.
        slow_steps: The same for the modes that go step by step.
        native_steps: The most steps to run of a framework's own schedule.
        without: Modes to leave out, each by its name or a word of it, alone or as `BACKEND:MODE`.
        corrupt: Whether to change one coefficient of the program that the backends run, to see that it is noticed.
        progress: Hears what will run, and how far it is.

    Returns:
        The report.

    Raises:
        LrspecError: A name in `without` is no mode, or it leaves none.
    """
    program = document.program
    job: dict[str, Any] = {
        "document": to_dict(document.node),  # the learning rate alone, whatever else the document schedules
        "program": (corrupted(program) if corrupt else program).to_bytes().hex(),
        "fast": windows(program, fast_steps),
        "slow": windows(program, slow_steps),
        "native": native_steps,
        "without": without,
    }
    found, missing = targets()
    wanted = [target for target in found if target.framework in frameworks]
    plan = planned(wanted, without)
    progress = progress or Progress()
    progress.planned(plan)
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        running = [pool.submit(run, t, plan[t.label], job, progress, Row) for t in wanted if t.label in plan]
        rows = host_rows(document, job, plan, progress)
        answers = [future.result() for future in running]
    finally:
        pool.shutdown(cancel_futures=True)
    return Report(
        rows=(*rows, *(row for answer in answers for row in answer.rows)),
        natives=tuple(row for answer in answers for row in answer.natives),
        not_installed=tuple(name for name in missing if name in frameworks),
        without=without,
        windows={"fast": job["fast"], "slow": job["slow"]},
    )


def corrupted(program: Program) -> Program:
    """Return the program with one coefficient changed, by as little as shows in float32."""
    segment = program.segments[0]
    change = max(1, abs(segment.coefficients[0]) >> 22)
    first = replace(segment, coefficients=(segment.coefficients[0] + change, *segment.coefficients[1:]))
    return replace(program, segments=(first, *program.segments[1:]))
