"""The schedules that a config may name: torch's schedulers, transformers' functions, and torchtune's.

Formulas stand in the tables of torch and of transformers; here the names and arguments that lead to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers.torch.arguments import defaults_of, from_arguments
from lrspec.readers.torch.composed import COMPOSED
from lrspec.readers.torch.description import Curve
from lrspec.readers.torch.schedulers import SCHEDULERS
from lrspec.readers.transformers.shapes import METRIC, SHAPES, held

SYSTEM = "targets"
FUNCTIONS = {shape.made_by: shape.name for shape in SHAPES.values()}
"""The functions of transformers, and the `SchedulerType` of each."""
ABSOLUTE = {"OneCycleLR", "CyclicLR"}
"""Classes whose rates are all arguments, so that they need none of the optimizer."""
_TORCH = ("torch.optim.lr_scheduler.", "torch.optim.swa_utils.", "lightning.pytorch.cli.", "pytorch_lightning.cli.")
_TRANSFORMERS = ("transformers.", "transformers.optimization.")
_TORCHTUNE = "get_cosine_schedule_with_warmup"
_IGNORED = {"last_epoch", "verbose"}
_GET = {"name", "num_warmup_steps", "num_training_steps", "scheduler_specific_kwargs"}


def known(target: str) -> str | None:
    """Return the name by which a class or function stands in a table, or None for those of others.

    Args:
        target: What a config names; Lightning takes a class of torch without its module too.
    """
    module, _, name = target.rpartition(".")
    if f"{module}." in _TORCH or not module:
        return name if name in SCHEDULERS or name in COMPOSED or name == "ReduceLROnPlateau" else None
    if target.startswith("torchtune."):
        return name if name == _TORCHTUNE else None
    if f"{module}." in _TRANSFORMERS:
        named = name in FUNCTIONS or name in {"get_scheduler", "get_reduce_on_plateau_schedule", "get_greedy_schedule"}
        return name if named else None
    return None


def curve_of(name: str, arguments: Mapping[str, Any], base: float, filled: dict[str, Any]) -> Curve:
    """Return what a schedule computes.

    Args:
        name: As `known` returns it.
        arguments: Its arguments by name.
        base: The optimizer's rate.
        filled: Gets the defaults that stand in for arguments that are not given.

    Raises:
        SpecError: An argument is unknown, missing or not as it should be; its path is the argument's name.
        UnsupportedError: It has no equivalent.
    """
    if name in {"ReduceLROnPlateau", "get_reduce_on_plateau_schedule", "get_greedy_schedule"}:
        raise _metric(name)
    if name == "get_scheduler":
        return _by_type(arguments, base, filled)
    if name in FUNCTIONS:
        return _function(FUNCTIONS[name], arguments, base, filled)
    filled |= defaults_of(name, arguments)
    return from_arguments(name, arguments, base)


def _metric(name: str) -> UnsupportedError:
    return UnsupportedError(SYSTEM, name, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")


def _by_type(arguments: Mapping[str, Any], base: float, filled: dict[str, Any]) -> Curve:
    """Return the curve of `get_scheduler`, which passes on what the type takes."""
    name = arguments.get("name")
    if name in METRIC:
        raise _metric(str(name))
    if name not in SHAPES:
        raise SpecError("name", found=show(name), expected=f"one of {', '.join(SHAPES)}")
    _check_known(arguments, {*_GET, *_IGNORED})
    shape, more = SHAPES[name], arguments.get("scheduler_specific_kwargs") or {}
    if not isinstance(more, Mapping):
        raise SpecError("scheduler_specific_kwargs", found=show(more), expected="a mapping")
    passed = {"num_warmup_steps": shape.warmup, "num_training_steps": shape.total}
    given = {key: arguments[key] for key, is_passed in passed.items() if is_passed and arguments.get(key) is not None}
    return _function(name, {**given, **(more if shape.arguments else {})}, base, filled)


def _function(name: str, arguments: Mapping[str, Any], base: float, filled: dict[str, Any]) -> Curve:
    """Return the curve of one of transformers' functions."""
    shape = SHAPES[name]
    lengths = {key for key, has in {"num_warmup_steps": shape.warmup, "num_training_steps": shape.total}.items() if has}
    _check_known(arguments, {*lengths, *shape.arguments, *_IGNORED})
    if name == "warmup_stable_decay":
        ends = "num_training_steps" if arguments.get("num_stable_steps") is None else "num_stable_steps"
        lengths = {"num_warmup_steps", "num_decay_steps", ends}
    for key in sorted(lengths):
        if arguments.get(key) is None:
            raise SpecError(key, found="nothing", expected="a number of steps")
    steps = {key: _steps(key, value) for key, value in arguments.items() if re.fullmatch("num_.*_steps", key)}
    warmup, total = steps.pop("num_warmup_steps", 0) or 0, steps.pop("num_training_steps", None)
    given = {key: value for key, value in arguments.items() if key in shape.arguments and value is not None}
    filled |= {key: value for key, value in shape.arguments.items() if key not in given and value is not None}
    found = shape.rate(held(name, {**given, **steps}, warmup, total, base), base)
    return Curve(node=found.node, notes=found.notes)


def _check_known(arguments: Mapping[str, Any], names: set[str]) -> None:
    for key, value in arguments.items():
        if key not in names:
            raise SpecError(key, found=show(value), expected=f"one of {', '.join(sorted(names))}")


def _steps(name: str, value: Any) -> int | None:
    if value is not None and (type(value) not in {int, float} or value != int(value) or value < 0):
        raise SpecError(name, found=show(value), expected="a whole number of steps")
    return None if value is None else int(value)
