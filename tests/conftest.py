"""Which frameworks are under test: `--backends torch,keras,optax`, by default those that are installed.

One that is asked for and missing fails the run; it is never skipped. Tests of one framework are in
files of `adapters/` that have its name in theirs; a test that takes `mode` runs once for every way in which the
frameworks evaluate, and one that takes `compiled_mode` for those that compile each schedule for seconds. With
`--device cuda` these run on the accelerator alone, with the tests of `gpu/`, and fail where there is none. With
`--javascript` the tests of `javascript/` run too, which need node, and fail where there is none.
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
KERAS_BACKENDS = ("tensorflow", "jax", "torch")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backends", help=f"frameworks under test, a list of {','.join(FRAMEWORKS)}")
    parser.addoption("--clients", action="store_true", help="also `clients/` and `readers/`, which need many libraries")
    parser.addoption("--javascript", action="store_true", help="also `javascript/`, which needs node")
    parser.addoption("--device", choices=("cpu", "cuda"), help="the only device to run on, by default all there are")
    parser.addoption("--keras-backend", choices=KERAS_BACKENDS, help="what Keras runs on, as in KERAS_BACKEND")


def pytest_configure(config: pytest.Config) -> None:
    """Choose JAX' device and Keras' backend before anything imports them, which fixes them then."""
    os.environ.setdefault("JAX_PLATFORMS", config.getoption("--device") or "cpu")
    if config.getoption("--clients"):
        importlib.import_module("torchvision_stub")
    if config.getoption("--javascript") and importlib.import_module("under_node").node() is None:
        raise pytest.UsageError("--javascript: node is not installed")
    asked = config.getoption("--keras-backend")
    if asked is not None:
        if not find_spec(asked):
            raise pytest.UsageError(f"--keras-backend {asked}: not installed")
        os.environ["KERAS_BACKEND"] = asked


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


def is_asked_for(device: str, config: pytest.Config) -> bool:
    asked = config.getoption("--device")
    return asked is None or (device in {"cuda", "gpu"}) == (asked == "cuda")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of frameworks and devices that are not under test, and the benchmarks."""
    if collection_path.parent.name == "bench":
        return True
    if collection_path.parent.name in {"clients", "readers", "with_deepspeed"} and not config.getoption("--clients"):
        return True
    if collection_path.parent.name == "javascript" and not config.getoption("--javascript"):
        return True
    if collection_path.parent.name == "gpu" and config.getoption("--device") != "cuda":
        return True
    names = FRAMEWORKS.keys() & collection_path.stem.split("_")
    if collection_path.parent.name in {"adapters", "gpu"} and not names <= set(backends(config)):
        return True
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture, compiles in (("mode", False), ("compiled_mode", True)):
        if fixture in metafunc.fixturenames:
            modes = {
                f"{name} {mode.device} {mode.name}": mode
                for name in backends(metafunc.config)
                for mode in importlib.import_module(f"lrspec.probes.{name}").modes()
                if mode.compiles == compiles and is_asked_for(mode.device, metafunc.config)
            }
            metafunc.parametrize(fixture, modes.values(), ids=modes.keys())


# Tables of hundreds of cases: the test command runs every fourth case of each of their tests, the full command all.
TABLES = {
    "test_command_messages",
    "test_config_files",
    "test_crossings",
    "test_document",
    "test_evaluators",
    "test_keras_native",
    "test_kernels_optax",
    "test_numbers",
    "test_optax_native",
    "test_python_files",
    "test_resume_torch",
    "test_shell",
    "test_source_keras",
    "test_source_optax",
    "test_source_torch",
    "test_stairs",
    "test_torch_native",
    "test_torch_native_arguments",
    "test_transformations_optax",
    "test_verify",
}


def _sampled(items: list[pytest.Item]) -> None:
    """Mark all but every fourth case of the tests of tables as long."""
    cases: dict[tuple[Path, str], list[pytest.Item]] = {}
    for item in items:
        if item.path.stem in TABLES:
            cases.setdefault((item.path, getattr(item, "originalname", item.name)), []).append(item)
    for found in cases.values():
        for number, item in enumerate(found):
            if number % 4:
                item.add_marker(pytest.mark.long)


@pytest.hookimpl(tryfirst=True)  # before `-m` leaves out what is long
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out a test of modes where the frameworks under test have none, instead of skipping it."""
    _sampled(items)
    without = [item for item in items if "NOTSET" in item.name and {"mode", "compiled_mode"} & set(item.fixturenames)]  # type: ignore[attr-defined]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]
