#!/bin/bash
# Pretrains a small GPT on one node: every flag in one string.

GPUS=8
WORLD_SIZE=$(($GPUS*1))
DATA=$1
OUT=$2

DISTRIBUTED="--nproc_per_node $GPUS --nnodes 1 --node_rank 0 --master_addr localhost --master_port 6001"

OPTIONS=" \
    --num-layers 24 \
    --hidden-size 1024 \
    --num-attention-heads 16 \
    --seq-length 1024 \
    --max-position-embeddings 1024 \
    --micro-batch-size 8 \
    --global-batch-size 64 \
    --lr 0.00022 \
    --train-iters 900 \
    --lr-decay-iters 640 \
    --lr-decay-style cosine \
    --min-lr 1.1e-5 \
    --weight-decay 1e-2 \
    --lr-warmup-fraction .013 \
    --clip-grad 1.0 \
    --fp16
"

python -m torch.distributed.launch $DISTRIBUTED pretrain_gpt.py \
    $OPTIONS \
    --data-path $DATA/corpus_text_document \
    --split 949,50,1 \
    --save $OUT --load $OUT
