from mmengine.config import read_base
from mmengine.optim import AmpOptimWrapper
from torch.optim import AdamW

with read_base():
    from ._base_.schedule import optim_wrapper, param_scheduler, train_cfg

# parts of what was read are changed
train_cfg.update(max_epochs=30)
optim_wrapper.update(dict(type=AmpOptimWrapper, optimizer=dict(lr=0.05)))
param_scheduler[1].update(dict(T_max=28, eta_min=1e-4))
