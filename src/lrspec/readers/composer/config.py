"""Composer: the scheduler, optimizer and max_duration of an LLM-Foundry YAML file."""

from __future__ import annotations

import re
from fractions import Fraction

from lrspec.kinds import Constant, Cosine, Linear
from lrspec.readers.keys import Keys, joined, share
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "composer"
_NAMES = ("constant_with_warmup", "cosine_with_warmup", "linear_decay_with_warmup")
_TIME = re.compile(r"([0-9]{1,40}(?:\.[0-9]{0,40})?(?:e[-+]?[0-9]{1,3})?) *(ba|ep|tok|sp|dur)", re.IGNORECASE)
_PER_STEP = {"tok": "tokens_per_step", "sp": "batch_size"}


def read(keys: Keys) -> Reading:
    """Return the schedule of an LLM-Foundry config.

    Raises:
        UnsupportedError: A scheduler, or a unit, that has no equivalent.
        SpecError: A key is missing, unknown or not as it should be.
    """
    section = keys.inside("scheduler")
    name = section.get("name")
    if name == "inv_sqrt_with_warmup":
        raise section.refused(name, "LLM-Foundry's own scheduler, with a cooldown of its own; write it as a document")
    section.word("name", _NAMES)
    if keys.number("scale_schedule_ratio", 1.0) != 1:
        raise keys.refused("scale_schedule_ratio", "it stretches and truncates each time; write the times out")
    peak = keys.inside("optimizer").rate("lr")
    time = _Times(keys)
    warmup, unit = time.steps(section, "t_warmup", None)
    end, unit_of_end = time.steps(section, "t_max", "1dur")
    if unit != unit_of_end:
        raise section.refused("t_warmup", f"in {unit}, where t_max is in {unit_of_end}; Composer refuses it too")
    if end < time.duration[0] and name != "constant_with_warmup":
        raise section.refused("t_max", "below max_duration; Composer refuses it too")
    if end <= warmup:
        raise section.wrong("t_warmup", "less than t_max")
    first = peak
    if name == "constant_with_warmup":
        first = share(peak, section.number("alpha", 1.0, least=0))
        decay: Node = Constant(value=first)
    elif name == "linear_decay_with_warmup":
        first, last = (share(peak, section.number(n, d, least=0)) for n, d in (("alpha_i", 1.0), ("alpha_f", 0.0)))
        decay = Linear(init_value=first, end_value=last, steps=end - warmup)
    else:
        last = share(peak, section.number("alpha_f", 0.0, least=0))
        decay = Cosine(init_value=peak, end_value=last, steps=end - warmup)
    section.get("scale_warmup")
    section.no_more()
    rise = [Linear(init_value=0.0, end_value=first, steps=warmup)] if warmup else []
    note = "t_max includes the warmup: the decay has what is left of it"
    notes = ("the factors multiply the optimizer's lr", note, *time.notes)
    return Reading(schedule=joined(*rise, decay), framework=SYSTEM, construct=name, conventions=notes)


class _Times:
    """Composer's times as numbers of updates; it truncates what it converts to whole batches, samples or tokens."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.notes: list[str] = []
        self._max = self._split(keys, "max_duration", keys.get("max_duration"))
        self.duration = self._of(keys, "max_duration", *self._max)

    def _split(self, keys: Keys, name: str, value: object) -> tuple[Fraction, str]:
        if value is None and "total_steps" in self.keys.quantities:
            return self.keys.quantities["total_steps"], "ba"
        if value is None:
            keys.quantity("total_steps", name, "the config has none")
        found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise keys.wrong(name, "a time such as 100ba, 1ep, 3e9tok, 500sp or 0.1dur")
        return Fraction(found[1]), found[2].lower()

    def _of(self, keys: Keys, name: str, value: Fraction, unit: str) -> tuple[Fraction, str]:
        if unit == "ep":
            count = int(value * int(keys.quantity("steps_per_epoch", name, "it counts epochs")))
            return Fraction(count), "batches"
        if unit == "ba":
            return Fraction(int(value)), "batches"
        per_step = keys.quantity(_PER_STEP[unit], name, "Composer counts them, and an update has always as many")
        self.notes.append(f"{name} is in {unit}, of which an update has {per_step}")
        return int(value) / per_step, unit

    def steps(self, keys: Keys, name: str, default: str | None) -> tuple[Fraction, str]:
        """Return a time in updates, and the unit that Composer compares it in."""
        value, unit = self._split(keys, name, keys.get(name, default))
        if unit != "dur":
            return self._of(keys, name, value, unit)
        whole, unit = self._max
        part = float(value)  # the product is Composer's own, in float64, which is truncated
        if unit == "ep":
            part *= int(keys.quantity("steps_per_epoch", name, "max_duration counts epochs"))
            unit = "ba"
        return self._of(keys, name, Fraction(int(part * int(whole))), unit)
