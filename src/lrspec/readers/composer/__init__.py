"""Reading Composer's schedulers, and the configs of LLM Foundry."""

from lrspec.readers.composer import config, objects
from lrspec.readers.composer.shapes import NAMES, SHAPES
from lrspec.readers.composer.times import TIME
from lrspec.readers.system import Mark, System

_TIME = rf"(?i)\s*{TIME}\s*"
_REFERENCE = r"\$\{.*\}"
_OTHERS = ("scheduler.type", "scheduler.units", "optimizer.learning_rate")

SYSTEM = System(
    name="composer",
    title="Composer",
    marks=(
        *(
            Mark(keys=(f"{within}scheduler.name", f"{within}scheduler.t_warmup={_TIME}"), absent=_OTHERS)
            for within in ("", "parameters.")
        ),
        Mark(keys=("scheduler.name", "optimizer.lr", f"max_duration={_TIME}"), absent=_OTHERS),
        Mark(
            keys=("scheduler.name", "optimizer.lr", "max_duration", f"scheduler.t_warmup={_REFERENCE}"), absent=_OTHERS
        ),
        Mark(keys=(r"scheduler._target_=composer\.optim\..*",)),
    ),
    read=config.read,
    version="0.32.1",
    shapes=(*NAMES, *SHAPES),
    refused={
        "optimizer.param_groups": "groups with an lr of their own",
        "scale_schedule_ratio": "it stretches and truncates each time",
        "a scheduler by itself": "its times are no steps without the run; the LambdaLR that the trainer makes is read",
    },
    knows=objects.is_of_composer,
    read_object=objects.read,
)
