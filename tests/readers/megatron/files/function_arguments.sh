#!/bin/bash
BASE_ARGS=(--global-batch-size 32 --micro-batch-size 4 --train-iters 150 --bf16)

run_training() {
  local lr=$1
  local warmup=$2
  shift 2
  echo "lr $lr, warmup $warmup"
  torchrun --nproc_per_node 8 pretrain_gpt.py "${BASE_ARGS[@]}" \
    --lr "$lr" --min-lr 1e-6 --lr-warmup-iters "$warmup" --lr-decay-style cosine "$@"
}

run_training 7e-5 15 --save out/a
