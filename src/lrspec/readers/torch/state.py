"""Reading the state of a scheduler of `torch.optim.lr_scheduler`: plain data, of which only the keys tell the class.

No framework is imported, and nothing is executed. A state that is recognised says its position, and its numbers say the
rest of the schedule, which is compared with what is to go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import Steps, show
from lrspec.readers.param_groups import WAY_OUT
from lrspec.readers.reading import exact_values, steps_to_compare
from lrspec.readers.torch.composed import curve_of, refuse_untried
from lrspec.readers.torch.description import Curve, Scheduler, SchedulerClass, as_float, kept_for
from lrspec.readers.torch.schedulers import SCHEDULERS

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
_LAST_RATES_ALONE = "OneCycleLR"
"""The class whose state says the last rates, while the optimizer's says the others."""
_COMPOSED = {
    frozenset({"_schedulers", "_milestones"}): ["SequentialLR"],
    frozenset({"_schedulers"}): ["ChainedScheduler"],
}
_TOLERANCE, _FLOOR = 2.0**-20, 2.0**-30
"""What rounding explains: of the rate, in float32 and along torch's recursion; and of the base rate, near 0."""
_MOST, _LEAST = 2_000, 64
"""How many steps are compared of one base rate, and of each of very many."""


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
    name = _class_of(state)
    try:
        return name, int(Steps(zero=True, duration=False).read(state.get("last_epoch")))
    except SpecError as error:
        raise error.within("last_epoch") from None


def position(state: State, rates: Callable[[int], Sequence[float]], ours: object) -> int:
    """Return the position of a state, after making sure that it is one of the same schedule.

    Its last rates must be those of the schedule at the position, and its formula that of the steps that follow, up to
    the last turn that the state tells of: of all where these are up to 2000, else of those that come next, those around
    each turn, and even ones. (The state of OneCycleLR tells its last rates alone.) They agree where they are within
    2^-20 of each other, or 2^-30 of the base rate.

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
        if name != _LAST_RATES_ALONE:
            _compare_further(state, step, rates, ours)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise LrspecError(f"a damaged state of torch's {name}: {error!r}") from error
    except SpecError as error:
        raise LrspecError(f"a state of torch's {name} that is no schedule: {error}") from error
    return step


def _compare_further(state: State, step: int, rates: Callable[[int], Sequence[float]], ours: object) -> None:
    """Compare the formula of a state with the rates from a step on."""
    found = {base: _curve(state, group) for group, base in enumerate(_bases(state))}
    turns = sorted({turn for curve in found.values() for turn in curve.turns_after(step)})
    stop = math.floor(turns[-1]) + 1 if turns else step + 1
    steps = steps_to_compare(turns, stop, start=step, most=max(_MOST // len(found), _LEAST))
    values = {base: exact_values(curve.node, steps) for base, curve in found.items()}
    for place, at in enumerate(steps):
        _compare(state, at, [values[base][place] for base in _bases(state)], rates(at), ours)


def _curve(state: State, group: int) -> Curve:
    """Return what a state's numbers say of one parameter group."""
    scheduler = of_state(state, group)
    try:
        curve = curve_of(scheduler, scheduler.base)
        refuse_untried(scheduler)
    except UnsupportedError as error:
        reason = f"{error.reason.removesuffix(f'; {WAY_OUT}')}; use schedule.to_torch(optimizer, step=...)"
        raise UnsupportedError("torch", error.construct, reason) from None
    return curve


def _check_lengths(state: State) -> None:
    """Refuse lengths that torch's own constructors refuse, with which its formulas have no value.

    Raises:
        LrspecError: A length is not above 0, or the number of schedulers is not that of the milestones and one.
    """
    for key, least in (("T_0", 1), ("T_mult", 1), ("T_max", None), ("step_size", None)):
        if key in state and (state[key] < least if least is not None else state[key] == 0):
            raise LrspecError(f"a state of torch's {_class_of(state)} with {key}={state[key]}")
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
        f"a state of torch's {_class_of(state)}({own}) with the base rates {_bases(state)}, which is {list(found)} at "
        f"step {step}, where {shown if len(shown) <= 400 else shown[:400] + '...'} is {list(expected)}. If this "
        "schedule is to follow, or if that one was stepped once per epoch, use schedule.to_torch(optimizer, step=...)"
    )


def _bases(state: State) -> list[float]:
    """Return the rates that the parameter groups began with."""
    return _bases(state["_schedulers"][0]) if "_milestones" in state else list(map(as_float, state["base_lrs"]))


def of_state(state: State, group: int) -> Scheduler:
    """Return a scheduler of torch as its state says it, as far as it concerns one parameter group.

    Args:
        state: Its `state_dict()`.
        group: The place of the group.

    Raises:
        UnsupportedError: It does not say the schedule.
    """
    name = _class_of(state)
    children = tuple(of_state(child, group) for child in state.get("_schedulers", ()))
    for child in children:
        if _unsaid(child.name):
            raise UnsupportedError("torch", f"{child.name} in a SequentialLR", _unsaid(child.name))
    base = _bases(state)[group]
    return Scheduler(
        name=name,
        parameters=kept_for(group, state, {}),
        base=base,
        initial=base,
        children=children,
        milestones=tuple(state["_milestones"]) if "_milestones" in state else None,
    )


def _is_of(found: SchedulerClass, own: frozenset[str]) -> bool:
    """Tell whether keys are those of a class's state."""
    return found.mark in own if found.mark else own == (found.keys or frozenset(found.arguments))


def _class_of(state: State) -> str:
    """Return the class of a state; raise `UnsupportedError` for one that cannot be read, or is not known."""
    own = frozenset(key for key in state if key not in _SHARED)
    names = [name for name, found in SCHEDULERS.items() if _is_of(found, own)] or _COMPOSED.get(own, [])
    if not names or "_last_lr" not in state:
        found = f"a scheduler's state with the keys {', '.join(sorted(map(str, state)))}"
        raise UnsupportedError("torch", found, "it is of no class that lrspec knows; use to_torch(optimizer, step=...)")
    if _unsaid(names[0]) and names[0] != _LAST_RATES_ALONE:
        raise UnsupportedError("torch", f"the state of a {' or '.join(names)}", _unsaid(names[0]))
    return names[0]


def _unsaid(name: str) -> str:
    """Return why the state of a class does not say its rates, or nothing where it does."""
    if name == "ChainedScheduler":
        return "each of its schedulers has a position of its own"
    return SCHEDULERS[name].unsaid if name in SCHEDULERS else ""
