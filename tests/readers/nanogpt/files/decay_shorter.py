# the decay ends before the run, and the floor is held
eval_interval = 100
eval_iters = 10
always_save_checkpoint = False
block_size = 256
dropout = 0.1
learning_rate = 5e-4
max_iters = 1200
warmup_iters = 100
lr_decay_iters = 800
min_lr = 1e-5
