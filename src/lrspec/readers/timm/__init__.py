"""Reading timm: its schedulers, and the arguments of its training script."""

from lrspec.readers.system import Mark, System
from lrspec.readers.timm import config, objects

SYSTEM = System(
    name="timm",
    title="timm",
    marks=(Mark(keys=("sched",)),),
    read=config.read,
    knows=objects.is_of_timm,
    read_object=objects.read,
)
