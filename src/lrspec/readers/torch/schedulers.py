"""What each class of `torch.optim.lr_scheduler` computes, as a node, from the parameters that the object keeps.

It is what stepping computes that counts, not the closed form that some classes have beside it: the two differ where a
length is 0 or not whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.errors import UnsupportedError
from lrspec.fields import LAST_STEP
from lrspec.kinds import Cosine, Exponential, Freeze, Linear, Polynomial
from lrspec.kinds.leaf import LAST_STAIR
from lrspec.readers.build import constant, levels
from lrspec.readers.torch.replay import number
from lrspec.readers.transformers.objects import rate_of
from lrspec.spec import Node

WAY_OUT = "give sample=N, a number of steps, to have it as a table"
Slack = Callable[[int], float]


def exactly(_: int) -> float:
    """Return that no more rounding is to be expected than that of one multiplication a step."""
    return 0.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one class computes for one parameter group.

    Args:
        node: The learning rate.
        notes: The conventions that were mapped.
        faults: Where stepping, which was read, departs from what torch documents.
        momentum: The momentum, where the scheduler drives it.
        kinks: Times at which the curve bends, jumps, or has ended.
        stop: The number of steps after which the object has no more values that are meant.
        slack: How far so many steps of its recursion may carry rounding, beyond a unit in the last place each.
    """

    node: Node
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    momentum: Node | None = None
    kinks: tuple[Time, ...] = ()
    stop: int = HORIZON
    slack: Slack = exactly


Reader = Callable[[Any, int, float], Found]
"""Reads a scheduler, for the group of that number, which has that base rate."""


def refused(name: str, reason: str) -> UnsupportedError:
    """Return the error that refuses a construct of torch."""
    return UnsupportedError("torch", name, reason)


def whole(length: Any) -> bool:
    """Tell whether a length, which may be a float, is a whole number."""
    return math.isfinite(length) and int(length) == length


def time_of(length: Any) -> Time:
    """Return a number of steps exactly."""
    return simple(Fraction(length))


def _exponential(scheduler: Any, _: int, base: float) -> Found:
    gamma = number(scheduler.gamma)
    if gamma == 0:
        return Found(node=levels([0, 1], [base, 0.0]), notes=("gamma=0: 0 from step 1 on",), kinks=(1,))
    node = Exponential(init_value=base, decay_rate=gamma, decay_period=1)
    return Found(node=node, notes=("gamma is the factor of each step",), kinks=(256,))


def _step(scheduler: Any, _: int, base: float) -> Found:
    size, gamma = scheduler.step_size, number(scheduler.gamma)
    if size == 0:
        raise refused("StepLR", "step_size=0, with which torch itself fails at step 1")
    notes: tuple[str, ...] = (f"step_size={size} is the period of gamma; the first drop is at step {size}",)
    faults: tuple[str, ...] = ()
    period = abs(Fraction(size)).numerator
    if not whole(size):
        when = f"at multiples of {period} alone" if period <= LAST_STEP else "never"
        notes = (f"step_size={size} is not whole",)
        faults = (f"step_size={size} is documented to drop every {size} steps; stepping, which was read, drops {when}",)
    if period > LAST_STAIR or gamma == 1:
        return Found(node=constant(base), notes=notes, faults=faults)
    if gamma == 0:
        notes = (*notes, "gamma=0: 0 from then on")
        return Found(node=levels([0, period], [base, 0.0]), notes=notes, faults=faults, kinks=(period,))
    node = Exponential(init_value=base, decay_rate=gamma, decay_period=period, staircase=True)
    return Found(node=node, notes=notes, faults=faults, kinks=tuple(period * k for k in range(1, 5)))


def _multi_step(scheduler: Any, _: int, base: float) -> Found:
    gamma = number(scheduler.gamma)
    given = sorted(scheduler.milestones.elements())
    drops = [int(milestone) for milestone in given if whole(milestone) and 0 <= milestone <= LAST_STEP]
    notes = ["a milestone is the first step with the new rate; one that is given twice counts twice"]
    if len(drops) < len(given):
        notes.append(f"of the milestones {given} torch never reaches those below 0 and those that are not whole")
    starts = sorted({0, *drops})
    exact = [Fraction(base) * Fraction(gamma) ** sum(drop <= start for drop in drops) for start in starts]
    return Found(node=levels(starts, [float(level) for level in exact]), notes=tuple(notes), kinks=tuple(starts))


def _constant(scheduler: Any, _: int, base: float) -> Found:
    factor, total = number(scheduler.factor), scheduler.total_iters
    if not whole(total) or total < 1:
        return Found(node=constant(base * factor), faults=(_never(total, "the factor stays for ever"),))
    if factor == 0:
        raise refused("ConstantLR", f"factor=0: torch divides by it at step {total}, and fails")
    total, notes = int(total), (f"the factor holds before step {total}; the whole rate is back at it",)
    if total > LAST_STEP or factor == 1:
        return Found(node=constant(base * factor), notes=notes)
    return Found(node=levels([0, total], [base * factor, base]), notes=notes, kinks=(total,))


def _never(total: Any, instead: str) -> str:
    """Return the fault of a scheduler that never comes to its end."""
    return f"total_iters={total} is documented as the end; stepping, which was read, never comes to it: {instead}"


def _cut(node: Node, total: Any, what: str) -> Found:
    """Return a curve to `total`, which stops at the last whole step before it where it is not whole."""
    if whole(total):
        return Found(node=node, notes=(what,), kinks=(int(total),))
    last = math.floor(total)
    fault = _never(total, f"it stops at step {last}, short of the end, and stays there")
    return Found(node=Freeze(part=node, steps=last), notes=(what,), faults=(fault,), kinks=(last, last + 1))


def _linear(scheduler: Any, _: int, base: float) -> Found:
    total = scheduler.total_iters
    first, last = base * number(scheduler.start_factor), base * number(scheduler.end_factor)
    if total < 1:
        return Found(node=constant(first), faults=(_never(total, "start_factor stays for ever"),))
    node = Linear(init_value=first, end_value=last, steps=time_of(total))
    return _cut(node, total, f"start_factor at step 0, end_factor at step {total} and after it")


def _polynomial(scheduler: Any, _: int, base: float) -> Found:
    total, power = scheduler.total_iters, number(scheduler.power)
    if total < 1:
        return Found(node=constant(base), faults=(_never(total, "the base rate stays for ever"),))
    if power < 0:
        raise refused("PolynomialLR", f"power={power}, below 0: torch divides by 0 at step {total}")
    if power == 0:
        return Found(node=constant(base), notes=("a power of 0: the rate never changes",))
    if power == 1:
        node: Node = Linear(init_value=base, end_value=0.0, steps=time_of(total))
    else:
        node = Polynomial(init_value=base, end_value=0.0, steps=time_of(total), power=power)
    return _cut(node, total, f"the end is always 0, at step {total} and after it")


def _cosine(scheduler: Any, _: int, base: float) -> Found:
    period, end = scheduler.T_max, number(scheduler.eta_min)
    if period == 0:
        raise refused("CosineAnnealingLR", "T_max=0, with which torch itself fails at step 1")
    node = Cosine(init_value=base, end_value=end, steps=time_of(period), after="continue")
    notes = (
        f"eta_min is an absolute rate, the same for every group, and reached at step {period}",
        f"after step {period} it rises again, to the base rate at step {time_of(2 * period)}: `after: continue`",
    )
    largest = max(abs(base), abs(end)) or 1.0

    def slack(steps: int) -> float:
        """Return what is lost at each trough, where the recursion begins again from a small difference."""
        troughs = steps // (2 * period) + 1
        return 2.0**-52 * float(troughs * (8 * period + period**2 * abs(end) / largest))

    return Found(node=node, notes=notes, kinks=(time_of(period), time_of(2 * period), time_of(4 * period)), slack=slack)


def _lambda(scheduler: Any, group: int, base: float) -> Found:
    function = scheduler.lr_lambdas[group]
    inner = function.func if isinstance(function, partial) else function
    if getattr(inner, "__module__", "") != "transformers.optimization":
        raise refused("LambdaLR", f"a function is code, of which no formula can be read; {WAY_OUT}")
    rate = rate_of(function, base)
    return Found(node=rate.node, notes=rate.notes, kinks=rate.kinks)


def _multiplicative(_scheduler: Any, _group: int, _base: float) -> Found:
    raise refused("MultiplicativeLR", f"a product of all that a function has returned so far is code; {WAY_OUT}")


def _swa(scheduler: Any, group: int, base: float) -> Found:
    """`base` is the rate from which the annealing began, which `start_of` finds."""
    steps, end = scheduler.anneal_epochs, number(scheduler.optimizer.param_groups[group]["swa_lr"])
    if steps == 0:
        return Found(node=constant(end), notes=("anneal_epochs=0: swa_lr from step 0 on",))
    strategy = getattr(scheduler, "_anneal_strategy", None) or scheduler.anneal_func.__name__
    curve = Cosine if "cos" in strategy else Linear
    node = curve(init_value=base, end_value=end, steps=steps)
    notes = (
        "it begins from the rate that the group had when it was made (computed back from the rate now), not initial_lr",
        "step 0 is the one at which the object was made; it counts its own steps, not those of the run",
    )
    return Found(node=node, notes=notes, kinks=(steps,))


RATIOS: dict[str, Reader] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
}
"""The classes that multiply the rate they find, and so can be chained."""
OTHERS: dict[str, Reader] = {
    "CosineAnnealingLR": _cosine,
    "LambdaLR": _lambda,
    "MultiplicativeLR": _multiplicative,
    "SWALR": _swa,
}
"""The classes with a curve that is no ratio."""
