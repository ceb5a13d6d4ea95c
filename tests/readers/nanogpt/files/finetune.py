import time

out_dir = 'out-plays'
eval_interval = 5
eval_iters = 40
wandb_log = False
wandb_project = 'plays'
wandb_run_name = 'ft-' + str(time.time())
dataset = 'plays'
init_from = 'gpt2-xl'
always_save_checkpoint = False
batch_size = 1
gradient_accumulation_steps = 32
max_iters = 30
# finetune at constant LR
learning_rate = 4e-5
decay_lr = False
