#!/bin/bash
NUM_PROC=8
EPOCHS=45
torchrun --nproc_per_node=$NUM_PROC train.py --data-dir /data/lichens \
    --model lichennet_b0 -b 128 -j 8 \
    --sched step --epochs $EPOCHS --decay-epochs 2.4 --decay-rate .97 \
    --opt rmsproptf --opt-eps .001 --warmup-lr 1e-6 --warmup-epochs 3 \
    --weight-decay 1e-5 --drop 0.2 --amp --lr .016
