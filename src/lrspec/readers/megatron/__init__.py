"""Reading Megatron-LM's arguments."""

from lrspec.readers.megatron import config
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="megatron",
    title="Megatron-LM",
    marks=(
        Mark(keys=("lr_decay_style",)),
        Mark(keys=("lr_decay_iters",), absent=("max_iters",)),  # which nanoGPT has
        Mark(keys=("lr_warmup_iters",)),
        Mark(keys=("lr_decay_samples",)),
        Mark(keys=("lr_warmup_fraction",)),
        Mark(keys=("lr_warmup_samples",)),
        Mark(keys=("train_iters",)),
    ),
    read=config.read,
)
