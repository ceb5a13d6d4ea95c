#!/bin/bash
source configs/base_args.sh
torchrun pretrain_gpt.py $BASE_ARGS --train-iters 100 --lr-decay-style cosine --lr 1e-4
