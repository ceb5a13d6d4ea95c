"""The classes of `torch.optim.lr_scheduler`, and `SWALR`: what each computes, as a node, and how it is built and saved.

It is what stepping computes that counts, not the closed form that some classes have beside it: the two differ where a
length is 0 or not whole. What several of them compute together stands in `composed.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

from lrspec.fields import LAST_STEP
from lrspec.kinds import Cosine, Exponential, Freeze, Linear, Polynomial
from lrspec.kinds.leaf import LAST_STAIR
from lrspec.readers.build import constant, levels
from lrspec.readers.numbers import binary_time
from lrspec.readers.param_groups import WAY_OUT
from lrspec.readers.torch import cycles
from lrspec.readers.torch.description import (
    REQUIRED,
    Curve,
    Parameters,
    SchedulerClass,
    as_float,
    checked,
    refused,
    whole,
)
from lrspec.readers.transformers.objects import rate_of
from lrspec.spec import Node

_FURTHER = 1024
"""Up to how many steps further an exponential decay is compared, which has no turn."""


def _exponential(of: Parameters, base: float) -> Curve:
    gamma = as_float(of.gamma)
    if gamma == 0:
        return Curve(node=levels([0, 1], [base, 0.0]), notes=("gamma=0: 0 from step 1 on",), kinks=(1,))
    node = Exponential(init_value=base, decay_rate=gamma, decay_period=1)
    notes = ("gamma is the factor of each step",)
    return Curve(node=node, notes=notes, kinks=(256,), turns=lambda step: (step + _FURTHER,))


def _step(of: Parameters, base: float) -> Curve:
    size, gamma = of.step_size, as_float(of.gamma)
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
        return Curve(node=constant(base), notes=notes, faults=faults)
    if gamma == 0:
        notes = (*notes, "gamma=0: 0 from then on")
        return Curve(node=levels([0, period], [base, 0.0]), notes=notes, faults=faults, kinks=(period,))
    node = Exponential(init_value=base, decay_rate=gamma, decay_period=period, staircase=True)
    return Curve(
        node=node,
        notes=notes,
        faults=faults,
        kinks=tuple(period * k for k in range(1, 5)),
        turns=lambda step: ((step // period + k) * period for k in range(1, 9)),
    )


def _multi_step(of: Parameters, base: float) -> Curve:
    gamma = as_float(of.gamma)
    given = sorted(step for step, times in of.milestones.items() for _ in range(times))
    drops = [int(milestone) for milestone in given if whole(milestone) and 0 <= milestone <= LAST_STEP]
    notes = ["a milestone is the first step with the new rate; one that is given twice counts twice"]
    if len(drops) < len(given):
        notes.append(f"of the milestones {given} torch never reaches those below 0 and those that are not whole")
    starts = sorted({0, *drops})
    exact = [Fraction(base) * Fraction(gamma) ** sum(drop <= start for drop in drops) for start in starts]
    return Curve(node=levels(starts, [float(level) for level in exact]), notes=tuple(notes), kinks=tuple(starts))


def _multi_step_kept(given: Parameters, _: dict[str, Any]) -> Parameters:
    return SimpleNamespace(milestones=Counter(given.milestones), gamma=given.gamma)


def _constant(of: Parameters, base: float) -> Curve:
    factor, total = as_float(of.factor), of.total_iters
    if not whole(total) or total < 1:
        return Curve(node=constant(base * factor), faults=(_never(total, "the factor stays for ever"),))
    if factor == 0:
        raise refused("ConstantLR", f"factor=0: torch divides by it at step {total}, and fails")
    total, notes = int(total), (f"the factor holds before step {total}; the whole rate is back at it",)
    if total > LAST_STEP or factor == 1:
        return Curve(node=constant(base * factor), notes=notes)
    return Curve(node=levels([0, total], [base * factor, base]), notes=notes, kinks=(total,))


def _constant_kept(given: Parameters, _: dict[str, Any]) -> Parameters:
    checked("factor", given.factor, 0 <= given.factor <= 1, "a number from 0 to 1")
    return given


def _never(total: Any, instead: str) -> str:
    """Return the fault of a scheduler that never comes to its end."""
    return f"total_iters={total} is documented as the end; stepping, which was read, never comes to it: {instead}"


def _cut(node: Node, total: Any, what: str) -> Curve:
    """Return a curve to `total`, which stops at the last whole step before it where it is not whole."""
    if whole(total):
        return Curve(node=node, notes=(what,), kinks=(int(total),))
    last = math.floor(total)
    fault = _never(total, f"it stops at step {last}, short of the end, and stays there")
    return Curve(node=Freeze(part=node, steps=last), notes=(what,), faults=(fault,), kinks=(last, last + 1))


def _linear(of: Parameters, base: float) -> Curve:
    total = of.total_iters
    first, last = base * as_float(of.start_factor), base * as_float(of.end_factor)
    if total < 1:
        return Curve(node=constant(first), faults=(_never(total, "start_factor stays for ever"),))
    node = Linear(init_value=first, end_value=last, steps=binary_time(total))
    return _cut(node, total, f"start_factor at step 0, end_factor at step {total} and after it")


def _linear_kept(given: Parameters, _: dict[str, Any]) -> Parameters:
    checked("start_factor", given.start_factor, 0 < given.start_factor <= 1, "a number above 0, up to 1")
    checked("end_factor", given.end_factor, 0 <= given.end_factor <= 1, "a number from 0 to 1")
    return given


def _polynomial(of: Parameters, base: float) -> Curve:
    total, power = of.total_iters, as_float(of.power)
    if total < 1:
        return Curve(node=constant(base), faults=(_never(total, "the base rate stays for ever"),))
    if power < 0:
        raise refused("PolynomialLR", f"power={power}, below 0: torch divides by 0 at step {total}")
    if power == 0:
        return Curve(node=constant(base), notes=("a power of 0: the rate never changes",))
    if power == 1:
        node: Node = Linear(init_value=base, end_value=0.0, steps=binary_time(total))
    else:
        node = Polynomial(init_value=base, end_value=0.0, steps=binary_time(total), power=power)
    return _cut(node, total, f"the end is always 0, at step {total} and after it")


def _cosine(of: Parameters, base: float) -> Curve:
    period, end = of.T_max, as_float(of.eta_min)
    if period == 0:
        raise refused("CosineAnnealingLR", "T_max=0, with which torch itself fails at step 1")
    node = Cosine(init_value=base, end_value=end, steps=binary_time(period), after="continue")
    notes = (
        f"eta_min is an absolute rate, the same for every group, and reached at step {period}",
        f"after step {period} it rises again, to the base rate at step {binary_time(2 * period)}: `after: continue`",
    )
    largest = max(abs(base), abs(end)) or 1.0

    def slack(steps: int) -> float:
        """Return what is lost at each trough, where the recursion begins again from a small difference."""
        troughs = steps // (2 * period) + 1
        return 2.0**-52 * float(troughs * (8 * period + period**2 * abs(end) / largest))

    return Curve(
        node=node,
        notes=notes,
        kinks=(binary_time(period), binary_time(2 * period), binary_time(4 * period)),
        turns=lambda _: (binary_time(period),),
        slack=slack,
    )


def _lambda(of: Parameters, base: float) -> Curve:
    function = of.lr_lambda
    inner = function.func if isinstance(function, partial) else function
    if getattr(inner, "__module__", "") != "transformers.optimization":
        raise refused("LambdaLR", f"a function is code, of which no formula can be read; {WAY_OUT}")
    rate = rate_of(function, base)
    return Curve(node=rate.node, notes=rate.notes, kinks=rate.kinks)


def _multiplicative(_of: Parameters, _base: float) -> Curve:
    raise refused("MultiplicativeLR", f"a product of all that a function has returned so far is code; {WAY_OUT}")


def _swa(of: Parameters, base: float) -> Curve:
    """`base` is the rate from which the annealing began."""
    steps, end = of.anneal_epochs, as_float(of.group["swa_lr"])
    if steps == 0:
        return Curve(node=constant(end), notes=("anneal_epochs=0: swa_lr from step 0 on",))
    strategy = getattr(of, "_anneal_strategy", None) or of.anneal_func.__name__
    curve = Cosine if "cos" in strategy else Linear
    node = curve(init_value=base, end_value=end, steps=steps)
    notes = (
        "it begins from the rate that the group had when it was made (computed back from the rate now), not initial_lr",
        "step 0 is the one at which the object was made; it counts its own steps, not those of the run",
    )
    return Curve(node=node, notes=notes, kinks=(steps,))


def _swa_kept(given: Parameters, group: dict[str, Any]) -> Parameters:
    strategy, epochs = given.anneal_strategy, given.anneal_epochs
    checked("anneal_strategy", strategy, strategy in {"cos", "linear"}, "'cos' or 'linear'")
    checked("anneal_epochs", epochs, type(epochs) is int and epochs >= 0, "a whole number, 0 or above")
    group["swa_lr"] = given.swa_lr
    return SimpleNamespace(anneal_epochs=epochs, _anneal_strategy=strategy)


def _plateau(of: Parameters, _: float) -> Curve:
    """Refuse a scheduler that goes by a metric, with what to write instead."""
    names = ("mode", "factor", "patience", "threshold", "threshold_mode", "cooldown")
    values = {name: getattr(of, name) for name in names}
    floors = sorted(set(of.min_lrs))
    values |= {"min_lr": as_float(floors[0]), "eps": of.eps}
    arguments = ", ".join(f"{name}={value!r}" for name, value in values.items())
    several = f" (of its min_lrs {floors}, one for each group, a rule has one)" if len(floors) > 1 else ""
    reason = f"it goes by a metric, so that it is no function of the step; use PlateauRule.torch({arguments}){several}"
    raise refused("ReduceLROnPlateau", reason)


def _plateau_kept(given: Parameters, _: dict[str, Any]) -> Parameters:
    return SimpleNamespace(**vars(given), min_lrs=[given.min_lr])


DEFAULTS_OF = "torch 2.13"
"""The version whose defaults stand below; they are those of every version from 2.0 on."""
_CODE = "it holds a Python function, of which its state says nothing; where schedule is the same one in lrspec, use \
schedule.to_torch(optimizer, step=state['last_epoch'])"
_NOT_SAID = "its state does not say its rates"
SCHEDULERS: dict[str, SchedulerClass] = {
    "LambdaLR": SchedulerClass(
        curve=_lambda, arguments={"lr_lambda": REQUIRED}, keys=frozenset({"lr_lambdas"}), unsaid=_CODE
    ),
    "MultiplicativeLR": SchedulerClass(
        curve=_multiplicative, arguments={"lr_lambda": REQUIRED}, keys=frozenset({"lr_lambdas"}), unsaid=_CODE
    ),
    "StepLR": SchedulerClass(curve=_step, arguments={"step_size": REQUIRED, "gamma": 0.1}, is_factor=True),
    "MultiStepLR": SchedulerClass(
        curve=_multi_step, arguments={"milestones": REQUIRED, "gamma": 0.1}, kept=_multi_step_kept, is_factor=True
    ),
    "ConstantLR": SchedulerClass(
        curve=_constant, arguments={"factor": 1 / 3, "total_iters": 5}, kept=_constant_kept, is_factor=True
    ),
    "LinearLR": SchedulerClass(
        curve=_linear,
        arguments={"start_factor": 1 / 3, "end_factor": 1.0, "total_iters": 5},
        kept=_linear_kept,
        is_factor=True,
    ),
    "ExponentialLR": SchedulerClass(curve=_exponential, arguments={"gamma": REQUIRED}, is_factor=True),
    "PolynomialLR": SchedulerClass(curve=_polynomial, arguments={"total_iters": 5, "power": 1.0}, is_factor=True),
    "CosineAnnealingLR": SchedulerClass(curve=_cosine, arguments={"T_max": REQUIRED, "eta_min": 0.0}),
    "CosineAnnealingWarmRestarts": SchedulerClass(
        curve=cycles.restarts,
        arguments={"T_0": REQUIRED, "T_mult": 1, "eta_min": 0.0},
        kept=cycles.restarts_kept,
        keys=frozenset({"T_0", "T_i", "T_mult", "eta_min", "T_cur"}),
    ),
    "CyclicLR": SchedulerClass(
        curve=cycles.cyclic,
        arguments={
            "base_lr": REQUIRED,
            "max_lr": REQUIRED,
            "step_size_up": 2000,
            "step_size_down": None,
            "mode": "triangular",
            "gamma": 1.0,
            "scale_fn": None,
            "scale_mode": "cycle",
            "cycle_momentum": True,
            "base_momentum": 0.8,
            "max_momentum": 0.9,
        },
        kept=cycles.cyclic_kept,
        mark="step_ratio",
        unsaid="its state does not say all of its cycles",
    ),
    "OneCycleLR": SchedulerClass(
        curve=cycles.one_cycle,
        arguments={
            "max_lr": REQUIRED,
            "total_steps": None,
            "epochs": None,
            "steps_per_epoch": None,
            "pct_start": 0.3,
            "anneal_strategy": "cos",
            "cycle_momentum": True,
            "base_momentum": 0.85,
            "max_momentum": 0.95,
            "div_factor": 25.0,
            "final_div_factor": 1e4,
            "three_phase": False,
        },
        kept=cycles.one_cycle_kept,
        keys=frozenset({"total_steps", "_schedule_phases", "_anneal_func_type", "cycle_momentum"}),
        unsaid=_NOT_SAID,
    ),
    "SWALR": SchedulerClass(
        curve=_swa,
        arguments={"swa_lr": REQUIRED, "anneal_epochs": 10, "anneal_strategy": "cos"},
        kept=_swa_kept,
        mark="anneal_epochs",
        unsaid=_NOT_SAID,
    ),
    "ReduceLROnPlateau": SchedulerClass(
        curve=_plateau,
        arguments={
            "mode": "min",
            "factor": 0.1,
            "patience": 10,
            "threshold": 1e-4,
            "threshold_mode": "rel",
            "cooldown": 0,
            "min_lr": 0,
            "eps": 1e-8,
        },
        kept=_plateau_kept,
        mark="patience",
        unsaid="it follows a metric; lrspec.ReduceOnPlateau does",
    ),
}
"""Every class with a formula of its own, in torch's order, or with a reason why it has none."""
