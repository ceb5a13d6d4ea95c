"""timm: the arguments of its training script, as the args.yaml that it writes, a file for its `-c`, or flags."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from lrspec.compiler.formula import value_at
from lrspec.fields import LAST_STEP, in_steps, show
from lrspec.kinds import Constant, Every, Sequence
from lrspec.readers.build import constant
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading, bounded
from lrspec.readers.timm.arguments import ARGUMENTS, BEFORE, ONLY_HERE, OTHERS, SINCE_0_9, UNTIL_0_6
from lrspec.readers.timm.shapes import Scheduler, rate_of
from lrspec.spec import Node

_CLASSES = {
    "cosine": "CosineLRScheduler",
    "tanh": "TanhLRScheduler",
    "poly": "PolyLRScheduler",
    "step": "StepLRScheduler",
    "multistep": "MultiStepLRScheduler",
    "constant": "StepLRScheduler",
    "wsd": "WSDLRScheduler",
    "rsqrt": "WSDLRScheduler",
}
NAMES = (*_CLASSES, "none")
_ABOUT_RATES = "^(sched|lr|min_lr|max_lr|warmup|decay_|cooldown|cycle)"
_NOT_NULL = ("sched", "epochs", "warmup_epochs", "warmup_lr", "min_lr", "decay_rate", "lr_cycle_limit", "lr_cycle_mul")
_ALMOST = 2.0**-20
_FOR_EVER = 60


def read(keys: Keys) -> Reading:
    """Return the schedule of timm's training script.

    Raises:
        UnsupportedError: A scheduler that depends on a metric, or noise; or the file is another script's.
        SpecError: A key is missing, unknown or not as it should be.
    """
    notes = _whose(keys)
    name = keys.get("sched")
    if name == "plateau":
        raise keys.refused(name, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
    keys.word("sched", NAMES)
    if keys.get("lr_noise") is not None:
        raise keys.refused("lr_noise", "random numbers of torch's generator; sample the scheduler into a table")
    peak = _peak(keys)
    if name == "none":
        node: Node = constant(peak)
        notes.append("no scheduler, and so no warmup")
        total = None
    else:
        node, total, more = _scheduled(keys, name, peak)
        notes += more
    if keys.get("layer_decay") is not None:
        notes.append("layer_decay scales the groups' rates; the schedule is that of the base rate")
    if keys.get("start_epoch"):
        notes.append(f"start_epoch={keys.get('start_epoch')}: step 0 is the first update of epoch 0, not of this run")
    notes += _older(keys)
    return Reading(schedule=node, framework="timm", construct=name, conventions=tuple(notes), total=total)


def _whose(keys: Keys) -> list[str]:
    """Refuse the files of scripts that look like timm's, and return what is to be said of foreign keys."""
    _check_all_there(keys)
    foreign = [str(key) for key in keys.data if key not in ARGUMENTS]
    for key in foreign:
        if key in OTHERS:
            raise keys.refused(f"a file with the key {key}", f"it is of {OTHERS[key]}")
        if re.search(_ABOUT_RATES, key):
            raise keys.wrong(key, "no such key, which timm's train.py does not have")
    if not foreign:
        return []
    some = ", ".join(foreign[:5])
    if not any(key in keys.data for key in ONLY_HERE):
        reason = (
            f"timm's train.py has no argument {some}, and a script of one's own has its own schedule and defaults; "
            f"where it is timm's, add one of its own keys, such as sched_on_updates: false"
        )
        raise keys.refused(f"a file with the key {foreign[0]}", reason)
    return [f"timm's train.py has no argument {some}: another script may have other defaults than those read here"]


def _check_all_there(keys: Keys) -> None:
    """Refuse a file whose other half is elsewhere, and nulls with which timm fails."""
    for key in ("config", "-c"):
        if keys.data.get(key):
            raise keys.refused(f"{key}: {show(keys.data[key])}", "other arguments stand in that file; write all in one")
    for key in _NOT_NULL:
        if key in keys.data and keys.data[key] is None:
            raise keys.wrong(key, "a value, without which timm fails too")


def _older(keys: Keys) -> list[str]:
    """Return what else the defaults may have been; refuse a file of an older release, whose they are not."""
    filled = [key for key in keys.context.defaults if key in BEFORE]
    for key in filled:
        for old in UNTIL_0_6:
            if old in keys.data:
                raise keys.wrong(key, f"a value: the key {old} is of an older release, where it was {BEFORE[key]}")
    if not filled or any(key in keys.data for key in SINCE_0_9):
        return []
    older = "; ".join(f"{key} was {BEFORE[key]}" for key in filled)
    return [f"the file does not say of which release of timm it is: {older}"]


def _peak(keys: Keys) -> float:
    """Return the base rate, which timm computes from the whole batch where there is none."""
    if "base_value" in keys.quantities or (keys.get("lr") is not None and keys.number("lr", least=0)):
        return keys.rate("lr")
    if keys.get("train_img_sizes") is not None:
        raise keys.refused("lr_base", "the batch changes with train_img_sizes; write the lr that timm prints")
    base, size = keys.number("lr_base", least=0), keys.whole("lr_base_size", least=1)
    batch = keys.quantity("batch_size", "lr", f"timm's rate is lr_base for {size} samples in an update, of all devices")
    scale = keys.get("lr_base_scale") or None
    if scale is None:
        optimizer = str(keys.get("opt")).lower()
        scale = "sqrt" if any(part in optimizer for part in ("ada", "lamb")) else "linear"
    ratio = float(batch) / size
    return base * (ratio**0.5 if scale == "sqrt" else ratio)


def _scheduled(keys: Keys, name: str, peak: float) -> tuple[Node, int | None, list[str]]:
    """Return the schedule in updates, the number of updates of the run if it has an end, and what was mapped."""
    on_updates = keys.flag("sched_on_updates")
    key = "sched_on_updates" if "sched_on_updates" in keys.data else "sched"
    epoch = int(keys.quantity("steps_per_epoch", key, "timm's lengths are in epochs"))
    unit = epoch if on_updates else 1
    scheduler = _scheduler(keys, name, unit)
    rate = rate_of(scheduler, peak)
    node, notes = rate.node, list(rate.notes)
    made, first = scheduler.made(peak), value_at(node, 0)
    if abs(made - first) > _ALMOST * abs(made):
        node = Sequence(parts=[Constant(value=made, steps=1), node], time="global")
        notes.append(f"the first {'update' if on_updates else 'epoch'} has {made:g}, which nothing has stepped yet")
    elif not math.isclose(made, first, rel_tol=1e-12):
        notes.append(f"timm itself begins with {made:.9g}, and steps to the formula's own rates after it")
    if not on_updates:
        node = Every(part=node, period=epoch)
        notes.insert(0, f"sched_on_updates is false: the value changes once in an epoch, of {in_steps(epoch)}")
    epochs, stop = _epochs(keys, scheduler, unit), keys.get("stop_epoch")
    if stop is not None:
        epochs = min(epochs or LAST_STEP, keys.whole("stop_epoch", least=1))
    total = epochs * epoch if epochs is not None and epochs * epoch <= LAST_STEP else None
    limited, _ = bounded(node, total, "timm", name)
    if limited != node:
        notes.append(f"read up to step {total}, the end of the run, and held after it")
    return limited, total, notes


def _scheduler(keys: Keys, name: str, unit: int) -> Scheduler:
    """Return the scheduler that timm makes of the arguments, in epochs or in updates."""
    common = Scheduler(
        name=_CLASSES[name],
        t_initial=keys.whole("epochs", least=1) * unit,
        warmup_t=_length(keys, "warmup_epochs", unit),
        warmup_lr_init=0.0,
        warmup_prefix=keys.flag("warmup_prefix"),
    )
    if common.warmup_t:
        common = replace(common, warmup_lr_init=keys.number("warmup_lr", least=0))
    match name:
        case "constant":
            return common
        case "step":
            period = _length(keys, "decay_epochs", unit)
            return replace(common, decay_t=period, decay_rate=keys.number("decay_rate"))
        case "multistep":
            listed = [milestone * unit for milestone in _milestones(keys)]
            return replace(common, decay_t=listed, decay_rate=keys.number("decay_rate"))
        case "wsd" | "rsqrt":
            return _warmup_stable_decay(keys, name, common, unit)
    low = keys.number("min_lr", least=0)
    cycles = replace(common, lr_min=low, cycle_limit=keys.whole("lr_cycle_limit", least=1))
    if cycles.cycle_limit > 1:
        growth = keys.number("lr_cycle_mul")
        if growth < 1:
            raise keys.wrong("lr_cycle_mul", "1 or above: cycles that shrink have an end, after which timm fails")
        decay = keys.number("lr_cycle_decay")
        cycles = replace(cycles, cycle_mul=growth, cycle_decay=decay)
    if name == "poly":
        cycles = replace(cycles, power=keys.number("decay_rate", least=0))
    return cycles if name == "tanh" else replace(cycles, k_decay=keys.number("lr_k_decay"))


def _length(keys: Keys, key: str, unit: int) -> float:
    """Return a length in epochs or updates; a whole number as one, and others with timm's own rounding."""
    length = keys.number(key, least=0)
    return int(length) * unit if length == int(length) else length * unit


def _milestones(keys: Keys) -> list[int]:
    listed = keys.get("decay_milestones")
    texts = [str(one) for one in (listed if isinstance(listed, list | tuple) else [listed])]
    if not all(text.isdecimal() for text in texts) or sorted(texts, key=int) != texts:
        raise keys.wrong("decay_milestones", f"a list of whole numbers that grow, and not {show(listed)}")
    return [int(text) for text in texts]


def _warmup_stable_decay(keys: Keys, name: str, common: Scheduler, unit: int) -> Scheduler:
    """Return WSD, whose warmup is always in front: without `warmup_prefix` the run is shortened by it."""
    total = common.t_initial if common.warmup_prefix else common.t_initial - common.warmup_t
    if "decay_epochs" not in keys.data:
        raise keys.wrong("decay_epochs", "the length of the decay, whose default in train.py is not known here")
    given = keys.number("decay_epochs", 0.2, least=0)
    fall = round(given * total if given < 1 else given * unit)
    if not 0 < fall <= total:
        raise keys.wrong("decay_epochs", f"a decay of 1 to {total}, which is the run without its warmup")
    default = "linear" if name == "rsqrt" else "1-sqrt"
    scale = keys.get("lr_stable_timescale") if name == "rsqrt" else None
    if scale is not None:
        scale = keys.number("lr_stable_timescale") * unit
    if name == "rsqrt" and (common.warmup_t if scale is None else scale) <= 0:
        raise keys.wrong("lr_stable_timescale", "a number above 0, as there is no warmup whose length it could be")
    return replace(
        common,
        t_initial=total,
        decay_t=fall,
        lr_min=keys.number("min_lr", least=0),
        stable_fn="rsqrt" if name == "rsqrt" else "constant",
        stable_timescale=scale,
        decay_fn=keys.word("lr_decay_fn", ("linear", "1-sqrt", "cosine", "power", "exp"), default),
        warmup_prefix=True,
    )


def _epochs(keys: Keys, scheduler: Scheduler, unit: int) -> int | None:
    """Return how many epochs timm trains: cycles and the cooldown come to those that were given; None for ever."""
    ahead = scheduler.warmup_t if scheduler.warmup_prefix else 0
    if scheduler.name in {"StepLRScheduler", "MultiStepLRScheduler"}:
        return int((scheduler.t_initial + ahead) // unit)
    count, growth = int(scheduler.cycle_limit), scheduler.cycle_mul
    cooldown = keys.whole("cooldown_epochs")
    if growth > 1 and count * math.log2(growth) > _FOR_EVER:
        return None
    lasts = scheduler.t_initial * (count if growth == 1 else (growth**count - 1) / (growth - 1))
    return int((math.floor(lasts) + ahead) // unit) + cooldown
