_base_ = ['./poly_iters.py']
optimizer = dict(
    _delete_=True, type='AdamW', lr=0.00006, betas=(0.9, 0.999), weight_decay=0.01,
    paramwise_cfg=dict(custom_keys={'head': dict(lr_mult=10.)}))
lr_config = dict(
    _delete_=True, policy='poly', warmup='linear', warmup_iters=150, warmup_ratio=1e-6, power=1.0, min_lr=0.0, by_epoch=False)
