"""Writes expected.json: the rates of nanoGPT's train.py, written anew from its get_lr at commit 3adf61e (2025-11).

`python make_expected.py`. A config is run over the defaults, as nanoGPT's configurator runs it.
"""

from __future__ import annotations

import ast
import json
import math
import runpy
from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).parent / "files"
DEFAULTS: dict[str, Any] = {
    "learning_rate": 6e-4,
    "max_iters": 600000,
    "decay_lr": True,
    "warmup_iters": 2000,
    "lr_decay_iters": 600000,
    "min_lr": 6e-5,
}
READ = {
    "train_gpt2_small.py": "peak, floor and warmup left to train.py",
    "char.py": "everything written",
    "finetune.py": "decay_lr = False; code where no rate is",
    "no_warmup.py": "no warmup, to 0",
    "names.py": "numbers from other numbers",
    "decay_shorter.py": "the floor held after the decay",
    "decay_longer.py": "a run that ends before the decay",
    "resumed.py": "goes on from a checkpoint",
    "warmup_is_all.py": "a run that ends in the ramp",
    "defaults_only.py": "all of the rate left to train.py",
    "words.py": "device, dtype and compile beside",
    "powers.py": "powers, int() and round()",
    "floor_above.py": "a floor above the peak",
    "equal_floor.py": "a floor equal to the peak",
    "text_and_types.py": "annotations and a docstring",
    "assigned_twice.py": "names assigned again",
    "dump.json": "the config that nanoGPT keeps in a checkpoint, as JSON",
    "dump.yaml": "as YAML, with 7e-4, which is text there",
    "constant_with_rest.py": "decay_lr = False, and a warmup that does not count",
    "music.py": "underscores in numbers",
    "code_tokens.py": "a name of its own beside",
    "half_defaults.py": "peak and floor left to train.py",
    "one_step_ramp.py": "a warmup of one step",
    "negative_exponent.py": "signs, and a remainder",
    "conditional.py": "code where no rate is",
    "command_line.txt": "flags of the command",
}
"""Which files are read, and what is special."""


def settings(path: Path) -> dict[str, Any]:
    """Return nanoGPT's globals after the config."""
    if path.suffix == ".py":
        # conditional.py imports torch, of which only one answer is used
        return runpy.run_path(str(path), init_globals=DEFAULTS)
    text = path.read_text()
    if path.suffix == ".txt":
        pairs = (word[2:].split("=") for word in text.split())
        return DEFAULTS | {key: ast.literal_eval(value) for key, value in pairs}
    data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    rates = {"learning_rate", "min_lr"}
    return DEFAULTS | {key: float(value) if key in rates else value for key, value in data.items()}


def rate(it: int, has: dict[str, Any]) -> float:
    """Return the rate of update `it`."""
    peak, floor, warmup, decay = (has[key] for key in ("learning_rate", "min_lr", "warmup_iters", "lr_decay_iters"))
    if not has["decay_lr"]:
        return float(peak)
    if it < warmup:
        return float(peak * (it + 1) / (warmup + 1))
    if it > decay:
        return float(floor)
    return float(floor + 0.5 * (1.0 + math.cos(math.pi * (it - warmup) / (decay - warmup))) * (peak - floor))


def main() -> None:
    """Write expected.json."""
    read = {}
    for name, says in READ.items():
        has = settings(FILES / name)
        last, warmup, decay = has["max_iters"], has["warmup_iters"], has["lr_decay_iters"]
        edges = {edge + i for edge in (warmup, decay, last) for i in (-2, -1, 0, 1)}
        steps = sorted(step for step in edges | {0, 1, 2} | {last * i // 9 for i in range(10)} if 0 <= step <= last)
        values = {str(step): rate(step, has) for step in steps}
        read[name] = {"says": says, "options": {}, "values": values}
    how = "get_lr and the defaults of nanoGPT's train.py at commit 3adf61e, written anew in float64"
    refused = json.loads((FILES.parent / "refused.json").read_text())
    found = {"system": "nanogpt", "version": "3adf61e", "how": how, "read": read, "refused": refused}
    (FILES.parent / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
