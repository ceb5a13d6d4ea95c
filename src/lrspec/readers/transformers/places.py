"""Where the training arguments stand in a file, and what stands beside them that would change the rate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from lrspec.errors import SpecError, argument
from lrspec.fields import show
from lrspec.readers import files
from lrspec.readers.files import Unread
from lrspec.readers.keys import Keys

MARKS = ("lr_scheduler_type", "num_train_epochs", "per_device_train_batch_size")
"""The arguments that only a Trainer has, and what copies its names."""
_DEPTH = 3
_FOREIGN = re.compile(
    r"lr|lr_.*|learningrate|(base|peak|max|min|init|initial|end|final|start)_(lr|learning_rate)|learning_rate_.+"
    r"|(lr_|num_|n_)?warmup.*|(lr_|learning_rate_)?sched(ule|uler)?(_.+)?|decay_(steps|style|type|rate|epochs|ratio)"
    r"|((n|num|max|total|train)_)?epochs?|(total|train|num_train|num_training|training|n|num)_(steps|updates|iters)"
    r"|(max|total)_(iters|iterations|updates)|steps|iters|iterations|(n|train|training)_iterations"
    r"|(auto_)?scale_(lr|learning_rate)|num_cycles"
)
_OF_GROUPS = re.compile(r".+_(lr|learning_rate|lr_ratio|lr_scale|lr_mult)|.*layer_?wise_lr.*|.*layer_decay.*|llrd.*")
_STATE = {"global_step", "log_history"}
_WITHOUT_SCHEDULER = re.compile(
    r"(.*/)?(deepspeed_configs/zero[123]\w*|deepspeed/ds_z[0-3]_\w*config)\.json|(default-)?zero[0-3](_offload)?"
)
"""The configs of DeepSpeed that axolotl, LLaMA-Factory and ms-swift bring along, none of which has a scheduler."""


def arguments_in(keys: Keys) -> Keys:
    """Return the training arguments of a config: its own keys, or those of the only mapping in it that has such.

    Raises:
        SpecError: The config is the state of a run; or more than one mapping has such keys; or a rate stands elsewhere.
    """
    if keys.data.keys() >= _STATE:
        raise SpecError(
            "global_step",
            found="the state of a run, trainer_state.json",
            expected="its arguments; lrspec.position(...) of the checkpoint's folder reads how far it was",
        )
    if not keys.data.keys().isdisjoint(MARKS):
        return _unwrapped(keys)
    found = list(_with_marks(keys, _DEPTH))
    if not found:
        return keys
    if len(found) > 1:
        places = " and ".join(one.path for one in found)
        raise SpecError(found[0].path, found=f"training arguments in {places}", expected="one of them, by itself")
    _check_only_rate(keys, found[0])
    return found[0]


def _unwrapped(keys: Keys) -> Keys:
    """Return the arguments of a run as Weights & Biases keeps them: each a mapping with a `value`."""
    if all(isinstance(keys.data[name], Mapping) and "value" in keys.data[name] for name in MARKS if name in keys.data):
        plain = {
            name: one["value"] if isinstance(one, Mapping) and "value" in one else one
            for name, one in keys.data.items()
        }
        return Keys(plain, keys.context, keys.path)
    return keys


def _with_marks(keys: Keys, depth: int) -> Iterator[Keys]:
    for name, value in keys.data.items():
        if not isinstance(value, Mapping) or isinstance(value, Unread):
            continue
        inner = Keys(value, keys.context, keys.at(str(name)))
        if not inner.data.keys().isdisjoint(MARKS):
            yield inner
        elif depth:
            yield from _with_marks(inner, depth - 1)


def _check_only_rate(keys: Keys, inner: Keys) -> None:
    """Refuse a config with a rate or a schedule outside of its training arguments, at its top."""
    for name, value in keys.data.items():
        if value is not None and (name == "learning_rate" or _FOREIGN.fullmatch(str(name))):
            found = f"{show(value)}, beside the training arguments in {inner.path}"
            raise SpecError(keys.at(str(name)), found=found, expected="nothing that may change their schedule")


def check_foreign(keys: Keys, notes: list[str], expected: str) -> None:
    """Refuse keys that the system does not have, and that may change the rate; note those of other parameters' rates.

    Args:
        keys: The arguments.
        notes: What was mapped, which is added to.
        expected: What is expected instead, in words.

    Raises:
        SpecError: There is such a key, with a value.
    """
    for name, value in keys.data.items():
        if name in keys.read or value is None or value is False:
            continue
        if _FOREIGN.fullmatch(str(name)):
            raise SpecError(keys.at(str(name)), found=show(value), expected=expected)
        if _OF_GROUPS.fullmatch(str(name)):
            notes.append(f"{keys.at(str(name))}={show(value)} gives some parameters a rate of their own: not read")


def check_deepspeed(keys: Keys, notes: list[str]) -> None:
    """Refuse a DeepSpeed config with a scheduler, which goes before the Trainer's; one in a file beside is looked at.

    Args:
        keys: The arguments.
        notes: What was mapped, which is added to.

    Raises:
        UnsupportedError: It has one.
        SpecError: It is in a file that is not beside the arguments, and was not given either.
    """
    name = "deepspeed"
    keys.read.add(name)
    if keys.data.get(name) in (None, True) and keys.data.get("deepspeed_config") is not None:
        name = "deepspeed_config"  # `deepspeed` is then a switch of scripts that have the file beside it
    config = keys.data.get(name)
    if isinstance(config, str) and config.lstrip().startswith("{"):
        config = json.loads(config)
    if isinstance(config, Mapping):
        if config.get("scheduler") is not None:
            reason = "it goes before lr_scheduler_type; give DeepSpeed's config by itself"
            raise keys.refused(f"{keys.at('deepspeed')}.scheduler", reason)
    elif isinstance(config, Unread) or (config and isinstance(config, str)):
        shown = config if isinstance(config, str) else config.found
        if not (isinstance(config, str) and _WITHOUT_SCHEDULER.fullmatch(config)):
            _check_file(keys, name, config)
        notes.append(f"{shown} has no scheduler of its own")


def _check_file(keys: Keys, name: str, config: str | Unread) -> None:
    """Look at DeepSpeed's config in a file of its own."""
    shown = config if isinstance(config, str) else "its config"
    found = files.beside(keys.context.file.path, config) if isinstance(config, str) else None
    found = keys.context.beside() if found is None else found
    if found is None:
        why = f"{argument('training_args', 'FILE')}, that file: a scheduler in it would go before this one"
        raise keys.wrong(name, f"a file beside this one, or {why}")
    if found.get("scheduler") is not None:
        reason = f"{shown} has one, which goes before lr_scheduler_type; read that file, with these arguments beside it"
        raise keys.refused("a scheduler of DeepSpeed", reason)
