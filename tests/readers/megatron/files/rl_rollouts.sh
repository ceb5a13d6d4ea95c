#!/bin/bash
ROLLOUT_ARGS=(--num-rollout 300 --rollout-batch-size 32 --n-samples-per-prompt 8 --global-batch-size 256)
OPTIMIZER_ARGS=(--optimizer adam --lr 1e-6 --lr-decay-style constant --weight-decay 0.1)
ray job submit --address="http://127.0.0.1:8265" -- python3 train.py ${ROLLOUT_ARGS[@]} ${OPTIMIZER_ARGS[@]}
