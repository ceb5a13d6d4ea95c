#!/bin/bash
TRAIN_ITERS=700
FLAGS="
    --lr 0.0001
    --min-lr 0.00001
    --lr-decay-style inverse-square-root
    --lr-warmup-iters 35
    --lr-decay-iters 560
    --train-iters ${TRAIN_ITERS}
    --global-batch-size 128
    --micro-batch-size 16
"
python3 -m torch.distributed.run --nproc_per_node 8 pretrain_t5.py ${FLAGS} --vocab-extra-ids 100
