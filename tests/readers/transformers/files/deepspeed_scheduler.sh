deepspeed train.py --deepspeed zero2_warmup.json --output_dir out --max_steps 200 \
    --learning_rate 1e-5 --lr_scheduler_type cosine --warmup_steps 20
