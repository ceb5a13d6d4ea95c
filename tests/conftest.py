"""Which frameworks are under test: `--backends torch,keras,optax`, by default those that are installed.

One that is asked for and missing fails the run; it is never skipped. Tests of one framework are in
files of `adapters/` that have its name in theirs; a test that takes `mode` runs once for every way in which the
frameworks evaluate.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FRAMEWORKS = {"torch": ("torch",), "keras": ("keras",), "optax": ("jax", "optax")}

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_PLATFORMS", "cpu")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backends", help=f"frameworks under test, a list of {','.join(FRAMEWORKS)}")


def is_installed(framework: str) -> bool:
    return all(find_spec(module) for module in FRAMEWORKS[framework])


def backends(config: pytest.Config) -> list[str]:
    asked = config.getoption("--backends")
    if asked is None:
        return [framework for framework in FRAMEWORKS if is_installed(framework)]
    names = [name for name in str(asked).split(",") if name]
    for name in names:
        if name not in FRAMEWORKS or not is_installed(name):
            raise pytest.UsageError(f"--backends {name}: not installed, or not one of {', '.join(FRAMEWORKS)}")
    return names


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of frameworks that are not under test, and the benchmarks."""
    if collection_path.parent.name == "bench":
        return True
    names = FRAMEWORKS.keys() & collection_path.stem.split("_")
    if collection_path.parent.name == "adapters" and not names <= set(backends(config)):
        return True
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mode" in metafunc.fixturenames:
        modes = {
            f"{name} {mode.name}": mode
            for name in backends(metafunc.config)
            for mode in importlib.import_module(f"lrspec.probes.{name}").modes()
        }
        metafunc.parametrize("mode", modes.values(), ids=modes.keys())
