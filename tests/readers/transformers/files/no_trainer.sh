accelerate launch run_clm_no_trainer.py \
  --model_name_or_path org/some-124m --dataset_name some/text \
  --per_device_train_batch_size 8 --learning_rate 5e-5 \
  --lr_scheduler_type cosine --num_warmup_steps 100 --max_train_steps 1000 --output_dir out
