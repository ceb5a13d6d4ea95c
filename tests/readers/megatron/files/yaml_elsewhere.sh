#!/bin/bash
torchrun pretrain_gpt.py --yaml-cfg gpt.yaml --lr 1e-4 --lr-decay-style cosine --train-iters 100
