"""Write expected.json: what transformers itself gives for the files here.

Each row says by hand what its file asks for; the rates are those of `transformers.get_scheduler` on an optimizer of
torch, step by step, or those with which a real `Trainer` updated. The lengths are counted as in `trainer.py` and
`training_args.py` of transformers 5.23 (`warmup_steps`) and 4.57 (`warmup_ratio`), written anew below.

    python make_expected.py        with transformers 5.23, torch 2.13 and accelerate
"""

import json
import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import Trainer, TrainerCallback, TrainingArguments, get_scheduler

HERE = Path(__file__).parent
FILES = HERE / "files"


def updates(epochs: float, per_epoch: int) -> int:
    """Return the updates of so many epochs, as the Trainer counts them."""
    return math.ceil(epochs * per_epoch)


def share(ratio: float, total: int) -> int:
    """Return the steps of a warmup that is a share of the run."""
    return math.ceil(total * ratio)


def steps_of(total: int, places: Iterable[int]) -> list[int]:
    """Return the first steps, the last, some even ones, and those around the places."""
    near = {place + i for place in places for i in (-1, 0, 1)}
    return sorted(
        s for s in near | {0, 1, 2, total // 4, total // 2, 3 * total // 4, total - 2, total - 1} if 0 <= s < total
    )


def rates(name: str, rate: float, warmup: int | None, total: int, more: dict[str, Any] | None = None) -> list[float]:
    """Return the rate that each update is applied with."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = get_scheduler(name, optimizer, warmup, total, scheduler_specific_kwargs=more)
    found = []
    for _ in range(total):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


class Seen(TrainerCallback):  # type: ignore[misc]  # untyped where transformers is not installed
    """Keeps the rate of each update."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_pre_optimizer_step(self, *_: Any, **kwargs: Any) -> None:
        """Keep the rate."""
        self.rates.append(float(kwargs["optimizer"].param_groups[0]["lr"]))


class Model(torch.nn.Module):  # type: ignore[misc]
    """One number, and a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss."""
        return {"loss": (self.weight * x).sum()}


def trained(file: str, samples: int) -> list[float]:
    """Return the rates of a real run of the Trainer with the arguments of a file."""
    text = (FILES / file).read_text()
    given = json.loads(text) if file.endswith(".json") else yaml.safe_load(text)
    own = {"use_cpu": True, "bf16": False, "report_to": [], "save_strategy": "no", "logging_strategy": "no"}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(**{**given, **own, "output_dir": folder, "disable_tqdm": True})
        data = [{"x": torch.ones(1)} for _ in range(samples)]
        seen = Seen()
        Trainer(Model(), arguments, train_dataset=data, callbacks=[seen]).train()
    return seen.rates


READ: dict[str, dict[str, Any]] = {}


def row(
    file: str,
    says: str,
    values: list[float],
    near: Iterable[int] = (),
    **options: Any,
) -> None:
    """Add a file that is read."""
    chosen = steps_of(len(values), near)
    READ[file] = {"says": says, "options": options, "values": {str(step): values[step] for step in chosen}}


def read_rows() -> None:
    """Add the files whose rates are those of get_scheduler."""
    row("trainer_linear.json", "a dump of 5.23", trained("trainer_linear.json", 400), [12])
    row(
        "dump_of_4_57.json",
        "a dump of 4.57: warmup_ratio 0 beside warmup_steps",
        rates("linear", 2e-5, 50, 120),
        [50],
        steps_per_epoch=40,
    )
    total = updates(0.55, 100)
    row(
        "epochs_fraction.json",
        "0.55 epochs of 100 are 56 in float64",
        rates("cosine", 1e-4, share(0.25, total), total),
        [14],
        steps_per_epoch=100,
    )
    row(
        "warmup_as_a_share.yaml",
        "a share of the steps, rounded up in float64",
        trained("warmup_as_a_share.yaml", 200),
        [7, 8],
    )
    row(
        "warmup_as_a_float.json",
        "a float above 1 is cut to a whole number",
        trained("warmup_as_a_float.json", 200),
        [10],
    )
    row(
        "enum_min_lr.json",
        "the name of an enum",
        rates("cosine_with_min_lr", 3e-5, share(0.05, 210), 210, {"min_lr": 1e-6}),
        [11],
    )
    row(
        "kwargs_as_text.yaml",
        "JSON in a string",
        rates("cosine_with_min_lr", 5e-4, 20, 180, {"min_lr_rate": 0.1}),
        [20],
    )
    row("restarts.yaml", "hard restarts", rates("cosine_with_restarts", 1e-3, 10, 100, {"num_cycles": 3}), [10, 40, 70])
    row("polynomial.json", "power 2", rates("polynomial", 2e-4, 15, 150, {"power": 2.0, "lr_end": 1e-6}), [15])
    row("polynomial_default.yaml", "down to 1e-7", rates("polynomial", 1e-5, share(0.1, 80), 80), [8])
    row("inverse_sqrt.yaml", "the warmup is the timescale", rates("inverse_sqrt", 7e-4, 40, 400), [40, 160])
    row("inverse_sqrt_timescale.json", "a timescale", rates("inverse_sqrt", 1e-3, 5, 200, {"timescale": 25}), [5])
    row("inverse_sqrt_without_warmup.json", "a timescale of 10000", rates("inverse_sqrt", 1e-3, 0, 1000), [])
    row("constant.yaml", "a constant has no warmup", rates("constant", 8e-6, None, 50), [])
    row("constant_with_warmup.yaml", "no length is needed", rates("constant_with_warmup", 1e-4, 25, 100), [25])
    row(
        "wsd.yaml",
        "the stable part is what is left",
        rates(
            "warmup_stable_decay", 4e-4, 20, 150, {"num_decay_steps": 30, "min_lr_ratio": 0.1, "decay_type": "linear"}
        ),
        [20, 120],
    )
    more: dict[str, Any] = {
        "num_stable_steps": 50,
        "num_decay_steps": 25,
        "warmup_type": "cosine",
        "decay_type": "1-sqrt",
    }
    row(
        "wsd_stable.json",
        "all three parts given, and a rest",
        rates("warmup_stable_decay", 4e-4, 10, 100, more),
        [10, 60, 85],
    )
    row("one_step_ahead.json", "one step early", trained("one_step_ahead.json", 800), [7, 8])
    row("cosine_cycles.toml", "down, up and down", rates("cosine", 2e-4, 0, 120, {"num_cycles": 1.5}), [40, 80])


def more_rows() -> None:
    """Add the files of other forms, and of classes that derive from TrainingArguments."""
    row(
        "nested_training_args.yaml",
        "arguments inside training_args",
        rates("cosine", 2e-5, share(0.06, 250), 250),
        [15],
    )
    row(
        "nested_training_arguments.json",
        "arguments inside training_arguments",
        rates("linear", 1e-5, 10, 90),
        [10],
        steps_per_epoch=45,
    )
    row("nested_train.yaml", "arguments inside train", rates("cosine", 5e-5, 6, 64), [6])
    row("trl_sft.yaml", "TRL's SFT", rates("cosine", 2e-4, share(0.03, 333), 333), [10], steps_per_epoch=333)
    row("trl_dpo.yaml", "TRL's DPO", rates("linear", 5e-7, share(0.1, 90), 90), [9])
    row("trl_dpo_rate_given.yaml", "TRL's DPO, without a rate", rates("cosine", 2e-6, 0, 70), [], base_value=2e-6)
    row(
        "handbook_sft.yaml",
        "alignment-handbook",
        rates("cosine", 2e-5, share(0.1, 2 * 77), 2 * 77),
        [16],
        steps_per_epoch=77,
    )
    row("llama_factory.yaml", "LLaMA-Factory", rates("cosine", 1e-4, share(0.1, 375), 375), [38], steps_per_epoch=125)
    stable = (121 - 20) // 3
    more: dict[str, Any] = {"num_stable_steps": stable, "num_decay_steps": 121 - 20 - stable}
    row(
        "llama_factory_wsd.yaml",
        "LLaMA-Factory's own parts of a third and the rest",
        rates("warmup_stable_decay", 3e-5, 20, 121, more),
        [20, 20 + stable],
    )
    row("text_numbers.json", "numbers as text", rates("cosine", 2e-5, share(0.03, 80), 80), [3], steps_per_epoch=40)
    row("defaults.yaml", "all defaults", rates("linear", 5e-5, 0, 150), [], steps_per_epoch=50)
    row("run_glue.json", "with a script's own arguments", rates("linear", 2e-5, 0, 345), [], steps_per_epoch=115)
    row("deepspeed_inline.json", "DeepSpeed without a scheduler", rates("cosine", 1e-4, 5, 50), [5])
    row(
        "sentence_transformers.json",
        "sentence-transformers",
        rates("linear", 2e-5, share(0.1, 99), 99),
        [10],
        steps_per_epoch=99,
    )
    row("twice.yaml", "a key twice, elsewhere", rates("cosine", 1e-5, 0, 40), [])
    row("wandb_config.yaml", "as Weights & Biases keeps it", rates("cosine", 4e-5, share(0.05, 140), 140), [7])
    mapped = {"learning_rate": 2e-5, r"groups.SparseStaticEmbedding\..*.learning_rate": 1e-3}
    columns = {name: rates("linear", rate, 0, 100) for name, rate in mapped.items()}
    values = {name: {str(s): column[s] for s in (0, 1, 50, 99)} for name, column in columns.items()}
    says = "rates by the names of parameters, of sentence-transformers"
    READ["learning_rate_mapping.json"] = {"says": says, "options": {}, "values": values}
    row("dumped_enum.yaml", "an enum as yaml.dump writes it", rates("cosine", 1e-5, 4, 40), [4])
    row("nulls.yaml", "null is not given", rates("cosine", 3e-4, 0, 75), [])
    row("more_warmup_than_steps.json", "the warmup is longer than the run", rates("linear", 1e-4, 60, 30), [])
    row("warmup_twice.json", "warmup_steps goes before warmup_ratio", rates("linear", 1e-4, 30, 100), [30])
    row(
        "finetune.sh",
        "flags after backslashes",
        rates("cosine", 2e-5, share(0.03, 600), 600),
        [18],
        steps_per_epoch=200,
    )
    row("finetune_variables.sh", "flags in an array, with variables", rates("linear", 1e-4, 30, 300), [30])
    row(
        "deepspeed_beside.sh",
        "a DeepSpeed file without a scheduler",
        rates("constant_with_warmup", 1e-5, 20, 200),
        [20],
    )
    row(
        "projector.sh",
        "a projector with a rate of its own",
        rates("cosine", 2e-4, share(0.03, 500), 500),
        [15],
        steps_per_epoch=500,
    )
    row("qlora.sh", "QLoRA, with all of it given", rates("cosine", 1e-4, share(0.05, 120), 120), [6])
    row("ms_swift_complete.sh", "flags before a Python file, a value", rates("linear", 4e-5, share(0.1, 60), 60), [6])
    row("kwargs_in_json.sh", "JSON in a flag", rates("cosine_with_min_lr", 3e-4, 16, 160, {"min_lr": 3e-5}), [16])


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "own_script.yaml": ("no key of a known system's own", "scheduler|marks", {}),
    "own_scheduler_type.yaml": ("one key of TrainingArguments beside lr and epochs", r"\blr\b", {}),
    "own_warmup.yaml": ("keys that many share", "marks", {}),
    "own_floor.yaml": ("a floor that TrainingArguments does not have", "min_learning_rate", {}),
    "diffusers.sh": ("diffusers counts by processes", "diffusers|marks", {}),
    "no_trainer.sh": ("the scripts without a Trainer", "no_trainer", {}),
    "no_trainer_defaults.json": ("the same, as a dump", "no_trainer", {}),
    "plateau.yaml": ("follows a metric", "metric", {}),
    "greedy.json": ("follows a metric", "metric", {}),
    "deepspeed_scheduler.sh": ("the DeepSpeed file beside has a scheduler", "zero2_warmup.json", {}),
    "deepspeed_elsewhere.sh": ("the DeepSpeed file is not there, and may have one", "zero2_elsewhere.json.*beside", {}),
    "deepspeed_scheduler_inline.json": ("DeepSpeed's scheduler goes before", "deepspeed", {}),
    "trl_dpo_without_rate.yaml": ("the default of the rate is TRL's", "learning_rate", {}),
    "grpo_without_rate.yaml": ("the default of the rate is TRL's", "learning_rate", {}),
    "unknown_kwarg.yaml": ("cosine takes no min_lr", "min_lr", {}),
    "no_length.yaml": ("nothing says how long an epoch is", "steps_per_epoch|steps-per-epoch", {}),
    "no_such_type.yaml": ("no such scheduler", "exponential", {}),
    "trainer_state.json": ("the state of a run, not its arguments", "position", {}),
    "bert.sh": ("scripts of BERT", "train_batch_size|marks", {"steps_per_epoch": 100}),
    "bert.json": ("scripts of BERT", "warmup_proportion|train_batch_size|marks", {"steps_per_epoch": 100}),
    "own_arguments.sh": ("an own program with flags of the same names", "train_batch_size", {"steps_per_epoch": 100}),
    "deepspeed_chat.json": ("DeepSpeed-Chat's default is a cosine", "DeepSpeed-Chat", {"steps_per_epoch": 100}),
    "rate_elsewhere.yaml": ("the rate is not in the arguments", "learning_rate", {"steps_per_epoch": 100}),
    "two_runs.json": ("two sets of arguments", "sft and dpo", {}),
    "max_steps_of_zero.json": ("releases differ in what 0 means", "max_steps", {}),
    "paddlenlp.json": ("PaddleNLP's arguments of the same names", "PaddleNLP", {}),
    "ms_swift.sh": ("ms-swift, with defaults of its own", "swift", {}),
    "ms_swift_plugin.sh": ("a Python file as the value of a flag is no program", "ms-swift", {"steps_per_epoch": 50}),
    "ms_swift_bare.sh": ("ms-swift by its command alone", "ms-swift", {"steps_per_epoch": 50}),
    "open_instruct.sh": ("open-instruct: no Trainer", "open-instruct", {"steps_per_epoch": 50}),
    "glue_no_trainer.sh": ("a script without a Trainer, by its name", "no_trainer", {"steps_per_epoch": 50}),
    "qlora_defaults.sh": ("QLoRA's own defaults", "QLoRA", {"steps_per_epoch": 50}),
    "openrlhf.sh": ("OpenRLHF", "OpenRLHF|marks", {}),
}


def main() -> None:
    """Write the file."""
    read_rows()
    more_rows()
    refused = {
        file: {"says": says, "options": options, "message": message}
        for file, (says, message, options) in REFUSED.items()
    }
    how = "transformers.get_scheduler on an optimizer of torch, step by step; four of them a real Trainer"
    found = {"system": "huggingface", "version": "5.23.0", "how": how, "read": READ, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
