"""Reading torchtitan's schedulers: a `LambdaLR` for each optimizer, with torchtitan's function and its lengths."""

from __future__ import annotations

from functools import partial
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.param_groups import Rate, Source, names_of, nodes_of, on_course, read_groups
from lrspec.readers.reading import Reading
from lrspec.readers.torchtitan.shapes import DECAYS, NOTES, Lengths, node_of

_MODULES = ("torchtitan.components.lr_scheduler", "torchtitan.components.optimizer.lr_scheduler")
_FUNCTION = "linear_warmup_stable_decay"
_CONTAINER = "LRSchedulersContainer"
_PHASES = ("warmup_steps", "stable_steps", "decay_steps")


def is_of_torchtitan(native: Any) -> bool:
    """Tell whether an object is what torchtitan's `build_lr_schedulers` returned, or a scheduler in it.

    Args:
        native: The object.
    """
    if any(kind.__name__ == _CONTAINER and kind.__module__ in _MODULES for kind in type(native).__mro__):
        return True
    functions = getattr(native, "lr_lambdas", None)
    return isinstance(functions, list) and bool(functions) and all(map(_is_own, functions))


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of torchtitan is, checked against its own function.

    Args:
        native: The scheduler, or the container of several.
        name: Its class.
        sample: A number of steps, for a table where there is no formula.

    Raises:
        UnsupportedError: It has no equivalent; or the schedulers in it differ.
        MismatchError: The schedule is not what it computes, as in checkouts before release 0.1.0.
    """
    if not hasattr(native, "lr_lambdas"):
        return _of_several([read(one, type(one).__name__, sample) for one in native.schedulers], name)
    bases, functions = [float(base) for base in native.base_lrs], native.lr_lambdas
    numbers = functions[0].keywords
    lengths = Lengths(**{phase.removesuffix("_steps"): int(numbers[phase]) for phase in _PHASES})
    kind, low = numbers["lr_decay_type"], float(numbers.get("min_lr_factor", numbers.get("lr_min", 0.0)))
    if kind not in DECAYS or any(function.keywords != numbers for function in functions):
        raise UnsupportedError("torchtitan", name, f"a decay {kind!r} that is not read, or functions that differ")
    source = Source(
        framework="torchtitan",
        construct=kind,
        own=lambda step: [base * one(step) for base, one in zip(bases, functions, strict=True)],
        notes=NOTES,
        names=names_of(native.optimizer),
        position=int(native.last_epoch),
        stop=lengths.total + 1,
    )
    kinks = (lengths.warmup, lengths.warmup + lengths.stable, lengths.total)

    def rates() -> list[Rate]:
        return [Rate(node=node_of(base, lengths, kind, low), kinks=kinks) for base in bases]

    reading = read_groups(source, rates, sample)
    held = [group["lr"] for group in native.optimizer.param_groups]
    return on_course(reading, nodes_of(reading.schedule, len(bases)), held, int(native.last_epoch))


def _is_own(function: Any) -> bool:
    inner = function.func if isinstance(function, partial) else None
    name = str(getattr(inner, "__qualname__", "")).rsplit(".", maxsplit=1)[-1]
    return getattr(inner, "__module__", None) in _MODULES and name == _FUNCTION


def _of_several(readings: list[Reading], name: str) -> Reading:
    if not readings or any(one.schedule != readings[0].schedule for one in readings):
        raise UnsupportedError("torchtitan", name, "its schedulers differ; give one of container.schedulers")
    return readings[0]
