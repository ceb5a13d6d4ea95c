#!/bin/bash
deepspeed pretrain_gpt.py --deepspeed --deepspeed_config ds.json --data-efficiency-curriculum-learning \
  --seq-length 2048 --global-batch-size 16 --train-samples 12800 --lr 2e-4 --lr-decay-style cosine \
  --lr-warmup-tokens 1000000 --lr-decay-tokens 20000000
