"""Reading detectron2's configs."""

from lrspec.readers.detectron2 import config
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="detectron2",
    title="detectron2",
    marks=(Mark(keys=("SOLVER",)),),
    read=config.read,
)
