"""Reading Keras: its schedules and optimizers, and their configs."""

from lrspec.readers.keras import config, objects
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="keras",
    title="Keras",
    marks=(
        Mark(keys=("class_name", "config")),
        Mark(keys=("learning_rate.class_name",)),
        Mark(keys=("learning_rate.schedule",)),
    ),
    read=config.read,
    knows=objects.is_of_keras,
    read_object=objects.read,
)
