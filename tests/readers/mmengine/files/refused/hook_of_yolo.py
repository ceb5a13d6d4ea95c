# the rates are set by a hook
param_scheduler = None
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.937, nesterov=True))
default_hooks = dict(param_scheduler=dict(type='YOLOv5ParamSchedulerHook', scheduler_type='linear', lr_factor=0.01, max_epochs=300))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300)
