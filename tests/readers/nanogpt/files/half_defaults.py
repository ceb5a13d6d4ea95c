# the peak and its floor are of train.py
eval_interval = 100
eval_iters = 10
wandb_log = False
block_size = 256
max_iters = 3000
lr_decay_iters = 3000
warmup_iters = 100
