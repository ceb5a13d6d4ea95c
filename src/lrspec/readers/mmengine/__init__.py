"""Reading the configs of OpenMMLab: MMEngine's param_scheduler, and the lr_config of MMCV 1 before it."""

from lrspec.readers.mmengine import config
from lrspec.readers.mmengine.policies import POLICIES
from lrspec.readers.mmengine.shapes import SHAPES
from lrspec.readers.system import Mark, System

SYSTEM = System(
    name="mmengine",
    title="MMEngine",
    marks=(
        Mark(keys=("optim_wrapper",)),
        Mark(keys=("param_scheduler.type=.*LR",)),
        Mark(keys=("param_scheduler[].type=.*LR",)),
        Mark(keys=("param_scheduler[].type=.*ParamScheduler",)),
        Mark(keys=("lr_config.policy",)),
        Mark(keys=("lr_config", "optimizer", "runner")),
        Mark(keys=("lr_config", "optimizer_config")),
    ),
    read=config.read,
    version="0.10.7 (lr_config: MMCV 1.7.2)",
    shapes=(*(f"{shape}LR" for shape in SHAPES), *(f"lr_config: {policy}" for policy in POLICIES)),
    refused={
        "ReduceOnPlateauLR": "it follows a metric; see lrspec.ReduceOnPlateau",
        "overlapping schedulers of which one does not multiply": "their values follow no formula of the step",
        "hooks that set rates by themselves, such as YOLOv5ParamSchedulerHook": "MMYOLO's, which is not read",
        "auto_scale_lr with enable": "it needs the number of devices; give the rate as base_value",
        "several optimizers": "write the optim_wrapper of one",
        "bases that are not relative paths beside the file": "what an installed package has is not looked for",
    },
)
