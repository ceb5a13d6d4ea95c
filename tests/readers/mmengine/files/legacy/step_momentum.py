optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
lr_config = dict(policy='step', step=[3])
momentum_config = dict(policy='step', step=[2, 4], gamma=0.5, warmup='linear', warmup_iters=5, warmup_ratio=0.9)
runner = dict(type='EpochBasedRunner', max_epochs=6)
