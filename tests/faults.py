"""Training processes that are killed at random updates and go on from their last checkpoint.

A test's own file says how to train: `train(folder, note)` resumes from the checkpoint in the folder, if there is one,
and calls `note(step, rate)` after each update with the rate that it really applied.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import random
import runpy
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lrspec
from processes import environment, finished

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Repeat(part=lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90)),
    ]
)
KILLS, UPDATES = 50, 700


def child(train: Callable[[Path, Callable[[int, float], None]], None], folder: Path) -> None:
    """Train, and note every update in a file, in a line that is written at once."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, b"start\n")
    train(folder, lambda step, rate: (os.write(log, f"{step} {rate.hex()}\n".encode()), None)[1])


def replaced(path: Path, write: Callable[[Path], None]) -> None:
    """Write a checkpoint beside its place and put it there at once, so that a kill leaves the old or the new one."""
    beside = path.with_name(f"next-{path.name}")
    write(beside)
    beside.replace(path)


def run(file: str, folder: Path, preload: list[str]) -> None:
    """Kill the training `KILLS` times, let it end, and compare what was applied.

    This is done in a process of its own, which imports the framework once and forks before it is used.
    """
    finished([sys.executable, __file__, file, str(folder), *preload], environment())
    check((folder / "log").read_text().split("start\n")[1:])


def main(file: str, folder: Path, preload: list[str]) -> None:
    for name in preload:
        importlib.import_module(name)
    train = runpy.run_path(file)["train"]
    context = multiprocessing.get_context("fork")
    rng = random.Random(0)  # noqa: S311 - the same on every run
    kills = 0
    while True:
        process = context.Process(target=child, args=(train, folder))
        process.start()
        if kills < KILLS:
            wait_for(process, folder / "log", starts=kills + 1, updates=rng.randrange(1, 25))
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGKILL)
                kills += 1
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL, process.exitcode
    assert kills == KILLS


def wait_for(process: Any, log: Path, *, starts: int, updates: int) -> None:
    """Wait until the newest start has made some updates."""
    while process.is_alive():
        with contextlib.suppress(FileNotFoundError):
            text = log.read_text()
            if text.count("start") == starts and text.rpartition("start\n")[2].count("\n") >= updates:
                return
        time.sleep(0.002)


def check(runs: list[str]) -> None:
    """Compare each update with the schedule, and the joined run with an uninterrupted one."""
    joined: list[str] = []
    for text in runs:
        lines = text.splitlines()
        first = int(lines[0].split()[0]) if lines else len(joined)
        assert first <= len(joined), f"a hole: from {len(joined)} to {first}"
        joined[first:] = lines
        assert [int(line.split()[0]) for line in joined] == list(range(len(joined)))
    assert joined == [f"{step} {SCHEDULE(step).hex()}" for step in range(UPDATES)]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
