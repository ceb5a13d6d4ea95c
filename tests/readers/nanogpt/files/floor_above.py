# the floor lies above the peak: the rate climbs
eval_interval = 100
eval_iters = 10
wandb_log = False
block_size = 256
learning_rate = 1e-4
min_lr = 3e-4
max_iters = 500
warmup_iters = 20
lr_decay_iters = 500
