from detectron2.config import LazyCall as L
from detectron2.solver.build import get_default_optimizer_params
from torch.optim import SGD

from ..common.coco_schedule import lr_multiplier_1x as lr_multiplier
from ..common.data.coco import dataloader

optimizer = L(SGD)(params=L(get_default_optimizer_params)(), lr=0.02, momentum=0.9)
train = dict(max_iter=90000, output_dir="./output")
