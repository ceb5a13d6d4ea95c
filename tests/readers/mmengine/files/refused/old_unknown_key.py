optimizer = dict(type='SGD', lr=0.01)
lr_config = dict(policy='step', step=[8, 11], warmup_epochs=3)
runner = dict(type='EpochBasedRunner', max_epochs=12)
