#!/bin/bash
torchrun pretrain_gpt.py --rampup-batch-size 32 32 1000000 --global-batch-size 1536 --train-samples 3000000 \
  --lr 6e-5 --lr-decay-style cosine --lr-decay-samples 2500000 --lr-warmup-samples 100000
