optimizer = dict(type='Adam', lr=1e-3)
lr_config = dict(policy='fixed', warmup='linear', warmup_iters=20, warmup_ratio=0.1)
runner = dict(type='EpochBasedRunner', max_epochs=4)
