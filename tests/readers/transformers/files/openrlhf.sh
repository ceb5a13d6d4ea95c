deepspeed --module openrlhf.cli.train_sft \
   --max_len 2048 --dataset some/chats --pretrain org/some-8b \
   --train_batch_size 256 --micro_train_batch_size 2 --max_epochs 1 \
   --learning_rate 5e-6 --lr_warmup_ratio 0.03 --lr_scheduler cosine_with_min_lr --zero_stage 2
