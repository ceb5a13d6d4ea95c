megatron rlhf --rlhf_type grpo --model org/some-2b --lr 1e-5 --train_iters 200 \
    --external_plugins mine/rewards.py \
    --micro_batch_size 1 --global_batch_size 16 --lr_warmup_fraction 0.05 --num_train_epochs 1
