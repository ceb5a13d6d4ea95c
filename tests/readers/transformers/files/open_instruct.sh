accelerate launch --num_processes 2 open_instruct/finetune.py \
    --model_name_or_path org/small --dataset_mixer_list org/some-chats 50 \
    --per_device_train_batch_size 1 --learning_rate 6e-6 --lr_scheduler_type linear --warmup_ratio 0.05 \
    --num_train_epochs 2
