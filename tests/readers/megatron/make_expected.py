"""Writes expected.json: `python make_expected.py`, where megatron-core is installed and bash is at hand.

The flags of a launch script are what bash passes on (`torchrun` and the other launchers are functions that print their
arguments), parsed by argparse with the types and defaults of Megatron-LM's megatron/training/arguments.py. The schedule
is megatron.core.OptimizerParamScheduler of megatron-core 0.16.1, built as megatron/training/training.py of Megatron-LM
d98e8a6 does (get_optimizer_param_scheduler), and stepped by the samples of each update. Megatron-DeepSpeed's clock of
tokens is no package: its formulas are written anew from megatron/optimizer_param_scheduler.py and the loop of
megatron/training.py of deepspeedai/Megatron-DeepSpeed 4efb479, where a step sees the tokens before its own update.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml
from megatron.core.optimizer_param_scheduler import OptimizerParamScheduler  # type: ignore[import-not-found]

HERE = Path(__file__).parent
LAUNCHERS = ("torchrun", "deepspeed", "python", "python3", "srun", "nohup", "ray", "megatron")
PRINT = 'exec 3>&1; show() { { printf "%s\\0" "$@"; printf "\\1"; } >&3; }; '
INTS = ("train_iters", "train_samples", "train_tokens", "global_batch_size", "micro_batch_size", "seq_length",
        "lr_decay_iters", "lr_decay_samples", "lr_decay_tokens", "lr_warmup_iters", "lr_warmup_samples",
        "lr_warmup_tokens", "lr_wsd_decay_iters", "lr_wsd_decay_samples")  # fmt: skip
FLOATS = ("lr", "min_lr", "lr_warmup_fraction", "lr_warmup_init", "start_weight_decay", "end_weight_decay",
          "weight_decay")  # fmt: skip
WORDS = ("lr_decay_style", "lr_wsd_decay_style", "weight_decay_incr_style")
DEFAULTS = {"min_lr": 0.0, "lr_warmup_init": 0.0, "lr_warmup_iters": 0, "lr_warmup_samples": 0, "weight_decay": 0.01,
            "lr_decay_style": "linear", "lr_wsd_decay_style": "exponential",
            "weight_decay_incr_style": "constant"}  # fmt: skip


class Optimizer:
    """The one parameter group that a scheduler needs."""

    def __init__(self) -> None:
        self.param_groups: list[dict[str, Any]] = [{"lr": 0.0, "weight_decay": 0.0}]


def words_of(path: Path) -> list[str]:
    """Return the words of the training command of a script, as bash passes them; its first argument is 150."""
    stubs = "".join(f'{name}() {{ show {name} "$@"; }}; ' for name in LAUNCHERS)
    quiet = 'set() { :; }; source() { :; }; exec() { "$@"; }; tee() { :; }; nvidia-smi() { :; }; '
    script = path.read_text().replace("./pretrain", "pretrain")
    with tempfile.TemporaryDirectory() as folder:
        command = ["/usr/bin/bash", "-c", PRINT + stubs + quiet + script, "script", "150"]
        ran = subprocess.run(command, capture_output=True, check=False, cwd=folder, env={"PATH": "", "HOME": folder})
    calls = [call.split("\0")[:-1] for call in ran.stdout.decode().split("\1")[:-1]]
    calls += [text.split() for call in calls for text in call if call[0] == "srun" and "pretrain" in text]
    with_program = [
        call for call in calls if call[0] != "srun" and any("pretrain" in w or "finetune" in w for w in call)
    ]
    assert with_program, (path, ran)
    return with_program[0]


def arguments(path: Path) -> argparse.Namespace:
    """Return the arguments of a file, with Megatron's defaults."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for names, kind in ((INTS, int), (FLOATS, float), (WORDS, str)):
        for name in names:
            flags = {f"--{name}", f"--{name.replace('_', '-')}"}
            parser.add_argument(*sorted(flags), dest=name, type=kind, default=DEFAULTS.get(name))
    if path.suffix in {".json", ".yaml"}:
        given = yaml.safe_load(path.read_text())
        given = {
            name.removeprefix("--").replace("-", "_"): value for name, value in given.get("MODEL_ARGS", given).items()
        }
        words = [
            f"--{name}={value}" for name, value in given.items() if value is not None and not isinstance(value, dict)
        ]
    elif path.suffix == ".txt":
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        words = " ".join(lines).split()
    else:
        words = words_of(path)
    return parser.parse_known_args(words)[0]


def scheduler(args: argparse.Namespace, batch: int) -> OptimizerParamScheduler:
    """Return Megatron-LM's scheduler of some arguments."""
    by_iters = args.train_iters is not None
    scale, unit = (batch, "iters") if by_iters else (1, "samples")
    total = (args.train_iters if by_iters else args.train_samples) * scale
    decay = getattr(args, f"lr_decay_{unit}")
    decay = total if decay is None else decay * scale
    warmup: float = getattr(args, f"lr_warmup_{unit}") * scale
    if args.lr_warmup_fraction is not None:
        warmup = args.lr_warmup_fraction * decay
    cooldown = getattr(args, f"lr_wsd_decay_{unit}")
    constant = args.weight_decay_incr_style == "constant"
    return OptimizerParamScheduler(
        Optimizer(), init_lr=args.lr_warmup_init, max_lr=args.lr, min_lr=args.min_lr, lr_warmup_steps=warmup,
        lr_decay_steps=decay, lr_decay_style=args.lr_decay_style,
        start_wd=args.weight_decay if constant else args.start_weight_decay,
        end_wd=args.weight_decay if constant else args.end_weight_decay,
        wd_incr_steps=total, wd_incr_style=args.weight_decay_incr_style,
        use_checkpoint_opt_param_scheduler=False,
        wsd_decay_steps=None if cooldown is None else cooldown * scale, lr_wsd_decay_style=args.lr_wsd_decay_style,
    )  # fmt: skip


def by_samples(args: argparse.Namespace, batch: int, updates: int) -> dict[str, list[float]]:
    """Return the values of each update, by Megatron-LM's own scheduler."""
    own = scheduler(args, batch)
    group = own.optimizer.param_groups[0]
    rates, weights = [], []
    for _ in range(updates):
        rates.append(group["lr"])
        weights.append(group["weight_decay"])
        own.step(batch)
    if args.weight_decay_incr_style == "constant":
        return {"learning_rate": rates}
    return {"learning_rate": rates, "weight_decay": weights}


def by_tokens(args: argparse.Namespace, batch: int, updates: int) -> dict[str, list[float]]:
    """Return the values of each update, with Megatron-DeepSpeed's clock of tokens."""
    peak, low = float(args.lr), float(args.min_lr)
    warmup_samples = args.lr_warmup_samples or args.lr_warmup_iters * batch
    warmup_tokens, samples, consumed, rates = args.lr_warmup_tokens, 0, 0, []

    def rate(tokens: int) -> float:
        nonlocal warmup_tokens
        if warmup_tokens is None and warmup_samples > 0 and samples <= warmup_samples:
            if samples == warmup_samples:
                warmup_tokens = tokens
            return peak * float(samples / warmup_samples)
        if warmup_tokens > 0 and tokens <= warmup_tokens:
            return peak * float(tokens / warmup_tokens)
        if args.lr_decay_style == "constant":
            return peak
        if tokens > args.lr_decay_tokens:
            return low
        x = (tokens - warmup_tokens) / (args.lr_decay_tokens - warmup_tokens)
        share = 1 - x if args.lr_decay_style == "linear" else 0.5 * (math.cos(math.pi * x) + 1)
        return low + share * (peak - low)

    current = rate(0)
    for _ in range(updates):
        rates.append(current)
        samples += batch
        current = rate(consumed)  # the step comes before the tokens of its update are counted
        consumed += batch * args.seq_length
    return {"learning_rate": rates}


def chosen(rows: dict[str, list[float]]) -> list[int]:
    """Return the steps at which values are kept: the ends, the middle, and around every change of the shape."""
    count = len(next(iter(rows.values())))
    keep = {0, 1, 2, count // 3, count // 2, count - 2, count - 1}
    for values in rows.values():
        bends = [abs(values[i - 1] - 2 * values[i] + values[i + 1]) for i in range(1, count - 1)]
        for i in sorted(range(len(bends)), key=bends.__getitem__)[-3:]:
            keep |= {i, i + 1, i + 2}
    return sorted(step for step in keep if 0 <= step < count)


READ = {
    "gpt_string.sh": "a string of flags, a warmup by fraction, a decay shorter than the training",
    "llama_arrays.sh": "arrays, arithmetic, samples, defaults of the environment",
    "mixtral_defaults.sh": "no style, no lr-decay-iters, no min-lr",
    "wsd_exponential.sh": "a string that grows; WSD's own default style",
    "wsd_linear.txt": "WSD, linear, in samples",
    "wsd_cosine.json": "a dump of all arguments, with nulls; WSD, cosine",
    "wsd_minus_sqrt.yaml": "a dump in YAML, with numbers as text; WSD, minus_sqrt",
    "constant_warmup.sh": "constant after a warmup; exec; the default of a variable",
    "inverse_sqrt.sh": "inverse-square-root, and its drop to min-lr",
    "linear_default.txt": "linear is the default",
    "train_samples.slurm": "a command in a variable, run by srun bash -c; numbers with underscores",
    "ds_options_eval.sh": "Megatron-DeepSpeed's scripts: options in a string, run by eval",
    "ds_tokens.sh": "warmup and decay by tokens",
    "ds_tokens_after_samples.txt": "a warmup by samples, a decay by tokens",
    "ds_tokens_warmup_iters_constant.json": "constant after a warmup by tokens",
    "weight_decay_linear.sh": "a weight decay that grows, linear",
    "weight_decay_cosine.json": "a weight decay that grows, cosine",
    "warmup_init.sh": "--flag=value in an array; a warmup that begins above 0",
    "underscores.sh": "a flag twice: the last one counts",
    "function_arguments.sh": "a function of the script with arguments",
    "model_size_case.sh": "case and if that the script's own variables decide",
    "mcore_config.yaml": "the YAML of Megatron, with blocks of the model",
    "total_from_caller.sh": "constant: the length does not matter",
    "samples_batch_from_caller.txt": "samples, with the batch from the caller",
    "commented_flags.sh": "comments among flags, a here-document, nohup",
    "mapreduce_loop.sh": "a loop over seeds",
    "comment_in_continuation.sh": "a comment that ends the command: bash passes on no more",
    "model_config.yaml": "flags as keys, under MODEL_ARGS",
    "command.txt": "a whole command in a text file",
    "dump_strings.json": "a dump with every number as text",
}
OPTIONS: dict[str, dict[str, Any]] = {"samples_batch_from_caller.txt": {"batch_size": 32}}
REFUSED = {
    "growing_rampup.sh": ("a batch that grows", "rampup_batch_size"),
    "growing_schedule.txt": ("a batch that grows, by its newer name", "step_batch_size_schedule"),
    "growing_other_name.json": ("a batch that grows, by a name of a fork", "batch_size_ramp"),
    "curriculum_tokens.sh": ("a length of sequences that grows, where tokens count", "curriculum"),
    "decoupled.txt": ("a rate of its own for two layers", "decoupled_lr"),
    "gpt_neox.yml": ("GPT-NeoX: other formulas", "^gpt-neox: "),
    "megatron_bridge.yaml": ("Megatron-Bridge: blocks of its own", "^megatron-bridge: "),
    "nemo_gpt.yaml": ("NeMo: no arguments of Megatron", "^nemo: "),
    "swift_megatron.sh": ("ms-swift: the flags of Megatron with other defaults", "^ms-swift-megatron: "),
    "swift_rollouts.yaml": ("ms-swift with Megatron, as YAML", "^ms-swift-megatron: "),
    "swift_plugin.sh": ("ms-swift's command, and a Python file as the value of a flag", "^ms-swift-megatron: "),
    "rl_rollouts.sh": ("a trainer of rollouts, which sets the lengths by itself", "^slime: "),
    "rate_from_argument.sh": ("the rate is an argument of the script", r"LR.*line 2"),
    "rate_by_path.sh": ("the rate differs by path", r"lr: found"),
    "two_runs.sh": ("two trainings that differ", "line 3 and line 4"),
    "arguments_sourced.sh": ("flags in another script", "BASE_ARGS.*line 3"),
    "old_release.sh": ("the arguments of a release with other formulas", "warmup|batch_size"),
    "yaml_elsewhere.sh": ("the arguments stand in another file", "gpt.yaml"),
    "unknown_key.txt": ("a key of the scheduler that Megatron does not have", "lr_cycle_length"),
    "nothing_says_the_length.txt": ("nothing says the length", "total_steps"),
}


def main() -> None:
    """Write expected.json."""
    read = {}
    for name, says in READ.items():
        path, options = HERE / "files" / name, OPTIONS.get(name, {})
        args = arguments(path)
        batch = options.get("batch_size") or args.global_batch_size or 1
        tokens = args.lr_decay_tokens is not None or args.lr_warmup_tokens is not None
        updates = args.train_iters or args.train_samples // batch
        rows = (by_tokens if tokens else by_samples)(args, batch, updates)
        kept = {key: {str(step): values[step] for step in chosen(rows)} for key, values in rows.items()}
        values: Any = kept if len(kept) > 1 else kept["learning_rate"]
        read[name] = {"says": says, "options": options, "values": values}
    refused = {name: {"says": says, "options": {}, "message": message} for name, (says, message) in REFUSED.items()}
    how = "megatron-core's OptimizerParamScheduler, stepped by the samples of each update; argparse after bash"
    whole = {"system": "megatron", "version": "core 0.16.1", "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
