"""What schedulers of PyTorch compute together: one after another, in a chain, and one in another."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time
from lrspec.kinds import Product, Sequence
from lrspec.readers.build import lasting
from lrspec.readers.torch.cycles import CYCLES
from lrspec.readers.torch.replay import class_of, cycles_momentum, group_rate, number
from lrspec.readers.torch.schedulers import OTHERS, RATIOS, WAY_OUT, Found, Reader, refused, whole
from lrspec.spec import Node

JOINED = {"SequentialLR", "ChainedScheduler"}
PLAIN: dict[str, Reader] = {**RATIOS, **OTHERS, **CYCLES}
"""Every class with a formula of its own."""


def start_of(native: Any, name: str, group: int) -> float:
    """Return the rate of a group from which a scheduler begins."""
    if name not in PLAIN:
        return group_rate(native, group, "initial_lr")
    if name != "SWALR":
        return number(native.base_lrs[group])
    held, made = number(native.optimizer.param_groups[group]["lr"]), native._step_count - 1  # noqa: SLF001 - it counts by it
    if native.anneal_epochs == 0:
        return number(native.base_lrs[group])
    share = native.anneal_func(min(1, made / native.anneal_epochs))
    if share == 1:
        reason = "its annealing has ended, and the rate from which it began is nowhere in it; read it before that"
        raise refused(name, f"{reason}, or write `constant` with its swa_lr")
    end, base = number(native.optimizer.param_groups[group]["swa_lr"]), number(native.base_lrs[group])
    start = (held - share * end) / (1 - share)
    return base if abs(start - base) <= 1e-9 * max(abs(base), abs(end)) else start


def found_of(native: Any, group: int, start: float, depth: int = 0) -> Found:
    """Return what a scheduler computes for a group that begins at a rate, `depth` levels inside SequentialLRs."""
    name = class_of(native)
    if name == "SequentialLR":
        return _sequential(native, group, depth)
    if name == "ChainedScheduler":
        return _chained(native, group)
    if name not in PLAIN:
        raise refused(name, f"not one of torch's own schedulers, but code; {WAY_OUT}")
    return PLAIN[name](native, group, start)


def _sequential(native: Any, group: int, depth: int) -> Found:
    """Each child runs on its own steps from its milestone on; the first one begins from the group's initial_lr."""
    milestones, children = list(native._milestones), list(native._schedulers)  # noqa: SLF001 - kept nowhere else
    if milestones != sorted(milestones) or not all(whole(m) and m >= 0 for m in milestones):
        reason = f"milestones {milestones}: torch searches them as whole numbers in order, from 0 on"
        raise refused("SequentialLR", f"{reason}; {WAY_OUT}")
    starts = [0, *(min(max(int(m) - depth, 0), HORIZON) for m in milestones), HORIZON]
    notes = ["each child counts from its milestone, which is the first step that is its own"]
    faults = []
    if depth:
        ahead = f"its milestones {milestones} come at {starts[1:-1]}, which was read"
        faults.append(f"a SequentialLR inside another one runs ahead by a step: {ahead}")
    parts: list[Node] = []
    found: list[tuple[Time, Found]] = []
    for i, (child, (begin, end)) in enumerate(zip(children, pairwise(starts), strict=True)):
        if begin >= end:
            notes.append(f"the child {i}, {class_of(child)}, has no step of its own: two milestones are equal, or 0")
            continue
        one = _child(child, group, first=not found, place=i, depth=depth)
        notes += [note for note in one.notes if note not in notes]
        faults += [fault for fault in one.faults if fault not in faults]
        found.append((begin, one))
        parts += lasting(one.node, end - begin) if end < HORIZON else [one.node]
    last_start, last = found[-1]
    kinks = tuple(begin + kink for begin, one in found for kink in (0, *one.kinks))
    return Found(
        node=Sequence(parts=parts) if len(parts) > 1 else parts[0],
        notes=tuple(notes),
        faults=tuple(faults),
        kinks=kinks,
        stop=min(int(last_start) + last.stop, HORIZON),
        slack=lambda steps: sum(one.slack(steps) for _, one in found),
    )


def _child(child: Any, group: int, *, first: bool, place: int, depth: int) -> Found:
    """Return what a child of a `SequentialLR` computes, counted from its own first step."""
    name = class_of(child)
    if cycles_momentum(child):
        reason = "cycle_momentum inside a SequentialLR: the momentum stays where a child leaves it"
        raise refused(name, f"{reason}; build the child with cycle_momentum=False, or {WAY_OUT}")
    if not first and name in JOINED:
        reason = f"as child {place} of a SequentialLR torch itself fails at its milestone"
        raise refused(name, f"{reason}; put its own children into the outer one")
    if not first and name in {"SWALR", "MultiplicativeLR"}:
        reason = f"as child {place} of a SequentialLR it begins from the rate that the child before has left"
        raise refused(name, f"{reason}; {WAY_OUT}")
    takes_initial = first and (name in RATIOS or name in {"SWALR", "CosineAnnealingLR", *JOINED})
    start = group_rate(child, group, "initial_lr") if takes_initial else number(child.base_lrs[group])
    return found_of(child, group, start, depth + 1)


def _chained(native: Any, group: int) -> Found:
    """Children that multiply the rate they find are a product of their factors; no others are."""
    children = _flat(native)
    absolute = [class_of(child) for child in children if class_of(child) not in RATIOS]
    start = group_rate(native, group, "initial_lr")
    if len(children) == 1 and not set(absolute) & JOINED:
        return found_of(children[0], group, start)
    if absolute:
        reason = f"{' and '.join(absolute)} in a chain: it sets the rate, or adds to it, so that it is no product"
        raise refused("ChainedScheduler", f"{reason}; {WAY_OUT}")
    found = [found_of(child, group, start if i == 0 else 1.0) for i, child in enumerate(children)]
    notes = ["each child multiplies the rate that it finds: the product of the base rate and their factors"]
    return Found(
        node=Product(parts=[one.node for one in found]),
        notes=(*notes, *(note for one in found for note in one.notes)),
        faults=tuple(fault for one in found for fault in one.faults),
        kinks=tuple(kink for one in found for kink in one.kinks),
        slack=lambda steps: 2.0**-52 * steps * len(found),
    )


def _flat(native: Any) -> list[Any]:
    """Return the children of a chain, and of chains in it."""
    if class_of(native) != "ChainedScheduler":
        return [native]
    return [one for child in native._schedulers for one in _flat(child)]  # noqa: SLF001
