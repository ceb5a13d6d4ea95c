#!/bin/bash
NPROC_PER_NODE=8 megatron sft --load Qwen-mcore --dataset my/data --train_iters 500 --lr 1e-5 \
  --lr_warmup_fraction 0.05 --min_lr 1e-6 --micro_batch_size 1 --global_batch_size 16
