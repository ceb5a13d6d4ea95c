"""Reading nanoGPT's configs."""

from lrspec.readers.nanogpt import config
from lrspec.readers.system import Mark, System

_NOT = ("max_seq_len", "micro_batch_size", "get_lr")
"""Keys of what was made from nanoGPT, and has other defaults or is a script of its own."""
_PAIRS = (
    ("always_save_checkpoint", "eval_interval"),
    ("wandb_log", "eval_iters"),
    ("block_size", "eval_iters"),
    ("decay_lr", "lr_decay_iters"),
)

SYSTEM = System(
    name="nanogpt",
    title="nanoGPT",
    marks=tuple(Mark(keys=pair, absent=_NOT) for pair in _PAIRS),
    read=config.read,
    version="3adf61e (November 2025)",
    defaults=config.DEFAULTS,
    shapes=("warmup and cosine", "decay_lr = False"),
    refused={
        "a script with a get_lr of its own, such as train.py": "code is not executed; write its config",
        "keys that nanoGPT does not have, where one of its defaults stands in": "whose are they? give --system",
        "eval_only": "no update is made",
    },
)
