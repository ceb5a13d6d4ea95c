python run_glue_no_trainer.py --model_name_or_path org/base --task_name sst2 --learning_rate 2e-5 \
    --per_device_train_batch_size 16 --num_train_epochs 2 --output_dir out
