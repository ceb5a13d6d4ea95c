#!/bin/bash
COMMON="--train-iters 100 --lr-decay-style cosine --min-lr 1e-6 --global-batch-size 8"
torchrun pretrain_gpt.py $COMMON --lr 1e-4
torchrun pretrain_gpt.py $COMMON --lr 5e-5 --finetune
