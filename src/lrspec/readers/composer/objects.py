"""Reading what Composer's trainer makes of a scheduler: a `LambdaLR` whose function asks the trainer's state.

A scheduler by itself says its times, such as `1dur`, and not the run that makes steps of them: it is refused. In the
trainer's `LambdaLR` both stand, in a closure. Its function ignores its step; the state has the time.
"""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from lrspec.errors import UnsupportedError
from lrspec.readers.composer.shapes import SHAPES, Values, notes_of
from lrspec.readers.composer.times import Moment, Run, parsed
from lrspec.readers.param_groups import Rate, Source, names_of, nodes_of, on_course, read_groups
from lrspec.readers.reading import Reading

_MODULE = "composer.optim.scheduler"
_MODULES = (_MODULE, "llmfoundry.optim.scheduler")
_WAY_OUT = "give its config, with the length of the run, or the LambdaLR that the trainer made of it"


def is_of_composer(native: Any) -> bool:
    """Tell whether an object is a scheduler of Composer, or a `LambdaLR` that Composer made of one.

    Args:
        native: The object.
    """
    functions = getattr(native, "lr_lambdas", None) or ()
    made = any(getattr(function, "__module__", None) == _MODULE for function in functions)
    return made or any(kind.__module__ in _MODULES for kind in type(native).__mro__)


def read(native: Any, name: str, sample: int | None) -> Reading:  # noqa: ARG001 - no steps to sample
    """Return what a `LambdaLR` of Composer's trainer is, checked against the scheduler in it.

    Args:
        native: The `LambdaLR`.
        name: Its class.
        sample: Not used: what depends on the trainer's state cannot be sampled by steps.

    Raises:
        UnsupportedError: It is a scheduler by itself, or a function of the user's; or the run counts samples or tokens.
        MismatchError: The schedule is not what the scheduler computes.
    """
    held = _enclosed(native)
    scheduler: Any = held.get("scheduler")
    state: Any = held.get("state")
    kind = type(scheduler)
    if not held or kind.__module__ not in _MODULES or kind.__name__ not in SHAPES:
        name = name if scheduler is None or not held else kind.__name__
        reason = "a function of the trainer's State, whose times are no steps"
        raise UnsupportedError("composer", name, f"{reason}; {_WAY_OUT}")
    if held.get("ssr", 1.0) != 1:
        raise UnsupportedError("composer", kind.__name__, "scale_schedule_ratio stretches and truncates each time")
    values = _values(scheduler, _run(state, kind.__name__))
    bases = [float(base) for base in native.base_lrs]
    position = int(state.timestamp.batch)
    source = Source(
        framework="composer",
        construct=kind.__name__,
        own=lambda step: [base * float(scheduler(_at(state, step))) for base in bases],
        notes=tuple(notes_of(kind.__name__, values)),
        names=names_of(native.optimizer),
        position=position,
        **({} if values.duration is None else {"stop": -int(-values.duration // 1)}),
    )

    def rates() -> list[Rate]:
        moments = tuple(one.updates for one in (*values.times.values(), *values.milestones))
        return [Rate(node=SHAPES[kind.__name__].node(base, values), kinks=moments) for base in bases]

    reading = read_groups(source, rates, None)
    rates_held = [group["lr"] for group in native.optimizer.param_groups]
    return on_course(reading, nodes_of(reading.schedule, len(bases)), rates_held, position)


def _enclosed(native: Any) -> dict[str, Any]:
    """Return what the trainer's function encloses; nothing for another object."""
    functions = getattr(native, "lr_lambdas", None) or ()
    code = getattr(functions[0], "__code__", None) if functions else None
    cells = getattr(functions[0], "__closure__", None) or () if functions else ()
    if code is None or "state" not in code.co_freevars:
        return {}
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True)}


def _moment(time: Any) -> Moment | None:
    """Return a time that is a text or a `Time` of Composer's."""
    if isinstance(time, str):
        return parsed(time)
    value, unit = getattr(time, "value", None), getattr(getattr(time, "unit", None), "value", None)
    return Moment(value, str(unit)) if isinstance(value, int | float) else None


def _run(state: Any, name: str) -> Run:
    """Return the run of a trainer."""
    duration = _moment(state.max_duration)
    if duration is None or duration.unit not in {"ba", "ep", "sp", "tok"}:
        raise UnsupportedError("composer", name, f"a max_duration of {state.max_duration}, in no unit that is read")

    def per(unit: str) -> Fraction:
        if unit == "ep" and state.dataloader_len is not None:
            return Fraction(int(state.dataloader_len))
        what = {"ep": "epochs, whose length the state does not know", "sp": "samples", "tok": "tokens"}[unit]
        raise UnsupportedError("composer", name, f"a run that counts {what}; give its config")

    return Run(duration, per)


def _values(scheduler: Any, run: Run) -> Values:
    shape, name = SHAPES[type(scheduler).__name__], type(scheduler).__name__

    def length(time: Any) -> Any:
        moment = _moment(time)
        if moment is None:
            raise UnsupportedError("composer", name, f"a time {time!r} that is not read")
        return run.length(moment)

    fields = vars(scheduler)
    numbers = {key: float(fields[key]) for key in shape.numbers}
    times = {key: length(fields[key]) for key in shape.times}
    milestones = tuple(length(one) for one in fields["milestones"]) if shape.has_milestones else ()
    return Values(numbers, times, milestones, run.length(run.duration).updates)


def _at(state: Any, step: int) -> Any:
    """Return the state that a trainer would have before an update."""
    epoch = 0 if state.dataloader_len is None else step // int(state.dataloader_len)
    now = type(state.timestamp)(batch=step, epoch=epoch)
    return SimpleNamespace(max_duration=state.max_duration, dataloader_len=state.dataloader_len, timestamp=now)
