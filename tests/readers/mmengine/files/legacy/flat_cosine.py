optimizer = dict(type='AdamW', lr=0.0005)
lr_config = dict(
    policy='FlatCosineAnnealing', by_epoch=False, start_percent=0.6, min_lr_ratio=0.05,
    warmup='linear', warmup_iters=30, warmup_ratio=1e-3)
runner = dict(type='IterBasedRunner', max_iters=400)
