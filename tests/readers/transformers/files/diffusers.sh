export MODEL_NAME="org/some-diffusion"
accelerate launch --mixed_precision="fp16" train_text_to_image.py \
  --pretrained_model_name_or_path=$MODEL_NAME \
  --train_batch_size=1 --gradient_accumulation_steps=4 \
  --max_train_steps=15000 --learning_rate=1e-05 \
  --lr_scheduler="cosine" --lr_warmup_steps=500 --output_dir="out"
