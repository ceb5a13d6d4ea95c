"""Reading axolotl: its config files, which become the arguments of a Trainer."""

from lrspec.readers.axolotl import config
from lrspec.readers.axolotl.shapes import OWN
from lrspec.readers.system import Mark, System
from lrspec.readers.transformers.shapes import METRIC, SHAPES

SYSTEM = System(
    name="axolotl",
    title="axolotl",
    marks=(
        Mark(keys=("base_model", "micro_batch_size")),
        Mark(keys=("base_model", "sequence_len")),
        Mark(keys=("base_model", "datasets", "num_epochs", "learning_rate")),
    ),
    read=config.read,
    version="0.19",
    shapes=("one_cycle", *OWN, *SHAPES),
    refused={
        **dict.fromkeys(METRIC, "it follows a metric, not the step"),
        "log_sweep": "of older releases, such as 0.9",
        "relora_steps": "of older releases, such as 0.9; in later ones it is jagged_restart_steps",
    },
)
