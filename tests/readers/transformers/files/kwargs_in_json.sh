accelerate launch --config_file fsdp.yaml train.py \
  --learning_rate 3e-4 --max_steps 160 --warmup_steps 16 \
  --lr_scheduler_type cosine_with_min_lr \
  --lr_scheduler_kwargs '{"min_lr": 3e-5}' \
  --per_device_train_batch_size 4 --output_dir out
