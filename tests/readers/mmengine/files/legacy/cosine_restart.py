optimizers = None
optimizer = dict(type='Adam', lr=2e-4, betas=(0.9, 0.99))
total_iters = 240
lr_config = dict(policy='CosineRestart', by_epoch=False, periods=[60, 60, 60, 60], restart_weights=[1, 1, 0.5, 0.5], min_lr=1e-7)
runner = dict(type='IterBasedRunner', max_iters=total_iters)
