import math
eval_interval = 500
eval_iters = 100
wandb_log = False
block_size = 256
n_params = 124e6
learning_rate = 0.003239 - 0.0001395 * math.log(n_params)
max_iters = 1000
warmup_iters = 10
lr_decay_iters = 1000
min_lr = 1e-5
