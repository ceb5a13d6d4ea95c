"""nanoGPT: the names that a config file gives values, over the defaults of train.py."""

from __future__ import annotations

import re
from typing import Any

from lrspec.errors import argument
from lrspec.kinds import Constant, Cosine
from lrspec.readers.files import Unread
from lrspec.readers.files.python import FUNCTION
from lrspec.readers.keys import Keys, joined, ramp
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "nanogpt"
DEFAULTS: dict[str, Any] = {
    "learning_rate": 6e-4,
    "min_lr": 6e-5,
    "max_iters": 600000,
    "warmup_iters": 2000,
    "lr_decay_iters": 600000,
    "decay_lr": True,
}
"""The keys that make the schedule."""
_OTHERS = (
    *("out_dir", "eval_interval", "log_interval", "eval_iters", "eval_only", "always_save_checkpoint", "init_from"),
    *("wandb_log", "wandb_project", "wandb_run_name", "dataset", "gradient_accumulation_steps", "batch_size"),
    *("block_size", "n_layer", "n_head", "n_embd", "dropout", "bias", "weight_decay", "beta1", "beta2", "grad_clip"),
    *("backend", "device", "dtype", "compile"),
)
_OF_THE_RATE = re.compile(r"lr|rate|warm|decay|sched|cool|anneal|cosine|max_iters|max_steps|num_iter|epochs")


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of nanoGPT.

    Raises:
        UnsupportedError: It is a script, makes no update, or has keys of something else that was made from nanoGPT.
        SpecError: A key is not as it should be.
    """
    notes = _others(keys)
    if _flag(keys, "eval_only", default=False):
        raise keys.refused("eval_only", "no update is made")
    peak = keys.rate("learning_rate") if _written(keys, "learning_rate") else keys.number("learning_rate")
    last = keys.whole("max_iters")
    notes += [f"nanoGPT makes max_iters + 1 updates: steps 0 to {last}"]
    if not _flag(keys, "decay_lr", default=True):
        return _reading(Constant(value=peak), "constant", notes, last)
    warmup, end = (keys.whole(name) for name in ("warmup_iters", "lr_decay_iters"))
    floor = keys.number("min_lr", least=0)
    if warmup:
        notes.append(
            "the warmup is learning_rate (it + 1) / (warmup_iters + 1), as in nanoGPT since December 2024 (dc81cb3); "
            "before, it was learning_rate it / warmup_iters"
        )
    return _reading(_curve(keys, peak, floor, warmup, end), "warmup and cosine", notes, last)


def _reading(node: Node, name: str, notes: list[str], last: int) -> Reading:
    return Reading(schedule=node, framework=SYSTEM, construct=name, conventions=tuple(notes), total=last + 1)


def _curve(keys: Keys, peak: float, floor: float, warmup: int, end: int) -> Node:
    """Return the warmup, and the half wave down to the floor."""
    if warmup == end:
        raise keys.wrong("lr_decay_iters", f"another number than warmup_iters, {warmup}: nanoGPT divides by 0")
    parts = ramp(0.0, peak, warmup, ahead=1, over=warmup + 1)
    decay = Cosine(init_value=peak, end_value=floor, steps=end - warmup) if end > warmup else Constant(value=floor)
    return joined(*parts, decay)


def _written(keys: Keys, name: str) -> bool:
    return keys.data.get(name) is not None or "base_value" in keys.quantities


def _flag(keys: Keys, name: str, *, default: bool) -> bool:
    """Return a flag; on the command line it is a word of Python."""
    value: Any = keys.get(name, default)
    words = {"True": True, "False": False}
    if isinstance(value, str) and value in words:
        return words[value]
    return keys.flag(name, default=default)


def _others(keys: Keys) -> list[str]:
    """Return what is to be said of keys that nanoGPT does not have.

    Raises:
        UnsupportedError: The file is a script, or of something made from nanoGPT, whose defaults may be others.
    """
    code = [name for name, value in keys.data.items() if isinstance(value, Unread) and value.found == FUNCTION]
    if code:
        raise keys.refused(str(code[0]), "a script with functions or classes; write its config alone")
    others = [str(name) for name in keys.data if name not in DEFAULTS and name not in _OTHERS]
    if not others:
        return []
    some = ", ".join(others)
    if not keys.context.named:
        left = [name for name in DEFAULTS if name != "decay_lr" and keys.data.get(name) is None]
        mine = [name for name in others if _OF_THE_RATE.search(name)]
        if mine:
            own = argument("system", "nanogpt")
            reason = f"a key that nanoGPT does not have; where it is a name of this file's own, give {own}"
            raise keys.refused(mine[0], reason)
        if left and keys.data.get("decay_lr") is not False:
            reason = f"keys that nanoGPT does not have, and {', '.join(left)} left to defaults, which may be others"
            raise keys.refused(some, f"{reason}; write them, or give {argument('system', 'nanogpt')}")
    return [f"keys that nanoGPT does not have: {some}"]
