"""Write `expected.json`: what OLMo 0.6.0 gives for the files here.

    python tests/readers/olmo/make_expected.py

Its formulas are written anew in float64: the `get_lr` of the schedulers in `olmo/optim.py`, which the trainer asks with
its `scheduler_current` and `scheduler_max` (`olmo/train.py`), and how `build_scheduler` and `SchedulerConfig` of
`olmo/config.py` fill in what a file leaves out. Step n is the trainer's `global_step`, which is 1 at the first update.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSION = "0.6.0"


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a file says; the defaults are those of `SchedulerConfig`.

    Args:
        lr: `optimizer.learning_rate`.
        name: `scheduler.name`.
        run: `max_duration`.
        units: `scheduler.units`.
        t_warmup, t_max, alpha_f, least: The scheduler's; `least` is `warmup_min_lr`.
        tokens: Of a step: `global_train_batch_size * model.max_sequence_length`.
        batches: Of an epoch.
    """

    lr: float
    name: str = "cosine_with_warmup"
    run: int | str = 10000
    units: str = "steps"
    t_warmup: float = 100
    t_max: float | None = None
    alpha_f: float = 0.1
    least: float | None = None
    tokens: int = 0
    batches: int = 0


def count(config: Config) -> tuple[int, int]:
    """Return the trainer's max_steps, and its max_tokens at the start of the run."""
    run = config.run
    if isinstance(run, int):
        return run, run * config.tokens
    if run.endswith("T"):
        tokens = int(float(run[:-1].strip()))
        return (math.ceil(tokens / config.tokens) if config.tokens else 0), tokens
    steps = int(run[:-2].strip()) * config.batches if run.endswith("ep") else int(float(run))
    return steps, steps * config.tokens


def warmed(config: Config, now: int, warmup: int) -> float:
    """Return the rate within the warmup."""
    least = config.lr * 0.10 if config.least is None else config.least
    if not 0 <= least < config.lr:
        raise ValueError(least)
    return least + (config.lr - least) * now / warmup


def cosine(lr: float, low: float, share: float) -> float:
    """Return half a wave."""
    return low + (lr - low) * (1 + math.cos(math.pi * share)) / 2


def line(lr: float, low: float, share: float) -> float:
    """Return a straight line."""
    return lr - (lr - low) * share


def envelope(lr: float, low: float, share: float) -> float:
    """Return half a wave times a straight line."""
    return low + (1 - share) * ((lr - low) * (1 + math.cos(math.pi * share)) / 2)


DECAYS: dict[str, Callable[[float, float, float], float]] = {
    "cosine_with_warmup": cosine,
    "linear_with_warmup": line,
    "cosine_linear_envelope": envelope,
}


def rate(config: Config, step: int, name: str = "") -> float:
    """Return the rate at the trainer's step."""
    name = name or config.name
    steps, tokens = count(config)
    in_tokens = config.units == "tokens"
    now, end = (step * config.tokens, tokens) if in_tokens else (step, steps)
    warmup = int(config.t_warmup)
    if config.t_max is not None:
        end = int(config.t_max)
    if name == "max_scheduler":
        return max(rate(config, step, "cosine_with_warmup"), rate(config, step, "inverse_sqrt_with_warmup"))
    if name == "constant":
        return config.lr
    if now < warmup:
        return warmed(config, now, warmup)
    if name == "constant_with_warmup":
        return config.lr
    if name == "inverse_sqrt_with_warmup":
        return config.lr * math.sqrt(warmup / max(warmup, now))
    low = config.lr * config.alpha_f
    return low if now >= end else DECAYS[name](config.lr, low, (now - warmup) / (end - warmup))


LINE, COSINE, INVERSE = "linear_with_warmup", "cosine_with_warmup", "inverse_sqrt_with_warmup"
READ: dict[str, tuple[str, Config, dict[str, Any]]] = {
    "1b_tokens.yaml": (
        "steps, over a run of tokens",
        Config(lr=4e-4, t_warmup=2000, run="4.1e11T", tokens=2048 * 2048),
        {},
    ),
    "7b_linear.yaml": (
        "a line, and a clipping that warms up",
        Config(lr=3e-4, name=LINE, t_warmup=5000, run="2e12T", tokens=2160 * 2048),
        {},
    ),
    "annealing.yaml": (
        "a line to 0 from the first step, after a checkpoint whose steps are left out",
        Config(lr=6.1499e-5, name=LINE, t_warmup=0, alpha_f=0, run="50e9T", tokens=1024 * 4096),
        {},
    ),
    "stage1_tokens.yaml": (
        "tokens, with t_max: the length of the run is not needed",
        Config(lr=3e-4, units="tokens", t_warmup=8388608000, t_max=5e12, least=0.0, tokens=1024 * 4096),
        {},
    ),
    "tokens_of_parts.yaml": (
        "tokens that are no whole number of steps",
        Config(lr=6e-4, units="tokens", t_warmup=25500, t_max=200700, alpha_f=0.05, tokens=3000),
        {},
    ),
    "tokens_given.yaml": (
        "tokens, of which an update has the given number",
        Config(lr=2e-4, name=LINE, units="tokens", t_warmup=1e6, alpha_f=0.2, least=1e-6, run="1.25e7T", tokens=131072),
        {"tokens_per_step": 131072},
    ),
    "tokens_of_a_run_in_steps.yaml": (
        "a scheduler in tokens, a run in steps",
        Config(lr=1e-4, name=LINE, units="tokens", t_warmup=10000, run=300, tokens=16 * 128),
        {},
    ),
    "tokens_of_a_run_in_epochs.yaml": (
        "a scheduler in tokens, a run in epochs",
        Config(lr=2.5e-4, units="tokens", t_warmup=3000, run="2ep", tokens=8 * 64, batches=77),
        {"steps_per_epoch": 77},
    ),
    "tokens_part_of_the_last_step.yaml": (
        "a run of tokens whose last step is not full",
        Config(lr=8e-4, name=LINE, t_warmup=12, alpha_f=0.0, run="1000000T", tokens=16 * 512),
        {},
    ),
    "epochs.yaml": (
        "an epoch",
        Config(lr=6e-4, t_warmup=50, least=0, run="1ep", tokens=1024 * 4096, batches=731),
        {"steps_per_epoch": 731},
    ),
    "epochs_with_a_space.yaml": (
        "three epochs",
        Config(lr=6e-4, name=LINE, t_warmup=30, alpha_f=0.25, run="3 ep", batches=41),
        {"steps_per_epoch": 41},
    ),
    "steps.yaml": ("steps", Config(lr=3e-4, t_warmup=20, run=200), {}),
    "steps_as_text.yaml": ("numbers as text", Config(lr=1e-3, t_warmup=100, run="2.5e3"), {}),
    "steps_underscore.yaml": ("underscores", Config(lr=2e-4, t_warmup=2000, run=739328), {}),
    "inverse_sqrt.yaml": ("an inverse square root", Config(lr=1e-4, name=INVERSE, run=4000), {}),
    "inverse_sqrt_tokens.yaml": (
        "an inverse square root of tokens",
        Config(lr=1e-4, name=INVERSE, units="tokens", t_warmup=100000, least=0, run="1ep", tokens=12 * 256),
        {},
    ),
    "constant.yaml": ("one value", Config(lr=1.5e-4, name="constant", run=515), {}),
    "constant_keys_unused.yaml": (
        "one value, and keys that it does not use",
        Config(lr=1.5e-4, name="constant", units="tokens", t_warmup=40, run="1ep"),
        {},
    ),
    "constant_with_warmup.yaml": (
        "a warmup, then one value",
        Config(lr=9e-5, name="constant_with_warmup", t_warmup=64, least=1e-5, run=1000),
        {},
    ),
    "constant_no_warmup.yaml": (
        "a warmup of nothing, then one value",
        Config(lr=9e-5, name="constant_with_warmup", t_warmup=0, run=1000),
        {},
    ),
    "max_scheduler.yaml": (
        "the greater of a cosine and an inverse square root",
        Config(lr=3e-4, name="max_scheduler", t_warmup=40, alpha_f=0.05, run=900),
        {},
    ),
    "max_scheduler_high.yaml": (
        "the same, where the cosine ends above the root",
        Config(lr=3e-4, name="max_scheduler", t_warmup=10, t_max=2000, alpha_f=0.3, least=0.0, run=2500),
        {},
    ),
    "envelope.yaml": (
        "a cosine times a line",
        Config(lr=7e-5, name="cosine_linear_envelope", t_warmup=10, alpha_f=0.0, run=240),
        {},
    ),
    "envelope_floor.yaml": (
        "a cosine times a line, above a floor",
        Config(lr=7e-5, name="cosine_linear_envelope", t_warmup=0, t_max=333, alpha_f=0.15, run=400),
        {},
    ),
    "t_max.yaml": ("a decay that ends before the run", Config(lr=5e-4, t_warmup=25, t_max=150, run=400), {}),
    "t_max_later.yaml": (
        "a decay that ends after the run; parts of steps are cut",
        Config(lr=5e-4, name=LINE, t_warmup=25.9, t_max=800.5, run=400),
        {},
    ),
    "warmup_longer.yaml": ("a warmup longer than the run", Config(lr=5e-4, t_warmup=100, run=60), {}),
    "warmup_as_long.yaml": (
        "a warmup as long as the run",
        Config(lr=5e-4, name=LINE, t_warmup=60, alpha_f=0.5, run=60),
        {},
    ),
    "defaults.yaml": ("the defaults of the scheduler", Config(lr=4e-4, run=1500), {}),
    "no_scheduler.yaml": ("no scheduler, which is that of the defaults", Config(lr=4e-4, run=600), {"system": "olmo"}),
    "length_given.yaml": (
        "no length: it is given",
        Config(lr=2e-3, name=LINE, t_warmup=70, run=700),
        {"total_steps": 700},
    ),
    "grows.yaml": (
        "a line that rises after the warmup",
        Config(lr=1e-5, name=LINE, t_warmup=15, alpha_f=3.0, least=0, run=120),
        {},
    ),
    "rate_given.yaml": ("another rate is given", Config(lr=2e-3, t_warmup=15, run=120), {"base_value": 2e-3}),
    "saved.yaml": ("what a run saves, with its nulls", Config(lr=6e-4, t_warmup=300, run=3000), {}),
    "reset_all.yaml": (
        "a checkpoint of which only the weights are taken",
        Config(lr=0.00041414, name=LINE, t_warmup=10, alpha_f=0, run=515),
        {},
    ),
    "resumed_tokens.yaml": (
        "a run that goes on, in tokens",
        Config(lr=3e-4, name=LINE, units="tokens", t_warmup=4e7, run="1.5e9T", tokens=256 * 2048),
        {},
    ),
    "json_dump.json": ("JSON", Config(lr=3e-4, t_warmup=11, run=99), {}),
}
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "second_warmup.yaml": ("a new optimizer at a checkpoint", {}, "reset_optimizer_state"),
    "llm_foundry.yaml": ("LLM Foundry's, with a number for a time", {}, "expected a time such as 100ba"),
    "times_of_composer.yaml": ("Composer's times with OLMo's rate", {}, "100ba"),
    "own_script.yaml": ("a script of one's own", {}, "a config with the keys"),
    "own_hf_names.yaml": ("a script of one's own, with a name that OLMo has", {}, "a config with the keys"),
    "molmo.yaml": ("Molmo's, with three rates", {}, "scheduler.name: found 'multimodal'"),
    "more_rates.yaml": ("a rate for a part of the model", {}, "vit_learning_rate"),
    "wsd.yaml": ("a scheduler of a fork", {}, "scheduler.name: found 'wsd'"),
    "unknown_key.yaml": ("a key that the scheduler does not take", {}, "scheduler.t_decay"),
    "no_tokens_per_step.yaml": ("a length in tokens, without a sequence length", {}, "tokens_per_step|tokens-per-step"),
    "no_steps_per_epoch.yaml": ("a length in epochs", {}, "steps_per_epoch|steps-per-epoch"),
    "no_length.yaml": ("no length", {}, "total_steps|total-steps"),
    "part_of_an_epoch.yaml": ("a part of an epoch, which OLMo refuses", {"steps_per_epoch": 10}, "max_duration"),
    "batches.yaml": ("batches, which OLMo refuses", {}, "max_duration"),
    "filled_in.yaml": ("a length from the environment", {}, "max_duration"),
    "no_warmup_inverse.yaml": ("an inverse square root of no warmup", {}, "t_warmup"),
    "warmup_from_above.yaml": ("a warmup that does not rise, which OLMo refuses", {}, "warmup_min_lr"),
    "units_epochs.yaml": ("a unit that OLMo does not have", {}, "scheduler.units"),
    "olmo_core.json": ("OLMo-core's", {}, "^olmo_core: "),
}


def steps(config: Config) -> list[int]:
    """Return which steps to compare: the first, those around the ends of the warmup and of the decay, and between."""
    per = config.tokens if config.units == "tokens" else 1
    total = count(config)[0]
    warmup = math.floor(config.t_warmup / (per or 1))
    end = total if config.t_max is None else math.floor(config.t_max / (per or 1))
    near = [warmup, end, total]
    between = [warmup // 2, (warmup + end) // 2, warmup + (end - warmup) // 3, end + 10000]
    return sorted({0, 1, 2, *between, *(one + i for one in near for i in (-1, 0, 1, 2) if one + i >= 0)})


def main() -> None:
    """Write the file."""
    read = {
        name: {"says": says, "options": options, "values": {str(n): float(rate(config, n)) for n in steps(config)}}
        for name, (says, config, options) in READ.items()
    }
    refused = {name: {"says": says, "options": o, "message": m} for name, (says, o, m) in REFUSED.items()}
    how = f"the schedulers and the trainer of OLMo {VERSION} (olmo/optim.py, olmo/train.py), written anew in float64"
    content = {"system": "olmo", "version": VERSION, "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
