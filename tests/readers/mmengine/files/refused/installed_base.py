_base_ = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'
optim_wrapper = dict(optimizer=dict(lr=0.005))
