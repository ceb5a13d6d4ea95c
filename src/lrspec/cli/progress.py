"""How far `lrspec verify` is, on standard error: live on a terminal, else in a few plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.progress import Progress as Bar, TextColumn, TimeElapsedColumn
from rich.table import Column

from lrspec.fields import in_steps
from lrspec.verify.backends import HOST, Plan, Progress

_SPARSE = 10.0
"""Seconds between two plain lines."""


class Shown(Progress):
    """Counts the rows; `say` prints a line of the plan, and `show` what is new."""

    def __init__(self) -> None:
        self.done = 0
        self.plan: dict[str, Sequence[str]] = {}
        self._running: dict[str, str] = {}
        self._lock = Lock()

    @property
    def total(self) -> int:
        """The number of rows there will be."""
        return sum(map(len, self.plan.values()))

    @property
    def running(self) -> str:
        """What runs now."""
        return "; ".join(f"{backend}: {what}" for backend, what in self._running.items())

    def planned(self, plan: Plan) -> None:
        """Print the plan, or a change of it."""
        with self._lock:
            self.plan.update(plan)
            self.say(f"{self.total} rows to run:")
            for backend, modes in plan.items():
                self.say(f"  {backend}: {'; '.join(modes)}")
            self.show()

    def started(self, backend: str, mode: str, steps: int) -> None:
        """Note what runs."""
        with self._lock:
            self._running[backend] = f"{mode}, {in_steps(steps, ',')}" if steps else mode
            self.show()

    def finished(self, backend: str) -> None:
        """Count a row."""
        with self._lock:
            self.done += 1
            self._running.pop(backend, None)
            self.show()

    def ended(self, backend: str) -> None:
        """Forget a backend."""
        with self._lock:
            self._running.pop(backend, None)
            self.show()

    def say(self, line: str) -> None:
        """Print a line."""

    def show(self) -> None:
        """Show what is new."""


class Lines(Shown):
    """Plain lines, seldom; no plan where only the evaluators in Python and NumPy run, which take a second or two."""

    def __init__(self) -> None:
        super().__init__()
        self._began = self._last = time.monotonic()

    def say(self, line: str) -> None:
        """Print a line."""
        if not self.plan.keys() <= HOST.keys():
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def show(self) -> None:
        """Print a line, where the last one was printed a while ago."""
        now = time.monotonic()
        if now - self._last >= _SPARSE:
            self._last = now
            sys.stderr.write(f"{self.done} of {self.total} rows after {now - self._began:.0f} s; {self.running}\n")
            sys.stderr.flush()


class Live(Shown):
    """A line that changes, on a terminal."""

    def __init__(self, bar: Bar) -> None:
        super().__init__()
        self._bar = bar
        self._task = bar.add_task("", visible=False)

    def say(self, line: str) -> None:
        """Print a line above the one that changes."""
        self._bar.console.print(line, markup=False, highlight=False)

    def show(self) -> None:
        """Change the line."""
        self._bar.update(
            self._task, completed=self.done, total=self.total, description=self.running, visible=bool(self.plan)
        )


@contextmanager
def shown() -> Iterator[Shown]:
    """Show the progress while this is entered."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    narrow, rest = Column(no_wrap=True), Column(no_wrap=True, overflow="ellipsis", ratio=1)
    columns = (
        TextColumn("{task.completed} of {task.total} rows", table_column=narrow),
        TimeElapsedColumn(table_column=narrow),
        TextColumn("{task.description}", markup=False, table_column=rest),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        yield Live(bar)
