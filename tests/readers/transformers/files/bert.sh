python run_squad.py \
  --bert_config_file=$BERT/bert_config.json --init_checkpoint=$BERT/bert_model.ckpt \
  --do_train=True --train_batch_size=12 --learning_rate=3e-5 --num_train_epochs=2.0 --max_seq_length=384
