"""Reading torchtitan's configs, and its schedulers."""

from lrspec.readers.system import Mark, System
from lrspec.readers.torchtitan import config, objects
from lrspec.readers.torchtitan.shapes import DECAYS

_OTHERS = tuple(f"lr_scheduler.{key}" for key in ("name", "type", "_component_", "_target_", "class_path"))
_TABLES = ("model.flavor", "job.dump_folder", "job.config_file")

SYSTEM = System(
    name="torchtitan",
    title="torchtitan",
    marks=(
        Mark(keys=("lr_scheduler.decay_ratio",), absent=_OTHERS),
        Mark(keys=("lr_scheduler.min_lr_factor",), absent=_OTHERS),
        Mark(keys=("lr_scheduler.decay_type", "training.steps"), absent=_OTHERS),
        *(Mark(keys=("lr_scheduler.warmup_steps", table), absent=_OTHERS) for table in _TABLES),
        *(Mark(keys=("training.warmup_steps", "training.steps", table)) for table in _TABLES),
    ),
    read=config.read,
    version="0.2.2",
    shapes=DECAYS,
    refused={"training.warmup_steps": "checkouts before release 0.1.0 have another formula"},
    knows=objects.is_of_torchtitan,
    read_object=objects.read,
)
