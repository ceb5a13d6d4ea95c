_base_ = ['../_base_/not_there.py']
optim_wrapper = dict(optimizer=dict(lr=0.1))
