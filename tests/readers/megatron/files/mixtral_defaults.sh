#!/bin/bash
# The length of the decay is left out: it is that of the training.
TRAINING_ARGS=(
    --micro-batch-size 1
    --global-batch-size 256
    --lr 1e-4
    --train-iters 500
    --lr-warmup-iters 17
    --weight-decay 0.1
    --overlap-grad-reduce
)
MOE_ARGS=(
    --num-experts 8
    --moe-router-topk 2
)
MOE_ARGS+=(--moe-aux-loss-coeff 1e-2)
torchrun --nproc_per_node 8 pretrain_gpt.py ${MOE_ARGS[@]} ${TRAINING_ARGS[@]} 2>&1 | tee run.log
