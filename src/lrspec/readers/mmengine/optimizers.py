"""What OpenMMLab's configs say of optimizers beside their rates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lrspec.errors import argument
from lrspec.kinds import Constant, Freeze, Shift, Stretch
from lrspec.readers.keys import Keys
from lrspec.readers.reading import exact_values
from lrspec.spec import Node

_HOOKS = re.compile(r"ParamScheduler|LrUpdater|LRUpdater|(Lr|LR|LearningRate)(?!Monitor|Logger)\w*Hook")
_BETAS = {"Adam": 0.9, "AdamW": 0.9, "NAdam": 0.9, "RAdam": 0.9, "Adamax": 0.9}
_NO_MOMENTUM = {"SGD": 0.0, "RMSprop": 0.0}


def rate_of(optimizer: Keys) -> float:
    """Return the rate of an optimizer.

    Args:
        optimizer: The optimizer's keys.

    Raises:
        SpecError: There is none, or a key like one beside it that is not known.
    """
    rate = optimizer.rate("lr")
    optimizer.read.update(("lr_decay", "paramwise_cfg"))
    optimizer.no_more(about=r"(^|_)lrs?(_|$)|learning_?rate")
    return rate


def check_scaling(keys: Keys) -> None:
    """Refuse a rate that is scaled by the batch, unless the caller gives it.

    Args:
        keys: The config.

    Raises:
        UnsupportedError: It is scaled.
    """
    scaling = keys.inside("auto_scale_lr")
    if scaling.flag("enable", default=False) and "base_value" not in keys.quantities:
        reason = f"lr times the samples of an update over base_batch_size; give that rate as {argument('base_value')}"
        raise keys.refused("auto_scale_lr", reason)


def check_hooks(keys: Keys, *more: Any) -> None:
    """Refuse hooks that set the rates by themselves.

    Args:
        keys: The config.
        more: Hooks beside those of its `custom_hooks`.

    Raises:
        UnsupportedError: There is such a hook.
    """
    custom = keys.data.get("custom_hooks")
    for one in [*more, *(custom if isinstance(custom, list | tuple) else [])]:
        kind = str(one.get("type")) if isinstance(one, Mapping) else ""
        if _HOOKS.search(kind) and kind.rpartition(".")[2] != "ParamSchedulerHook":
            raise keys.refused(kind, "a hook that sets the rates by itself, and not by the scheduler")


def groups_note(keys: Keys, name: str) -> list[str]:
    """Return what is to be said of parameter groups with other rates.

    Args:
        keys: The mapping that has the options of the groups.
        name: Their key.
    """
    text = repr(keys.data.get(name) or "") + str(keys.data.get("constructor") or "")
    factors = re.findall(r"\w*lr_mult|\w*decay_rate|\w*LayerDecay\w*|\w*LearningRateDecay\w*", text)
    some = ", ".join(dict.fromkeys(factors))
    note = f"{keys.at(name)}: groups of parameters with rates of their own ({some}); this is that of the others"
    return [note] if some else []


def base_of(optimizer: Keys, drives: str) -> float:
    """Return the momentum or weight decay of an optimizer, before any scheduler.

    Args:
        optimizer: The optimizer's keys.
        drives: Which of the two.

    Raises:
        SpecError: It stands nowhere.
    """
    if drives == "weight_decay" or optimizer.data.get("momentum") is not None:
        return optimizer.number(drives)
    betas: Any = optimizer.get("betas")
    if isinstance(betas, list | tuple) and betas and isinstance(betas[0], int | float):
        return float(betas[0])
    kind = str(optimizer.data.get("type")).rpartition(".")[2]
    if kind in _BETAS:
        optimizer.context.defaults[optimizer.at("betas[0]")] = _BETAS[kind]
        return _BETAS[kind]
    return optimizer.number("momentum", _NO_MOMENTUM.get(kind))


def of_updates(node: Node, micro: int, total: int | None) -> Node:
    """Return a schedule of updates, each of which has the value of the last of its batches.

    Args:
        node: The schedule of batches.
        micro: Batches of an update.
        total: Batches of the run, where they are known.
    """
    if node.length is None and total is not None and not isinstance(node, Constant):
        node = Freeze(part=node, steps=total)
    if node.length is not None and node.length <= micro - 1:
        return Constant(value=exact_values(node, [micro - 1])[0])
    return Stretch(part=Shift(part=node, by=micro - 1) if micro > 1 else node, factor=Fraction(1, micro))
