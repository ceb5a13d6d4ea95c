optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
param_scheduler = dict(type='PolyLR', by_epoch=False)
train_cfg = dict(by_epoch=False, max_iters=100)
exec(open('more.py').read())
