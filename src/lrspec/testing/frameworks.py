"""Which frameworks the environment has, and the rates that an optimizer of each applies."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from importlib.util import find_spec
from typing import Any

from lrspec.errors import LrspecError

MODES = {"torch": "optimizer, float rate", "keras": "SGD.apply", "optax": "sgd in scan"}
"""The mode of each framework in which an optimizer applies the rates."""
_MODULES = {"torch": ("torch",), "keras": ("keras",), "optax": ("jax", "optax")}


def installed() -> list[str]:
    """Return the frameworks that can be imported, without importing them; Keras where its backend can be, too."""
    return [name for name in MODES if all(map(find_spec, _MODULES[name])) and (name != "keras" or _has_backend())]


def _has_backend() -> bool:
    return "keras" in sys.modules or find_spec(os.environ.get("KERAS_BACKEND") or "tensorflow") is not None


def named(text: str) -> list[str]:
    """Return the frameworks of a list such as `torch,keras`.

    Raises:
        LrspecError: One is unknown, or none is given.
    """
    names = [name for part in text.split(",") if (name := part.strip())]
    unknown = [name for name in names if name not in MODES]
    if unknown or not names:
        raise LrspecError(f"found {text!r}, expected a list of {','.join(MODES)}")
    return names


def applied(framework: str, schedule: Any, start: int, stop: int) -> Any:
    """Return the rates that an optimizer of a framework applies, as an array of float32."""
    modes = importlib.import_module(f"lrspec.probes.{framework}").modes()
    mode = next(mode for mode in modes if mode.name == MODES[framework])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the frameworks' own, between their versions
        return mode.sampler(schedule)(start, stop)
