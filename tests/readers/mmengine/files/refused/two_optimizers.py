optim_wrapper = dict(
    constructor='MultiOptimWrapperConstructor',
    generator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
    discriminator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=4e-4)))
param_scheduler = dict(type='LinearLR', by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=100)
