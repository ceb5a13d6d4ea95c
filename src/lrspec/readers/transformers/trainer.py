"""A scheduler as a Trainer makes it, from what a config says: its type, its arguments, and the node that it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lrspec.errors import SpecError, UnsupportedError, argument
from lrspec.readers.build import schedule_of
from lrspec.readers.files import Unread
from lrspec.readers.keys import Keys
from lrspec.readers.param_groups import WAY_OUT
from lrspec.readers.reading import bounded
from lrspec.readers.transformers.numbers import Numbers
from lrspec.readers.transformers.shapes import METRIC, SHAPES, Shape, held
from lrspec.schedule import Schedule
from lrspec.spec import Node

_ENUM = re.compile(r"<?(?:SchedulerType\.)?([A-Z_]+)(?:: '[a-z_]+'>)?")
_MEMBERS = {name.upper(): name for name in (*SHAPES, *METRIC)} | {"REDUCE_ON_PLATEAU": "reduce_lr_on_plateau"}
_WORDS = ("linear", "cosine", "1-sqrt")
_MOST = 4096
_HALF = 0.5


def type_of(keys: Keys, name: str, default: str) -> str:
    """Return the `SchedulerType` at a key: its value, or the name that an enum is written with.

    Raises:
        UnsupportedError: It follows a metric.
        SpecError: There is no such type.
    """
    value = keys.data.get(name)
    if isinstance(value, Unread) and value.found.endswith(".SchedulerType"):  # as yaml.dump writes the enum
        value = value.argument
        keys.read.add(name)
        keys.context.found[keys.at(name)] = value
    else:
        value = keys.get(name, default)
    found = _ENUM.fullmatch(value) if isinstance(value, str) else None
    kind = _MEMBERS.get(found[1]) if found else value
    if isinstance(kind, str) and kind in METRIC:
        raise keys.refused(kind, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise keys.wrong(name, f"one of {', '.join(SHAPES)}")
    return kind


def arguments_of(shape: Shape, keys: Keys, notes: list[str]) -> dict[str, Any]:
    """Return the `lr_scheduler_kwargs` of a shape.

    Raises:
        SpecError: One is not of the shape's own, where transformers fails too, or its value is none that it takes.
    """
    more = _mapping(keys, "lr_scheduler_kwargs")
    if shape.name in ("constant", "constant_with_warmup"):
        if more.data:
            notes.append(f"lr_scheduler_kwargs: get_scheduler passes none of them on to {shape.name}")
        return {}
    given = {name: _argument(more, name) for name in shape.arguments if more.get(name) is not None}
    more.no_more()
    return given


def _mapping(keys: Keys, name: str) -> Keys:
    """Return the mapping at a key, which may be JSON in a string."""
    value = keys.data.get(name)
    if not isinstance(value, str):
        return keys.inside(name)
    try:
        return Keys(json.loads(keys.get(name)), keys.context, keys.at(name))
    except ValueError:
        raise keys.wrong(name, "a mapping, or JSON of one") from None


def _argument(more: Keys, name: str) -> Any:
    if name.endswith("_type"):
        return more.word(name, _WORDS)
    if name in ("num_decay_steps", "num_stable_steps"):
        return more.whole(name)
    value = more.number(name, least=None if name == "power" else 0)
    return int(value) if value.is_integer() and name in ("timescale", "num_cycles") else value


@dataclass(kw_only=True)
class Run:
    """What a config says of a run.

    Args:
        keys: The arguments.
        rate: The learning rate.
        total: Returns the steps of the run, where they are needed.
        warmup: Returns the steps of the warmup, where they are needed.
        notes: What was mapped, in words.
    """

    keys: Keys
    rate: float
    total: Callable[[], int]
    warmup: Callable[[], int]
    notes: list[str]


def node_of(name: str, given: Numbers, run: Run, rate: float | None = None) -> Node:
    """Return the node of a scheduler, from the table that its objects are read with.

    Args:
        name: Its `SchedulerType`.
        given: Its own arguments.
        run: The run; its notes are added to.
        rate: The learning rate of a parameter group, where it has one of its own.

    Raises:
        UnsupportedError: The arguments have no equivalent.
    """
    shape = SHAPES[name]
    if name == "warmup_stable_decay" and "num_decay_steps" not in given:
        path = run.keys.at("lr_scheduler_kwargs.num_decay_steps")
        raise SpecError(path, found="nothing", expected="a number of steps")
    rise = run.warmup() if shape.warmup else 0
    steps = run.total() if shape.total and given.get("num_stable_steps") is None else None
    try:
        numbers = held(name, given, rise, steps, run.rate)
        found = shape.rate(numbers, run.rate if rate is None else rate)
        node, _ = bounded(found.node, steps, run.keys.system, name)
    except UnsupportedError as error:
        raise run.keys.refused(name, error.reason.removesuffix(f"; {WAY_OUT}")) from None
    except SpecError as error:
        raise run.keys.refused(name, f"a parameter without an equivalent: {error}") from error
    run.notes.extend(found.notes)
    if name == "warmup_stable_decay" and numbers["min_lr_ratio"] and rise:
        run.notes.append("the warmup begins with min_lr_ratio since transformers 4.49; before, it begins with 0")
    if name == "cosine_with_restarts" and steps is not None:
        _note_late_restarts(rise, max(steps - rise, 1), Fraction(numbers["num_cycles"]), run.notes)
    return node


def scheduled(name: str, given: Numbers, run: Run, rates: Mapping[str, float]) -> Schedule:
    """Return the node of a scheduler; a document where parameter groups have rates of their own.

    Args:
        name: As in `node_of`.
        given: As in `node_of`.
        run: As in `node_of`.
        rates: The learning rates of the groups that have one, by their names.
    """
    node = node_of(name, given, run)
    return schedule_of(node, {group: node_of(name, given, run, rate) for group, rate in rates.items()})


def _note_late_restarts(warmup: int, steps: int, cycles: Fraction, notes: list[str]) -> None:
    """Note the restarts to which transformers comes a step late, because it rounds a quotient."""
    late = [
        warmup + int(i * steps / cycles)
        for i in range(1, min(int(cycles) + 1, _MOST))
        if (i * steps / cycles).denominator == 1
        and i < cycles
        and float(cycles) * (float(i * steps / cycles) / float(steps)) % 1.0 > _HALF
    ]
    if late:
        notes.append(f"its float64 arithmetic restarts one step late at {late}; the restart itself was read")


def whole_run(keys: Keys, name: str) -> int | None:
    """Return the number of updates at a key, or that was given; None where neither says it.

    Raises:
        SpecError: They differ.
    """
    stated = keys.number(name, -1)
    if stated > 0:
        steps = keys.steps(name)
        if keys.quantities.get("total_steps", steps) != steps:
            expected = f"{argument('total_steps')} to be the same, or left out"
            raise SpecError(keys.at(name), found=f"{steps}", expected=expected)
        return steps
    return int(keys.quantities["total_steps"]) if "total_steps" in keys.quantities else None


def known_total(run: Run) -> int | None:
    """Return the steps of a run; None where nothing says them."""
    try:
        return run.total()
    except SpecError:
        return None
