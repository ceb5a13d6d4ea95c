# the warmup goes on while the regular rate falls
optimizer = dict(type='SGD', lr=0.1)
lr_config = dict(policy='step', step=[1, 2], warmup='linear', warmup_iters=25, warmup_ratio=0.1)
runner = dict(type='EpochBasedRunner', max_epochs=5)
