"""Reading Composer, and the configs of LLM Foundry."""

from lrspec.readers.composer import config, objects
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="composer",
    title="Composer",
    marks=(Mark(keys=("scheduler.name",), absent=("scheduler.type",)),),
    read=config.read,
    knows=objects.is_of_composer,
    read_object=objects.read,
)
