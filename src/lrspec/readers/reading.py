"""What a reader of native schedules returns: the schedule, the conventions it mapped, and how it was checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, formula_of, rounded
from lrspec.errors import LrspecError, SpecError, UnsupportedError, argument
from lrspec.fields import in_steps
from lrspec.kinds import Freeze
from lrspec.sampling import sample as sampled
from lrspec.schedule import Schedule
from lrspec.spec import Node

SLACK = 1e-5
"""The largest difference that float32 explains, relative to the largest value; measured are 3e-7 and less."""
_ROUNDING = 1e-12
_FLOAT32_STEPS = 2**24


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A native schedule, read.

    Args:
        schedule: The schedule or document.
        framework: Whose object it was, such as `torch`.
        construct: What it was, such as `CosineAnnealingLR`.
        conventions: What was mapped, in words: how this framework counts, where it differs from others.
        native_faults: Where the object does not do what its own documentation says, in words, and which was read.
        position: Updates already applied, where the object knows it.
        checked_steps: At how many steps the object's own values were compared.
        largest_difference: The largest difference found, relative to the largest value.
        at_step: The step of the largest difference.
        keys: The keys of a config that were read, by their paths.
        defaults: The defaults that stand in for keys which the config does not have, by the paths of these.
        version: The release of the system whose defaults they are.
        files: The files that a config was merged from, beside its own.
        total: The number of updates of the run, where the config says it.

    Example:
        >>> from lrspec import Constant
        >>> Reading(schedule=Constant(value=0.1), framework="lrspec", construct="Constant").conventions
        ()
    """

    schedule: Schedule
    framework: str
    construct: str
    conventions: tuple[str, ...] = ()
    native_faults: tuple[str, ...] = ()
    position: int | None = None
    checked_steps: int = 0
    largest_difference: float = 0.0
    at_step: int | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    files: tuple[str, ...] = ()
    total: int | None = None

    def noting(self, *conventions: str) -> Reading:
        """Return the reading with more conventions.

        Args:
            conventions: What else was mapped.
        """
        return replace(self, conventions=(*self.conventions, *conventions))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the command says of a reading, a line each."""
        lines = [f"merged from {', '.join(self.files)}"] if self.files else []
        if self.keys:
            lines.append(f"read as {self.framework}: {', '.join(self.keys)}")
        if self.defaults:
            of = f"{self.framework} {self.version}".strip()
            filled = ", ".join(f"{path}={value}" for path, value in self.defaults.items())
            lines.append(f"defaults of {of}: {filled}")
        return (*lines, *self.conventions, *self.native_faults)

    def checked(
        self, node: Node, steps: Sequence[int], own: Sequence[float], tolerance: float, whose: str = "the object itself"
    ) -> Reading:
        """Return the reading with the comparison of one of its nodes against the object's own values.

        Args:
            node: The node; a document has one for each hyperparameter of each group.
            steps: Which steps to compare.
            own: The object's own values at those steps.
            tolerance: The largest difference that rounding explains, relative to the largest value.
            whose: Where the values are from, in words, for the error.

        Raises:
            MismatchError: A difference is larger: the reader is wrong, or the object is not what it says.
        """
        expected = exact_values(node, steps)
        scale = max(map(abs, (*expected, *own))) or 1.0
        differences = [abs(a - b) / scale for a, b in zip(expected, own, strict=True)]
        for step, difference, ours, theirs in zip(steps, differences, expected, own, strict=True):
            if not difference <= tolerance:  # also where it is not a number
                raise self.mismatch(node, step, ours, theirs, whose)
        worst = max(range(len(steps)), key=differences.__getitem__)
        largest, at_step = differences[worst], steps[worst]
        if self.at_step is not None and self.largest_difference >= largest:
            largest, at_step = self.largest_difference, self.at_step
        count = max(self.checked_steps, len(steps))
        return replace(self, checked_steps=count, largest_difference=largest, at_step=at_step)

    def mismatch(self, node: Node, step: int, ours: float, theirs: float, whose: str) -> MismatchError:
        """Return the error of two values that are not the same.

        Args:
            node: What was read.
            step: The step.
            ours: What the node is there.
            theirs: What the object gives.
            whose: Where the object's value is from, in words.
        """
        return MismatchError(
            f"{self.framework}: {self.construct} was read as {node!r}, which is {ours!r} at step {step}, where {whose} "
            f"gives {theirs!r}",
            self,
        )


class MismatchError(LrspecError):
    """A schedule was read that is not what the object has.

    Args:
        message: What differs, and where.
        reading: What was read, all the same.
    """

    def __init__(self, message: str, reading: Reading) -> None:
        self.reading = reading
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return MismatchError, (self.args[0], self.reading)


def exact_values(node: Node, steps: Sequence[int]) -> list[float]:
    """Return the formula of `node` at some steps, each correctly rounded to float64."""
    formula = formula_of(node)
    return [rounded(formula, min(step, formula.last_step)) for step in steps]


@dataclass(frozen=True, kw_only=True)
class Own:
    """What an object documents: its formula, and where to look.

    Args:
        at: The formula in float64, at an exact time.
        end: A time after which nothing new comes.
        kinks: Times at which the curve bends or jumps.
        slack: The difference that float32 explains at a time, relative to the largest value.
        near_jump: Whether a time is within a step of a jump that frameworks are known to miss.
        faults: Where the object, compiled, departs from its documentation, in words.
    """

    at: Callable[[Time], float]
    end: Time = 0
    kinks: tuple[Time, ...] = ()
    slack: Callable[[Time], float] = lambda _: SLACK
    near_jump: Callable[[Time], bool] = lambda _: False
    faults: tuple[str, ...] = ()

    def steps(self, most: int, stop: int) -> list[int]:
        """Return the steps to compare below `stop`: up to the end, and the last one."""
        last = min(math.ceil(self.end) + 2, stop - 1)
        return sorted({*steps_to_compare(self.kinks, last + 1, most=most), stop - 1})


def steps_to_compare(kinks: Sequence[Time], stop: int, *, start: int = 0, most: int = 2000) -> list[int]:
    """Return all steps from `start` to `stop - 1` where these are few, else about as many of them as are wanted.

    Those are the first ones, even ones up to the last, and those around the first kinks, the last, and even ones.

    Args:
        kinks: Times at which a curve bends or jumps, in their order.
        stop: The step after the last one.
        start: The first step.
        most: How many steps are few.
    """
    if stop - start <= most:
        return list(range(start, stop))
    quarter = most // 4
    inside = [kink for kink in kinks if start <= kink < stop]
    some = [*inside[: most // 16], *inside[:: max(1, 16 * len(inside) // most)], *inside[-2:]]
    near = {math.floor(kink) + i for kink in some for i in (-2, -1, 0, 1, 2)}
    even = {start + (stop - 1 - start) * i // quarter for i in range(quarter + 1)}
    return sorted(step for step in near | even | set(range(start, start + quarter)) if start <= step < stop)


def compared(reading: Reading, own: Own, stop: int = HORIZON) -> Reading:
    """Return the reading with the comparison of its exact formula against what the object documents.

    Raises:
        MismatchError: They differ by more than the rounding of float64.
    """
    steps = own.steps(1024, stop)
    values = [own.at(step) for step in steps]
    return reading.checked(reading.schedule.node, steps, values, _ROUNDING, "its documentation")


def called(reading: Reading, own: Own, call: Callable[[int], float], stop: int = HORIZON) -> Reading:
    """Return the reading with what the object itself gave at some steps, and where it contradicts its documentation.

    Raises:
        MismatchError: The object differs by more than float32 explains, where no fault of it is known.
    """
    steps = own.steps(64, min(stop, _FLOAT32_STEPS))
    documented = [own.at(step) for step in steps]
    scale = max(map(abs, documented)) or 1.0
    largest, at_step, wrong = 0.0, steps[0], []
    for step, expected in zip(steps, documented, strict=True):
        found = call(step)
        difference = abs(found - expected) / scale
        if difference <= own.slack(step):
            largest, at_step = max((largest, at_step), (difference, step))
        elif own.near_jump(step):
            wrong.append(f"{found:.6g} at step {step}, documented {expected:.6g}")
        else:
            raise reading.mismatch(reading.schedule.node, step, expected, found, "the object itself")
    faults = own.faults
    if wrong:
        some = "; ".join(wrong[:5])
        faults = (*faults, f"its documentation was read; the object departs from it at {in_steps(len(wrong))}: {some}")
    share = f"by {largest:.1e} of the largest value at most, at step {at_step}: float32"
    reading = reading.noting(f"the object, called at {in_steps(len(steps))}, differs {share}")
    return replace(reading, native_faults=(*reading.native_faults, *faults))


def as_table(function: Callable[[int], float], framework: str, name: str, steps: int) -> Reading:
    """Return code as the table of what it gave, at so many steps.

    Raises:
        UnsupportedError: The code fails at one of them.
    """

    def given(step: int) -> float:
        try:
            return function(step)
        except Exception as error:
            reason = f"the object itself fails at step {step}: {type(error).__name__}: {error}"
            raise UnsupportedError(framework, name, reason) from error

    table = sampled(given, steps, source=f"{framework}: {name}, at {in_steps(steps)}")
    notes = (f"code, called once at each of {in_steps(steps)}; after them the last value is held",)
    reading = Reading(schedule=table, framework=framework, construct=name, conventions=notes)
    again = Own(at=lambda t: given(int(t)), end=steps)
    return compared(reading, again, steps)


def bounded(node: Node, sample: int | None, framework: str, name: str) -> tuple[Node, int]:
    """Return the node, or where it has no short form without an end, the same up to step `sample`; and that step.

    Raises:
        UnsupportedError: It needs an end, and there is no `sample`; or it is too long with one.
    """
    try:
        node.program  # noqa: B018 - compiled here, to see whether it can be
    except SpecError as error:
        if sample is None:
            way_out = f"give {argument('sample', 'N')}, the number of steps of the run"
            reason = f"without an end it has no short form ({error}); {way_out}"
            raise UnsupportedError(framework, name, reason) from None
        held = Freeze(part=node, steps=sample)
        try:
            held.program  # noqa: B018
        except SpecError as again:
            reason = f"too long for a program ({again}); give a smaller {argument('sample', 'N')}"
            raise UnsupportedError(framework, name, reason) from None
        return held, sample
    return node, HORIZON
