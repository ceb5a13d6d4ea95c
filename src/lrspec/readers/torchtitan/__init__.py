"""Reading torchtitan's configs."""

from lrspec.readers.system import Mark, System
from lrspec.readers.torchtitan import config

SYSTEM = System(
    name="torchtitan",
    title="torchtitan",
    marks=(Mark(keys=("lr_scheduler",), absent=("lr_scheduler.type",)),),
    read=config.read,
)
