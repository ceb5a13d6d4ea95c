#!/bin/bash
torchrun --nproc_per_node 8 pretrain_vision_dino.py \
    --micro-batch-size 32 --global-batch-size 256 --train-iters 250 \
    --lr 0.0005 --min-lr 1.0e-6 --lr-decay-style cosine --lr-warmup-iters 20 --lr-decay-iters 225 \
    --start-weight-decay 0.04 --end-weight-decay 0.4 --weight-decay-incr-style linear
