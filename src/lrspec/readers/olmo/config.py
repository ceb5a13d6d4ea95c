"""OLMo: the scheduler, optimizer and max_duration of its YAML."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from lrspec.compiler.formula import Time, simple
from lrspec.errors import SpecError, UnsupportedError
from lrspec.readers.keys import Keys
from lrspec.readers.numbers import decimal_product
from lrspec.readers.olmo.shapes import SHAPES, Shape, Values
from lrspec.readers.reading import Reading

STEP_NOTE = "step n is OLMo's own step n; its first update is step 1 ({kind: shift, by: 1} gives the updates)"
_LOADED = "load_path: the steps before the checkpoint are taken to have as many tokens as those after it"
_TENTH = "without warmup_min_lr the warmup begins at a tenth of learning_rate"
_CLIPS = "grad_clip_warmup_steps and grad_clip_warmup_factor change the clipping of gradients, not the rate"
_NO_DECAY = "the warmup is not shorter than the schedule: after it comes the value at the end"
_DURATION = re.compile(r"([0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]{1,3})?) *(T|ep)?")
_EXPECTED = "a whole number of steps, or a text such as 2e12T (tokens) or 1ep (whole epochs)"
_GRADIENT = ("grad_clip_warmup_steps", "grad_clip_warmup_factor")
_IS_RATE = r"(^|_)lrs?(_|$)|learning_rate|param_groups"
_MOST = 1 << 62


@dataclass(frozen=True)
class _Duration:
    """How long a run is: a number of `steps`, tokens (`T`) or epochs (`ep`)."""

    count: int
    unit: str


def read(keys: Keys) -> Reading:
    """Return the schedule of OLMo's config, over OLMo's own steps.

    Args:
        keys: The config.

    Raises:
        UnsupportedError: A value that something else fills in, a warmup from the step of a checkpoint, or a value that
            has no equivalent.
        SpecError: A key is missing, unknown or not as it should be.
    """
    section, optimizer = keys.inside("scheduler"), keys.inside("optimizer")
    name = section.word("name", tuple(SHAPES), "cosine_with_warmup")
    counts_tokens = section.word("units", ("steps", "tokens"), "steps") == "tokens"
    _check_loaded(keys)
    peak = optimizer.rate("learning_rate")
    optimizer.no_more(about=_IS_RATE)
    values = _values(keys, SHAPES[name], peak, counts_tokens=counts_tokens)
    try:
        node = SHAPES[name].node(values)
    except SpecError as error:
        raise section.refused(f"scheduler.name: {name}", f"a parameter without an equivalent: {error}") from error
    return Reading(
        schedule=node,
        framework="olmo",
        construct=name,
        conventions=(STEP_NOTE, *_notes(keys, SHAPES[name], values, counts_tokens=counts_tokens)),
        total=_total(keys),
    )


def _check_loaded(keys: Keys) -> None:
    """Refuse a run that goes on from a checkpoint with a new optimizer: its warmup begins where that one ended."""

    def is_set(name: str) -> bool:
        return keys.data.get(name) is not None and keys.flag(name, default=False)

    if keys.get("load_path") is not None and is_set("reset_optimizer_state") and not is_set("reset_trainer_state"):
        reason = "with load_path a second warmup begins at the checkpoint's step, which the file does not say"
        raise keys.refused("reset_optimizer_state", reason)


def _values(keys: Keys, shape: Shape, peak: float, *, counts_tokens: bool) -> Values:
    """Return what the scheduler is made with; keys of its section that OLMo does not have are refused."""
    section = keys.inside("scheduler")
    section.read |= {"name", "units", "t_warmup", "t_max", "alpha_f", "warmup_min_lr", *_GRADIENT}
    section.no_more()

    def steps(name: str, default: int | None = None) -> Time:
        count = int(section.number(name, default, least=0))
        return simple(Fraction(count) / (_tokens_per_step(keys) if count and counts_tokens else 1))

    warmup = steps("t_warmup", 100) if shape.warms else 0
    if warmup == 0 and shape.is_inverse:
        raise section.refused("scheduler.t_warmup: 0", "the timescale of an inverse square root, whose rate is then 0")
    start, low, end = 0.0, 0.0, simple(0)
    if warmup:
        start = _start(section, peak)
    if shape.decays:
        low = decimal_product(peak, section.number("alpha_f", 0.1))
        end = _end(keys, counts_tokens=counts_tokens) if section.data.get("t_max") is None else steps("t_max")
    return Values(peak=peak, start=start, low=low, warmup=warmup, end=end)


def _start(section: Keys, peak: float) -> float:
    """Return where the warmup begins, which OLMo wants below its end."""
    if section.get("warmup_min_lr") is None:
        start = decimal_product(peak, 0.1)
    else:
        start = section.number("warmup_min_lr", least=0)
    if not start < peak:
        raise section.wrong("warmup_min_lr", f"a number below the learning rate, {peak}; OLMo refuses it too")
    return start


def _tokens_per_step(keys: Keys) -> Fraction:
    model = keys.inside("model")
    stands = (keys.data.get("global_train_batch_size"), model.data.get("max_sequence_length"))
    if "tokens_per_step" not in keys.quantities and None not in stands:
        batch = keys.whole("global_train_batch_size", least=1)
        return Fraction(batch * model.whole("max_sequence_length", least=1))
    why = "global_train_batch_size * model.max_sequence_length, which do not both stand in the file"
    return keys.quantity("tokens_per_step", "global_train_batch_size", why)


def _duration(keys: Keys) -> _Duration:
    """Return how long the run is; OLMo's own 10000 steps are no default here, because a launch often gives it."""
    value = keys.get("max_duration")
    if value is None:
        return _Duration(int(keys.quantity("total_steps", "max_duration", "the config has none")), "steps")
    if isinstance(value, str) and "${" in value:
        raise keys.refused("max_duration", f"{value!r}, which something else fills in; write the number")
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool):
        duration = _Duration(value, "steps")
    elif found and found[2] == "ep" and found[1].replace("_", "").isdigit():
        duration = _Duration(int(found[1]), "ep")
    elif found and found[2] != "ep" and float(found[1]) < _MOST:
        duration = _Duration(int(float(found[1])), found[2] or "steps")  # by a float, as OLMo does it
    else:
        raise keys.wrong("max_duration", _EXPECTED)
    if not 0 < duration.count < _MOST:
        raise keys.wrong("max_duration", _EXPECTED)
    return duration


def _steps_of(keys: Keys, duration: _Duration) -> int:
    """Return the steps of the run: part of a step's tokens is a step, as the trainer's max_steps has it."""
    if duration.unit == "T":
        return math.ceil(duration.count / _tokens_per_step(keys))
    if duration.unit == "ep":
        return duration.count * int(keys.quantity("steps_per_epoch", "max_duration", "it counts epochs"))
    return duration.count


def _end(keys: Keys, *, counts_tokens: bool) -> Time:
    duration = _duration(keys)
    if counts_tokens and duration.unit == "T":
        return simple(duration.count / _tokens_per_step(keys))
    return _steps_of(keys, duration)


def _total(keys: Keys) -> int | None:
    """Return the updates of the run, where they are known; a schedule may not need them."""
    total: int | None = None
    with suppress(SpecError, UnsupportedError):
        total = _steps_of(keys, _duration(keys))
        if keys.get("stop_at") is not None:
            total = min(total, keys.whole("stop_at", least=1))
    return None if keys.data.get("stop_after") is not None else total


def _notes(keys: Keys, shape: Shape, values: Values, *, counts_tokens: bool) -> list[str]:
    section, notes = keys.inside("scheduler").data, []
    if values.warmup and section.get("warmup_min_lr") is None:
        notes.append(_TENTH)
    if any(section.get(name) is not None for name in _GRADIENT):
        notes.append(_CLIPS)
    if shape.decays and values.end <= values.warmup:
        notes.append(_NO_DECAY)
    in_tokens = counts_tokens or str(keys.data.get("max_duration")).endswith("T")
    if in_tokens and keys.data.get("load_path") is not None and keys.data.get("restore_dataloader") is not False:
        notes.append(_LOADED)
    return notes
