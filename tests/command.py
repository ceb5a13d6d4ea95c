"""The command, in a process of its own as a user runs it, or in that of the tests, without the half second to start."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from lrspec.cli import main
from processes import HANG

ROOT = Path(__file__).parent.parent


def run_process(*arguments: str | Path, cwd: Path = ROOT, **more: str) -> CompletedProcess[str]:
    """Run `python -m lrspec` in a folder, with more variables of the environment."""
    command = [sys.executable, "-m", "lrspec", *map(str, arguments)]
    environment = os.environ | more
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=HANG, cwd=cwd)


def run(*arguments: str | Path, cwd: Path = ROOT) -> CompletedProcess[str]:
    """Run the command here, in a folder; the modules that it imports from there are gone again afterwards."""
    given = list(map(str, arguments))
    loaded = set(sys.modules)
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr(sys, "path", sys.path.copy())
        importlib.invalidate_caches()
        try:
            status = main(given)
        except SystemExit as stopped:
            status = stopped.code if isinstance(stopped.code, int) else 1
    for name in set(sys.modules) - loaded:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(f"{cwd}{os.sep}"):
            del sys.modules[name]
    return CompletedProcess(given, status, out.getvalue(), err.getvalue())
