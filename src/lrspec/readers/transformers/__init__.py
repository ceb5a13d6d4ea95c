"""Reading Hugging Face's transformers: its schedulers, and the training arguments of its Trainer."""

from lrspec.readers.system import Mark, System
from lrspec.readers.transformers import config, objects

SYSTEM = System(
    name="huggingface",
    title="Hugging Face's Trainer",
    marks=(
        Mark(keys=("lr_scheduler_type",)),
        Mark(keys=("lr_scheduler_kwargs",)),
        Mark(keys=("warmup_ratio",)),
        Mark(keys=("num_train_epochs",)),
        Mark(keys=("per_device_train_batch_size",)),
    ),
    read=config.read,
    version="5.23",
    knows=objects.is_of_transformers,
    read_object=objects.read,
)
