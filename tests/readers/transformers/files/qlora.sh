python qlora.py --model_name_or_path org/some-7b --output_dir out --dataset some/chats \
    --per_device_train_batch_size 2 --source_max_len 32 --target_max_len 256 \
    --max_steps 120 --learning_rate 1e-4 --lr_scheduler_type cosine --warmup_ratio 0.05
