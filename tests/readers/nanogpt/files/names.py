# one number from another
eval_interval = 200
eval_iters = 50
wandb_log = False
block_size = 64
n_layer, n_head = 4, 4
n_embd = 64 * n_head
learning_rate = 8e-4
max_iters = 2 * 1000
lr_decay_iters = max_iters
warmup_iters = max_iters // 20
min_lr = learning_rate / 10
