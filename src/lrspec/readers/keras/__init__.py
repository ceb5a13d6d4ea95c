"""Reading Keras: its schedules and optimizers, and what it writes of them."""

from lrspec.readers.keras import config, objects
from lrspec.readers.keras.shapes import REFUSED, SHAPES
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="keras",
    title="Keras",
    marks=(
        Mark(keys=("class_name", "config")),
        Mark(keys=("compile_config.optimizer",)),
        Mark(keys=("optimizer_config.class_name",)),
        Mark(keys=("training_config.optimizer_config",)),
        Mark(keys=(r'training_config=(?s)\s*\{.*"optimizer_config".*',)),
        Mark(keys=("optimizer.class_name", "optimizer.config")),
        Mark(keys=("learning_rate.class_name",)),
        Mark(keys=("inner_optimizer.class_name",)),
        Mark(keys=("optimizer_map.class_name",)),
        Mark(keys=("learning_rate", "use_ema", "ema_momentum")),
        Mark(keys=("document.lrspec",)),
    ),
    read=config.read,
    version="3.15",
    shapes=(*SHAPES, "a fixed rate, also with decay"),
    refused=REFUSED,
    knows=objects.is_of_keras,
    read_object=objects.read,
)
