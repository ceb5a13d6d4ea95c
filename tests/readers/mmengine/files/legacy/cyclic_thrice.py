optimizer = dict(type='SGD', lr=0.002, momentum=0.9)
lr_config = dict(policy='cyclic', target_ratio=(8.0, 0.5), cyclic_times=3, step_ratio_up=0.3, gamma=0.5, anneal_strategy='linear')
runner = dict(type='IterBasedRunner', max_iters=100)
