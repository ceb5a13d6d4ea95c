#!/bin/bash
# the seeds differ, the schedule does not
for SEED in 1234 1235 1236; do
  torchrun pretrain_gpt.py --seed $SEED --train-iters 120 --lr 1e-4 --min-lr 1e-5 --lr-decay-style cosine \
    --lr-warmup-iters 6 --global-batch-size 16 --save out_$SEED
done
python tools/report.py --dir out --lr-column 3
