eval_interval = 500
eval_iters = 100
wandb_log = False
learning_rate = 6e-4
exec(open('configurator.py').read())
