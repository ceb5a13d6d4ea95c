"""Reading the arguments of Ultralytics, YOLOv5 and YOLOv7."""

from lrspec.readers.system import Mark, System
from lrspec.readers.ultralytics import config

SYSTEM = System(
    name="ultralytics",
    title="Ultralytics",
    marks=(
        Mark(keys=("lr0", "lrf")),
        Mark(keys=("lr0", "cos_lr")),
        Mark(keys=("lr0", "warmup_bias_lr")),
        Mark(keys=("hyp.lr0",)),
        Mark(keys=("hyp", "noautoanchor")),
    ),
    read=config.read,
    version="Ultralytics 8.3, YOLOv5 7.0",
    shapes=("linear", "cos_lr", "linear_lr"),
    refused={
        "optimizer: auto": "the trainer chooses the optimizer and its rate itself",
        "optimizer: MuSGD": "it gives some layers three times the rate, by their names",
        "time": "the number of epochs is measured while it trains",
        "flat_cos_lr, fixed_lr": "YOLOv9's own",
    },
)
