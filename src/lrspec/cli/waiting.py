"""What a command is waiting for, on standard error: nothing that takes more than two seconds is silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Thread

from rich.console import Console
from rich.progress import BarColumn, Progress as Bar, TextColumn, TimeElapsedColumn

PATIENCE = 2.0
"""Seconds after which something is said of what takes long."""
_SPARSE = 10.0
"""Seconds between two plain lines."""


class Waiting:
    """Something that takes long, and how much of it is done."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.done = self.total = 0

    def so_far(self, seconds: float) -> str:
        """Return how far it is, in words."""
        share = f"{self.done:,} of {self.total:,} " if self.total else ""
        return f"{self.what}: {share}after {seconds:.0f} s"


_CURRENT: ContextVar[Waiting | None] = ContextVar("_CURRENT", default=None)


def advance(done: int, total: int) -> None:
    """Note how much is done, of how much, of what is waited for now."""
    current = _CURRENT.get()
    if current is not None:
        current.done, current.total = done, total


@contextmanager
def waiting(what: str, *, after: float = PATIENCE) -> Iterator[None]:
    """Say what is waited for once it has taken so many seconds, and then from time to time how far it is.

    Args:
        what: What takes long, in words.
        after: How many seconds it may take in silence.
    """
    found, ended = Waiting(what), Event()
    show = _live if sys.stderr.isatty() else _plain
    if not after:
        _say(what)
    watcher = Thread(target=show, args=(found, ended, after), daemon=True)
    watcher.start()
    outer = _CURRENT.set(found)
    try:
        yield
    finally:
        _CURRENT.reset(outer)
        ended.set()
        watcher.join()


def _say(line: str) -> None:
    sys.stderr.write(f"lrspec: {line}\n")
    sys.stderr.flush()


def _plain(found: Waiting, ended: Event, after: float) -> None:
    """Print a line now and then."""
    began = time.monotonic()
    if after and not ended.wait(after):
        _say(found.what)
    while not ended.wait(_SPARSE):
        _say(found.so_far(time.monotonic() - began))


def _live(found: Waiting, ended: Event, after: float) -> None:
    """Change a line, on a terminal."""
    if ended.wait(after):
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(found.what, total=None)
        while not ended.wait(0.2):
            bar.update(task, completed=found.done, total=found.total or None)
