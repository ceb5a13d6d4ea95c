"""Reading what `get_scheduler` of Hugging Face transformers returns: a `LambdaLR` with functions of its own.

The functions are module-level ones with their numbers in a `functools.partial` (in older versions, closures), and so
the numbers can be read. A function gives a multiple of the rate that its parameter group began with.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from lrspec.readers.param_groups import WAY_OUT, Rate, Source, is_from, names_of, nodes_of, on_course, read_groups
from lrspec.readers.reading import Reading
from lrspec.readers.transformers.numbers import Numbers, refused
from lrspec.readers.transformers.shapes import shape_of

_COUNTS = "step 0 is the rate before the first scheduler.step(); the Trainer steps once per optimizer update"
_METRIC = "it follows a metric, not the step; `lrspec.ReduceOnPlateau` stands beside a schedule and lowers it"
_REFUSED = {
    "GreedyLR": "it raises and lowers the rate after a metric; the run's logged rates can become a `table`",
    "AdafactorSchedule": "it only shows the rates that Adafactor computes from its parameters and its state",
    "LayerWiseDummyScheduler": "it has no schedule: each parameter has a scheduler in a hook; give one of them",
    "ReduceLROnPlateau": _METRIC,
}


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of `transformers.get_scheduler` is, checked against its own functions.

    Raises:
        UnsupportedError: It has no equivalent, and there is no `sample`; or it is not a function of the step at all.
        MismatchError: The schedule is not what the object computes, or the optimizer's rate is not on it.
    """
    if name in _REFUSED or not hasattr(native, "lr_lambdas"):
        raise refused(name, _REFUSED.get(name, "not a scheduler that get_scheduler returns"))
    bases = [float(base) for base in native.base_lrs]
    source = Source(
        framework="transformers",
        construct=construct_of(native.lr_lambdas[0]),
        own=lambda step: [base * rate(step) for base, rate in zip(bases, native.lr_lambdas, strict=True)],
        notes=(_COUNTS,),
        names=names_of(native.optimizer),
        position=int(native.last_epoch),
    )

    def rates() -> list[Rate]:
        return [rate_of(function, base) for function, base in zip(native.lr_lambdas, bases, strict=True)]

    reading = read_groups(source, rates, sample)
    held = [group["lr"] for group in native.optimizer.param_groups]
    if len(held) != len(bases):
        raise refused(name, f"its optimizer has {len(held)} parameter groups, and it knows {len(bases)}; build it anew")
    return on_course(reading, nodes_of(reading.schedule, len(bases)), held, int(native.last_epoch))


def is_of_transformers(native: Any) -> bool:
    """Tell whether an object is a scheduler of transformers, or a `LambdaLR` of torch that transformers made."""
    if is_from(native, "transformers"):
        return True
    kind = type(native)
    functions = getattr(native, "lr_lambdas", None) or ()
    made = any(getattr(_inner(one), "__module__", None) == "transformers.optimization" for one in functions)
    return made and (kind.__module__, kind.__name__) == ("torch.optim.lr_scheduler", "LambdaLR")


def construct_of(function: Any) -> str:
    """Return the `SchedulerType` of a function of transformers, or the name of another function."""
    name = _name(function)
    shape = shape_of(name, getattr(function, "keywords", {}))
    return shape.name if shape else name


def rate_of(function: Any, base: float) -> Rate:
    """Return what a function of `transformers.optimization` makes of a base rate.

    Raises:
        UnsupportedError: It is no such function, or has no equivalent.
    """
    name, numbers = _name(function), _numbers(function)
    shape = (
        shape_of(name, numbers)
        if getattr(_inner(function), "__module__", None) == "transformers.optimization"
        else None
    )
    if shape is None:
        raise refused(name, f"code, of which no formula can be read; {WAY_OUT}")
    if "num_warmup_steps" in numbers and numbers["num_warmup_steps"] < 0:
        raise refused(shape.name, f"num_warmup_steps={numbers['num_warmup_steps']}, below 0; {WAY_OUT}")
    rate = shape.rate(numbers, base)
    return replace(rate, slack=rate.slack + _lost(numbers))


def _numbers(function: Any) -> Numbers:
    """Return the numbers that a function holds: in a `partial`, or in older versions in a closure."""
    if isinstance(function, partial):
        return function.keywords
    cells = (cell.cell_contents for cell in getattr(function, "__closure__", None) or ())
    return dict(zip(getattr(getattr(function, "__code__", None), "co_freevars", ()), cells, strict=True))


def _lost(numbers: Numbers) -> float:
    """Return what float64 loses of a difference of lengths that are not whole."""
    lengths = [abs(float(value)) for key, value in numbers.items() if key.startswith("num_") and key.endswith("_steps")]
    return 0.0 if all(length.is_integer() for length in lengths) else 2.0**-51 * max(lengths)


def _name(function: Any) -> str:
    """Return the name of a function, or of the one around it."""
    return str(getattr(_inner(function), "__qualname__", type(function).__qualname__)).split(".")[0]


def _inner(function: Any) -> Any:
    return function.func if isinstance(function, partial) else function
