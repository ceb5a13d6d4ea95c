"""Composer: the scheduler, optimizer and max_duration of a file of LLM Foundry, or of one with Composer's classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

from lrspec.errors import SpecError
from lrspec.readers.composer.shapes import NAMES, SHAPES, Values, notes_of
from lrspec.readers.composer.times import Length, Moment, Run, parsed
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading

_EXPECTED = "a time such as 100ba, 1ep, 3e9tok, 500sp or 0.1dur"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.]*)\}")
_CLASS = re.compile(r"composer\.optim(?:\.scheduler)?\.(\w+)")
_MOST_REFERENCES = 20
_WITHIN = "parameters"
_SCALES = "global_lr_scaling"
_ADAPTS = "adalr_lion"


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of Composer or of LLM Foundry.

    Args:
        keys: The config.

    Raises:
        UnsupportedError: A scheduler, or a unit, that has no equivalent.
        SpecError: A key is missing, unknown or not as it should be.
    """
    keys = _top(keys)
    section = keys.inside("scheduler")
    construct, name = _construct(section)
    if keys.number("scale_schedule_ratio", 1.0) != 1:
        raise keys.refused("scale_schedule_ratio", "it stretches and truncates each time; write the times out")
    if isinstance(callbacks := keys.data.get("callbacks"), Mapping) and _SCALES in callbacks:
        raise keys.refused(f"callbacks.{_SCALES}", "it changes the optimizer's lr; write the rate that it makes")
    peak = _peak(keys.inside("optimizer"))
    run = _run(keys)
    values = _values(section, construct, run)
    _check(section, construct, values, run)
    total = None if values.duration is None else -int(-values.duration // 1)
    try:
        node = SHAPES[construct].node(peak, values)
    except SpecError as error:
        raise section.refused(name, f"a parameter without an equivalent: {error}") from error
    return Reading(
        schedule=node, framework="composer", construct=name, conventions=tuple(notes_of(construct, values)), total=total
    )


def _top(keys: Keys) -> Keys:
    """Return the config itself, which a run of the platform has under `parameters`, with its references resolved."""
    inside = keys.inside(_WITHIN) if "scheduler" not in keys.data and _WITHIN in keys.data else keys
    data = {name: _resolved(value, inside.data) for name, value in inside.data.items()}
    return Keys(data, keys.context, inside.path)


def _resolved(value: Any, root: Mapping[Any, Any], depth: int = 0) -> Any:
    """Return a value with what `${a.b}` refers to in its place; as it is where that is not there."""
    if depth > _MOST_REFERENCES:
        return value
    if isinstance(value, Mapping) and type(value) is dict:
        return {name: _resolved(one, root, depth + 1) for name, one in value.items()}
    found = _REFERENCE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return value
    target: Any = root
    for name in found[1].split("."):
        target = target.get(name) if isinstance(target, Mapping) else None
    return value if target is None else _resolved(target, root, depth + 1)


def _construct(section: Keys) -> tuple[str, str]:
    """Return the class that a scheduler asks for, and what the file calls it."""
    target = section.get("_target_")
    if target is None:
        name = section.word("name", tuple(NAMES))
        return NAMES[name], name
    found = _CLASS.fullmatch(str(target))
    if found is None or found[1] not in SHAPES:
        raise section.wrong("_target_", f"composer.optim. and one of {', '.join(SHAPES)}")
    return found[1], found[1]


def _peak(optimizer: Keys) -> float:
    groups = optimizer.get("param_groups")
    if isinstance(groups, list | tuple) and any(isinstance(one, Mapping) and "lr" in one for one in groups):
        raise optimizer.refused("optimizer.param_groups", "groups with an lr of their own; give one lr after another")
    if optimizer.get("name") == _ADAPTS:
        raise optimizer.refused(f"optimizer.name: {_ADAPTS}", "it lowers its rate by itself, after what it sees")
    return optimizer.rate("lr")


def _run(keys: Keys) -> Run:
    """Return the run: its duration stands at the top, or with the trainer; a number without a unit counts epochs."""
    where = keys if keys.data.get("max_duration") is not None else keys.inside("trainer")
    value = where.get("max_duration")
    if value is None:
        duration: Moment | None = Moment(int(keys.quantity("total_steps", "max_duration", "the config has none")), "ba")
    elif isinstance(value, int) and not isinstance(value, bool):
        duration = Moment(value, "ep")
    else:
        duration = parsed(value) if isinstance(value, str) else None
    if duration is None or duration.unit == "dur" or duration.value <= 0:
        raise where.wrong("max_duration", _EXPECTED.replace(", 500sp or 0.1dur", " or 500sp"))

    def per(unit: str) -> Fraction:
        return _per(keys, where, unit)

    return Run(duration, per)


def _per(keys: Keys, where: Keys, unit: str) -> Fraction:
    """Return how many batches an epoch has, or samples or tokens an update; two of them may stand in the file."""
    name, key, why = {
        "ep": ("steps_per_epoch", "train_subset_num_batches", "it counts epochs"),
        "sp": ("batch_size", "global_train_batch_size", "Composer counts them, and an update has always as many"),
        "tok": ("tokens_per_step", "", "Composer counts them, and an update has always as many"),
    }[unit]
    stands = keys.data.get(key)
    if name not in keys.quantities and isinstance(stands, int) and stands > 0:
        return Fraction(keys.whole(key, least=1))
    return where.quantity(name, "max_duration", why)


def _values(section: Keys, construct: str, run: Run) -> Values:
    """Return what the scheduler is made with; the rest of its section is refused."""
    shape = SHAPES[construct]
    numbers = {name: section.number(name, default, least=0) for name, default in shape.numbers.items()}
    times = {name: _length(section, name, section.get(name, default), run) for name, default in shape.times.items()}
    milestones: list[Length] = []
    if shape.has_milestones:
        listed = section.get("milestones")
        if not isinstance(listed, list | tuple):
            raise section.wrong("milestones", f"a list of times, each {_EXPECTED}")
        milestones = [_length(section, "milestones", one, run) for one in listed]
    if "t_warmup" in shape.times and not construct.startswith("InverseSquareRoot"):
        section.get("scale_warmup")
    section.no_more()
    duration = None
    with suppress(SpecError):  # of a run whose length is not needed
        duration = run.length(run.duration).updates
    return Values(numbers, times, tuple(milestones), duration)


def _length(section: Keys, name: str, value: object, run: Run) -> Length:
    moment = parsed(value) if isinstance(value, str) else None
    if moment is None:
        raise section.wrong(name, _EXPECTED)
    try:
        return run.length(moment)
    except SpecError as error:
        if moment.unit == "dur":
            raise
        raise section.wrong(name, error.expected) from None


def _check(section: Keys, construct: str, values: Values, run: Run) -> None:
    """Refuse what Composer and LLM Foundry refuse."""
    times = values.times
    if construct.startswith("InverseSquareRoot"):
        unit = run.duration.unit
        for name in ("t_warmup", "t_scale", "t_cooldown"):
            moment = parsed(str(section.data.get(name)))
            if moment is None or moment.unit != unit:
                raise section.wrong(name, f"a time in {unit}, as max_duration is")
        if values.numbers["alpha_f_decay"] < values.numbers["alpha_f_cooldown"]:
            raise section.wrong("alpha_f_decay", "at least alpha_f_cooldown")
        return
    if not {"t_warmup", "t_max"} <= times.keys():
        return
    warmup, end = times["t_warmup"], times["t_max"]
    if warmup.unit != end.unit:
        reason = f"in {warmup.unit}, where t_max is in {end.unit}; Composer refuses it too"
        raise section.refused("scheduler.t_warmup", reason)
    whole = run.length(run.duration) if run.duration.unit in {"ba", "ep", end.unit} and end.unit != "dur" else None
    if whole is not None and whole.unit == end.unit and end.count < whole.count:
        raise section.refused("scheduler.t_max", "below max_duration; Composer refuses it too")
