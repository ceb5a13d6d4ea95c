#!/usr/bin/env bash
LR=${LR:-2.5e-5}
exec torchrun --nproc_per_node=4 tasks/finetune_gpt.py --train-iters 300 --micro-batch-size 2 \
    --global-batch-size 8 --finetune --lr "$LR" --lr-decay-style constant --lr-warmup-iters 12 --load ckpt
