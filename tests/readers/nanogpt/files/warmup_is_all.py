# the ramp is never finished
eval_interval = 50
eval_iters = 10
wandb_log = False
block_size = 32
learning_rate = 1e-3
warmup_iters = 900
max_iters = 300
lr_decay_iters = 1000
