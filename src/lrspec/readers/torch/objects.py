"""Reading schedulers of `torch.optim.lr_scheduler`, and `SWALR`: what they are, how they are put together, and checks.

Every reading is compared with the scheduler itself, of which a copy is stepped from its beginning (`replay.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence as Many
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, value_at
from lrspec.document import Document
from lrspec.documents.plain import node_to_dict
from lrspec.errors import SpecError, UnsupportedError
from lrspec.kinds.lists import MAX_TABLE
from lrspec.readers.param_groups import WAY_OUT, epsilon, names_of
from lrspec.readers.reading import MismatchError, Reading, bounded, exact_values, steps_to_compare
from lrspec.readers.torch.composed import COMPOSED, curve_of, start_of
from lrspec.readers.torch.description import Curve, Scheduler, as_float, kept_for, refused
from lrspec.readers.torch.replay import MODULES, Played, class_of, group_rate, is_chain, jump, leaves, replay
from lrspec.readers.torch.schedulers import SCHEDULERS
from lrspec.sampling import sample as sampled
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node

_MOST = 100_000
"""How many steps of a scheduler are replayed at most; further ones are compared one by one."""
_FEW = 2.0**-44
"""The difference that a few operations in float64 explain, beside what each step may add."""
_COUNTS = "step 0 is the rate before the first scheduler.step(); last_epoch is the number of steps"


def is_of_torch(native: object) -> bool:
    """Tell whether an object is a scheduler of torch, or of a class that was derived from one."""
    return any(kind.__name__ == "LRScheduler" and kind.__module__ in MODULES for kind in type(native).__mro__)


def read(native: Any, _name: str, sample: int | None) -> Reading:
    """Return what a scheduler of torch is, checked against what its own steps give.

    Raises:
        UnsupportedError: It has no equivalent, and there is no `sample`; or it is not a function of the step at all.
        MismatchError: The schedule is not what the object computes, or the optimizer's rate is not on it.
    """
    name = class_of(native)
    inside = list(leaves(native))
    for place, leaf in enumerate(inside):
        if class_of(leaf) == "ReduceLROnPlateau":
            curve_of(of_object(leaf, 0), 0.0)  # which refuses it
        if any(leaf is other for other in inside[:place]):
            reason = f"the same {class_of(leaf)} stands in it twice, each with the other's steps"
            raise refused(name, f"{reason}; build one for each place")
    groups = len(getattr(getattr(native, "optimizer", None), "param_groups", ()))
    if not groups:
        raise refused(name, "it has no optimizer with parameter groups, from which it takes its rates")
    for leaf in inside:
        known = len(getattr(leaf, "base_lrs", range(groups)))
        if known != groups:
            raise refused(name, f"its optimizer has {groups} parameter groups, and it knows {known}; build it anew")
    try:
        reading, played, found = _from_parameters(native, name, sample)
    except UnsupportedError as error:
        if sample is None:
            raise
        reading, played, found = _from_steps(native, name, sample, error.reason)
    return _on_course(reading, native, played, found)


def of_object(native: Any, group: int) -> Scheduler:
    """Return a scheduler of torch, as far as it concerns one parameter group of its optimizer.

    Args:
        native: The scheduler.
        group: The place of the group.
    """
    name, initial = class_of(native), group_rate(native, group, "initial_lr")
    milestones = getattr(native, "_milestones", None)
    is_own = name in SCHEDULERS and hasattr(native, "base_lrs")
    return Scheduler(
        name=name,
        parameters=kept_for(group, vars(native) if name in SCHEDULERS else {}, native.optimizer.param_groups[group]),
        base=as_float(native.base_lrs[group]) if is_own else initial,
        initial=initial,
        children=tuple(of_object(child, group) for child in getattr(native, "_schedulers", ())),
        milestones=None if milestones is None else tuple(milestones),
    )


def _from_parameters(native: Any, name: str, sample: int | None) -> tuple[Reading, Played, list[Curve]]:
    """Return the reading of the parameters, what the copy gave, and what was found for each group."""
    groups = [of_object(native, group) for group in range(len(native.optimizer.param_groups))]
    starts = [start_of(one) for one in groups]
    try:
        pairs = zip(groups, starts, strict=True)
        found = [_limited(curve_of(one, start), name, sample) for one, start in pairs]
    except (SpecError, TypeError, ValueError, OverflowError) as error:
        raise refused(name, f"a parameter without an equivalent: {error}; {WAY_OUT}") from error
    last = max((math.ceil(kink) for one in found for kink in one.kinks), default=0)
    steps = min(max(last + 16, 64), _MOST, *(one.stop for one in found))
    played = replay(native, name, starts, steps)
    schedule = _document(found, names_of(native.optimizer))
    reading = Reading(
        schedule=schedule,
        framework="torch",
        construct=name,
        conventions=(_COUNTS, *_each(one.notes for one in found), *_about_groups(schedule, native)),
        native_faults=_each(one.faults for one in found),
    )
    try:
        return _beyond(_compared(reading, found, played, steps), native, starts, found, steps), played, found
    except MismatchError as error:
        if name not in COMPOSED:
            raise
        reason = f"together its parts do not do what each does by itself: {error}; {WAY_OUT}"
        raise refused(name, reason) from error


def _each(texts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the texts in their order, each once."""
    return tuple(dict.fromkeys(text for several in texts for text in several))


def _from_steps(native: Any, name: str, steps: int, reason: str) -> tuple[Reading, Played, list[Curve]]:
    """Return the tables of what a copy gives, stepped from its beginning."""
    why = reason.removesuffix(f"; {WAY_OUT}")
    if steps > MAX_TABLE:
        raise refused(name, f"{why}; and a table has {MAX_TABLE} values at most, not {steps}")
    bases = {tuple(map(as_float, getattr(leaf, "base_lrs", ()))) for leaf in leaves(native)}
    if is_chain(native) and len(bases) > 1:
        changed = "of its children one has changed the rate from which the others begin"
        raise refused(name, f"{changed}, and step 0 is what the one built last has left, which it does not tell")
    starts = [start_of(of_object(native, group)) for group in range(len(native.optimizer.param_groups))]
    played = replay(native, name, starts, steps)
    told = f"torch: {name}, stepped {steps} times"
    rates = [sampled(values.__getitem__, steps, source=told) for values in played.rates]
    momenta: list[Node | None] = [
        sampled(values.__getitem__, steps, source=told) if values else None for values in played.momenta
    ]
    pairs = zip(rates, momenta, strict=True)
    found = [Curve(node=rate, momentum=momentum, stop=steps) for rate, momentum in pairs]
    notes = (_COUNTS, f"a copy was stepped {steps} times, and the last value is held, because: {why}")
    reading = Reading(
        schedule=_document(found, names_of(native.optimizer)), framework="torch", construct=name, conventions=notes
    )
    again = replay(native, name, starts, steps)
    return _compared(reading, found, again, steps), played, found


def _limited(found: Curve, name: str, sample: int | None) -> Curve:
    """Return what was found, with an end at `sample` where it has no short form without one."""
    node, stop = bounded(found.node, sample, "torch", name)
    momentum = None if found.momentum is None else bounded(found.momentum, sample, "torch", name)[0]
    notes = found.notes if stop == HORIZON else (*found.notes, f"read up to step {stop}, after which it is held")
    return replace(found, node=node, momentum=momentum, stop=min(stop, found.stop), notes=notes)


def _compared(reading: Reading, found: list[Curve], played: Played, steps: int) -> Reading:
    """Return the reading with the comparison of each group's schedules with what the copy gave."""
    chosen = steps_to_compare(_kinks(found), steps)
    for one, rates, momenta in zip(found, played.rates, played.momenta, strict=True):
        tolerance = _FEW + 2.0**-52 * steps + one.slack(steps)
        reading = reading.checked(one.node, chosen, [rates[step] for step in chosen], tolerance)
        if one.momentum is not None:
            reading = reading.checked(one.momentum, chosen, [momenta[step] for step in chosen], tolerance)
    how = "all" if len(chosen) == steps else f"{len(chosen)}"
    note = (
        f"a copy of the object was stepped through steps 0 to {steps - 1}, in float64, and compared at {how} of them: "
        f"it differs by {reading.largest_difference:.1e} of the largest value at most, at step {reading.at_step}"
    )
    return reading.noting(note)


def _beyond(reading: Reading, native: Any, starts: list[float], found: list[Curve], steps: int) -> Reading:
    """Return the reading with single steps of the copy beyond those that were played, each from the schedule's rate."""
    stop = min(*(one.stop for one in found), HORIZON)
    kinks = [kink for kink in _kinks(found) if steps <= kink < stop]
    if not kinks:
        return reading
    last = math.ceil(kinks[-1])
    chosen = steps_to_compare(kinks, min(last + 3, stop), start=steps)
    values = [exact_values(one.node, [step - 1 for step in chosen]) for one in found]
    played = jump(native, starts, chosen, values)
    if played is None:
        return reading.noting(f"not compared beyond step {steps - 1}, though it changes at step {last}")
    for one, rates, momenta in zip(found, played.rates, played.momenta, strict=True):
        reading = reading.checked(one.node, chosen, rates, _FEW)
        if one.momentum is not None:
            reading = reading.checked(one.momentum, chosen, momenta, _FEW)
    how = f"{len(chosen)} of the steps from {steps} to {chosen[-1]} were compared by one step of the copy each"
    return reading.noting(f"{how}, from the schedule's rate at the step before")


def _kinks(found: list[Curve]) -> list[Time]:
    """Return the kinks of all groups in their order."""
    return sorted({kink for one in found for kink in one.kinks})


def _document(found: list[Curve], names: list[str] | None) -> Schedule:
    """Return a node where one rate is all there is, else a document, with groups where they differ."""
    hyperparameters: list[dict[str, Any]] = [{"learning_rate": node_to_dict(one.node)} for one in found]
    for entry, one in zip(hyperparameters, found, strict=True):
        if one.momentum is not None:
            entry["momentum"] = node_to_dict(one.momentum)
    alike = all(entry == hyperparameters[0] for entry in hyperparameters)
    if alike and found[0].momentum is None:
        return found[0].node
    groups: Any = hyperparameters if names is None else dict(zip(names, hyperparameters, strict=True))
    return Document({"lrspec": SPEC_VERSION, **hyperparameters[0], **({} if alike else {"groups": groups})})


def _about_groups(schedule: Schedule, native: Any) -> list[str]:
    notes = []
    if isinstance(schedule, Document) and schedule.groups:
        notes.append("the parameter groups have different rates: each group of the document has its own schedule")
    kinds = {str(group["lr"].dtype) for group in native.optimizer.param_groups if hasattr(group["lr"], "dtype")}
    if kinds:
        which = " and ".join(sorted(kinds))
        notes.append(f"the optimizer's rate is a tensor of {which}, in which torch adds up rounding from step to step")
    return notes


def _on_course(reading: Reading, native: Any, played: Played, found: Many[Curve]) -> Reading:
    """Return the reading with the object's position, at which the optimizer must have the schedule's rate."""
    time = _position(native)
    position = math.floor(time)
    reading = replace(reading, position=position)
    if any(time >= one.stop for one in found):
        note = f"the object is at step {time}, past the last one that was read; the optimizer's rate was not compared"
        return reading.noting(note)
    for place, (one, rates) in enumerate(zip(found, played.rates, strict=True)):
        held = native.optimizer.param_groups[place]["lr"]
        expected, precision = value_at(one.node, time), epsilon(held)
        tolerance = _FEW + precision * (position + 4) + one.slack(position) * precision / 2.0**-52
        if abs(as_float(held) - expected) > tolerance * max(map(abs, (*rates, expected, as_float(held)))):
            raise _off_course(reading, place, expected, as_float(held), time)
    if time != position:
        note = f"it was stepped to {float(time):g}, between two of its steps: `stretch` says fractions of an epoch"
        return reading.noting(note)
    return reading


def _off_course(reading: Reading, group: int, expected: float, held: float, time: Time) -> MismatchError:
    found = f"the schedule that was read has the rate {expected!r} there, the optimizer's group {group} has {held!r}"
    why = (
        "Since torch 2.8 a scheduler that is built with last_epoch of 0 or above loses one update (ExponentialLR, "
        "LinearLR, PolynomialLR, CosineAnnealingLR, MultiplicativeLR); before 2.10 a SequentialLR writes over a base "
        "rate that is a tensor; a checkpoint loaded without the optimizer's, another scheduler, a step to an epoch, or "
        "code may also have changed the rate. If the schedule is right, it is this error's `reading.schedule`; or put "
        "the first number into the group's `lr`, and read again"
    )
    return MismatchError(f"torch: {reading.construct} at last_epoch={float(time):g}: {found}. {why}", reading)


def _position(native: Any) -> Time:
    """Return the number of steps that a scheduler has made, which only warm restarts know in fractions."""
    if is_chain(native):
        return _position(native._schedulers[0])  # noqa: SLF001
    if class_of(native) == "SWALR":
        return int(native._step_count) - 1  # noqa: SLF001
    into = Fraction(getattr(native, "T_cur", 0))
    return int(native.last_epoch) + into - math.floor(into)
