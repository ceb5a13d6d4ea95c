"""Write expected.json: the rates that timm's training script applies with the files in files/.

The schedulers are timm's own, made by its `create_scheduler_v2(**scheduler_kwargs(args))`. The arguments are those of a
parser with the options and defaults of timm's train.py, which the package does not contain: written anew from
huggingface/pytorch-image-models, train.py, at commit aa4b585 (August 2026, version 1.0.29.dev0); 0.9.0 has the same
defaults. The loop is that script's too: `step(epoch + 1)` after an epoch, `step_update(num_updates)` after an update.

    python tests/readers/timm/make_expected.py
"""

from __future__ import annotations

import argparse
import json
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from timm.scheduler import create_scheduler_v2, scheduler_kwargs

HERE = Path(__file__).parent
OPTIONS: dict[str, dict[str, Any]] = {
    "sched": {"default": "cosine", "type": str},
    "sched_on_updates": {"action": "store_true", "default": False},
    "lr": {"default": None, "type": float},
    "lr_base": {"default": 0.1, "type": float},
    "lr_base_size": {"default": 256, "type": int},
    "lr_base_scale": {"default": "", "type": str},
    "lr_noise": {"default": None, "type": float, "nargs": "+"},
    "lr_noise_pct": {"default": 0.67, "type": float},
    "lr_noise_std": {"default": 1.0, "type": float},
    "lr_cycle_mul": {"default": 1.0, "type": float},
    "lr_cycle_decay": {"default": 0.5, "type": float},
    "lr_cycle_limit": {"default": 1, "type": int},
    "lr_k_decay": {"default": 1.0, "type": float},
    "lr_decay_fn": {"default": None, "type": str},
    "lr_stable_timescale": {"default": None, "type": float},
    "warmup_lr": {"default": 1e-5, "type": float},
    "min_lr": {"default": 0, "type": float},
    "epochs": {"default": 300, "type": int},
    "decay_milestones": {"default": [90, 180, 270], "type": int, "nargs": "+"},
    "decay_epochs": {"default": 90, "type": float},
    "warmup_epochs": {"default": 5, "type": int},
    "warmup_prefix": {"action": "store_true", "default": False},
    "cooldown_epochs": {"default": 0, "type": int},
    "patience_epochs": {"default": 10, "type": int},
    "decay_rate": {"default": 0.1, "type": float},
    "opt": {"default": "sgd", "type": str},
    "batch_size": {"default": 128, "type": int},
    "seed": {"default": 42, "type": int},
}


def arguments(path: Path) -> argparse.Namespace:
    """Return the arguments of a file: a YAML or JSON one sets defaults, as with `-c`; a text has the flags."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name, option in OPTIONS.items():
        parser.add_argument("--" + name.replace("_", "-"), **option)
    text = path.read_text(encoding="utf-8")
    if path.suffix in {".txt", ".sh"}:
        words = shlex.split(text.replace("\\\n", " "), comments=True)
        given = dict(word.split("=", 1) for word in words if word[:1].isupper() and "=" in word)
        words = [given.get(word[1:], word) if word.startswith("$") else word for word in words]
        return parser.parse_known_args(words)[0]
    parser.set_defaults(**(json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)))
    return parser.parse_args([])


def base_rate(args: argparse.Namespace, options: dict[str, Any]) -> float:
    if "base_value" in options:
        return float(options["base_value"])
    if args.lr:
        return float(args.lr)
    ratio = options["batch_size"] / args.lr_base_size
    scale = args.lr_base_scale or ("sqrt" if any(o in args.opt.lower() for o in ("ada", "lamb")) else "linear")
    return float(args.lr_base * (ratio**0.5 if scale == "sqrt" else ratio))


def rates_of(args: argparse.Namespace, options: dict[str, Any]) -> list[float]:
    """Return the rate of each update of the run."""
    per_epoch = options["steps_per_epoch"]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_rate(args, options))
    scheduler, epochs = create_scheduler_v2(optimizer, **scheduler_kwargs(args), updates_per_epoch=per_epoch)
    found, updates = [], 0
    for epoch in range(epochs):
        for _ in range(per_epoch):
            found.append(float(optimizer.param_groups[0]["lr"]))
            updates += 1
            if scheduler is not None:
                scheduler.step_update(updates)
        if scheduler is not None:
            scheduler.step(epoch + 1)
    return found


def chosen(args: argparse.Namespace, rates: list[float], per_epoch: int) -> list[int]:
    """Return the first updates and the last, those around the end of the warmup and around changes of every sort."""
    wait = args.warmup_epochs if args.warmup_prefix or args.sched in {"wsd", "rsqrt"} else 0
    ends = [args.warmup_epochs, wait + args.epochs, wait + args.epochs / 2, args.epochs / 3]
    if args.sched == "step":
        ends += [wait + args.decay_epochs * k for k in (1, 2, 3, 5, 7)]
    if args.sched == "multistep":
        ends += [wait + milestone - 1 for milestone in args.decay_milestones]
    if args.sched in {"wsd", "rsqrt"}:
        span = args.epochs - (0 if args.warmup_prefix else args.warmup_epochs)
        fall = args.decay_epochs if args.decay_epochs >= 1 else args.decay_epochs * span
        ends += [wait + span - fall, wait + span]
    length = float(args.epochs)
    for _ in range(args.lr_cycle_limit):
        ends.append(ends[-1] + length if len(ends) > 4 else wait + length)
        length *= args.lr_cycle_mul
    near = {int(end * per_epoch) + i for end in ends for i in (-per_epoch, -1, 0, 1, per_epoch)}
    near |= {0, 1, per_epoch - 1, per_epoch, len(rates) - 1}
    return sorted(step for step in near if 0 <= step < len(rates))


def main() -> None:
    cases = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    read = {}
    for name, case in cases["read"].items():
        options = {"steps_per_epoch": 10, **case.get("options", {})}
        args = arguments(HERE / "files" / name)
        rates = rates_of(args, options)
        values = {str(step): rates[step] for step in chosen(args, rates, options["steps_per_epoch"])}
        read[name] = {"says": case["says"], "options": options, "values": values}
    refused = {name: {"options": {"steps_per_epoch": 10}, **case} for name, case in cases["refused"].items()}
    how = "timm's create_scheduler_v2 and scheduler_kwargs over the defaults of its train.py (0.9.0 and later)"
    expected = {"system": "timm", "version": version("timm"), "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
