"""The schedulers of fvcore by the parameters of their constructors: one table, for its objects and detectron2's files.

A shape is a function from a window, which says where in the run it stands, to what it is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence as Listed
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import accumulate, pairwise

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.errors import UnsupportedError
from lrspec.kinds import Cosine, Exponential, Linear, Polynomial, Sequence, Shift
from lrspec.readers.build import constant, lasting, levels
from lrspec.readers.numbers import short_decimal
from lrspec.spec import Node

NEAR = Fraction(1, 10**6)
"""fvcore's WHERE_EPSILON: by so much of the run a change comes early."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Where a scheduler stands: it has `where = (u + phase) / length` at step u of its own.

    Args:
        length: How many steps its whole range from 0 to 1 takes.
        phase: At what time of that it begins; below 0 by what fvcore's 1e-6 makes a part begin too early.
        scale: By what its values are multiplied.
    """

    length: Time
    phase: Time = 0
    scale: Fraction = Fraction(1)

    def first(self, where: Fraction) -> int:
        """Return the first step at or after a point of the range."""
        return max(math.ceil(where * self.length - self.phase), 0)

    def after(self, where: Fraction) -> int:
        """Return the first step after a point of the range."""
        return max(math.floor(where * self.length - self.phase) + 1, 0)

    def scaled(self, value: float) -> float:
        """Return the number nearest to a value times the scale."""
        return short_decimal(float(Fraction(value) * self.scale))

    def smooth(self, node: Node) -> Found:
        """Return a node of the whole range from where the scheduler begins."""
        if self.phase < 0:
            reason = f"a part begins, by fvcore's 1e-6, {float(-self.phase):g} steps before its own range does"
            raise refused("CompositeParamScheduler", reason)
        return Found(node=Shift(part=node, by=self.phase) if self.phase else node)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a scheduler is in a window.

    Args:
        node: Its schedule, in steps of the window, from where it begins.
        kinks: The times at which it bends, jumps or has ended.
        decisive: The times at which a quotient that is rounded decides.
    """

    node: Node
    kinks: tuple[Time, ...] = ()
    decisive: tuple[Time, ...] = ()


Shape = Callable[[Window], Found]


refused = partial(UnsupportedError, "fvcore")
"""The error that refuses a construct of fvcore: of its name, and why."""


def level(value: float) -> Shape:
    """Return `ConstantParamScheduler`."""
    return lambda window: Found(node=constant(window.scaled(value)))


def cosine(first: float, last: float) -> Shape:
    """Return `CosineParamScheduler`."""
    return lambda window: window.smooth(
        Cosine(init_value=window.scaled(first), end_value=window.scaled(last), steps=window.length)
    )


def linear(first: float, last: float) -> Shape:
    """Return `LinearParamScheduler`."""
    if first == last:
        return level(first)
    return lambda window: window.smooth(
        Linear(init_value=window.scaled(first), end_value=window.scaled(last), steps=window.length)
    )


def exponential(first: float, decay: float) -> Shape:
    """Return `ExponentialParamScheduler`.

    Raises:
        UnsupportedError: The factor is not above 0.
    """
    if decay <= 0:
        raise refused("ExponentialParamScheduler", f"decay={decay}, not above 0")
    if decay == 1:
        return level(first)
    return lambda window: window.smooth(
        Exponential(init_value=window.scaled(first), decay_rate=decay, decay_period=window.length, steps=window.length)
    )


def polynomial(first: float, power: float) -> Shape:
    """Return `PolynomialDecayParamScheduler`.

    Raises:
        UnsupportedError: The power is below 0.
    """
    if power < 0:
        raise refused("PolynomialDecayParamScheduler", f"power={power}, below 0, which has no value at the end")
    if power == 0:
        return level(first)
    if power == 1:
        return linear(first, 0.0)
    return lambda window: window.smooth(
        Polynomial(init_value=window.scaled(first), end_value=0.0, steps=window.length, power=power)
    )


def multi_step(values: Listed[float], milestones: Listed[Time], updates: Time) -> Shape:
    """Return `MultiStepParamScheduler`: the values before, between and after the milestones of so many updates."""
    return _stairs(values, [Fraction(math.ceil(milestone)) / updates for milestone in milestones])


def equal_steps(values: Listed[float]) -> Shape:
    """Return `StepParamScheduler`: values that each hold for an equal part of the run."""
    return _stairs(values, [Fraction(k, len(values)) for k in range(1, len(values))])


def fixed_gamma(first: float, decays: int, gamma: float) -> Shape:
    """Return `StepWithFixedGammaParamScheduler`."""
    return equal_steps([float(Fraction(first) * Fraction(gamma) ** k) for k in range(decays + 1)])


def _stairs(values: Listed[float], bounds: Listed[Fraction]) -> Shape:
    """Return values that change where `where + 1e-6` is at points of the range."""

    def found(window: Window) -> Found:
        held: dict[int, float] = {0: window.scaled(values[0])}
        for bound, value in zip(bounds, values[1:], strict=True):
            held[window.first(bound - NEAR)] = window.scaled(value)
        starts = [start for start in sorted(held) if start < HORIZON]
        decisive = tuple(simple((bound - NEAR) * window.length - window.phase) for bound in bounds)
        return Found(node=levels(starts, [held[start] for start in starts]), kinks=tuple(starts), decisive=decisive)

    return found


def composite(parts: Listed[Shape], lengths: Listed[Time], *, rescaled: Listed[bool]) -> Shape:
    """Return `CompositeParamScheduler`: each part begins at a whole step, at which its own range need not begin.

    Args:
        parts: The schedulers.
        lengths: The share of the run that each of them has.
        rescaled: Whether each has its own range from 0 to 1, or that of the whole.
    """
    ends = list(accumulate(map(Fraction, lengths)))

    def window_of(part: int, start: int, whole: Window) -> Window:
        time = Fraction(whole.phase) + start
        if not rescaled[part]:
            return Window(length=whole.length, phase=simple(time), scale=whole.scale)
        length = Fraction(lengths[part]) * whole.length
        begun = time - (ends[part] * whole.length - length)
        return Window(length=simple(length), phase=simple(begun), scale=whole.scale)

    def found(window: Window) -> Found:
        bounds = [end - NEAR for end in ends[:-1]]
        starts = [0, *map(window.after, bounds)]
        starts = [start if start < window.length - window.phase else HORIZON for start in starts] + [HORIZON]
        kinks: list[Time] = [start for start in starts if start < HORIZON]
        decisive = [simple(bound * window.length - window.phase) for bound in bounds]
        nodes: list[Node] = []
        for part, (start, end) in enumerate(pairwise(starts)):
            if end <= start:
                continue
            inner = parts[part](window_of(part, start, window))
            nodes += lasting(inner.node, end - start) if end < HORIZON else [inner.node]
            kinks += [start + kink for kink in inner.kinks if kink < end - start]
            decisive += [start + time for time in inner.decisive if time < end - start]
        node = Sequence(parts=nodes) if len(nodes) > 1 else nodes[0]
        return Found(node=node, kinks=tuple(kinks), decisive=tuple(decisive))

    return found
