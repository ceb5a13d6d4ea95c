"""The systems that are read or recognised: this package's, and those that other distributions register."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points

from lrspec.errors import LrspecError
from lrspec.readers import known
from lrspec.readers.system import System

GROUP = "lrspec.readers"
"""The entry points by which other distributions register a `System`."""
PACKAGES = (
    "transformers",
    "axolotl",
    "composer",
    "timm",
    "fvcore",
    "ignite",
    "torchtitan",
    "torch",
    "keras",
    "optax",
    "deepspeed",
    "detectron2",
    "megatron",
    "mmengine",
    "nanogpt",
    "olmo",
    "targets",
    "ultralytics",
)
"""The packages here, each with a `SYSTEM`; the first that knows an object reads it."""


@cache
def systems() -> dict[str, System]:
    """Return all systems by name: those of other distributions, which may derive from ours, then this package's.

    Raises:
        LrspecError: Another distribution registers what is no `System`, or a name that is taken.
    """
    by_name: dict[str, System] = {}
    for point in entry_points(group=GROUP):
        whose = f"the entry point {point.name!r} of {point.dist.name if point.dist else point.value}"
        try:
            system = point.load()
        except (ImportError, AttributeError) as error:
            raise LrspecError(f"{whose} cannot be loaded: {error}") from error
        if not isinstance(system, System):
            raise LrspecError(f"{whose} is a {type(system).__name__}: expected a lrspec.readers.system.System")
        if system.name in {*by_name, *PACKAGES}:
            raise LrspecError(f"{whose} has the name {system.name!r}, which another system has")
        by_name[system.name] = system
    for name in PACKAGES:
        system = importlib.import_module(f"lrspec.readers.{name}").SYSTEM
        by_name[system.name] = system
    for system in known.SYSTEMS:
        by_name.setdefault(system.name, system)
    return by_name


def config_systems() -> dict[str, System]:
    """Return the systems whose config files are read, by name."""
    return {name: system for name, system in systems().items() if system.read is not None and system.is_read}
