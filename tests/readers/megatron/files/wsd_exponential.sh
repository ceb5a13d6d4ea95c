#!/bin/bash
ITERS=600
ARGS="--train-iters $ITERS --lr 3e-4 --min-lr 3e-6 --global-batch-size 32 --micro-batch-size 4"
ARGS="$ARGS --lr-decay-style WSD --lr-wsd-decay-iters 120 --lr-warmup-iters 30"
ARGS="$ARGS --lr-decay-iters $ITERS --weight-decay 0.05"
torchrun --nnodes 1 --nproc-per-node 8 pretrain_gpt.py $ARGS
