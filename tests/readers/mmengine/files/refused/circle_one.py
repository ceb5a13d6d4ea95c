_base_ = 'circle_two.py'
optim_wrapper = dict(optimizer=dict(lr=0.005))
