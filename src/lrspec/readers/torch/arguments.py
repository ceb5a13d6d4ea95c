"""Schedulers of torch by the arguments of their constructors, as config files have them: no torch here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from lrspec.errors import SpecError
from lrspec.fields import show
from lrspec.readers.torch.composed import COMPOSED, curve_of, refuse_untried, start_of
from lrspec.readers.torch.description import REQUIRED, Curve, Scheduler, refused
from lrspec.readers.torch.schedulers import SCHEDULERS

_IGNORED = {"last_epoch", "verbose"}
"""Arguments of every class, in some version, that say nothing of the curve."""
_TEXTS = {"mode", "threshold_mode", "anneal_strategy", "scale_mode"}
_FLAGS = {"cycle_momentum", "three_phase"}
_CODE = {"lr_lambda", "scale_fn"}


def from_arguments(name: str, arguments: Mapping[str, Any], base: float) -> Curve:
    """Return what a scheduler of torch computes that is built with some arguments.

    Args:
        name: Its class, such as `CosineAnnealingLR`: one of `SCHEDULERS`, `SequentialLR` or `ChainedScheduler`.
        arguments: Those of its constructor by name, but for the optimizer; torch's defaults stand for the others. The
            `schedulers` of the two that have some are pairs of a class and its arguments.
        base: The optimizer's `lr`.

    Raises:
        SpecError: An argument is unknown, is missing, or is one that torch refuses; its path is the argument's name.
        UnsupportedError: It has no equivalent.

    Example:
        >>> from_arguments("StepLR", {"step_size": 30}, 0.1).node
        Exponential(init_value=0.1, decay_rate=0.1, decay_period=30, staircase=True, steps=None, after='hold')
    """
    group: dict[str, Any] = {"lr": float(base)}
    built = _built(name, arguments, group)
    finished = _finished(built, group)
    refuse_untried(finished)
    return curve_of(finished, start_of(finished))


def defaults_of(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return torch's defaults for the arguments that are not given, of the version that `DEFAULTS_OF` says.

    Args:
        name: The class.
        arguments: Those that are given.
    """
    known = SCHEDULERS[name].arguments if name in SCHEDULERS else {}
    return {key: default for key, default in known.items() if key not in arguments and default is not REQUIRED}


def _built(name: str, arguments: Mapping[str, Any], group: dict[str, Any]) -> Scheduler:
    """Return a scheduler as its constructor would leave it, and the group, which the next one finds changed."""
    if name in COMPOSED:
        return _composed(name, arguments, group)
    if name not in SCHEDULERS:
        raise refused(name, f"not one of torch's own schedulers, which are {', '.join([*SCHEDULERS, *COMPOSED])}")
    found = SCHEDULERS[name]
    _check(name, arguments, found.arguments)
    given = SimpleNamespace(
        **{**found.arguments, **{key: arguments[key] for key in found.arguments if key in arguments}}
    )
    kept = found.kept(given, group)
    group.setdefault("initial_lr", group["lr"])
    kept.group = group
    return Scheduler(name=name, parameters=kept, base=group["initial_lr"], initial=group["initial_lr"])


def _composed(name: str, arguments: Mapping[str, Any], group: dict[str, Any]) -> Scheduler:
    """Return schedulers that follow one another, or are chained, built in their order."""
    known = {"schedulers": REQUIRED, "milestones": REQUIRED} if name == "SequentialLR" else {"schedulers": REQUIRED}
    _check(name, arguments, known)
    children = [_inside(place, pair, group) for place, pair in enumerate(arguments["schedulers"])]
    milestones = arguments.get("milestones")
    wanted = len(children) - 1
    if not children or (milestones is not None and len(milestones) != wanted):
        path = "milestones" if children else "schedulers"
        found = show(arguments[path])
        raise SpecError(path, found=found, expected=f"a list of {wanted if children else 'one or more'}")
    return Scheduler(
        name=name,
        parameters=SimpleNamespace(group=group),
        base=group["initial_lr"],
        initial=group["initial_lr"],
        children=tuple(children),
        milestones=None if milestones is None else tuple(milestones),
    )


def _inside(place: int, pair: tuple[str, Mapping[str, Any]], group: dict[str, Any]) -> Scheduler:
    try:
        return _built(*pair, group)
    except SpecError as error:
        raise error.within(f"schedulers[{place}]") from None


def _finished(scheduler: Scheduler, group: Mapping[str, Any]) -> Scheduler:
    """Return a scheduler, and those in it, with the group's rate after all are built."""
    children = tuple(_finished(child, group) for child in scheduler.children)
    return replace(scheduler, initial=group["initial_lr"], children=children)


def _check(name: str, arguments: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse arguments that the constructor has not, of another type than it takes, and those that are missing.

    Raises:
        SpecError: There is one.
    """
    for key, value in arguments.items():
        if key in _IGNORED:
            if key == "last_epoch" and value != -1:
                raise SpecError(key, found=show(value), expected="-1, with which it begins at step 0")
        elif key not in known:
            raise SpecError(key, found=show(value), expected=f"an argument of torch's {name}: {', '.join(known)}")
        elif not _is_right(key, value, known[key]):
            raise SpecError(key, found=show(value), expected=_expected(key))
    missing = [key for key, default in known.items() if default is REQUIRED and key not in arguments]
    if missing:
        raise SpecError(missing[0], found="nothing", expected=f"an argument that torch's {name} requires")


def _is_right(key: str, value: Any, default: Any) -> bool:
    """Tell whether an argument is of its type."""
    if value is None:
        return default is None
    if key in _CODE:
        return True
    if key in {"milestones", "schedulers"}:
        return isinstance(value, list | tuple) and (key == "schedulers" or all(map(_is_number, value)))
    return isinstance(value, str) if key in _TEXTS else type(value) is bool if key in _FLAGS else _is_number(value)


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def _expected(key: str) -> str:
    if key in {"milestones", "schedulers"}:
        return "a list of steps" if key == "milestones" else "a list of classes, each with its arguments"
    return "text" if key in _TEXTS else "true or false" if key in _FLAGS else "a number"
