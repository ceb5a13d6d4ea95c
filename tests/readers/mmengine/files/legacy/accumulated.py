optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
optimizer_config = dict(type='GradientCumulativeOptimizerHook', cumulative_iters=4)
lr_config = dict(policy='poly', power=1.0, min_lr=0, by_epoch=False)
runner = dict(type='IterBasedRunner', max_iters=200)
