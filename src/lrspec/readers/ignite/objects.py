"""Reading parameter schedulers of pytorch-ignite: absolute values, one for each event that they are attached to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple, value_at
from lrspec.kinds import Constant, Cosine, Linear, Repeat, Sequence, Shift
from lrspec.readers.build import constant, lasting
from lrspec.readers.ignite.replay import (
    MOST,
    Player,
    ahead_of,
    begun,
    grown,
    is_cyclical,
    is_wrapper,
    position_of,
    refused,
    torch_of,
)
from lrspec.readers.numbers import decimal_time
from lrspec.readers.param_groups import (
    WAY_OUT,
    Rate,
    Source,
    is_from,
    names_of,
    nodes_of,
    on_course,
    read_groups,
    tables,
)
from lrspec.readers.reading import MismatchError, Reading
from lrspec.readers.torch import objects as torch
from lrspec.spec import Node

_EVENTS = (
    "step k is event k, as on ITERATION_STARTED: the value that the k-th call sets; with EPOCH_STARTED a step is an "
    "epoch, the part of an `every`"
)
_REFUSED = {
    "ReduceLROnPlateauScheduler": "it follows a metric; `lrspec.ReduceOnPlateau` stands beside a schedule",
    "BatchSizeScheduler": "it drives the batch size, which no optimizer has",
}
_CYCLES = 5


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a parameter scheduler of ignite is, checked against a copy of it that is played from its beginning.

    Raises:
        UnsupportedError: It has no equivalent, and there is no `sample`; or it is not a function of the step at all.
        MismatchError: The schedule is not what the object computes, or the optimizer's value is not on it.
    """
    if name in _REFUSED or not (hasattr(native, "optimizer") and hasattr(native, "get_param")):
        raise refused(name, _REFUSED.get(name, "not a scheduler of an optimizer's parameter"))
    parameters = sorted({one.param_name for one in _leaves(native)})
    if len(parameters) > 1:
        raise refused(name, f"it drives {' and '.join(parameters)}; give the scheduler of each")
    parameter, optimizer = parameters[0], _optimizer_of(native)
    groups = optimizer.param_groups
    made = [{**group, "lr": group.get("initial_lr", group["lr"])} for group in groups]
    driven = () if parameter == "lr" else (f"it drives {parameter!r}, and not the learning rate",)
    source = Source(
        framework="ignite",
        construct=name,
        own=Player(native, parameter, made),
        notes=(_EVENTS, *driven),
        names=names_of(optimizer),
        position=position_of(native),
        stop=MOST,
    )
    reading = _read(native, source, [float(group[parameter]) for group in made], sample)
    if not reading.position:
        return reading
    return on_course(
        reading, nodes_of(reading.schedule, len(groups)), [group[parameter] for group in groups], reading.position - 1
    )


def is_of_ignite(native: Any) -> bool:
    """Tell whether an object is a handler of ignite, or derived from one."""
    return is_from(native, "ignite.handlers")


def _read(native: Any, source: Source, initial: list[float], sample: int | None) -> Reading:
    """Return the reading, with the torch scheduler inside as it is or one step ahead, whichever it turns out to be."""
    wrapped = [one for one in _leaves(native) if is_wrapper(one)]
    found: MismatchError | None = None
    for ahead in (0, 1) if wrapped else (0,):
        notes = source.notes
        if ahead:
            notes = (
                *notes,
                "ignite calls get_lr, not step: its first event has the torch scheduler's rate of one step later",
            )

        def rates(ahead: int = ahead) -> list[Rate]:
            return [_rate(native, group, value, ahead) for group, value in enumerate(initial)]

        try:
            return read_groups(replace(source, notes=notes), rates, sample)
        except MismatchError as error:
            found = found or error
    kinds = " and ".join(sorted({type(torch_of(one)).__name__ for one in wrapped}))
    if found is not None and not wrapped:
        raise found
    reason = f"ignite calls get_lr of {kinds}, not step, which gives other rates than torch documents: {found}"
    if sample is None:
        raise refused(source.construct, f"{reason}; {WAY_OUT}")
    return tables(source, sample, reason)


def _leaves(native: Any) -> list[Any]:
    """Return the schedulers that a scheduler is made of."""
    children = getattr(native, "schedulers", None)
    return [native] if children is None else [one for child in children for one in _leaves(child)]


def _optimizer_of(native: Any) -> Any:
    return native.optimizer[0] if isinstance(native.optimizer, list) else native.optimizer


def _rate(scheduler: Any, group: int, initial: float, ahead: int) -> Rate:
    """Return what a scheduler makes of a parameter group, which it may leave at its initial value."""
    if hasattr(scheduler, "durations"):
        return _concatenated(scheduler, group, initial, ahead)
    if hasattr(scheduler, "schedulers"):
        drive = [one for one in scheduler.schedulers if one.param_group_index in {None, group}]
        return _rate(drive[-1], group, initial, ahead) if drive else _untouched(initial)
    if scheduler.param_group_index not in {None, group}:
        return _untouched(initial)
    if is_wrapper(scheduler):
        return _wrapped(scheduler, group, ahead)
    if is_cyclical(scheduler) and type(scheduler).__name__ in _CURVES:
        return _cyclical(scheduler)
    if type(scheduler).__name__ == "PiecewiseLinear":
        return _piecewise(scheduler)
    raise refused(type(scheduler).__name__, f"a class of its own, whose values are code; {WAY_OUT}")


def _untouched(initial: float) -> Rate:
    return Rate(node=constant(initial), notes=("a parameter group that the scheduler leaves alone keeps its value",))


def _line(scheduler: Any, first: float, last: float, steps: int) -> Node:
    if scheduler.monotonic:
        return Linear(init_value=first, end_value=last, steps=steps)
    half = simple(Fraction(steps, 2))
    return Sequence(
        parts=[
            Linear(init_value=first, end_value=last, steps=half),
            Linear(init_value=last, end_value=first, steps=half),
        ]
    )


def _half_cosine(_: Any, first: float, last: float, steps: int) -> Node:
    return Cosine(init_value=first, end_value=last, steps=steps)


_CURVES: dict[str, Callable[[Any, float, float, int], Node]] = {
    "LinearCyclicalScheduler": _line,
    "CosineAnnealingScheduler": _half_cosine,
}


def _cyclical(scheduler: Any) -> Rate:
    name, found = type(scheduler).__name__, begun(scheduler)
    first, last = float(found["start_value"]), float(found["end_value"])
    size, warmup, growth = found["cycle_size"], found["warmup_duration"], scheduler.cycle_mult
    grow_first, grow_last = float(scheduler.start_value_mult), float(scheduler.end_value_mult)
    grow_first, grow_last = (grow_last if first == 0 else grow_first), (grow_first if last == 0 else grow_last)
    part: Node = _CURVES[name](scheduler, first, last, size)
    notes = [f"cycles of {size} events from start_value={first:g} to end_value={last:g}, without end"]
    if warmup:
        part = Sequence(parts=[part, Linear(init_value=last, end_value=first * grow_first, steps=warmup)])
        notes.append(f"after each cycle, {warmup} events back to the next one's start")
    if scheduler.cycle:
        notes.append(
            f"the object is in cycle {scheduler.cycle}, and has changed its parameters: those of the first were read"
        )
    node = Repeat(
        part=part, **_growth(name, size, warmup, growth), **_heights(name, first, last, grow_first, grow_last, warmup)
    )
    kinks: list[Time] = []
    for cycle in range(_CYCLES):
        length = grown(size, growth, cycle)
        start = kinks[-1] if kinks else 0
        kinks += [simple(start + Fraction(length, 2)), start + length, start + length + grown(warmup, growth, cycle)]
    return Rate(node=node, notes=tuple(notes), kinks=tuple(kinks))


def _growth(name: str, size: int, warmup: int, factor: float) -> dict[str, Any]:
    """Return the fields of `repeat` with which the lengths of cycles are those that ignite computes in float64."""
    if factor == 1:
        return {}
    if factor < 1:
        raise refused(name, f"cycle_mult={factor}, below 1: the cycles shrink to nothing; {WAY_OUT}")
    if warmup:
        if factor == int(factor):
            return {"cycle_mult": int(factor)}
        raise refused(name, f"cycle_mult={factor} with a warmup_duration: each length is cut by itself; {WAY_OUT}")
    for exact in (decimal_time(factor), simple(Fraction(factor))):
        length, total = size, size
        for _ in range(5000):
            following = int(length * factor)
            if following != int(length * Fraction(exact)):
                break
            length, total = following, total + following
            if total > HORIZON:
                return {"cycle_mult": exact, "cycle_rounding": "floor"}
        else:
            return {"cycle_mult": exact, "cycle_rounding": "floor"}
    raise refused(name, f"cycle_mult={factor}: a length of a cycle is rounded in float64 before it is cut; {WAY_OUT}")


def _heights(name: str, first: float, last: float, up: float, down: float, warmup: int) -> dict[str, Any]:
    """Return the fields of `repeat` for what the start and the end of a cycle are multiplied by."""
    if up == down == 1:
        return {}
    if up == down > 0:
        return {"peak_mult": up}
    if not warmup and down == 1 and up > 0 and first != last:
        return {"peak_mult": up, "scaling": "peak", "floor_value": last, "peak_value": first}
    if not warmup and up == 1 and down > 0 and first != last:
        return {"peak_mult": down, "scaling": "peak", "floor_value": first, "peak_value": last}
    reason = f"start_value_mult={up:g} and end_value_mult={down:g} together: each cycle is another curve"
    raise refused(name, f"{reason}; {WAY_OUT}")


def _piecewise(scheduler: Any) -> Rate:
    milestones, values = [int(m) for m in scheduler.milestones], [float(value) for value in scheduler.values]
    notes = ["the first value holds before the first milestone, the last one from the last milestone on"]
    if len(set(milestones)) < len(milestones):
        notes.append("of milestones that are equal the last one counts: a jump")
    parts: list[Node] = [Constant(value=values[0], steps=milestones[0])] if milestones[0] > 0 else []
    for (begin, end), (first, last) in zip(pairwise(milestones), pairwise(values), strict=True):
        if end <= max(begin, 0):
            continue
        line = Linear(init_value=first, end_value=last, steps=end - begin)
        parts.append(line if begin >= 0 else Shift(part=line, by=-begin))
    parts.append(constant(values[-1]))
    node = Sequence(parts=parts) if len(parts) > 1 else parts[0]
    return Rate(node=node, notes=tuple(notes), kinks=tuple(m for m in milestones if m >= 0))


def _wrapped(scheduler: Any, group: int, ahead: int) -> Rate:
    """Return what the torch scheduler in a wrapper is; the comparison tells whether ignite gets that from it."""
    inner = torch_of(scheduler)
    name = type(inner).__name__
    try:
        reading = torch.read(inner, name, None)
    except MismatchError as error:  # its optimizer is not at its step, where ignite has driven it
        reading = error.reading
    node = nodes_of(reading.schedule, len(inner.optimizer.param_groups))[group]
    moved = ahead_of(scheduler) + ahead
    if moved < 0:
        raise refused(type(scheduler).__name__, f"{name} is {-moved} steps behind the events; {WAY_OUT}")
    notes = [f"it wraps torch's {name}", *reading.conventions]
    if moved:
        notes.append(f"the events begin with step {moved} of it")
    return Rate(node=Shift(part=node, by=moved) if moved else node, notes=tuple(notes), kinks=_length_of(node))


def _length_of(node: Node) -> tuple[Time, ...]:
    return () if node.length is None else (min(node.length, MOST),)


def _used(scheduler: Any) -> list[tuple[Any, int]]:
    """Return the schedulers of a `ConcatScheduler` that have events, each with how many; the last has no end."""
    if len({id(child) for child in scheduler.schedulers}) < len(scheduler.schedulers):
        raise refused("ConcatScheduler", f"a scheduler that stands in it twice goes on where it was; {WAY_OUT}")
    used: list[tuple[Any, int]] = []
    for place, child in enumerate(scheduler.schedulers):
        events = scheduler.durations[place] if place < len(scheduler.durations) else -1
        if events == 0 and place == 0:
            continue
        used.append((child, events if events > 0 else HORIZON))
        if events <= 0:
            break
    return used


def _concatenated(scheduler: Any, group: int, initial: float, ahead: int) -> Rate:
    used = _used(scheduler)
    parts: list[Node] = []
    notes = ["each scheduler counts its own events, from 0"]
    kinks: list[Time] = []
    start = 0
    for child, events in used:
        rate = _rate(child, group, initial, ahead)
        notes += [note for note in rate.notes if note not in notes]
        kinks += [start + kink for kink in (0, *rate.kinks) if kink <= events]
        parts += lasting(rate.node, events) if events < HORIZON else [rate.node]
        initial = value_at(rate.node, events - 1) if events < HORIZON else initial
        start += events
    if len(used) < len(scheduler.schedulers):
        notes.append(f"of {len(scheduler.schedulers)} schedulers ignite uses {len(used)}: a duration is 0 or below")
    return Rate(node=Sequence(parts=parts) if len(parts) > 1 else parts[0], notes=tuple(notes), kinks=tuple(kinks))
