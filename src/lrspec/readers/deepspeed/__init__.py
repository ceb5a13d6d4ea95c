"""Reading DeepSpeed's configs."""

from lrspec.readers.deepspeed import config
from lrspec.readers.system import Mark, System

_NEOX = ("pipe_parallel_size", "pipe-parallel-size", "lr_decay_style", "lr-decay-style", "train_iters", "train-iters")
_TYPES = "|".join(config.SHAPES)

SYSTEM = System(
    name="deepspeed",
    title="DeepSpeed",
    marks=(
        Mark(keys=(f"scheduler.type={_TYPES}", "scheduler.params"), absent=_NEOX),
        Mark(keys=("train_micro_batch_size_per_gpu",), absent=_NEOX),
        Mark(keys=("zero_optimization",), absent=_NEOX),
    ),
    read=config.read,
    version="0.19",
    shapes=tuple(config.SHAPES),
    refused={
        "a config without a scheduler": "the rate is that of the script",
        "schedulers of torch": "DeepSpeed passes their parameters on; give the object",
        "a rate for each parameter group": "each has to be read by itself",
        "dynamic_batching": "the rate of an update is scaled with the size of its batch",
    },
)
