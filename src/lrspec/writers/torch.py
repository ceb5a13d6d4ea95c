"""A schedule as the classes of `torch.optim.lr_scheduler`.

What has to be known of them: LinearLR begins above 0; CosineAnnealingLR rises again after its end, so that a constant
has to follow it; OneCycleLR ends one step before `total_steps`, and fails after it; the children of a SequentialLR
multiply one base rate, and each counts from its own milestone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence as Listing
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from lrspec.kinds import Constant, Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Repeat, Sequence
from lrspec.presets import one_cycle
from lrspec.spec import Node
from lrspec.writers.dialects import PYTHON
from lrspec.writers.function import formula
from lrspec.writers.numbers import factor, gamma_of, literal
from lrspec.writers.parts import Part, is_half, joined, only, parts_of, rising, whole
from lrspec.writers.result import Native, NoMatch

CHECK = "lrspec.from_native(make(params)[1]) reads it back; or step it, and compare each rate with schedule.exact(step)"
_CLASSES = "torch.optim.lr_scheduler"


def native(node: Node, until: int | None = None) -> Native:
    """Return the lines of code that make it of torch's own classes.

    Args:
        node: The schedule.
        until: The number of steps of the run, where nothing is asked of those after it.

    Raises:
        NoMatch: They cannot.
    """
    cycle = _one_cycle(node, until)
    if cycle:
        return cycle
    parts = _closed(rising(parts_of(node, until)))
    reasons = []
    for base in _bases(parts):
        try:
            children = [_child(part, base) for part in parts]
        except NoMatch as error:
            reasons.append(error)
            continue
        return Native(_make_function(base, children, [part.start for part in parts[1:]]), joined(parts))
    raise reasons[0] if reasons else NoMatch(node.kind)


def function(node: Node, until: int | None = None) -> list[str]:
    """Return the lines of code of a function, and of a LambdaLR that calls it.

    Args:
        node: The schedule.
        until: As in `native`.

    Raises:
        NoMatch: A kind has no formula.
    """
    code = formula(node, PYTHON, until)
    imports = [f"import {name}" for name in ("bisect", "math") if code.uses(f"{name}.")]
    pieces = [line for stop, piece in zip(code.stops, code.pieces, strict=False) for line in _before(stop, piece)]
    return [
        *(*imports, *([""] if imports else [])),
        "import torch",
        *(["", *code.constants] if code.constants else []),
        *("", "", "def rate(step):"),
        *(f"    {line}" for line in (*code.statements, *pieces, f"return {code.pieces[-1]}")),
        *("", "", "def make(params):"),
        "    optimizer = torch.optim.SGD(params, lr=1.0)  # of any kind, with lr=1.0: the function returns the rate",
        f"    return optimizer, {_CLASSES}.LambdaLR(optimizer, rate)",
    ]


def _before(stop: int, piece: str) -> list[str]:
    return [f"if step < {stop}:", f"    return {piece}"]


table = function


def _make_function(base: float, children: Listing[str], milestones: Listing[int]) -> list[str]:
    """Return the code of an optimizer with a base rate and of its schedulers, one after another."""
    if len(children) == 1:
        scheduler = [f"    scheduler = {_CLASSES}.{children[0]}"]
    else:
        scheduler = [
            f"    scheduler = {_CLASSES}.SequentialLR(",
            "        optimizer,",
            "        [",
            *(f"            {_CLASSES}.{child}," for child in children),
            "        ],",
            f"        milestones={list(milestones)!r},",
            "    )",
        ]
    return [
        "import torch",
        *("", "", "def make(params):"),
        f"    optimizer = torch.optim.SGD(params, lr={base!r})  # of any kind, with this lr",
        *scheduler,
        "    return optimizer, scheduler",
    ]


def _closed(parts: list[Part]) -> list[Part]:
    """Return parts in which a constant follows each cosine that would rise again."""
    found: list[Part] = []
    for part in parts:
        node = part.node
        if not (isinstance(node, Cosine) and is_half(node) and node.after == "hold"):
            found.append(part)
            continue
        end = part.start + whole(node.steps)
        if part.stop is None or part.stop > end:
            found += [
                replace(part, stop=end),
                Part(node=Constant(value=node.end_value), start=end, stop=part.stop),
            ]
        else:
            found.append(part)
    return found


def _bases(parts: list[Part]) -> list[float]:
    """Return the values that may be the optimizer's rate, the largest first."""
    names = ("value", "init_value", "end_value")
    values = {getattr(part.node, name, None) for part in parts for name in names}
    values |= {part.node.levels[0] for part in parts if isinstance(part.node, PiecewiseConstant)}
    values |= {part.node.part.init for part in parts if isinstance(part.node, Repeat) and is_half(part.node.part)}  # type: ignore[attr-defined]
    return sorted((value for value in values if isinstance(value, float) and value >= 0), reverse=True)


def _child(part: Part, base: float) -> str:
    """Return the call that makes a part, of the base rate.

    Raises:
        NoMatch: No class computes the part.
    """
    for kind, write in _WRITERS.items():
        if isinstance(part.node, kind):
            return f"{write(part, base)}"
    raise NoMatch(part.node.kind)


def _starts_at(value: float | str, base: float, node: Node) -> None:
    if value != base:
        raise NoMatch(f"{node.kind} that does not begin at the base rate")


def _constant(part: Part, base: float) -> str:
    value = part.node.value  # type: ignore[attr-defined]
    if value == base:
        return "ConstantLR(optimizer, factor=1.0)"
    if part.stop is None or part.free:
        return f"MultiStepLR(optimizer, milestones=[0], gamma={factor(value, base)})"
    if not 0 < factor(value, base) <= 1:
        raise NoMatch("a constant of 0, or above the base rate")
    return f"ConstantLR(optimizer, factor={factor(value, base)}, total_iters={part.steps})"


def _linear(part: Part, base: float) -> str:
    node = part.node
    if not isinstance(node, Linear) or node.after == "continue":
        raise NoMatch("linear that goes on after its end")
    first, last = factor(node.init, base), factor(node.end_value, base)
    if not 0 < first <= 1:
        raise NoMatch("linear from 0, which LinearLR refuses, or from above the base rate")
    if not 0 <= last <= 1:
        raise NoMatch("linear to above the base rate")
    end = "" if last == 1 else f" end_factor={last},"
    return f"LinearLR(optimizer, start_factor={first},{end} total_iters={whole(node.steps)})"


def _polynomial(part: Part, base: float) -> str:
    node = part.node
    if not isinstance(node, Polynomial) or node.end_value != 0 or node.k_decay != 1 or node.after == "continue":
        raise NoMatch("polynomial to another end than 0, or with a k_decay")
    _starts_at(node.init_value, base, node)
    return f"PolynomialLR(optimizer, total_iters={whole(node.steps)}, power={literal(node.power)})"


def _cosine(part: Part, base: float) -> str:
    node = part.node
    if not isinstance(node, Cosine) or not is_half(node):
        raise NoMatch("cosine of another shape than half a period")
    _starts_at(node.init_value, base, node)
    return f"CosineAnnealingLR(optimizer, T_max={whole(node.steps)}, eta_min={node.end_value!r})"


def _exponential(part: Part, base: float) -> str:
    node = part.node
    if not isinstance(node, Exponential) or node.steps is not None:
        raise NoMatch("exponential")
    _starts_at(node.init_value, base, node)
    if node.decay_period == 1:
        return f"ExponentialLR(optimizer, gamma={node.decay_rate!r})"
    if not node.staircase:
        raise NoMatch("exponential with another period than a step")
    return f"StepLR(optimizer, step_size={whole(node.decay_period)}, gamma={node.decay_rate!r})"


def _piecewise(part: Part, base: float) -> str:
    node = part.node
    if not isinstance(node, PiecewiseConstant):
        raise NoMatch(node.kind)
    _starts_at(node.levels[0], base, node)
    gamma = gamma_of(node.levels)
    return f"MultiStepLR(optimizer, milestones={list(node.boundaries)!r}, gamma={gamma!r})"


def _repeat(part: Part, base: float) -> str:
    node = part.node
    plain = only(node, Repeat, fixed_steps=0, peak_mult=1, peak_power=0, num_cycles=None)
    if not isinstance(node, Repeat) or not plain or not is_half(node.part):
        raise NoMatch("repeat of something else than half a cosine")
    cosine = node.part
    if not isinstance(cosine, Cosine) or node.cycle_steps not in (None, cosine.steps):
        raise NoMatch("repeat with cycles of another length than its part")
    _starts_at(cosine.init_value, base, node)
    growth = "" if node.cycle_mult == 1 else f" T_mult={whole(node.cycle_mult)},"
    first = whole(cosine.steps)
    return f"CosineAnnealingWarmRestarts(optimizer, T_0={first},{growth} eta_min={cosine.end_value!r})"


_WRITERS: dict[type[Node], Callable[[Part, float], str]] = {
    Constant: _constant,
    Linear: _linear,
    Polynomial: _polynomial,
    Cosine: _cosine,
    Exponential: _exponential,
    PiecewiseConstant: _piecewise,
    Repeat: _repeat,
}


def _one_cycle(node: Node, until: int | None) -> Native | None:
    """Return the code of a OneCycleLR, where that is what the tree says.

    It fails after its end; unless the run ends there, a constant comes after it.
    """
    if not (only(node, Sequence, time="local") and isinstance(node, Sequence) and len(node.parts) in (2, 3)):
        return None
    phases = [part for part in node.resolved if isinstance(part, Linear | Cosine)]
    total = Fraction(node.length or 0) + 1
    if len(phases) < len(node.parts) or total.denominator != 1:
        return None
    first, peak, last = phases[0].init, phases[0].end_value, phases[-1].end_value
    pct = _share_of_rise([Fraction(at) for at in node.starts[1:]], int(total))
    if not 0 < last < first < peak or pct is None:
        return None
    divisors: dict[str, Any] = {"div_factor": _divisor(first, peak), "final_div_factor": _divisor(last, first)}
    shape: Literal["linear", "cosine"] = "linear" if isinstance(phases[0], Linear) else "cosine"
    three = len(phases) == 3
    preset = one_cycle(
        peak_value=peak, total_steps=int(total), pct_start=pct, **divisors, shape=shape, three_phase=three
    )
    if not all(map(_is_nearly, phases, preset.resolved)):  # type: ignore[attr-defined]  # it is a sequence
        return None
    arguments: dict[str, object] = {"max_lr": peak, "total_steps": int(total), "pct_start": pct, **divisors}
    arguments |= {"anneal_strategy": "linear"} if shape == "linear" else {}
    arguments |= {"three_phase": True} if three else {}
    text = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    cycle = f"OneCycleLR(optimizer, {text}, cycle_momentum=False)"
    if until is not None and until <= total:
        return Native(
            _make_function(first, [cycle], []), f"OneCycleLR raises ValueError (from step {int(total) + 1:,} on)"
        )
    held = f"MultiStepLR(optimizer, milestones=[0], gamma={factor(last, first)})"
    return Native(_make_function(first, [cycle, held], [int(total)]), node)


def _share_of_rise(ends: list[Fraction], total: int) -> float | None:
    """Return the `pct_start` with which the phases end where they do."""
    near = (ends[0] + 1) / total
    for pct in (float(f"{float(near):.6g}"), float(near)):
        computed = [Fraction(pct * total - 1), Fraction(2 * pct * total - 2)]
        if ends == computed[: len(ends)]:
            return pct
    return None


def _is_nearly(phase: Linear | Cosine, other: Linear | Cosine) -> bool:
    """Tell whether a ramp is another one, but for what two divisions round of its ends."""
    near = math.isclose(phase.init, other.init, rel_tol=2.0**-50)
    near = near and math.isclose(phase.end_value, other.end_value, rel_tol=2.0**-50)
    return near and phase == replace(other, init_value=phase.init_value, end_value=phase.end_value)


def _divisor(value: float, top: float) -> float:
    """Return a number d with `top / d == value` in float64, where there is one."""
    near = top / value
    short = (float(f"{near:.{digits}g}") for digits in (3, 6, 15))
    return next((one for one in short if abs(top / one - value) <= math.ulp(value)), near)
