learning_rate = 1e-3
batch_size = 32
max_iters = 1000
warmup_iters = 10
