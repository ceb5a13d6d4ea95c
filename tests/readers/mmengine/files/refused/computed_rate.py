import math
base_lr = math.sqrt(64) * 1e-3
optim_wrapper = dict(optimizer=dict(type='SGD', lr=base_lr))
param_scheduler = dict(type='PolyLR', by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=100)
