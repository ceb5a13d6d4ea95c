"""One module per framework: schedules run as training runs them, to see which rates are really applied.

A probe module has `VERSION`, `modes()` and `native(node)`; `MODES` names its modes where it is not imported. verify
compares what they return with the program.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lrspec.schedule import Schedule
from lrspec.spec import Node

Values: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Sampler: TypeAlias = Callable[[int, int], Values]
"""From the range of steps `start` to `stop - 1` to the values at them."""


def _compiler() -> str:
    """Return the backend of `torch.compile`: inductor, or, where it would find no C++ compiler, one without code."""
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    return "inductor" if shutil.which(name) and headers.exists() else "aot_eager"


COMPILER = _compiler()
_OPTAX = ("eager", "jit", "vmap", "scan", "sgd in scan")
MODES = {
    "torch": (
        "optimizer, float rate",
        "optimizer, tensor rate",
        f"compiled step ({COMPILER})",
        f"compile ({COMPILER})",
    ),
    "keras[tensorflow]": ("eager", "SGD.apply", "graph", "xla"),
    "keras[jax]": ("eager", "SGD.apply", "jit (xla)"),
    "keras[torch]": ("eager", "SGD.apply"),
    "optax": _OPTAX,
    "optax x64": _OPTAX,
}
"""The modes of each backend on one device, known without importing it."""


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way in which a framework evaluates a schedule.

    Args:
        name: Such as `jit` or `optimizer, tensor rate`.
        device: Such as `cpu`.
        sampler: From a schedule to a function that gives the float32 values used at a range of steps.
        slow: Whether it takes a step at a time at some 0.1 ms or more.
        compiles: Whether it compiles each schedule for seconds.
        builds: Whether it compiles each schedule for some tenths of a second, and again for each number of steps.
    """

    name: str
    device: str
    sampler: Callable[[Schedule], Sampler]
    slow: bool = False
    compiles: bool = False
    builds: bool = False


@dataclass(frozen=True, kw_only=True)
class Native:
    """The framework's own schedule for the same formula.

    Args:
        name: The expression that makes it.
        sample: From a range of steps to its values.
        steps: How many steps, from 0, it runs in a second or so.
    """

    name: str
    sample: Sampler
    steps: int


_COMMON = {"cycles": 0.5, "exponent": 1.0, "k_decay": 1.0, "time": "local"}


def is_common(node: Node) -> bool:
    """Tell whether a node has no more than frameworks' own schedules know: numbers, whole steps, and plain curves."""
    return (
        all(getattr(node, name, value) == value for name, value in _COMMON.items())
        and not isinstance(getattr(node, "init_value", 0.0), str)
        and isinstance(getattr(node, "steps", None), int | None)
        and all(is_common(part) for part in getattr(node, "parts", ()))
    )
