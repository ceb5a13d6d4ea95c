from fvcore.common.param_scheduler import MultiStepParamScheduler

from detectron2 import model_zoo
from detectron2.config import LazyCall as L
from detectron2.solver import WarmupParamScheduler

dataloader = model_zoo.get_config("common/data/coco.py").dataloader
train = model_zoo.get_config("common/train.py").train
train.max_iter = 90000
optimizer = model_zoo.get_config("common/optim.py").AdamW

lr_multiplier = L(WarmupParamScheduler)(
    scheduler=L(MultiStepParamScheduler)(
        values=[1.0, 0.1, 0.01],
        milestones=[80000, 86000],
        num_updates=train.max_iter,
    ),
    warmup_length=250 / train.max_iter,
    warmup_factor=0.001,
)
