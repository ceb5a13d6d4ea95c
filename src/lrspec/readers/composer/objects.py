"""Refusing schedulers of MosaicML Composer by name: they are functions of the trainer's state, not of a step.

Their lengths are times such as `1dur` or `10ep`, which only a trainer with its `max_duration` and the length of its
data turns into steps. What the trainer makes of one is a `LambdaLR` whose function ignores its step, so that sampling
that would give one number over and over.
"""

from __future__ import annotations

from typing import Any, NoReturn

from lrspec.errors import UnsupportedError

_MODULE = "composer.optim.scheduler"


def is_of_composer(native: Any) -> bool:
    """Tell whether an object is a scheduler of Composer, or a `LambdaLR` that Composer made of one."""
    functions = getattr(native, "lr_lambdas", None) or ()
    made = any(getattr(function, "__module__", None) == _MODULE for function in functions)
    return made or any(kind.__module__ == _MODULE for kind in type(native).__mro__)


def read(native: Any, name: str, sample: int | None) -> NoReturn:  # noqa: ARG001 - nothing of it can be read or sampled
    """Refuse it.

    Raises:
        UnsupportedError: Always.
    """
    way_out = "call it with the states of a run, and give `lrspec.sample` a function that looks the numbers up"
    raise UnsupportedError("composer", name, f"a function of the trainer's State, whose times are no steps; {way_out}")
