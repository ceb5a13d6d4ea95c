optimizer = dict(type='SGD', lr=0.05)
lr_config = dict(policy='inv', gamma=0.01, power=0.75, by_epoch=False)
runner = dict(type='IterBasedRunner', max_iters=300)
