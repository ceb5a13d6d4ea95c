#!/bin/bash
MODEL_SIZE=1b
TRAIN_ITERS=360
case $MODEL_SIZE in
  350m)
    HIDDEN=1024; LR=3e-4; MIN_LR=3e-5
    ;;
  1b)
    HIDDEN=2048
    LR=2e-4
    MIN_LR=2e-5 ;;
  *)
    echo "unknown size"; exit 1
    ;;
esac
if [ $TRAIN_ITERS -gt 300 ]; then
  WARMUP=36
else
  WARMUP=10
fi
PR=bf16
if [ $PR = fp16 ]; then
    pr_options=" --fp16 --initial-loss-scale 65536"
elif [ $PR = bf16 ]; then
    pr_options=" --bf16"
fi
torchrun --nproc_per_node 8 pretrain_qwen.py $pr_options --hidden-size $HIDDEN --train-iters $TRAIN_ITERS \
  --lr $LR --min-lr $MIN_LR --lr-decay-style cosine --lr-warmup-iters $WARMUP \
  --lr-decay-iters $((TRAIN_ITERS-WARMUP)) --global-batch-size 64
