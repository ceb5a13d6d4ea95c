"""Reading MMEngine's configs."""

from lrspec.readers.mmengine import config
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="mmengine",
    title="MMEngine",
    marks=(Mark(keys=("param_scheduler",)),),
    read=config.read,
)
