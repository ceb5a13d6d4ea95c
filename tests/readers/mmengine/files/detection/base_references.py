_base_ = ['../_base_/schedules/one_x.py', '../_base_/datasets/boxes.py']
# values of the base, in both spellings
scheduler_of_base = _base_.param_scheduler
max_epochs = _base_.train_cfg.max_epochs
data_root_again = {{_base_.data_root}}
gamma = {{ _base_.optim_wrapper.optimizer.momentum }}
param_scheduler = [
    scheduler_of_base[0],
    dict(type='CosineAnnealingLR', begin=4, T_max=max_epochs - 4, eta_min=1e-5, by_epoch=True),
]
