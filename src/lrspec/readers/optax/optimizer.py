"""The learning rate in an optimizer of Optax: the schedule its functions enclose, and what else scales the updates."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lrspec.readers.optax.closures import enclosed, is_known, is_of_optax, maker, unwrapped
from lrspec.readers.optax.shapes import refused
from lrspec.schedule import Schedule

_RATES = {"learning_rate", "step_size_fn"}
_NUMBERS = {"learning_rate", "step_size"}
_CHAINS = {"chain", "named_chain"}
_GROUPS = {"partition", "multi_transform"}


@dataclass(frozen=True, kw_only=True)
class _Factor:
    """What an optimizer may multiply its updates by: a schedule, or a constant in words; and the name it stands at."""

    label: str
    number: str = ""
    identity: int = 0
    schedule: Any = field(default=None, compare=False)


_Factors = Counter[_Factor]
_Known = dict[tuple[int, str], _Factors]
_ZERO = _Factor(label="set_to_zero")


def rate_in(native: Any, name: str) -> tuple[str, Any, list[str]]:
    """Return what holds the schedule of an optimizer's learning rate, the schedule, and what else is to be said.

    Raises:
        UnsupportedError: There is none, or more than one, or something else scales the updates too.
    """
    found = _factors(native, "", {})
    schedules = [factor for factor in found.elements() if factor.identity]
    rates = [factor for factor in schedules if factor.label in _RATES]
    others = sorted({factor.label or "it" for factor in schedules if factor.label not in _RATES})
    if not rates and others:
        reason = f"no schedule of the learning rate in it, only of {', '.join(others)}"
        raise refused(name, f"{reason}; a fixed rate is a `constant`, and a schedule is read by itself")
    if not rates:
        raise refused(name, "no schedule in it; a fixed rate is a `constant`")
    if len(rates) > 1:
        several = ", ".join(f"{maker(rate.schedule)} as {rate.label}" for rate in rates)
        raise refused(name, f"{len(rates)} schedules in it ({several}); give each by itself")
    numbers = [factor.number for factor in found if factor.number]
    if numbers:
        reason = f"a factor {' and '.join(numbers)} is applied as well as the schedule"
        raise refused(name, f"{reason}; give the schedule itself")
    notes = [f"the schedule of {', '.join(others)} in the optimizer was not read"] if others else []
    return rates[0].label, rates[0].schedule, notes


def _factors(thing: Any, label: str, known: _Known) -> _Factors:
    """Return what is in an optimizer: each thing once, and as often as the parts of a chain have it."""
    place = (id(thing), label)
    if place not in known:
        known[place] = Counter()  # functions may enclose one another
        own = _schedule(thing, label) or _constant(thing, label)
        known[place] = _inside(thing, label, known) if own is None else Counter([own])
    return known[place]


def _schedule(thing: Any, label: str) -> _Factor | None:
    function = unwrapped(thing)
    is_code = callable(thing) and label in _RATES and not is_of_optax(function) and not is_of_optax(type(thing))
    is_own = isinstance(getattr(thing, "schedule", None), Schedule)
    if is_code or is_own or (inspect.isfunction(function) and is_known(function)):
        return _Factor(label=label, identity=id(thing), schedule=thing)
    return None


def _constant(thing: Any, label: str) -> _Factor | None:
    """Return a constant factor other than a sign; or one that goes by a metric, or that is 0."""
    if inspect.isfunction(thing) and is_of_optax(thing) and maker(thing) in {"set_to_zero", "reduce_on_plateau"}:
        name = maker(thing)
        return _ZERO if name == "set_to_zero" else _Factor(label=name, number=f"of {name}")
    value = thing.tolist() if hasattr(thing, "tolist") else thing
    is_number = isinstance(value, int | float | list) and not isinstance(value, bool)
    if label not in _NUMBERS or not is_number or value in {1, -1}:
        return None
    return _Factor(label=label, number=str(value))


def _inside(thing: Any, label: str, known: _Known) -> _Factors:
    cells = enclosed(thing) if inspect.isfunction(thing) and is_of_optax(thing) else {}
    if cells and maker(thing) in _CHAINS:
        members = [member for cell in cells.values() if isinstance(cell, tuple | list) for member in cell]
        return sum((_factors(member, label, known) for member in members), Counter())
    if maker(thing) in _GROUPS and isinstance(cells.get("transforms"), Mapping):
        return _alike(cells["transforms"], known)
    found: _Factors = Counter()
    for key, value in _parts(thing):
        found |= _factors(value, label if key in {"", "schedule_fn"} else key, known)
    return found


def _alike(groups: Mapping[Any, Any], known: _Known) -> _Factors:
    """Return what all groups of parameters have, apart from those whose updates are set to 0."""
    found = {str(name): _factors(group, "", known) for name, group in groups.items()}
    moved = {name: factors for name, factors in found.items() if _ZERO not in factors}
    rates = [Counter({factor: n for factor, n in one.items() if _scales(factor)}) for one in moved.values()]
    if any(rate != rates[0] for rate in rates):
        reason = f"its groups {', '.join(moved)} do not have the same rate; give the schedule of each by itself"
        raise refused("partition", reason)
    together: _Factors = Counter()
    for factors in moved.values():
        together |= factors
    return together


def _scales(factor: _Factor) -> bool:
    return bool(factor.number) or factor.label in _RATES


def _parts(thing: Any) -> Iterable[tuple[str, Any]]:
    """Return what a function or an object of Optax holds, by name."""
    if inspect.isfunction(thing):
        return enclosed(thing).items()
    if inspect.ismethod(thing):
        return [("", thing.__self__), ("", thing.__func__)]
    if isinstance(thing, partial):
        return [("", thing.func), *thing.keywords.items(), *(("", value) for value in thing.args)]
    if isinstance(thing, Mapping):
        return [(str(key), value) for key, value in thing.items()]
    if isinstance(thing, tuple | list):
        return [("", value) for value in thing]
    return vars(thing).items() if is_of_optax(type(thing)) and hasattr(thing, "__dict__") else ()
