optimizer = dict(type='SGD', lr=0.001, momentum=0.9)
lr_config = dict(policy='OneCycle', max_lr=0.05, pct_start=0.3, div_factor=10, final_div_factor=1e3)
momentum_config = dict(policy='OneCycle', base_momentum=0.8, max_momentum=0.9, pct_start=0.3)
runner = dict(type='IterBasedRunner', max_iters=200)
