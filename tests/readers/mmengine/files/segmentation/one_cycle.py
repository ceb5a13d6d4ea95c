train_cfg = dict(by_epoch=False, max_iters=600, val_interval=100)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.001, momentum=0.95))
# neither total_steps nor end: both are of train_cfg
param_scheduler = dict(type='OneCycleLR', eta_max=0.02, pct_start=0.25, div_factor=20., final_div_factor=1e3, by_epoch=False)
