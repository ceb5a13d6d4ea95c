# fine-tuning with one rate
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=3e-5, weight_decay=0.01))
param_scheduler = None
train_cfg = dict(by_epoch=True, max_epochs=5)
