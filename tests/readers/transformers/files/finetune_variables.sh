#!/usr/bin/env bash
set -e
LR=1e-4
STEPS=300
OUT="out/lr${LR}"

ARGS=(
    --output_dir "$OUT"
    --learning_rate=${LR}
    --max_steps=$STEPS
    --lr_scheduler_type=linear
    --warmup_steps=30
    --per_device_train_batch_size=2
    --fp16
    --do_train
)
python run_clm.py "${ARGS[@]}"
