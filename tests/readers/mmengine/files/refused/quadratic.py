optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
param_scheduler = [
    dict(type='mmdet.QuadraticWarmupLR', by_epoch=True, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0005, begin=5, T_max=285, end=285, by_epoch=True)
]
train_cfg = dict(by_epoch=True, max_epochs=300)
