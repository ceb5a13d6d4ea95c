"""The arguments of timm's training script, and their defaults, by which its files are told from those of other scripts.

From train.py of huggingface/pytorch-image-models, all releases from 0.1.1 to 1.0.29.dev0, and what the notes of 1.0.31
name beside them.
"""

from __future__ import annotations

from typing import Any

_ALL = """
aa amp amp_dtype amp_impl aot_autograd apex_amp aug_repeats aug_splits batch_size bce_loss bce_pos_weight bce_sum
bce_target_thresh bn_eps bn_momentum bn_tf channels_last checkpoint_hist class_map clip_grad clip_mode color_jitter
color_jitter_prob config cooldown_epochs crop_pct cutmix cutmix_minmax data data_dir dataset dataset_download
dataset_trust_remote_code decay_epochs decay_milestones decay_rate device device_modules dist_bn
distill_loss_weight distributed drop drop_block drop_connect drop_path epoch_repeats epochs eval_metric experiment
fast_norm fuser gaussian_blur_prob gp grad_accum_steps grad_checkpointing grayscale_prob head_init_bias
head_init_scale hflip img_size in_chans initial_batch_size initial_checkpoint input_img_mode input_key input_size
interpolation jsd jsd_loss kd_distill_type kd_loss_type kd_model_name kd_student_feature_dim kd_teacher_feature_dim
kd_temperature kd_token_distill_type layer_decay layer_decay_min_scale layer_decay_no_opt_scale local_rank
log_interval log_wandb lr lr_base lr_base_scale lr_base_size lr_cycle_decay lr_cycle_limit lr_cycle_mul lr_decay_fn
lr_k_decay lr_noise lr_noise_pct lr_noise_std lr_stable_timescale mean min_lr mixup mixup_elem mixup_mode
mixup_off_epoch mixup_prob mixup_switch_prob model model_dtype model_ema model_ema_decay model_ema_force_cpu
model_ema_warmup model_kwargs momentum naflex_loader naflex_loss_scale naflex_max_seq_len naflex_patch_size_probs
naflex_patch_sizes naflex_patchify_channels_first naflex_train_seq_lens native_amp no_aug no_ddp_bb no_prefetcher
no_resume_opt num_classes num_gpu opt opt_betas opt_eps opt_kwargs output patience_epochs pin_mem prefetcher
pretrained pretrained_path rank ratio recount recovery_interval remode reprob resplit resume save_epochs save_images
scale sched sched_on_updates seed smoothing split_bn start_epoch std stop_epoch sync_bn synchronize_step
target_format target_key task task_loss_weight torchcompile torchcompile_mode torchscript train_batch_sizes
train_batches_per_epoch train_crop_mode train_img_sizes train_interpolation train_num_samples train_size_probs
train_size_random_mix train_size_schedule train_size_schedule_spread train_split train_steps_per_epoch tta
use_multi_epochs_loader val_interval val_num_samples val_split validation_batch_size
validation_batch_size_multiplier variable_batch_loss_scale vflip wandb_project wandb_resume_id wandb_tags
warmup_epochs warmup_lr warmup_prefix weight_decay worker_seeding workers world_size
"""
ARGUMENTS = frozenset(_ALL.split()) | {"-b", "-c", "-j", "-vb"}
"""The arguments of any release, and what the script adds to them when it runs."""

VERSION = "0.9.0 to 1.0.29"
DEFAULTS: dict[str, Any] = {
    "sched": "cosine",
    "epochs": 300,
    "warmup_epochs": 5,
    "warmup_lr": 1e-5,
    "min_lr": 0.0,
    "decay_epochs": 90.0,
    "decay_rate": 0.1,
    "decay_milestones": [90, 180, 270],
    "cooldown_epochs": 0,
    "lr_base": 0.1,
    "lr_base_size": 256,
    "lr_cycle_limit": 1,
    "lr_cycle_mul": 1.0,
    "lr_cycle_decay": 0.5,
    "lr_k_decay": 1.0,
    "opt": "sgd",
    "warmup_prefix": False,
    "sched_on_updates": False,
}
"""The defaults of these releases."""

BEFORE: dict[str, str] = {
    "sched": "step before 0.5.4",
    "epochs": "200 before 0.5.4",
    "warmup_epochs": "3 before 0.9.0",
    "warmup_lr": "1e-4 before 0.9.0",
    "min_lr": "1e-6 before 0.9.0, 1e-5 before 0.5.4",
    "decay_epochs": "100 before 0.9.0, 30 before 0.5.4",
    "decay_milestones": "[30, 60] before 0.9.0",
    "lr_cycle_decay": "decay_rate before 0.5.4",
    "lr_base": "an lr of 0.05 before 0.9.0, 0.01 before 0.5.4",
}
"""What the same defaults were in older releases, where the schedule depends on them."""

ONLY_HERE = (
    *("sched_on_updates", "warmup_prefix", "lr_base_size", "lr_base_scale"),
    *("lr_cycle_mul", "lr_cycle_limit", "lr_cycle_decay", "lr_k_decay"),
)
"""Arguments about the schedule that no other script is known to have, but for copies of this one."""

SINCE_0_9 = (
    *("sched_on_updates", "warmup_prefix", "lr_base", "lr_base_size", "lr_base_scale", "grad_accum_steps", "amp_dtype"),
    *("amp_impl", "in_chans", "device", "input_key", "opt_kwargs", "model_kwargs", "torchcompile", "wandb_project"),
    *("head_init_scale", "head_init_bias", "model_dtype", "synchronize_step", "val_interval", "train_crop_mode"),
)
"""Arguments by which a file is of a release whose defaults are those above."""

UNTIL_0_6 = ("native_amp", "apex_amp", "aot_autograd", "jsd", "bn_tf", "num_gpu", "mixup_elem", "initial_batch_size")
"""Arguments by which a file is of a release with older defaults."""

OTHERS: dict[str, str] = {
    "unscale_lr": "DeiT's main.py, which multiplies the rate by the batch, and steps the scheduler an epoch late",
    "sched_epochwise": "the train.py of Neighborhood Attention Transformers, whose defaults and steps are its own",
    "lr_ep": "the train.py of FasterViT and MambaVision, whose schedulers are their own",
}
"""Keys of scripts that began as copies of this one and compute something else."""
