"""The classes that derive from TrainingArguments: whose file it is, and the defaults that are not the Trainer's."""

from __future__ import annotations

from typing import Any

from lrspec.errors import SpecError
from lrspec.readers.keys import Keys
from lrspec.readers.transformers.trainer import Run

RATE = 5e-5
_TRL = {
    *("beta", "loss_type", "max_prompt_length", "max_completion_length", "num_generations", "rpo_alpha", "packing"),
    *("use_vllm", "vllm_mode", "reward_funcs", "dataset_text_field", "max_seq_length_sft", "completion_only_loss"),
    *("assistant_only_loss", "desirable_weight", "undesirable_weight", "cpo_alpha", "simpo_gamma", "use_peft"),
    *("precompute_ref_log_probs", "missing_eos_penalty", "total_episodes", "num_ppo_epochs", "reward_model_path"),
    *("center_rewards_coefficient", "dataset_num_proc", "model_init_kwargs", "lora_target_modules", "dataset_mixer"),
    *("max_length", "eos_token", "truncation_mode", "sync_ref_model", "ref_model_mixup_alpha", "lora_r", "dpo_alpha"),
}
"""Arguments of TRL's config classes and scripts: what has one may be of a class with a rate of its own."""
_OWN_RATES = "TRL's SFTConfig has 2e-05, DPOConfig 1e-06, RewardConfig 1e-04, and older releases have others"
_SWIFT = {"train_type", "sft_type", "tuner_type", "tuner_backend", "vit_lr", "aligner_lr", "rlhf_type", "swift_version"}
_PADDLE = {
    *("tensor_parallel_degree", "pipeline_parallel_degree", "sharding_parallel_degree", "sharding", "sep_parallel_degree"),
    *("fp16_opt_level", "use_flash_attention_paddle", "min_learning_rate", "fuse_attention_qkv"),
}
_LLAMA_FACTORY = {"finetuning_type", "cutoff_len", "template"}


def check_family(keys: Keys) -> None:
    """Refuse the arguments of libraries that copy the Trainer's names, and have another meaning or other defaults.

    Raises:
        UnsupportedError: They are PaddleNLP's, or those of the scripts without a Trainer.
        SpecError: They are ms-swift's, and leave something to its defaults.
    """
    paddle = _PADDLE & keys.data.keys() & {"tensor_parallel_degree", "pipeline_parallel_degree", "sharding_parallel_degree"}
    if paddle or ("sharding" in keys.data and "fp16_opt_level" in keys.data):
        raise keys.refused("PaddleNLP's TrainingArguments", "its schedulers are Paddle's, with keys of the same names")
    if not _SWIFT.isdisjoint(keys.data):
        wanted = ("learning_rate", "lr_scheduler_type")
        missing = [name for name in wanted if keys.data.get(name) is None]
        if keys.data.get("warmup_ratio") is None and keys.data.get("warmup_steps") is None:
            missing.append("warmup_ratio")
        if missing:
            expected = f"{', '.join(missing)}: ms-swift's defaults are not the Trainer's, and change with its release"
            raise SpecError(keys.at(missing[0]), found="nothing", expected=expected)


def rate_of(keys: Keys) -> float:
    """Return the learning rate; that of TrainingArguments where the config leaves it to them.

    Raises:
        SpecError: There is none, and the config may be of a class with a default of its own.
    """
    if keys.data.get("learning_rate") is not None or "base_value" in keys.quantities:
        return keys.rate("learning_rate")
    mine = sorted(_TRL & keys.data.keys())
    if mine:
        expected = f"a rate, or base_value=...: beside {mine[0]} it is left to a class with its own ({_OWN_RATES})"
        raise SpecError(keys.at("learning_rate"), found="nothing", expected=expected)
    return keys.number("learning_rate", RATE, least=0)


def parts_of_llama_factory(keys: Keys, given: dict[str, Any], run: Run) -> dict[str, Any]:
    """Return the parts that LLaMA-Factory gives a warmup_stable_decay: a third of what is left, and the rest of it."""
    if keys.data.keys().isdisjoint(_LLAMA_FACTORY):
        return {}
    left = run.total() - run.warmup()
    own = {"num_stable_steps": left // 3, "num_decay_steps": left - left // 3}
    run.notes.append("LLaMA-Factory's own parts: a third of the steps after the warmup stable, the rest decay")
    return {name: steps for name, steps in own.items() if name not in given}
