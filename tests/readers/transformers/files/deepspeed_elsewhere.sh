deepspeed --num_gpus 8 train.py \
    --deepspeed zero2_elsewhere.json \
    --model_name_or_path org/some-13b \
    --output_dir out \
    --max_steps 200 \
    --learning_rate 1e-5 \
    --lr_scheduler_type constant_with_warmup \
    --warmup_steps 20
