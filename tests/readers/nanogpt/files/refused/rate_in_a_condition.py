eval_interval = 500
eval_iters = 100
wandb_log = False
block_size = 256
big = True
if big:
    learning_rate = 1e-3
decay_lr = False
max_iters = 1000
