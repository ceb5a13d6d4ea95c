"""Megatron-LM: the arguments of its training scripts, in launch scripts, in text, and in dumps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrspec.kinds import Constant
from lrspec.readers import files
from lrspec.readers.build import schedule_of
from lrspec.readers.keys import Keys, joined
from lrspec.readers.megatron.clock import Clock, given
from lrspec.readers.megatron.shapes import COOLDOWNS, STYLES, Rate, rate, weight_decay
from lrspec.readers.reading import Reading
from lrspec.spec import Node

_OF_GROUPS = {
    "decoupled_lr": "a rate of its own for the first and last layer; read each by itself",
    "decoupled_min_lr": "a rate of its own for the first and last layer; read each by itself",
    "use_mup": "rates of their own by the sizes of the parameters",
}
_OLD = {
    "warmup": "an argument of the first releases, whose formulas are others; now lr_warmup_fraction",
    "batch_size": "an argument of the first releases, whose formulas are others; now micro_batch_size",
}
_OF_WSD = ("lr_wsd_decay_style", "lr_wsd_decay_iters", "lr_wsd_decay_samples")


def read(keys: Keys) -> Reading:
    """Return the schedule of Megatron's arguments.

    Raises:
        UnsupportedError: Arguments that have no equivalent, such as a growing batch.
        SpecError: An argument is missing, unknown or not as it should be.
    """
    keys = _flat(keys)
    _refuse(keys)
    style = keys.word("lr_decay_style", tuple(STYLES), "linear")
    clock = Clock(keys)
    node = rate(style, _numbers(style, keys, clock))
    if clock.late:
        first = keys.number("lr_warmup_init", 0.0) if clock.warmup else keys.rate("lr")
        node = joined(Constant(value=first, steps=1), node)
    weights = _weight_decay(keys, clock)
    schedule = schedule_of(node, weight_decay=weights)
    keys.read.update(("lr_warmup_init", "min_lr", *_OF_WSD))
    keys.no_more(about="^(lr_|lr$|min_lr|warmup)")
    notes = tuple(_notes(style, keys, clock))
    return Reading(schedule=schedule, framework="megatron", construct=style, conventions=notes, total=clock.total)


def _flat(keys: Keys) -> Keys:
    """Return the arguments under their own names, also of a config that has them as flags, under MODEL_ARGS."""
    flags = keys.inside("MODEL_ARGS") if "MODEL_ARGS" in keys.data else None
    if flags is None:
        return keys
    names = {name: str(name).lstrip("-").replace("-", "_") for name in flags.data}
    return Keys({names[name]: value for name, value in flags.data.items()}, keys.context, flags.path)


def _refuse(keys: Keys) -> None:
    """Refuse what makes other formulas, or several rates."""
    for name, why in {**_OF_GROUPS, **_OLD}.items():
        if str(keys.get(name)) not in {"None", "False", "false"}:
            raise keys.refused(name, why)
    if given(keys, "head_lr_mult") and keys.number("head_lr_mult") != 1:
        raise keys.refused("head_lr_mult", "a rate of its own for the head")
    if keys.get("yaml_cfg") is not None:
        raise keys.refused("yaml_cfg", f"the arguments stand in {keys.get('yaml_cfg')!r} alone; give that file")


def _numbers(style: str, keys: Keys, clock: Clock) -> Rate:
    peak, low = keys.rate("lr"), keys.number("min_lr", 0.0, least=0)
    first = keys.number("lr_warmup_init", 0.0, least=0)
    if low > peak or first > peak:
        raise keys.wrong("min_lr", "min_lr and lr_warmup_init of at most lr; Megatron refuses more too")
    numbers = Rate(first=first, peak=peak, low=low, warmup=clock.warmup, decay=clock.decay)
    if style == "inverse-square-root" and clock.warmup * _batch(keys) < 1:
        reason = "without a warmup it depends on the samples of an update, and so with one of less than a sample"
        raise keys.refused(style, reason)
    if style != "WSD":
        return numbers
    cooldown = clock.cooldown()
    if cooldown > clock.decay - clock.warmup:
        reason = "a cooldown that begins within the warmup, which jumps where that ends"
        raise keys.refused(f"lr_wsd_decay_{clock.unit}", reason)
    shape = keys.word("lr_wsd_decay_style", tuple(COOLDOWNS), "exponential")
    return replace(numbers, cooldown=cooldown, cooldown_shape=shape)


def _batch(keys: Keys) -> int:
    """Return the samples of an update, or, where nothing says them, the one that there is at least."""
    if given(keys, "global_batch_size"):
        return keys.whole("global_batch_size", least=1)
    return int(keys.quantities.get("batch_size", 1))


def _weight_decay(keys: Keys, clock: Clock) -> Node | None:
    """Return the schedule of the weight decay, where it has one."""
    style = keys.word("weight_decay_incr_style", ("constant", "linear", "cosine"), "constant")
    if style == "constant":
        if keys.get("start_weight_decay") != keys.get("end_weight_decay"):
            raise keys.wrong("weight_decay_incr_style", "linear or cosine, for a weight decay with two ends")
        return None
    first, last = keys.number("start_weight_decay", least=0), keys.number("end_weight_decay", least=0)
    if first > last:
        raise keys.wrong("end_weight_decay", "at least start_weight_decay; Megatron refuses less too")
    return weight_decay(style, first, last, clock.whole("the weight decay"))


def _notes(style: str, keys: Keys, clock: Clock) -> list[str]:
    notes = ["the length of the decay includes the warmup; the value at step n is that after n updates"]
    if style == "inverse-square-root":
        notes.append("after the end of the decay the rate drops to min_lr at once")
    if clock.late:
        notes.append(
            "Megatron-DeepSpeed counts the tokens of an update after its step: the schedule is one update late"
        )
    if keys.get("use_checkpoint_opt_param_scheduler") is True:
        notes.append("where a checkpoint is loaded, its schedule goes before these arguments")
    config = keys.data.get("deepspeed_config")
    if config is not None:
        found = files.beside(keys.context.file.path, config) if isinstance(config, str) else None
        notes += _of_deepspeed(keys, found, late=clock.late)
    return notes


def _of_deepspeed(keys: Keys, config: Mapping[str, Any] | None, *, late: bool) -> list[str]:
    """Return what is to know of the DeepSpeed config; refuse a curriculum, by which the tokens of an update grow."""
    if config is None:
        tokens = (
            "; a curriculum in it would make the tokens of an update grow, and this another schedule" if late else ""
        )
        return [f"a scheduler in the DeepSpeed config would go before in older releases{tokens}: it was not looked at"]
    sampling = _within(_within(config, "data_efficiency"), "data_sampling")
    curricula = (_within(config, "curriculum_learning"), _within(sampling, "curriculum_learning"))
    if late and any(one.get("enabled") not in (None, False) for one in curricula):
        reason = "its tokens are counted, of which an update has more and more; give lr_decay_iters"
        raise keys.refused("a curriculum in the DeepSpeed config", reason)
    if config.get("scheduler") is not None:
        raise keys.refused("a scheduler in the DeepSpeed config", "older releases take it, newer ones do not")
    return []


def _within(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}
