# what is not of the rate may be code
import os
import torch

eval_interval = 100
eval_iters = 10
wandb_log = False
block_size = 256
dtype = 'bfloat16' if torch.cuda.is_available() else 'float16'
data_dir = os.path.join('data', 'set')
learning_rate = 3e-4
min_lr = 3e-5
warmup_iters = 15
max_iters = 300
lr_decay_iters = 300
