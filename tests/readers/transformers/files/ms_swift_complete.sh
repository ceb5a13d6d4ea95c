swift sft --model org/some-7b --dataset some/chats --learning_rate 4e-5 --lr_scheduler_type linear \
    --warmup_ratio 0.1 --external_plugins mine/plugin.py mine/loss.py \
    --max_steps 60 --per_device_train_batch_size 1
