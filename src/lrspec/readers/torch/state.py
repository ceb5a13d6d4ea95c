"""Reading the state of a scheduler of `torch.optim.lr_scheduler`: plain data, of which only the keys tell the class.

No framework is imported, and nothing is executed. A state that is recognised says its position, and its numbers say the
rest of the schedule, which is compared with what is to go on.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import Steps, show

State = Mapping[str, Any]
_SHARED = {
    "base_lrs",
    "last_epoch",
    "verbose",
    "use_beta1",
    "_step_count",
    "_last_lr",
    "_is_initial",
    "_get_lr_called_within_step",
}
"""The keys that every class has, in some version."""
_TOLERANCE, _FLOOR = 2.0**-20, 2.0**-30
"""What rounding explains: of the rate, in float32 and along torch's recursion; and of the base rate, near 0."""
_STEPS, _SAMPLES = 1024, 256


class _Class(NamedTuple):
    """A class of schedulers: its formula, and the steps at which it turns or ends, as far as its state says them."""

    name: str
    formula: Callable[[State, int, float], float] | None = None
    turns: Callable[[State, int], Iterable[int]] = lambda _, step: [step + _STEPS]
    refusal: str = ""


def recognised(state: State) -> tuple[str, int]:
    """Return the class that a state is of, and its position: how often `scheduler.step()` was called.

    Args:
        state: The `state_dict()` of a scheduler.

    Raises:
        UnsupportedError: It is of a class whose state does not say the schedule, or of none that is known.
        SpecError: The position is no number of steps.

    Example:
        >>> recognised({"gamma": 0.9, "base_lrs": [0.1], "last_epoch": 7, "_step_count": 8, "_last_lr": [0.0478]})
        ('ExponentialLR', 7)
    """
    kind = _kind(state)
    try:
        return kind.name, int(Steps(zero=True, duration=False).read(state.get("last_epoch")))
    except SpecError as error:
        raise error.within("last_epoch") from None


def position(state: State, rates: Callable[[int], Sequence[float]], ours: object) -> int:
    """Return the position of a state, after making sure that it is one of the same schedule.

    Its last rates must be those of the schedule at the position, and its formula those of the steps that follow: of the
    next 1024, of 256 to the last turn that the state tells of, and of those around each turn. (The state of OneCycleLR
    tells its last rates alone.) They agree where they are within 2^-20 of each other, or 2^-30 of the base rate.

    Args:
        state: The `state_dict()` of a scheduler.
        rates: A function from a step to the rate of each parameter group.
        ours: The schedule that is to go on, for the error.

    Raises:
        UnsupportedError: As of `recognised`.
        LrspecError: The rates differ, or the state is damaged.
    """
    name, step = recognised(state)
    try:
        _check_lengths(state)
        _compare(state, step, [float(rate) for rate in state["_last_lr"]], rates(step), ours)
        if name != "OneCycleLR":
            for at in _steps(state, step):
                _compare(state, at, _native(state, at), rates(at), ours)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise LrspecError(f"a damaged state of torch's {name}: {error!r}") from error
    return step


def _check_lengths(state: State) -> None:
    """Refuse lengths that torch's own constructors refuse, with which its formulas have no value.

    Raises:
        LrspecError: A length is not above 0, or the number of schedulers is not that of the milestones and one.
    """
    for key, least in (("T_0", 1), ("T_mult", 1), ("T_max", None), ("step_size", None)):
        if key in state and (state[key] < least if least is not None else state[key] == 0):
            raise LrspecError(f"a state of torch's {_kind(state).name} with {key}={state[key]}")
    if "_milestones" in state:
        if len(state["_schedulers"]) != len(state["_milestones"]) + 1:
            raise LrspecError("a state of torch's SequentialLR whose milestones are not one fewer than its schedulers")
        for child in state["_schedulers"]:
            _check_lengths(child)


def _compare(state: State, step: int, found: Sequence[float], expected: Sequence[float], ours: object) -> None:
    floor = _FLOOR * max((abs(float(rate)) for rate in _bases(state)), default=0.0)
    pairs = zip(found, expected, strict=False)
    if len(found) == len(expected) and all(math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=floor) for a, b in pairs):
        return
    own = ", ".join(f"{key}={show(value)}" for key, value in state.items() if key not in _SHARED and key[0] != "_")
    shown = repr(ours)
    raise LrspecError(
        f"a state of torch's {_kind(state).name}({own}) with the base rates {_bases(state)}, which is {list(found)} at "
        f"step {step}, where {shown if len(shown) <= 400 else shown[:400] + '...'} is {list(expected)}. If this "
        "schedule is to follow, or if that one was stepped once per epoch, use schedule.to_torch(optimizer, step=...)"
    )


def _bases(state: State) -> list[Any]:
    """Return the rates that the parameter groups began with."""
    found: list[Any] = _bases(state["_schedulers"][0]) if "_milestones" in state else list(state["base_lrs"])
    return found


def _native(state: State, step: int) -> list[float]:
    """Return the rates at a step by the formula of a state's class."""
    if "_milestones" in state:
        place = bisect_right(state["_milestones"], step)
        start = state["_milestones"][place - 1] if place else 0
        return _native(state["_schedulers"][place], step - start)
    formula = _kind(state).formula
    if formula is None:
        raise UnsupportedError("torch", f"{_kind(state).name} in a SequentialLR", "its state does not say its rates")
    return [float(formula(state, step, float(base))) for base in state["base_lrs"]]


def _steps(state: State, step: int) -> list[int]:
    """Return the steps to compare, from `step` on, before the last turn."""
    turns = [turn for turn in _kind(state).turns(state, step) if turn > step]
    end = max(turns, default=step + 1)
    near = range(step, min(step + _STEPS, end))
    far = range(step, end, max(1, (end - step) // _SAMPLES))
    return sorted({*near, *far, *(at for turn in turns for at in (turn - 1, turn) if step <= at < end)})


def _cosine(state: State, step: int, base: float) -> float:
    low = state["eta_min"]
    return float(low + (base - low) * (1 + math.cos(math.pi * step / state["T_max"])) / 2)


def _restarts(state: State, step: int, base: float) -> float:
    low, length, factor = state["eta_min"], state["T_0"], state["T_mult"]
    if factor == 1:
        step %= length
    while step >= length:
        step, length = step - length, length * factor
    return float(low + (base - low) * (1 + math.cos(math.pi * step / length)) / 2)


def _linear(state: State, step: int, base: float) -> float:
    first, last, steps = state["start_factor"], state["end_factor"], state["total_iters"]
    return float(base * (first + (last - first) * min(steps, step) / steps)) if steps else float(base * first)


def _polynomial(state: State, step: int, base: float) -> float:
    steps = state["total_iters"]
    return float(base * (1 - min(steps, step) / steps) ** state["power"]) if steps else base


def _multi_step(state: State, step: int, base: float) -> float:
    passed = sum(count for milestone, count in state["milestones"].items() if milestone <= step)
    return float(base * state["gamma"] ** passed)


def _restart_turns(state: State, step: int) -> list[int]:
    turns, length = [0], state["T_0"]
    while len(turns) < 4 or turns[-4] < step:
        turns.append(turns[-1] + length)
        length *= state["T_mult"]
    return turns


def _joint_turns(state: State, step: int) -> list[int]:
    milestones = list(state["_milestones"])
    turns = milestones[:]
    for child, start, end in zip(state["_schedulers"], [0, *milestones], [*milestones, math.inf], strict=True):
        inner = _kind(child).turns(child, max(step - start, 0))
        turns += [start + turn for turn in inner if start + turn < end]
    return turns


_CODE = "it holds a Python function, of which its state says nothing; where schedule is the same one in lrspec, use \
schedule.to_torch(optimizer, step=state['last_epoch'])"
_CLASSES: dict[frozenset[str], _Class] = {
    frozenset({"gamma"}): _Class("ExponentialLR", lambda state, step, base: base * state["gamma"] ** step),
    frozenset({"step_size", "gamma"}): _Class(
        "StepLR",
        lambda state, step, base: base * state["gamma"] ** (step // state["step_size"]),
        lambda state, step: [(step // state["step_size"] + k) * state["step_size"] for k in range(1, 9)],
    ),
    frozenset({"milestones", "gamma"}): _Class(
        "MultiStepLR", _multi_step, lambda state, _: [*state["milestones"], max(state["milestones"], default=0) + 1]
    ),
    frozenset({"factor", "total_iters"}): _Class(
        "ConstantLR",
        lambda state, step, base: (
            base * (state["factor"] if step < state["total_iters"] or not state["total_iters"] else 1)
        ),
        lambda state, _: [state["total_iters"], state["total_iters"] + 1],
    ),
    frozenset({"start_factor", "end_factor", "total_iters"}): _Class(
        "LinearLR", _linear, lambda state, _: [state["total_iters"]]
    ),
    frozenset({"total_iters", "power"}): _Class("PolynomialLR", _polynomial, lambda state, _: [state["total_iters"]]),
    frozenset({"T_max", "eta_min"}): _Class("CosineAnnealingLR", _cosine, lambda state, _: [state["T_max"]]),
    frozenset({"T_0", "T_i", "T_mult", "eta_min", "T_cur"}): _Class(
        "CosineAnnealingWarmRestarts", _restarts, _restart_turns
    ),
    frozenset({"total_steps", "_schedule_phases", "_anneal_func_type", "cycle_momentum"}): _Class("OneCycleLR"),
    frozenset({"_schedulers", "_milestones"}): _Class("SequentialLR", None, _joint_turns),
    frozenset({"_schedulers"}): _Class("ChainedScheduler", refusal="each of its schedulers has a position of its own"),
    frozenset({"lr_lambdas"}): _Class("LambdaLR or MultiplicativeLR", refusal=_CODE),
}
_MARKS = {
    "anneal_epochs": _Class("SWALR", refusal="its state does not say its rates"),
    "patience": _Class("ReduceLROnPlateau", refusal="it follows a metric; lrspec.ReduceOnPlateau does"),
    "step_ratio": _Class("CyclicLR", refusal="its state does not say all of its cycles"),
}
"""Classes whose keys change between versions, by one that does not."""


def _kind(state: State) -> _Class:
    """Return the class of a state; raise `UnsupportedError` for one that cannot be read, or is not known."""
    own = frozenset(key for key in state if key not in _SHARED)
    kind = _CLASSES.get(own) or next((kind for mark, kind in _MARKS.items() if mark in own), None)
    if kind is None or "_last_lr" not in state:
        found = f"a scheduler's state with the keys {', '.join(sorted(map(str, state)))}"
        raise UnsupportedError("torch", found, "it is of no class that lrspec knows; use to_torch(optimizer, step=...)")
    if kind.refusal:
        raise UnsupportedError("torch", f"the state of a {kind.name}", kind.refusal)
    return kind
