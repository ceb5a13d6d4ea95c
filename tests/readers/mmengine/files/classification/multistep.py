# schedule of a small set: the rate by epochs
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0001))
param_scheduler = dict(type='MultiStepLR', by_epoch=True, milestones=[4, 6, 6, 9], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=1)
