"""What `verify` can run: the backends that are installed, each in a process of its own, and their modes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lrspec.errors import LrspecError
from lrspec.probes import MODES

FRAMEWORKS = ("torch", "keras", "optax")
HOST = {
    "exact formula": ("within 0.5+2^-18 ulp",),
    "python": ("host",),
    "numpy": ("range", "int64", "int32 limbs"),
}
"""The modes of the evaluators that need no framework."""
Plan: TypeAlias = Mapping[str, Sequence[str]]
"""The modes to run of each backend."""


@dataclass(frozen=True)
class Target:
    """A process to run: a framework with the environment that it needs.

    Args:
        framework: The framework.
        label: What to call it, with what makes it another one: `keras[jax]`.
        environment: The variables that it needs.
        module: The module that runs it, as `python -m MODULE FRAMEWORK`.
        command: What runs it, where that is not Python.
    """

    framework: str
    label: str
    environment: tuple[tuple[str, str], ...] = ()
    module: str = "lrspec.verify"
    command: tuple[str, ...] = ()


class Progress:
    """Hears what `verify` will run and how far it is, from several threads, and does nothing with it."""

    def planned(self, plan: Plan) -> None:
        """Hear of all that will run, before any of it; and again of a backend that has more modes than were known."""

    def started(self, backend: str, mode: str, steps: int) -> None:
        """Hear that a backend has begun with a mode, or with its own schedule."""

    def finished(self, backend: str) -> None:
        """Hear that a backend has a row more."""

    def ended(self, backend: str) -> None:
        """Hear that a backend has done all."""


def is_installed(name: str) -> bool:
    """Tell whether a module can be imported, without importing it."""
    return importlib.util.find_spec(name) is not None


def targets() -> tuple[list[Target], list[str]]:
    """Return the processes to run, and the frameworks that are not installed."""
    found: list[Target] = []
    if is_installed("torch"):
        found.append(Target("torch", "torch"))
    if is_installed("keras"):
        found += [
            Target("keras", f"keras[{backend}]", (("KERAS_BACKEND", backend),))
            for backend in ("tensorflow", "jax", "torch")
            if is_installed(backend)
        ]
    if is_installed("jax") and is_installed("optax"):
        found += [Target("optax", "optax"), Target("optax", "optax x64", (("JAX_ENABLE_X64", "1"),))]
    present = {target.framework for target in found}
    return found, [framework for framework in FRAMEWORKS if framework not in present]


def is_left_out(backend: str, mode: str, without: Sequence[str]) -> bool:
    """Tell whether a mode is one of those named, each by its name or a word of it, alone or as `BACKEND:MODE`."""
    names = {mode, *re.split(r"[ ,()]+", mode)} - {""}
    return any(name in names or name in {f"{backend}:{part}" for part in names} for name in without)


def planned(wanted: Sequence[Target], without: Sequence[str]) -> dict[str, list[str]]:
    """Return the modes to run of each backend, where something is left of it.

    Raises:
        LrspecError: A name to be left out is no mode of any backend, or nothing is left.
    """
    known = {**HOST, **MODES}
    for name in without:
        if not any(is_left_out(backend, mode, (name,)) for backend, modes in known.items() for mode in modes):
            listed = "; ".join(dict.fromkeys(mode for modes in known.values() for mode in modes))
            raise LrspecError(f"without: found {name!r}, expected MODE or BACKEND:MODE, where the modes are: {listed}")
    backends = [*HOST, *(target.label for target in wanted)]
    kept = {name: [mode for mode in known[name] if not is_left_out(name, mode, without)] for name in backends}
    plan = {name: modes for name, modes in kept.items() if modes}
    if not plan:
        raise LrspecError("without: nothing is left to run")
    return plan
