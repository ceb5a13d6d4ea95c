"""Reading timm: its schedulers, and the arguments of its training script."""

from lrspec.readers.system import Mark, System
from lrspec.readers.timm import arguments, config, objects

_SCHED = f"sched={'|'.join((*config.NAMES, 'plateau'))}"

SYSTEM = System(
    name="timm",
    title="timm's train.py",
    marks=tuple(
        Mark(keys=(_SCHED, key), absent=("unscale_lr",))
        for key in (
            *("warmup_epochs", "decay_epochs", "decay_milestones", "warmup_lr", "patience_epochs"),
            *("sched_on_updates", "lr_cycle_limit", "lr_base"),
        )
    ),
    read=config.read,
    version=arguments.VERSION,
    defaults=arguments.DEFAULTS,
    shapes=config.NAMES,
    refused={
        "plateau": "it follows a metric, not the step",
        "lr_noise": "random numbers of torch's generator",
        "a key unscale_lr, sched_epochwise or lr_ep": "scripts that began as copies, and compute something else",
        "keys that train.py does not have, and none of its own": "another script's file",
    },
    knows=objects.is_of_timm,
    read_object=objects.read,
)
