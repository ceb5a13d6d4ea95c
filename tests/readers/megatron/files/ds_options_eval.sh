#!/bin/bash
# In the form of Megatron-DeepSpeed's examples: options in a string, run by eval.
num_gpus=$(nvidia-smi --query-gpu=name --format=csv | wc -l)
batch_size=1
global_batch_size=64
lr=4.6e-4
min_lr=4.6e-5
train_iters_in_hundred=8
train_iters=$((${train_iters_in_hundred} * 100))
lr_warmup_iters=50
lr_decay_iters=$((${train_iters} - 80))
lr_decay_style="linear"
zero_stage=1

template_json="ds_template.json"
config_json="ds_config.json"
sed "s/GBSIZE/${global_batch_size}/" ${template_json} > ${config_json}

data_options=" \
    --data-path ${data_path} \
    --data-impl mmap"

megatron_options=" \
    --override-opt_param-scheduler \
    --adam-beta1 0.9 \
    --adam-beta2 0.95 \
    --micro-batch-size ${batch_size} \
    --global-batch-size ${global_batch_size} \
    --train-iters ${train_iters} \
    --lr ${lr} \
    --min-lr ${min_lr} \
    --lr-warmup-iters ${lr_warmup_iters} \
    --lr-decay-iters ${lr_decay_iters} \
    --lr-decay-style ${lr_decay_style} \
    --weight-decay 0.1"

if [ "${activation_checkpoint}" = "true" ]; then
megatron_options="${megatron_options} \
    --checkpoint-activations"
fi

deepspeed_options=" \
    --deepspeed \
    --deepspeed_config ${config_json} \
    --zero-stage ${zero_stage}"

if [[ $iteration -gt 0 ]]; then
    iteration_2=$(printf "%07d" $iteration)
    ds_ssh "echo $iteration_2 > latest"
fi

run_cmd="deepspeed ../../pretrain_gpt.py ${megatron_options} ${data_options} ${deepspeed_options} &>> run.log"
echo ${run_cmd}
eval ${run_cmd}
set +x
