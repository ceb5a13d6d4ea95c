#!/bin/bash
# --train-iters comes from the one who launches
ITERS=$1
torchrun pretrain_gpt.py --global-batch-size 16 --lr 3.5e-4 --lr-decay-style constant --lr-warmup-iters 8 \
  --train-iters $ITERS --lr-decay-iters 100
