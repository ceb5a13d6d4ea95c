# training schedule
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=1)
val_cfg = dict(type='ValLoop')

# learning rate
param_scheduler = [
    dict(type='LinearLR', start_factor=0.002, by_epoch=False, begin=0, end=40),
    dict(type='MultiStepLR', begin=0, end=12, by_epoch=True, milestones=[7, 10], gamma=0.2),
]

# optimizer
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.025, momentum=0.9, weight_decay=0.0001))

# whether the rate is scaled by the batch, which is off
auto_scale_lr = dict(enable=False, base_batch_size=16)
