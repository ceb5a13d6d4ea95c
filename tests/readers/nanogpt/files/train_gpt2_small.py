# config for training a GPT-2 of 124M parameters on one node
# $ torchrun --standalone --nproc_per_node=8 train.py config/train_gpt2_small.py

wandb_log = True
wandb_project = 'owt'
wandb_run_name = 'gpt2-small'

# these make the total batch size be ~0.5M
batch_size = 12
block_size = 1024
gradient_accumulation_steps = 5 * 8

max_iters = 60000
lr_decay_iters = 60000

# eval stuff
eval_interval = 1000
eval_iters = 200
log_interval = 10

weight_decay = 1e-1
