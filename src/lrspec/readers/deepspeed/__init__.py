"""Reading DeepSpeed's configs."""

from lrspec.readers.deepspeed import config
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="deepspeed",
    title="DeepSpeed",
    marks=(
        Mark(keys=("scheduler.type", "scheduler.params")),
        Mark(keys=("train_micro_batch_size_per_gpu",)),
        Mark(keys=("zero_optimization",)),
    ),
    read=config.read,
)
