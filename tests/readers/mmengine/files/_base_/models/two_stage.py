# model settings
model = dict(
    type='FasterRCNN',
    backbone=dict(type='ResNet', depth=50, out_indices=(0, 1, 2, 3), init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
    neck=dict(type='FPN', in_channels=[256 * 2**i for i in range(4)], out_channels=256),
    train_cfg=dict(rpn=dict(allowed_border=-1, pos_weight=-1)))
