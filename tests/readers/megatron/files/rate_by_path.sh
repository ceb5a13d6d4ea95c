#!/bin/bash
if [ "$SCALE" = "large" ]; then
  LR=1e-4
else
  LR=3e-4
fi
torchrun pretrain_gpt.py --lr $LR --min-lr 1e-6 --lr-decay-style cosine --train-iters 100 --lr-warmup-iters 5
