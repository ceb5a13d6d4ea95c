swift rlhf --rlhf_type grpo --model org/some-7b --tuner_type full --learning_rate 2e-6 \
    --external_plugins mine/rewards.py \
    --num_train_epochs 2 --per_device_train_batch_size 2 --warmup_ratio 0.05 --output_dir out
