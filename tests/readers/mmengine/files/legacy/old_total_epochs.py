# before there was a runner in the config
optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0001)
optimizer_config = dict(grad_clip=dict(max_norm=35, norm_type=2))
lr_config = dict(policy='step', warmup='constant', warmup_iters=15, warmup_ratio=1.0 / 3, step=[4, 6], gamma=0.2)
total_epochs = 8
checkpoint_config = dict(interval=1)
