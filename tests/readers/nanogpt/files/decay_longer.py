# the run ends before the decay
eval_interval = 100
eval_iters = 10
always_save_checkpoint = False
block_size = 256
learning_rate = 5e-4
max_iters = 700
warmup_iters = 70
lr_decay_iters = 2000
min_lr = 5e-5
