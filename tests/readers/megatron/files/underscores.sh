#!/bin/bash
# A fork whose arguments have underscores; the second lr counts.
python pretrain_llama.py --train_iters 200 --lr 1e-3 --min_lr 1e-5 --lr_decay_style cosine \
  --lr_warmup_iters 10 --global_batch_size 8 --lr 5e-4
