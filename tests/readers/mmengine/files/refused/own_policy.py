optimizer = dict(type='SGD', lr=0.01)
lr_config = dict(policy='YOLOX', warmup='exp', by_epoch=False, warmup_by_epoch=True, warmup_ratio=1, warmup_iters=5, num_last_epochs=15, min_lr_ratio=0.05)
runner = dict(type='EpochBasedRunner', max_epochs=300)
