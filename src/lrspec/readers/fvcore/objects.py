"""Reading `fvcore.common.param_scheduler`, and the `LRMultiplier` of detectron2 that holds one.

These schedulers are functions of how far the run has come, `where`, from 0 up to but not including 1: they have no
steps of their own. So a reader needs the number of steps of the run, which is its `sample`; update t then has
`where = t / sample`. An `LRMultiplier` knows that number itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lrspec.compiler.formula import HORIZON, Time, simple
from lrspec.errors import UnsupportedError
from lrspec.kinds import Affine, Cosine, Exponential, Linear, Polynomial, Sequence, Shift
from lrspec.readers.build import constant, lasting, levels
from lrspec.readers.keras.documented import time_of
from lrspec.readers.param_groups import WAY_OUT, Rate, Source, names_of, nodes_of, on_course, read_groups
from lrspec.readers.reading import Reading
from lrspec.spec import Node

_MODULE = "fvcore.common.param_scheduler"
_BEYOND = "`where` is below 1, and so the object has no value from the last step on; the last one is held there"


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a scheduler of fvcore is over a run of `sample` steps, checked against what it gives.

    Raises:
        UnsupportedError: There is no `sample`, the number of steps of the run.
        MismatchError: The schedule is not what the object computes.
    """
    if hasattr(native, "_multiplier") and hasattr(native, "_max_iter"):
        return _from_multiplier(native, name)
    if sample is None:
        raise _refused(
            name, "a function of the share of the run, without steps; give sample=N, the run's number of steps"
        )
    source = Source(
        framework="fvcore",
        construct=name,
        own=lambda step: [native(step / sample)],
        notes=(f"the run has {sample} steps, and step t is where = t / {sample}", _ABOUT_VALUES, _BEYOND),
        stop=_last(native, sample),
    )
    return read_groups(source, lambda: [_rate(native, sample)], sample)


_ABOUT_VALUES = "the values are those of the object; detectron2 and others take them as multiples of a base rate"


def is_of_fvcore(native: Any) -> bool:
    """Tell whether an object is a scheduler of fvcore, or derived from one, or detectron2's `LRMultiplier`."""
    kinds = type(native).__mro__
    of_detectron = kinds[0].__module__ == "detectron2.solver.lr_scheduler" and hasattr(native, "_multiplier")
    return of_detectron or any(kind.__module__ == _MODULE for kind in kinds)


def _from_multiplier(native: Any, name: str) -> Reading:
    """Return the rates of an `LRMultiplier`: each group's base rate times the scheduler inside."""
    steps, bases = int(native._max_iter), [float(base) for base in native.base_lrs]  # noqa: SLF001 - kept nowhere else
    inner = native._multiplier  # noqa: SLF001
    source = Source(
        framework="detectron2",
        construct=name,
        own=lambda step: [base * inner(step / steps) for base in bases],
        notes=(f"max_iter={steps} is the number of steps of the run, and step t is where = t / {steps}", _BEYOND),
        names=names_of(native.optimizer),
        position=int(native.last_epoch),
        stop=_last(inner, steps),
    )

    def rates() -> list[Rate]:
        rate = _rate(inner, steps)
        return [replace(rate, node=Affine(part=rate.node, scale=base)) for base in bases]

    reading = read_groups(source, rates, steps)
    held = [group["lr"] for group in native.optimizer.param_groups]
    return on_course(reading, nodes_of(reading.schedule, len(bases)), held, int(native.last_epoch))


def _refused(name: str, reason: str) -> UnsupportedError:
    return UnsupportedError("fvcore", name, reason)


@dataclass(frozen=True, kw_only=True)
class _Window:
    """Where a scheduler stands: it has `where = (u + phase) / length` at step u of its own.

    Args:
        length: How many steps its whole range from 0 to 1 takes.
        phase: At what time of that it begins; below 0 by what fvcore's 1e-6 makes a part begin too early.
    """

    length: Time
    phase: Time = 0

    def first(self, where: Fraction) -> int:
        """Return the first step at or after a point of the range."""
        return max(math.ceil(where * self.length - self.phase), 0)

    def after(self, where: Fraction) -> int:
        """Return the first step after a point of the range."""
        return max(math.floor(where * self.length - self.phase) + 1, 0)

    def smooth(self, node: Node) -> Node:
        """Return a node of the whole range from where the scheduler begins."""
        if self.phase < 0:
            reason = f"a part begins, by fvcore's 1e-6, {float(-self.phase):g} steps before its own range does"
            raise _refused("CompositeParamScheduler", f"{reason}; {WAY_OUT}")
        return Shift(part=node, by=self.phase) if self.phase else node


def _rate(native: Any, steps: int) -> Rate:
    node, kinks, exact = _node(native, _Window(length=steps))
    marks = {int(kink) for kink in exact if kink == int(kink)}
    power = min([1.0, *(float(one._power) for one in _all(native) if hasattr(one, "_power"))])  # noqa: SLF001
    slack = 2.0**-50 * (1 / _narrowest(native) - 1) + 2.0**-51 * (steps ** (1 - max(power, 0)) - 1)
    return Rate(
        node=node,
        kinks=(*kinks, steps - 16),
        is_jump=lambda step: step in marks,
        slack=slack,
        notes=_notes(native, steps),
    )


def _notes(native: Any, steps: int) -> tuple[str, ...]:
    kinds = {_class_of(one) for one in _all(native)}
    notes = []
    if kinds & {"MultiStepParamScheduler", "StepParamScheduler", "StepWithFixedGammaParamScheduler"}:
        notes.append("a level holds from the first step at which where + 1e-6 is at its boundary")
    if "CompositeParamScheduler" in kinds:
        notes.append(
            "a part begins at the first step at which where + 1e-6 is above its start; `rescaled` has its own `where`"
        )
    if notes and steps >= 1e6:
        notes.append(f"over so many steps the 1e-6 is {steps * 1e-6:g} steps, by which changes come early")
    if _last(native, steps) < steps:
        notes.append(
            f"the object itself fails from step {_last(native, steps)} on, by its 1e-6; the last value is held"
        )
    return tuple(notes)


def _all(native: Any) -> list[Any]:
    return [native, *(inner for child in getattr(native, "_schedulers", ()) for inner in _all(child))]


def _narrowest(native: Any) -> float:
    """Return the smallest share of the run that a part has, by which what a quotient loses is magnified."""
    lengths = zip(getattr(native, "_lengths", ()), getattr(native, "_schedulers", ()), strict=True)
    return min([1.0, *(float(length) * _narrowest(child) for length, child in lengths if length > 0)])


def _last(native: Any, steps: int) -> int:
    """Return the number of steps that have a value: fewer than the run's where steps end by the 1e-6 too early."""
    near_end = range(max(steps - math.ceil(steps * 2e-6), 0), steps)
    return next((step for step in near_end if not _has_value(native, step / steps)), steps)


def _has_value(native: Any, where: float) -> bool:
    """Tell whether a scheduler does not fail by taking a part, or a level, beyond its last."""
    try:
        native(where)
    except (IndexError, ZeroDivisionError):
        return False
    except Exception:  # noqa: BLE001 - what else fails is reported when it is compared
        return True
    return True


def _class_of(native: Any) -> str:
    """Return the class whose formula an object has: its own, or the one that it is derived from."""
    function = type(native).__call__
    return function.__qualname__.split(".")[0] if function.__module__ == _MODULE else type(native).__qualname__


Found = tuple[Node, tuple[Time, ...], tuple[Time, ...]]
"""A node, the times of its kinks, and those at which a quotient that is rounded decides."""


def _node(native: Any, window: _Window) -> Found:
    """Return the schedule in steps of the window, which begins at its phase."""
    name = _class_of(native)
    if name not in _NODES:
        raise _refused(name, f"a class of its own, whose formula is code; {WAY_OUT}")
    return _NODES[name](native, window)


def _constant(native: Any, _: _Window) -> Found:
    return constant(native._value), (), ()  # noqa: SLF001 - kept nowhere else, here and below


def _cosine(native: Any, window: _Window) -> Found:
    first, last = float(native._start_value), float(native._end_value)  # noqa: SLF001
    return window.smooth(Cosine(init_value=first, end_value=last, steps=window.length)), (), ()


def _linear(native: Any, window: _Window) -> Found:
    first, last = float(native._start_value), float(native._end_value)  # noqa: SLF001
    return window.smooth(Linear(init_value=first, end_value=last, steps=window.length)), (), ()


def _exponential(native: Any, window: _Window) -> Found:
    first, decay = float(native._start_value), float(native._decay)  # noqa: SLF001
    if decay <= 0:
        raise _refused("ExponentialParamScheduler", f"decay={decay}, not above 0; {WAY_OUT}")
    if decay == 1:
        return constant(first), (), ()
    node = Exponential(init_value=first, decay_rate=decay, decay_period=window.length, steps=window.length)
    return window.smooth(node), (), ()


def _polynomial(native: Any, window: _Window) -> Found:
    first, power = float(native._base_value), float(native._power)  # noqa: SLF001
    if power < 0:
        raise _refused(
            "PolynomialDecayParamScheduler", f"power={power}, below 0, which has no value at the end; {WAY_OUT}"
        )
    if power == 0:
        return constant(first), (), ()
    if power == 1:
        return window.smooth(Linear(init_value=first, end_value=0.0, steps=window.length)), (), ()
    return window.smooth(Polynomial(init_value=first, end_value=0.0, steps=window.length, power=power)), (), ()


def _stairs(values: Any, bounds: list[Fraction], window: _Window) -> Found:
    """Return values that change at points of the range."""
    held: dict[int, float] = {0: float(values[0])}
    for bound, value in zip(bounds, values[1:], strict=True):
        held[window.first(bound)] = float(value)
    exact = tuple(simple(bound * window.length - window.phase) for bound in bounds)
    starts = [start for start in sorted(held) if start < HORIZON]
    return levels(starts, [held[start] for start in starts]), tuple(starts), exact


def _multi_step(native: Any, window: _Window) -> Found:
    near, updates = time_of(native.WHERE_EPSILON), time_of(native._num_updates)  # noqa: SLF001
    bounds = [Fraction(math.ceil(time_of(m))) / updates - near for m in native._milestones]  # noqa: SLF001
    return _stairs(native._param_schedule, bounds, window)  # noqa: SLF001


def _step(native: Any, window: _Window) -> Found:
    values = native._param_schedule  # noqa: SLF001
    near = time_of(native.WHERE_EPSILON)
    return _stairs(values, [Fraction(k, len(values)) - near for k in range(1, len(values))], window)


def _fixed_gamma(native: Any, window: _Window) -> Found:
    return _step(native._step_param_scheduler, window)  # noqa: SLF001


def _composite(native: Any, window: _Window) -> Found:
    """Each part begins at a whole step of the window, at which its own range need not begin."""
    near = time_of(native.WHERE_EPSILON)
    lengths = [Fraction(time_of(length)) for length in native._lengths]  # noqa: SLF001
    ends = [sum(lengths[: i + 1], Fraction(0)) for i in range(len(lengths) - 1)]
    starts = [0, *(window.after(end - near) for end in ends)]
    starts = [start if start < window.length - window.phase else HORIZON for start in starts] + [HORIZON]
    exact = [simple((end - near) * window.length - window.phase) for end in ends]
    parts: list[Node] = []
    kinks: list[Time] = [start for start in starts if start < HORIZON]
    for i, (start, end) in enumerate(pairwise(starts)):
        if end <= start:
            continue
        time = simple(Fraction(window.phase) + start)
        inside = _Window(length=window.length, phase=time)
        if native._interval_scaling[i] == "rescaled":  # noqa: SLF001
            begun = Fraction(time) - sum(lengths[:i], Fraction(0)) * window.length
            inside = _Window(length=simple(lengths[i] * window.length), phase=simple(begun))
        node, inner, decisive = _node(native._schedulers[i], inside)  # noqa: SLF001
        parts += lasting(node, end - start) if end < HORIZON else [node]
        kinks += [start + kink for kink in inner if kink < end - start]
        exact += [start + kink for kink in decisive if kink < end - start]
    return (Sequence(parts=parts) if len(parts) > 1 else parts[0]), tuple(kinks), tuple(exact)


_NODES: dict[str, Callable[[Any, _Window], Found]] = {
    "ConstantParamScheduler": _constant,
    "CosineParamScheduler": _cosine,
    "ExponentialParamScheduler": _exponential,
    "LinearParamScheduler": _linear,
    "MultiStepParamScheduler": _multi_step,
    "PolynomialDecayParamScheduler": _polynomial,
    "StepParamScheduler": _step,
    "StepWithFixedGammaParamScheduler": _fixed_gamma,
    "CompositeParamScheduler": _composite,
}
"""The node of each class, over a window of its range."""
