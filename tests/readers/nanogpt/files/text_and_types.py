# annotations, and a docstring
"""A run on two devices."""
eval_interval: int = 100
eval_iters: int = 10
wandb_log: bool = False
block_size: int = 256
learning_rate: float = 1e-4
max_iters: int = 500
warmup_iters: int = 20
lr_decay_iters: int = 500
min_lr: float = 1e-5
