_base_ = ['../_base_/models/two_stage.py', '../_base_/schedules/one_x.py', '../_base_/runtime.py']
model = dict(
    backbone=dict(_delete_=True, type='SwinTransformer', embed_dims=96, depths=[2, 2, 6, 2]),
    neck=dict(in_channels=[96, 192, 384, 768]))
# the optimizer of the base is thrown away
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(_delete_=True, type='AdamW', lr=0.00015, betas=(0.9, 0.999), weight_decay=0.05),
    paramwise_cfg=dict(custom_keys={
        'absolute_pos_embed': dict(decay_mult=0.),
        'backbone': dict(lr_mult=0.1)
    }))
