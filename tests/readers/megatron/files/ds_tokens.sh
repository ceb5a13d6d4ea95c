#!/bin/bash
SEQ_LEN=2048
GLOBAL_BATCH_SIZE=16
TRAIN_TOKENS=26214400
WARMUP_TOKENS=$((SEQ_LEN * GLOBAL_BATCH_SIZE * 37))
LR_DECAY_TOKENS=$((TRAIN_TOKENS - 3 * 1000000))
options=" \
    --seq-length ${SEQ_LEN} --max-position-embeddings ${SEQ_LEN} \
    --micro-batch-size 4 --global-batch-size ${GLOBAL_BATCH_SIZE} \
    --train-tokens ${TRAIN_TOKENS} --train-samples 12800 \
    --lr 2.0e-4 --min-lr 1.0e-6 --lr-decay-style cosine \
    --lr-warmup-tokens ${WARMUP_TOKENS} --lr-decay-tokens ${LR_DECAY_TOKENS} \
    --deepspeed --deepspeed_config ds_config.json"
deepspeed --num_gpus 4 pretrain_gpt.py $options
