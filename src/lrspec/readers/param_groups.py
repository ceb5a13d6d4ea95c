"""What the readers of libraries share that drive an optimizer of torch: its groups, the comparison, tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, value_at
from lrspec.document import Document
from lrspec.documents.plain import node_to_dict
from lrspec.errors import Advice, SpecError, UnsupportedError
from lrspec.fields import in_steps
from lrspec.kinds import Affine, Freeze, Linear, Sequence as Joined
from lrspec.kinds.lists import MAX_TABLE
from lrspec.readers.reading import MismatchError, Reading, bounded, exact_values, steps_to_compare
from lrspec.sampling import sample as sampled
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node

WAY_OUT = Advice("give {argument}, a number of steps, to have it as a table", "sample", "N")
ROUNDING = 2.0**-48
"""The difference that a few operations in float64 explain, relative to the largest value."""
_LEFT = Fraction(1, 2**30)
_EPSILON = {"torch.float32": 2.0**-23, "torch.bfloat16": 2.0**-7, "torch.float16": 2.0**-10}
_FEW = 2.0**-40
"""The difference that a few operations in float64 explain where a group is at its step, and what `Rate.slack` says."""
_MANY = 2.0**-6
"""The largest difference that is still taken for the rounding of a short float, step after step."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one parameter group has.

    Args:
        node: The schedule.
        notes: The conventions that were mapped.
        kinks: Times at which the curve bends, jumps, or has ended.
        is_jump: Whether a step is exactly at a jump, which a rounded quotient may take for the step before it.
        scale: What the group multiplies the schedule by.
        slack: A difference that the object's float64 explains beyond that of a few operations.
    """

    node: Node
    notes: tuple[str, ...] = ()
    kinks: tuple[Time, ...] = ()
    is_jump: Callable[[int], bool] = lambda _: False
    scale: float = 1.0
    slack: float = 0.0

    @property
    def scaled(self) -> Node:
        """The schedule times the scale."""
        return self.node if self.scale == 1 else Affine(part=self.node, scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class Source:
    """The object that is read.

    Args:
        framework: Whose it is.
        construct: What it is.
        own: A function from a step to the object's own values, one for each parameter group.
        notes: The conventions that hold for all of its framework.
        names: The names of the parameter groups, where all have one.
        position: Updates already applied, where the object knows it.
        stop: From which step on the object has no values.
    """

    framework: str
    construct: str
    own: Callable[[int], Sequence[float]]
    notes: tuple[str, ...] = ()
    names: Sequence[str] | None = None
    position: int | None = None
    stop: int = HORIZON

    def values(self, step: int) -> list[float]:
        """Return the object's own values at a step; refuse it where it fails."""
        try:
            return [float(value) for value in self.own(step)]
        except Exception as error:
            reason = f"the object itself fails at step {step}: {type(error).__name__}: {error}"
            raise self.refused(reason) from error

    def refused(self, reason: str) -> UnsupportedError:
        """Return the error that refuses the object."""
        return UnsupportedError(self.framework, self.construct, reason)


def read_groups(source: Source, rates: Callable[[], list[Rate]], sample: int | None) -> Reading:
    """Return the reading of an object, compared with its own values.

    Args:
        source: The object.
        rates: What each parameter group has; raises `UnsupportedError` where that is no schedule.
        sample: A number of steps, for an end where none is known, and for a table where there is no formula.

    Raises:
        UnsupportedError: There is no formula, and no `sample`.
        MismatchError: The object computes something else.
    """
    try:
        found = [_limited(rate, source, sample) for rate in _named(source, rates)]
    except UnsupportedError as error:
        if sample is None:
            raise
        return tables(source, sample, error.reason.removesuffix(f"; {WAY_OUT}"))
    reading = _reading(source, found)
    last = max((math.ceil(kink) for rate in found for kink in rate.kinks), default=0)
    steps = steps_to_compare(
        sorted({kink for rate in found for kink in rate.kinks}), min(max(last + 16, 64), source.stop)
    )
    own = [source.values(step) for step in steps]
    faults: list[str] = []
    for place, rate in enumerate(found):
        pairs = _without_late_jumps(rate, list(zip(steps, (row[place] for row in own), strict=True)), faults)
        reading = reading.checked(
            rate.scaled, [step for step, _ in pairs], [value for _, value in pairs], ROUNDING + rate.slack
        )
    how = f"compared with the object at {in_steps(len(steps))}, 0 to {steps[-1]}"
    notes = [f"{how}: it differs by {reading.largest_difference:.1e} of the largest value, at step {reading.at_step}"]
    if faults:
        several = "; ".join(islice(dict.fromkeys(faults), 5))
        notes.append(
            f"the object rounds a quotient and comes to a jump late, where the documented one was read: {several}"
        )
    return replace(reading, conventions=(*reading.conventions, *notes))


def _named(source: Source, rates: Callable[[], list[Rate]]) -> list[Rate]:
    try:
        return rates()
    except (SpecError, TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise source.refused(f"a parameter without an equivalent: {error}; {WAY_OUT}") from error


def _limited(rate: Rate, source: Source, sample: int | None) -> Rate:
    node, stop = bounded(rate.node, sample, source.framework, source.construct)
    if stop == HORIZON:
        return rate
    kinks = tuple(kink for kink in rate.kinks if kink < stop - 16)
    return replace(rate, node=node, kinks=kinks, notes=(*rate.notes, f"read up to step {stop}, and held after it"))


def _reading(source: Source, rates: list[Rate]) -> Reading:
    notes = tuple(dict.fromkeys(note for rate in rates for note in rate.notes))
    schedule = document_of(rates, source.names)
    more = ("the parameter groups differ: each group of the document has its own",) * (schedule is not rates[0].node)
    return Reading(
        schedule=schedule,
        framework=source.framework,
        construct=source.construct,
        conventions=(*source.notes, *notes, *more),
        position=source.position,
    )


def document_of(rates: Sequence[Rate], names: Sequence[str] | None) -> Schedule:
    """Return a node where one schedule is all there is, else a document with a group for each of them."""
    first = rates[0].node
    if all(rate.node == first and rate.scale == 1 for rate in rates):
        return first
    groups: list[dict[str, Any]] = []
    for rate in rates:
        own = {} if rate.node == first else {"learning_rate": node_to_dict(rate.node)}
        groups.append({**own, **({} if rate.scale == 1 else {"scale": rate.scale})})
    named: Any = groups if names is None else dict(zip(names, groups, strict=True))
    return Document({"lrspec": SPEC_VERSION, "learning_rate": node_to_dict(first), "groups": named})


def is_from(native: Any, module: str) -> bool:
    """Tell whether an object is of a class in a module or package, or of one derived from it."""
    return any(f"{kind.__module__}.".startswith(f"{module}.") for kind in type(native).__mro__)


def names_of(optimizer: Any) -> list[str] | None:
    """Return the names of an optimizer's groups, where all have one of their own."""
    names = [group.get("name") for group in optimizer.param_groups]
    return names if all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names) else None


def _without_late_jumps(rate: Rate, pairs: list[tuple[int, float]], faults: list[str]) -> list[tuple[int, float]]:
    """Return the steps and values without those at which the object still has the value from before a jump."""
    jumps = [pair for pair in pairs if rate.is_jump(pair[0])]
    expected = exact_values(rate.scaled, [step for step, _ in jumps])
    tolerance = (ROUNDING + rate.slack) * max((abs(value) for _, value in pairs), default=0.0)
    late = set()
    for (step, own), value in zip(jumps, expected, strict=True):
        if abs(own - value) <= tolerance:
            continue
        before = value_at(rate.scaled, step - _LEFT)
        if abs(own - before) <= tolerance + 1e-6 * abs(value - before):
            late.add(step)
            faults.append(f"{own:.6g} at step {step}, documented {value:.6g}")
    return [pair for pair in pairs if pair[0] not in late]


def tables(source: Source, steps: int, reason: str) -> Reading:
    """Return the values that the object gave, as tables."""
    if steps > MAX_TABLE:
        raise source.refused(f"{reason}; and a table has {MAX_TABLE} values at most, not {steps}")
    rows = [source.values(step) for step in range(steps)]
    told = f"{source.framework}: {source.construct}, at {in_steps(steps)}"
    columns = list(zip(*rows, strict=True))
    rates = [Rate(node=sampled(column.__getitem__, steps, source=told)) for column in columns]
    note = f"called at each of {in_steps(steps)}, after which the last value is held, because: {reason}"
    reading = _reading(replace(source, notes=(*source.notes, note)), rates)
    again = [source.values(step) for step in range(steps)]
    for place, rate in enumerate(rates):
        reading = reading.checked(rate.node, range(steps), [row[place] for row in again], 0.0)
    return reading


def on_course(reading: Reading, rates: Sequence[Node], held: Sequence[Any], step: int) -> Reading:
    """Return the reading where the optimizer's rates are those that the schedules have at a step.

    Raises:
        MismatchError: One is not.
    """
    for group, (node, value) in enumerate(zip(rates, held, strict=True)):
        before = exact_values(node, [*range(min(step, 64)), *(step * i // 32 for i in range(33))])
        expected = before[-1]
        tolerance = _FEW + min(epsilon(value) * (step + 2), _MANY)
        if abs(float(value) - expected) > tolerance * max(map(abs, before)):
            raise MismatchError(
                f"{reading.framework}: {reading.construct} at step {step}: the schedule that was read has the rate "
                f"{expected!r}, the optimizer's group {group} has {float(value)!r}. A checkpoint of one loaded without "
                "the other, another scheduler, or code may have changed it. If the schedule is right, it is this "
                "error's `reading.schedule`",
                reading,
            )
    return reading


def epsilon(value: Any) -> float:
    """Return the precision in which a scheduler computes where this is the rate of a group: float64, or a tensor's."""
    return _EPSILON.get(str(getattr(value, "dtype", "")), 2.0**-52)


def nodes_of(schedule: Schedule, count: int) -> list[Node]:
    """Return the learning rate of each of so many parameter groups."""
    if isinstance(schedule, Document) and schedule.groups:
        return [schedule.group(name)["learning_rate"] for name in schedule.groups]
    return [schedule.node] * count


def cut_to(node: Node, steps: Time) -> Node:
    """Return a node that is a given one for exactly so many steps."""
    ends_there = node.length == steps and getattr(node, "after", "hold") == "hold"
    return node if ends_there else Freeze(part=node, steps=steps)


def after_warmup(init: float, peak: float, steps: Time, node: Node) -> Node:
    """Return a straight line of so many steps, and then a node from its own time 0; the node where they are 0."""
    if steps <= 0:
        return node
    return Joined(parts=[Linear(init_value=init, end_value=peak, steps=steps), node])
