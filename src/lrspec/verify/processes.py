"""One backend's rows: its process is asked, and started again behind a mode that ended it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from lrspec.verify.backends import Progress, Target
from lrspec.verify.rows import NATIVE, NativeRow, Row

AnyRow = TypeVar("AnyRow", bound=Row)
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR"}
_KINDS = ("plan", "start", "row", "native", "failed", "end")
_SHOWN = 100


class Answers(Generic[AnyRow]):
    """What the processes of a backend have answered.

    Args:
        label: The backend.
        modes: The modes it is asked for, as far as they are known without it.
        progress: Hears of each row.
        row: What a row is.
    """

    def __init__(self, label: str, modes: Sequence[str], progress: Progress, row: type[AnyRow]) -> None:
        self.label = label
        self.rows: list[AnyRow] = []
        self._row = row
        self.natives: list[NativeRow] = []
        self.is_done = False
        self._version = ""
        self._expected = [(mode, "") for mode in modes]
        self._running: tuple[str, str] | None = None
        self._progress = progress

    def take(self, kind: str, content: Any) -> None:
        """Take one answer."""
        if kind == "plan":
            self._plan(content["version"], [tuple(mode) for mode in content["modes"]])
        elif kind == "start":
            mode, device, steps = content
            self._running = mode, device
            self._progress.started(self.label, mode, steps)
        elif kind == "row":
            self._add(self._row(**content))
        elif kind == "native":
            self.natives.append(NativeRow(**content))
        elif kind == "failed":
            self.fail(content)
        else:
            self.is_done = True

    def _plan(self, version: str, modes: list[tuple[str, str]]) -> None:
        names = [mode for mode, _ in modes]
        if names != [mode for mode, _ in self._expected]:
            self._progress.planned({self.label: names})
        self._version, self._expected = version, modes

    def _add(self, row: AnyRow) -> None:
        self.rows.append(row)
        self._running = None
        if row.mode != NATIVE:
            self._progress.finished(self.label)

    def fail(self, cause: str) -> None:
        """Note why what was running, or, where nothing was, all that is left, gave no row."""
        failed = self._expected[len(self.rows) :] if self._running is None else [self._running]
        self.is_done = self._running is None or self._running[0] == NATIVE
        for mode, device in failed:
            self._add(self._row(backend=self.label, version=self._version, device=device, mode=mode, error=cause))


def run(
    target: Target, modes: Sequence[str], job: dict[str, Any], progress: Progress, row: type[AnyRow]
) -> Answers[AnyRow]:
    """Run one backend's modes; one that raises, or ends its process, is a row with the cause, and the others run."""
    answers = Answers(target.label, modes, progress, row)
    while not answers.is_done:
        progress.started(target.label, "starting", 0)
        ending = _process(target, {**job, "label": target.label, "skip": len(answers.rows)}, answers)
        if not answers.is_done:
            answers.fail(ending)
    progress.ended(target.label)
    return answers


def _process(target: Target, job: dict[str, Any], answers: Answers[AnyRow]) -> str:
    """Run one process, hand its answers on, and return how it ended."""
    environment = {**_QUIET, **os.environ, **dict(target.environment)}
    command = list(target.command) or [sys.executable, "-m", target.module, target.framework]
    text: Any = {"encoding": "utf-8", "errors": "replace"}
    noise = ""
    with tempfile.TemporaryFile("w+", **text) as errors, tempfile.TemporaryFile("w+", **text) as question:
        json.dump(job, question)
        question.seek(0)
        with subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=question, stdout=subprocess.PIPE, stderr=errors, env=environment, **text
        ) as process:
            for line in process.stdout or ():
                answer = _answer(line)
                if answer is None:
                    noise = noise or line.strip()
                else:
                    answers.take(*answer)
        if process.returncode == -signal.SIGINT:
            raise KeyboardInterrupt
        errors.seek(0)
        ending = _ending(process.returncode, errors.read())
    return f"{ending}; it printed {noise[:_SHOWN]!r}" if noise else ending


def _answer(line: str) -> tuple[str, Any] | None:
    """Return the kind and content of an answer, or None for what something else printed."""
    try:
        kind, content = json.loads(line)
    except (ValueError, TypeError):
        return None
    return (kind, content) if kind in _KINDS else None


def _ending(status: int, printed: str) -> str:
    if status < 0:
        return f"the process was killed by {signal.Signals(-status).name}"
    last = (printed.strip().splitlines() or ["it said nothing"])[-1]
    return f"the process ended with exit status {status} before it was done: {last}"


def answer_from(answers: Callable[[dict[str, Any], str], Iterator[tuple[str, Any]]], framework: str) -> None:
    """Answer one job from standard input, in the process that runs it; what a framework prints goes to standard error.

    Args:
        answers: From the job and the framework to the answers.
        framework: The framework.
    """
    stream = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    for answer in answers(job, framework):
        stream.write(json.dumps(answer) + "\n")
