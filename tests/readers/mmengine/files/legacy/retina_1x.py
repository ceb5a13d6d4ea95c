_base_ = ['_base_/schedule_1x.py', '_base_/default_runtime.py']
model = dict(type='RetinaNet', train_cfg=dict(assigner=dict(pos_iou_thr=0.5)))
# optimizer
optimizer = dict(lr=0.01)
