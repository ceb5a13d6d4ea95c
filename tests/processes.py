"""Running a test's own file as several processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

HANG = 1800.0
"""Seconds: no machine is so slow. It ends what would never end, and says nothing about speed."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)} | more


def finished(command: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG, env=environment)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result.stdout


def together(file: str, processes: int, *arguments: str, **more: str) -> list[str]:
    """Run a file that many times at once, each with its rank as the first argument, and return what each printed."""
    started = [
        subprocess.Popen(
            [sys.executable, file, str(rank), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(**more), cwd=Path(file).parent,
        )
        for rank in range(processes)
    ]  # fmt: skip
    printed = [process.communicate(timeout=HANG)[0] for process in started]
    assert [process.returncode for process in started] == [0] * processes, "\n".join(printed)[-4000:]
    return printed


def leave(dist: Any) -> NoReturn:
    """End one of several processes of `torch.distributed` once all have done their work.

    Gloo's threads may outlive Python's, and a process that tears them down in the wrong order aborts at times
    ("terminate called without an active exception"), which says nothing about the test.
    """
    dist.barrier()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
