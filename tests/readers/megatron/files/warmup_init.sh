#!/bin/bash
export OMP_NUM_THREADS=1
ARGS=(
  --train-iters=450
  --global-batch-size=24
  --lr="8e-4"
  --min-lr='8e-5'
  --lr-warmup-init=1e-5
  --lr-warmup-iters=22
  --lr-decay-style=linear
)
torchrun pretrain_gpt.py "${ARGS[@]}"
