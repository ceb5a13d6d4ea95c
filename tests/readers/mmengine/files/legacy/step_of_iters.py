# the runner sets by_epoch to False where the config does not say it
optimizer = dict(type='Adam', lr=2e-4)
lr_config = dict(policy='Step', step=[100, 200], gamma=0.5)
runner = dict(type='IterBasedRunner', max_iters=300)
