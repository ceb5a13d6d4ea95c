# nothing of the rate: the defaults of train.py
out_dir = 'out-defaults'
eval_interval = 2000
eval_iters = 200
wandb_log = True
wandb_project = 'owt'
batch_size = 16
block_size = 1024
gradient_accumulation_steps = 4 * 8
n_layer = 24
n_head = 16
n_embd = 1024
