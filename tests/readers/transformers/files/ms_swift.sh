swift sft \
    --model org/some-7b --train_type lora --dataset some/chats \
    --num_train_epochs 1 --per_device_train_batch_size 1 \
    --warmup_ratio 0.05 --max_length 2048 --output_dir out
