srun python train.py \
  --train_batch_size 16 --eval_batch_size 16 --num_train_epochs 20 \
  --learning_rate 7e-4 --lr_scheduler_type linear --max_seq_length 820
