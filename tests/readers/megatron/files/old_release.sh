#!/bin/bash
python pretrain_gpt2.py --batch-size 8 --train-iters 320 --lr-decay-iters 320 --lr-decay-style cosine \
  --lr 0.00015 --min-lr 1e-5 --warmup .01
