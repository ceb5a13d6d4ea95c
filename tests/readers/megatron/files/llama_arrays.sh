#!/bin/bash
set -euxo pipefail
export CUDA_DEVICE_MAX_CONNECTIONS=1

CHECKPOINT_PATH=${1:-"checkpoints/llama"}
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
NUM_NODES=2
MBS=1
DP=16
GBS=$(( MBS * DP * 4 ))
STEPS=1200

DISTRIBUTED_ARGS=(
    --nproc_per_node "$GPUS_PER_NODE"
    --nnodes "$NUM_NODES"
    --rdzv_id "run_$(date +%s)"
)
MODEL_ARGS=(
    --use-mcore-models
    --num-layers 32          # of which each has an attention
    --hidden-size 4096
    --swiglu
)
TRAINING_ARGS=(
    --micro-batch-size ${MBS}
    --global-batch-size ${GBS}
    --train-samples $((STEPS * GBS))
    --lr-decay-samples $(((STEPS - 100) * GBS))
    --lr-warmup-samples $((40 * $GBS))
    --lr 1.5e-4
    --min-lr 1.0e-5
    --lr-decay-style cosine
    --clip-grad 1.0
    --bf16
)
if [ "${USE_FP8:-0}" = "1" ]; then
    TRAINING_ARGS+=(--fp8-format hybrid --fp8-amax-history-len 1024)
fi

torchrun "${DISTRIBUTED_ARGS[@]}" \
    pretrain_gpt.py \
    "${MODEL_ARGS[@]}" \
    "${TRAINING_ARGS[@]}" \
    --save "$CHECKPOINT_PATH" "$@"
