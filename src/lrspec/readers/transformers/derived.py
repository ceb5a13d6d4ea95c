"""The classes that derive from TrainingArguments: whose file it is, and the defaults that are not the Trainer's."""

from __future__ import annotations

import re
from typing import Any

from lrspec.errors import SpecError, argument
from lrspec.readers.keys import Keys
from lrspec.readers.transformers.trainer import Run

RATE = 5e-5
_TRL = {
    *("beta", "loss_type", "max_prompt_length", "max_completion_length", "num_generations", "rpo_alpha", "packing"),
    *("use_vllm", "vllm_mode", "reward_funcs", "dataset_text_field", "completion_only_loss", "assistant_only_loss"),
    *("desirable_weight", "undesirable_weight", "cpo_alpha", "simpo_gamma", "precompute_ref_log_probs", "use_peft"),
    *("missing_eos_penalty", "total_episodes", "num_ppo_epochs", "reward_model_path", "center_rewards_coefficient"),
    *("dataset_num_proc", "model_init_kwargs", "lora_target_modules", "lora_r", "dataset_mixer", "max_length"),
    *("eos_token", "truncation_mode", "sync_ref_model", "ref_model_mixup_alpha"),
}
"""Arguments of TRL's config classes and scripts: what has one may be of a class with a rate of its own."""
_PROGRAMS = re.compile(r"trl|(sft|dpo|grpo|kto|orpo|cpo|rloo|ppo|gkd|prm|reward\w*|online_dpo|nash_md|xpo)(_.*)?\.py")
_OWN_RATES = "TRL's SFTConfig has 2e-05, DPOConfig 1e-06, RewardConfig 1e-04, and older releases have others"
_SWIFT = {"train_type", "sft_type", "tuner_type", "tuner_backend", "vit_lr", "aligner_lr", "rlhf_type", "swift_version"}
_NO_TRAINER = re.compile(r".*no_trainer(\.py)?")
_SWIFT_PROGRAM = re.compile(r"swift|swift\.cli\..*")
_QLORA = {"source_max_len", "target_max_len", "train_on_source", "max_memory_MB"}
_LLAMA_FACTORY = {"finetuning_type", "cutoff_len", "template"}
_LIVE = "convert the scheduler that the script makes, with lrspec.from_native"
_OTHERS = (
    (
        {"lr_warmup_steps", "lr_num_cycles", "lr_power"},
        "the arguments of a script of diffusers",
        f"its scheduler counts the steps of all processes; {_LIVE}",
    ),
    (
        {"zero_stage", "actor_zero_stage", "data_split"},
        "the arguments of DeepSpeed-Chat, or of another script of DeepSpeed",
        f"their defaults are not the Trainer's; {_LIVE}",
    ),
    (
        {"num_warmup_steps", "max_train_steps", "checkpointing_steps", "with_tracking"},
        "the arguments of a script without a Trainer, such as run_clm_no_trainer.py",
        f"its scheduler counts the steps of all processes; {_LIVE}",
    ),
    (
        {"dataset_mixer_list", "dataset_mixer_eval_list", "try_launch_beaker_eval_jobs"},
        "the arguments of open-instruct, whose scripts have no Trainer",
        f"they count the warmup otherwise, and have defaults of their own; {_LIVE}",
    ),
    (
        {"tensor_parallel_degree", "pipeline_parallel_degree", "sharding_parallel_degree"},
        "PaddleNLP's TrainingArguments",
        "its schedulers are Paddle's, with keys of the same names; start from a document of the same shape",
    ),
)
"""Who copies the Trainer's names with another meaning: their own keys, what they are, and why they are refused."""


def check_family(keys: Keys) -> None:
    """Refuse the arguments of libraries that copy the Trainer's names, and have another meaning or other defaults.

    Raises:
        UnsupportedError: They are not the Trainer's.
        SpecError: They are ms-swift's or QLoRA's, and leave something to its defaults.
    """
    for own, what, why in _OTHERS:
        found = sorted(own & keys.data.keys())
        if found:
            raise keys.refused(f"{what}: `{keys.at(found[0])}`", why)
    program = keys.context.file.program or ""
    if _NO_TRAINER.fullmatch(program):
        raise keys.refused(f"the arguments of {program}", f"its scheduler counts the steps of all processes; {_LIVE}")
    _check_batch_size(keys)
    if not _SWIFT.isdisjoint(keys.data) or _SWIFT_PROGRAM.fullmatch(program):
        _check_complete(keys, "ms-swift's defaults are not the Trainer's, and change with its release")
    if not _QLORA.isdisjoint(keys.data) or program == "qlora.py":
        _check_complete(keys, "QLoRA's qlora.py has defaults of its own, among them a max_steps of 10000", "max_steps")


def _check_complete(keys: Keys, why: str, *more: str) -> None:
    """Refuse arguments that leave what makes the schedule to the defaults of a class that are not the Trainer's.

    Raises:
        SpecError: Something is left to them.
    """
    missing = [name for name in ("learning_rate", "lr_scheduler_type") if keys.data.get(name) is None]
    if keys.data.get("lr_scheduler_type") != "constant":
        missing += [name for name in more if keys.data.get(name) is None]
        if all(keys.data.get(name) is None for name in ("warmup_ratio", "warmup_steps")):
            missing.append("warmup_ratio")
    if missing:
        raise SpecError(keys.at(missing[0]), found="nothing", expected=f"{', '.join(missing)}: {why}")


def _check_batch_size(keys: Keys) -> None:
    """Refuse what counts epochs as the Trainer does, and batches otherwise: scripts of BERT, of diffusers, and others.

    Raises:
        UnsupportedError: It is one of these.
    """
    names = {"per_device_train_batch_size", "per_gpu_train_batch_size"}
    others = ["train_batch_size"]
    if "lr_scheduler_type" not in keys.data:
        others += ["bert_config_file", "pretrained_model_name_or_path"]
    found = [name for name in others if keys.data.get(name) is not None]
    if found and names.isdisjoint(keys.data):
        why = "a Trainer has per_device_train_batch_size; scripts of BERT, of diffusers and others have other defaults"
        raise keys.refused(f"training arguments with {found[0]}", why)


def rate_of(keys: Keys) -> float:
    """Return the learning rate; that of TrainingArguments where the config leaves it to them.

    Raises:
        SpecError: There is none, and the config may be of a class with a default of its own.
    """
    if keys.data.get("learning_rate") is not None or "base_value" in keys.quantities:
        return keys.rate("learning_rate")
    mine = sorted(_TRL & keys.data.keys())
    program = keys.context.file.program or ""
    if _PROGRAMS.fullmatch(program.rsplit("/", maxsplit=1)[-1]):
        mine.append(program)
    if mine:
        expected = (
            f"a rate, or {argument('base_value')}: beside {mine[0]} it is left to a class with its own ({_OWN_RATES})"
        )
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
