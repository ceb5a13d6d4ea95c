"""One backend's rows: its process is asked, and started again behind a mode that ended it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from lrspec.verify.backends import Progress, Target
from lrspec.verify.rows import NATIVE, NativeRow, Row

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR"}
_KINDS = ("plan", "start", "row", "native", "failed", "end")
_SHOWN = 100


class Answers:
    """What the processes of a backend have answered.

    Args:
        label: The backend.
        modes: The modes it is asked for, as far as they are known without it.
        progress: Hears of each row.
    """

    def __init__(self, label: str, modes: Sequence[str], progress: Progress) -> None:
        self.label = label
        self.rows: list[Row] = []
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
            self._add(Row(**content))
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

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self._running = None
        if row.mode != NATIVE:
            self._progress.finished(self.label)

    def fail(self, cause: str) -> None:
        """Note why what was running, or, where nothing was, all that is left, gave no row."""
        failed = self._expected[len(self.rows) :] if self._running is None else [self._running]
        self.is_done = self._running is None or self._running[0] == NATIVE
        for mode, device in failed:
            self._add(Row(backend=self.label, version=self._version, device=device, mode=mode, error=cause))


def run(target: Target, modes: Sequence[str], job: dict[str, Any], progress: Progress) -> Answers:
    """Run one backend's modes; one that raises, or ends its process, is a row with the cause, and the others run."""
    answers = Answers(target.label, modes, progress)
    while not answers.is_done:
        progress.started(target.label, "starting", 0)
        ending = _process(target, {**job, "label": target.label, "skip": len(answers.rows)}, answers)
        if not answers.is_done:
            answers.fail(ending)
    progress.ended(target.label)
    return answers


def _process(target: Target, job: dict[str, Any], answers: Answers) -> str:
    """Run one process, hand its answers on, and return how it ended."""
    environment = {**_QUIET, **os.environ, **dict(target.environment)}
    command = [sys.executable, "-m", "lrspec.verify", target.framework]
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
