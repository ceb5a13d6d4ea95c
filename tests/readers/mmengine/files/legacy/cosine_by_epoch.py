optimizer = dict(type='SGD', lr=0.8, momentum=0.9, weight_decay=5e-5)
lr_config = dict(policy='CosineAnnealing', min_lr=0, warmup='exp', warmup_iters=23, warmup_ratio=0.25)
runner = dict(type='EpochBasedRunner', max_epochs=12)
