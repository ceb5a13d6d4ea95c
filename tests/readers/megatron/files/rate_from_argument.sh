#!/bin/bash
LR=$1
torchrun pretrain_gpt.py --lr $LR --min-lr 1e-6 --lr-decay-style cosine --train-iters 100 --lr-warmup-iters 5
