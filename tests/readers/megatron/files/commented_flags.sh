#!/bin/bash
# TRAINING_ARGS of last week: --lr 9e-4
TRAINING_ARGS=(
    --global-batch-size 40
    --train-iters 180
    # --lr 1e-3
    --lr 4e-4   # half of it
    --min-lr 4e-6
    --lr-decay-style linear
    # --lr-warmup-iters 50
    --lr-warmup-fraction 0.1
)
cat <<'END' > notes.txt
pretrain_gpt.py --lr 7e-4
END
nohup torchrun --nproc_per_node=8 ./pretrain_gpt.py "${TRAINING_ARGS[@]}" > out.log 2>&1 &
wait
