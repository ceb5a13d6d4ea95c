"""Reading OLMo's configs. OLMo-core, which came after it, is another system."""

from lrspec.readers.olmo import config
from lrspec.readers.olmo.shapes import SHAPES
from lrspec.readers.system import Mark, System

_NAME = f"scheduler.name={'|'.join(SHAPES)}"
_NUMBER = r"[-+.0-9_]+(?:[eE][-+]?[0-9]+)?"
_RATE = "optimizer.learning_rate"
_OTHERS = ("*._target_", "*._component_", "*.class_path", "scheduler.type", "optimizer.lr")

SYSTEM = System(
    name="olmo",
    title="OLMo",
    marks=(
        Mark(keys=(_RATE, rf"scheduler.t_warmup={_NUMBER}|\$\{{.*\}}"), absent=_OTHERS),
        Mark(keys=(_RATE, "scheduler.units=steps|tokens"), absent=_OTHERS),
        Mark(keys=(_RATE, "scheduler.alpha_f"), absent=_OTHERS),
        Mark(keys=(_RATE, _NAME, "max_duration"), absent=_OTHERS),
    ),
    read=config.read,
    version="0.6.0",
    shapes=tuple(SHAPES),
    refused={
        "reset_optimizer_state": "with load_path a second warmup begins at the step of the checkpoint",
        "t_warmup: 0 of an inverse square root": "its rate is then 0 at every update",
    },
)
