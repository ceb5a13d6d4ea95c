optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
param_scheduler = [dict(type='StepLR', step_size=3), dict(type='LinearLR', end=2)]
for one in param_scheduler:
    one['by_epoch'] = False
train_cfg = dict(by_epoch=False, max_iters=100)
