swift pt --model org/some-7b --dataset some/texts --learning_rate 3e-5 \
    --num_train_epochs 1 --per_device_train_batch_size 1 --warmup_ratio 0.05
