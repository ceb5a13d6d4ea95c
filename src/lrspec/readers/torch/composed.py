"""What schedulers of PyTorch compute together: one after another, in a chain, and one in another."""

from __future__ import annotations

from itertools import pairwise

from lrspec.compiler.formula import HORIZON, Time
from lrspec.kinds import Product, Sequence
from lrspec.readers.build import lasting
from lrspec.readers.param_groups import WAY_OUT
from lrspec.readers.torch.description import Curve, Scheduler, as_float, refused, whole
from lrspec.readers.torch.schedulers import SCHEDULERS

COMPOSED = ("SequentialLR", "ChainedScheduler")
_FROM_THE_RATE_BEFORE = {"SWALR", "MultiplicativeLR"}
_FROM_INITIAL_RATE = {"SWALR", "CosineAnnealingLR", *COMPOSED}


def start_of(scheduler: Scheduler) -> float:
    """Return the rate of its group from which a scheduler begins."""
    if scheduler.name not in SCHEDULERS:
        return scheduler.initial
    of = scheduler.parameters
    if scheduler.name != "SWALR" or of.anneal_epochs == 0 or not hasattr(of, "_step_count"):
        return scheduler.base
    share = of.anneal_func(min(1, (of._step_count - 1) / of.anneal_epochs))  # noqa: SLF001 - it counts by it
    if share == 1:
        reason = "its annealing has ended, and the rate from which it began is nowhere in it; read it before that"
        raise refused("SWALR", f"{reason}, or write `constant` with its swa_lr")
    held, end, base = as_float(of.group["lr"]), as_float(of.group["swa_lr"]), scheduler.base
    start = (held - share * end) / (1 - share)
    return base if abs(start - base) <= 1e-9 * max(abs(base), abs(end)) else start


def curve_of(scheduler: Scheduler, start: float, depth: int = 0) -> Curve:
    """Return what a scheduler computes that begins at a rate, `depth` levels inside `SequentialLR`s.

    Raises:
        UnsupportedError: It has no equivalent.
    """
    if scheduler.name == "SequentialLR":
        return _sequential(scheduler, depth)
    if scheduler.name == "ChainedScheduler":
        return _chained(scheduler)
    if scheduler.name not in SCHEDULERS:
        raise refused(scheduler.name, f"not one of torch's own schedulers, but code; {WAY_OUT}")
    return SCHEDULERS[scheduler.name].curve(scheduler.parameters, start)


def _sequential(scheduler: Scheduler, depth: int) -> Curve:
    """Each child runs on its own steps from its milestone on; the first one begins from the group's initial_lr."""
    starts = _starts(scheduler, depth)
    notes, faults = ["each child counts from its milestone, which is the first step that is its own"], []
    if depth:
        ahead = f"its milestones {list(scheduler.milestones or ())} come at {starts[1:-1]}, which was read"
        faults.append(f"a SequentialLR inside another one runs ahead by a step: {ahead}")
    found: list[tuple[Time, Curve]] = []
    parts = []
    for place, (child, (begin, end)) in enumerate(zip(scheduler.children, pairwise(starts), strict=True)):
        if begin >= end:
            notes.append(f"the child {place}, {child.name}, has no step of its own: two milestones are equal, or 0")
            continue
        curve = _child(child, place, first=not found, depth=depth)
        notes += curve.notes
        faults += curve.faults
        found.append((begin, curve))
        parts += lasting(curve.node, end - begin) if end < HORIZON else [curve.node]
    last_start, last = found[-1]
    return Curve(
        node=Sequence(parts=parts) if len(parts) > 1 else parts[0],
        notes=tuple(dict.fromkeys(notes)),
        faults=tuple(dict.fromkeys(faults)),
        kinks=tuple(begin + kink for begin, curve in found for kink in (0, *curve.kinks)),
        turns=lambda step: _turns(found, step),
        stop=min(int(last_start) + last.stop, HORIZON),
        slack=lambda steps: sum(curve.slack(steps) for _, curve in found),
    )


def _turns(found: list[tuple[Time, Curve]], step: int) -> list[Time]:
    """Return the times at which schedulers, each from its own beginning, follow one another, or turn."""
    begins = [begin for begin, _ in found]
    turns = begins[1:]
    for (begin, curve), end in zip(found, [*begins[1:], HORIZON], strict=True):
        turns += [begin + turn for turn in curve.turns_after(max(step - int(begin), 0)) if begin + turn < end]
    return turns


def _starts(scheduler: Scheduler, depth: int) -> list[int]:
    """Return the step at which each child begins, and after them the horizon."""
    milestones = list(scheduler.milestones or ())
    if milestones != sorted(milestones) or not all(whole(m) and m >= 0 for m in milestones):
        reason = f"milestones {milestones}: torch searches them as whole numbers in order, from 0 on"
        raise refused("SequentialLR", f"{reason}; {WAY_OUT}")
    return [0, *(min(max(int(m) - depth, 0), HORIZON) for m in milestones), HORIZON]


def _child(child: Scheduler, place: int, *, first: bool, depth: int) -> Curve:
    """Return what a child of a `SequentialLR` computes, counted from its own first step."""
    name = child.name
    if child.cycles_momentum():
        reason = "cycle_momentum inside a SequentialLR: the momentum stays where a child leaves it"
        raise refused(name, f"{reason}; build the child with cycle_momentum=False, or {WAY_OUT}")
    if not first and name in COMPOSED:
        reason = f"as child {place} of a SequentialLR torch itself fails at its milestone"
        raise refused(name, f"{reason}; put its own children into the outer one")
    if not first and name in _FROM_THE_RATE_BEFORE:
        reason = f"as child {place} of a SequentialLR it begins from the rate that the child before has left"
        raise refused(name, f"{reason}; {WAY_OUT}")
    takes_initial = first and (name in _FROM_INITIAL_RATE or is_factor(child))
    return curve_of(child, child.initial if takes_initial else child.base, depth + 1)


def refuse_untried(scheduler: Scheduler) -> None:
    """Refuse what only a comparison with the object itself would tell, where there is no object to compare with.

    Raises:
        UnsupportedError: Versions of torch differ in it, or a child at its milestone is not what it is by itself.
    """
    for child in scheduler.children:
        refuse_untried(child)
    if not scheduler.is_sequence:
        return
    milestones = scheduler.milestones or ()
    if any(child.is_sequence for child in scheduler.children) or 0 in milestones:
        reason = "a SequentialLR inside another one" if 0 not in milestones else "a milestone of 0"
        raise refused("SequentialLR", f"{reason}: versions of torch differ in it; read the object itself")
    starts = _starts(scheduler, 0)
    for place, (child, (begin, end)) in enumerate(zip(scheduler.children, pairwise(starts), strict=True)):
        of = child.parameters
        lengths = [getattr(of, "total_iters", 1), *getattr(of, "milestones", ())]
        is_edge = place > 0 and (lengths[0] < 1 or any(length < 0 for length in lengths[1:]))
        if is_edge or (end < HORIZON and _child(child, place, first=place == 0, depth=0).stop < end - begin):
            reason = f"as child {place} of a SequentialLR it is not what it is by itself"
            raise refused(child.name, f"{reason}, with its length or its milestones; read the object itself")


def is_factor(scheduler: Scheduler) -> bool:
    """Tell whether a scheduler multiplies the rate that it finds."""
    return scheduler.name in SCHEDULERS and SCHEDULERS[scheduler.name].is_factor


def _chained(scheduler: Scheduler) -> Curve:
    """Children that multiply the rate they find are a product of their factors; no others are."""
    children = _flat(scheduler)
    absolute = [child.name for child in children if not is_factor(child)]
    if len(children) == 1 and not set(absolute) & set(COMPOSED):
        return curve_of(children[0], scheduler.initial)
    if absolute:
        reason = f"{' and '.join(absolute)} in a chain: it sets the rate, or adds to it, so that it is no product"
        raise refused("ChainedScheduler", f"{reason}; {WAY_OUT}")
    found = [curve_of(child, scheduler.initial if i == 0 else 1.0) for i, child in enumerate(children)]
    notes = ["each child multiplies the rate that it finds: the product of the base rate and their factors"]
    return Curve(
        node=Product(parts=[one.node for one in found]),
        notes=(*notes, *(note for one in found for note in one.notes)),
        faults=tuple(fault for one in found for fault in one.faults),
        kinks=tuple(kink for one in found for kink in one.kinks),
        turns=lambda step: [turn for one in found for turn in one.turns_after(step)],
        slack=lambda steps: 2.0**-52 * steps * len(found),
    )


def _flat(scheduler: Scheduler) -> list[Scheduler]:
    """Return the children of a chain, and of chains in it."""
    if scheduler.name != "ChainedScheduler":
        return [scheduler]
    return [one for child in scheduler.children for one in _flat(child)]
