#!/bin/bash
# the comment ends the command: the flags after it are none of it, and bash looks for a command --lr-decay-style
torchrun pretrain_gpt.py --train-iters 100 --lr 1e-4 --min-lr 1e-5 --lr-warmup-iters 5 \
  # --clip-grad 1.0 \
  --lr-decay-style cosine
