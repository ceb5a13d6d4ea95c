eval_interval = 500
eval_iters = 100
wandb_log = False
block_size = 256
use_moe = True
max_iters = 1000
lr_decay_iters = 1000
