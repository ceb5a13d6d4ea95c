# a script in the form of nanoGPT's, with a get_lr of its own
import math
eval_interval = 500
eval_iters = 100
always_save_checkpoint = False
wandb_log = False
block_size = 256
learning_rate = 6e-4
max_iters = 10000
warmup_iters = 100
lr_decay_iters = 10000
min_lr = 6e-5
def get_lr(it):
    return learning_rate * math.exp(-it / max_iters)
