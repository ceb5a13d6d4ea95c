"""Writes expected.json: `python make_expected.py`, where DeepSpeed, transformers, accelerate and torch are installed.

The schedulers are those of deepspeed.runtime.lr_schedules, built from a config as the engine builds them
(_scheduler_from_config) over an optimizer of torch, and stepped after each update. `auto` is filled in by transformers'
own HfTrainerDeepSpeedConfig, whose two stages are run as the Trainer runs them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ["DS_ACCELERATOR"] = "cpu"
import deepspeed
import torch
import transformers
import yaml
from deepspeed.runtime import lr_schedules
from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

HERE = Path(__file__).parent
READ: dict[str, tuple[str, dict[str, Any], int]] = {
    "zero2_warmup_log.json": ("a warmup by logarithm", {}, 80),
    "warmup_linear.json": ("a straight warmup", {}, 80),
    "warmup_defaults.json": ("every default: the rate of the optimizer, 1000 steps", {}, 1200),
    "warmup_rate_of_optimizer.json": ("warmup_max_lr left to the optimizer", {}, 60),
    "warmup_one_step.json": ("a warmup of one step, which is two", {}, 10),
    "decay_log.json": ("a decay after a warmup by logarithm", {}, 420),
    "decay_linear.json": ("a decay after a straight warmup", {}, 360),
    "decay_default_rate.json": ("0.001, the default, whatever the optimizer has", {}, 210),
    "decay_shorter_than_warmup.json": ("a total below the warmup", {}, 50),
    "decay_total_from_caller.json": ("auto from the caller", {"base_value": 2e-4, "total_steps": 250}, 260),
    "cosine.json": ("a cosine, one step ahead", {}, 320),
    "cosine_log_defaults.json": ("a cosine, with its default ends", {}, 280),
    "cosine_no_decay_left.json": ("a total of no more than the warmup", {}, 40),
    "cycle_sgd.json": ("a cycle, then a decay; SGD has no betas", {}, 300),
    "cycle_adam.json": ("a cycle of rate and momentum", {}, 250),
    "cycle_momentum_decays.json": ("momentum that grows after the cycle", {}, 120),
    "cycle_stairs.json": ("a cycle in stairs", {}, 100),
    "cycle_stairs_uneven.json": ("stairs of uneven length", {}, 130),
    "range_test.json": ("a range test", {}, 150),
    "range_test_stairs.json": ("a range test in stairs", {}, 150),
    "range_test_defaults.json": ("a range test's defaults", {}, 300),
    "auto_warmup.json": ("auto from training arguments", {"training_args": "args_steps.json"}, 60),
    "auto_decay.json": ("auto from training arguments, with the total", {"training_args": "args_steps.json"}, 310),
    "auto_decay_epochs.json": (
        "auto from training arguments in epochs", {"training_args": "args_epochs.json", "steps_per_epoch": 70}, 220,
    ),
    "auto_default_rate.json": ("auto, where no rate is given", {"training_args": "args_without_rate.json"}, 130),
    "auto_no_warmup.json": ("auto without a warmup", {"training_args": "args_no_warmup.json"}, 100),
    "auto_cosine_no_optimizer.json": (
        "a cosine of the Trainer's own optimizer", {"training_args": "args_steps.json"}, 310,
    ),
    "auto_from_caller.json": ("auto from the rate alone", {"base_value": 3e-4}, 60),
    "train_script.yaml": ("YAML, with numbers as text", {}, 520),
}  # fmt: skip
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "refused_no_scheduler.json": ("no scheduler", {}, "without a scheduler"),
    "refused_scheduler_of_torch.json": ("a scheduler of torch", {}, "scheduler.type: found 'CosineAnnealingLR'"),
    "refused_unknown_parameter.json": ("a parameter that DeepSpeed does not have", {}, "warmup_steps"),
    "refused_auto_warmup_alone.json": ("a warmup that nothing says", {"base_value": 1e-4}, "warmup_num_steps.*'auto'"),
    "refused_auto_cycle.json": ("auto that nobody fills in", {"training_args": "args_steps.json"}, "cycle_min_lr"),
    "refused_rates_differ.json": (
        "a rate beside another, which transformers refuses", {"training_args": "args_steps.json"}, "warmup_max_lr",
    ),
    "refused_rate_per_group.json": ("a rate for each group", {}, "each parameter group"),
    "refused_gpt_neox.json": ("GPT-NeoX", {}, "^gpt-neox: "),
    "refused_own_script.json": ("an own script", {}, "marks"),
    "refused_no_params.json": ("a scheduler without parameters", {}, "scheduler.params"),
    "refused_dynamic_batches.json": ("batches that scale the rate", {}, "dynamic_batching"),
}  # fmt: skip
OPTIMIZERS = {"Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD, "Lamb": torch.optim.Adam}


def config_of(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return a config, with what transformers fills in."""
    text = (HERE / "files" / name).read_text()
    config: dict[str, Any] = yaml.safe_load(text) if name.endswith(".yaml") else json.loads(text)
    if name.endswith(".yaml"):
        params = config["scheduler"]["params"]
        config["scheduler"]["params"] = {key: _number(value) for key, value in params.items()}
        config["optimizer"]["params"]["lr"] = float(config["optimizer"]["params"]["lr"])
    if '"auto"' not in text:
        return config
    given: dict[str, Any] = {"output_dir": "out"}
    if "training_args" in options:
        given = json.loads((HERE / "files" / options["training_args"]).read_text())
        given.pop("deepspeed", None)
    if "warmup_ratio" in given:  # which transformers 5.24 no longer has: a share is given as warmup_steps
        given["warmup_steps"] = given.pop("warmup_ratio")
    if "base_value" in options:
        given["learning_rate"] = options["base_value"]
    if not isinstance(config["scheduler"]["params"].get("warmup_num_steps"), str):
        given["warmup_steps"] = config["scheduler"]["params"]["warmup_num_steps"]
    args = transformers.TrainingArguments(**given, use_cpu=True)
    total = args.max_steps if args.max_steps > 0 else options.get("total_steps")
    if total is None:
        total = -(-int(args.num_train_epochs * 1000) * options.get("steps_per_epoch", 100) // 1000)
    filled = HfTrainerDeepSpeedConfig(config)
    config.get("zero_optimization", {}).pop("reduce_bucket_size", None)
    filled.trainer_config_process(args)
    filled.config.get("zero_optimization", {}).pop("reduce_bucket_size", None)
    filled.trainer_config_finalize(args, None, total)
    done: dict[str, Any] = filled.config
    done.setdefault("optimizer", {"type": "AdamW", "params": {"lr": args.learning_rate}})
    return done


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def values_of(config: dict[str, Any], updates: int) -> dict[str, list[float]]:
    """Return what each update is applied with."""
    optimizer = config.get("optimizer", {"type": "AdamW", "params": {"lr": 0.1}})
    made = OPTIMIZERS[optimizer["type"]]([torch.nn.Parameter(torch.zeros(1))], lr=optimizer["params"]["lr"])
    section = config["scheduler"]
    scheduler = getattr(lr_schedules, section["type"])(made, **section["params"])
    group, rates, momenta = made.param_groups[0], [], []
    for _ in range(updates):
        rates.append(float(group["lr"]))
        momenta.append(float(group["betas"][0]) if "betas" in group else 0.0)
        scheduler.step()
    driven = section["type"] == "OneCycle" and getattr(scheduler, "cycle_momentum", False)
    return {"learning_rate": rates, "momentum": momenta} if driven else {"learning_rate": rates}


def chosen(rows: dict[str, list[float]]) -> list[int]:
    """Return the steps at which values are kept: the ends, the middle, and around every change of the shape."""
    count = len(next(iter(rows.values())))
    keep = {0, 1, 2, 3, count // 3, count // 2, count - 2, count - 1}
    for values in rows.values():
        bends = [abs(values[i - 1] - 2 * values[i] + values[i + 1]) for i in range(1, count - 1)]
        for i in sorted(range(len(bends)), key=bends.__getitem__)[-4:]:
            keep |= {i, i + 1, i + 2}
    return sorted(step for step in keep if 0 <= step < count)


def main() -> None:
    """Write expected.json."""
    read = {}
    for name, (says, options, updates) in READ.items():
        rows = values_of(config_of(name, options), updates)
        kept = {key: {str(step): values[step] for step in chosen(rows)} for key, values in rows.items()}
        read[name] = {"says": says, "options": options, "values": kept if len(kept) > 1 else kept["learning_rate"]}
    refused = {
        name: {"says": says, "options": options, "message": message}
        for name, (says, options, message) in REFUSED.items()
    }
    how = f"deepspeed.runtime.lr_schedules; auto by HfTrainerDeepSpeedConfig of transformers {transformers.__version__}"
    whole = {"system": "deepspeed", "version": deepspeed.__version__, "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
