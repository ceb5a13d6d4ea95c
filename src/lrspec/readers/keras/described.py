"""What a class of schedules of Keras is: its parameters, and what describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.described import Described

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One class of schedules.

    Args:
        required: The parameters without a default.
        defaults: The other parameters, each with Keras' default.
        describe: What describes it, from all parameters, the name of the class, and `sample`.
    """

    required: tuple[str, ...]
    defaults: Config
    describe: Callable[[Config, str, int | None], Described]


refused = partial(UnsupportedError, "keras")
"""The error that refuses a construct of Keras: of its name, and why."""
