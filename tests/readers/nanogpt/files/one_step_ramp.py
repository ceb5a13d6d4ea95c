eval_interval = 100
eval_iters = 10
wandb_log = False
block_size = 256
learning_rate = 1e-3
warmup_iters = 1
max_iters = 50
lr_decay_iters = 50
