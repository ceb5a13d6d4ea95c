"""Instantiate the files beside this one as Lightning and Hydra do, train, and write the rates into expected.json.

    python make_expected.py            # with torch, transformers, lightning, jsonargparse and hydra-core installed

A Lightning file runs through `LightningCLI`. Where its scheduler stands in the model's own arguments, and for Hydra's
files, `instantiate` or the class itself makes the optimizer and the scheduler, and Lightning's `Trainer` steps them.
"""

from __future__ import annotations

import copy
import importlib
import json
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import hydra
import lightning
import torch
import transformers
import yaml
from hydra.utils import get_method, instantiate
from lightning.pytorch.cli import LightningCLI
from lightning.pytorch.demos.boring_classes import BoringDataModule, BoringModel
from omegaconf import DictConfig, OmegaConf

HERE = Path(__file__).parent
EPOCH = {"steps_per_epoch": 6}
QUIET = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}


class Case(NamedTuple):
    """One file: what it shows, what the caller says, the updates to run, and where optimizer and scheduler are."""

    file: str
    says: str
    options: dict[str, Any]
    updates: int
    optimizer: str = "optimizer"
    scheduler: str = "scheduler"


READ = [
    Case("cli_cosine.yaml", "Lightning's CLI", EPOCH, 72),
    Case("cli_step_short_names.yaml", "classes by their last names", EPOCH, 60),
    Case("cli_saved.yaml", "what the CLI saves, with every default", EPOCH, 54),
    Case("cli_exponential_text.yaml", "numbers that YAML reads as text", EPOCH, 60),
    Case("cli_linear_defaults.yaml", "no arguments", EPOCH, 48),
    Case("cli_polynomial_default_rate.yaml", "the optimizer's own default", EPOCH, 60),
    Case("cli_onecycle_epochs.yaml", "OneCycleLR stepped once an epoch", EPOCH, 84),
    Case("cli_onecycle_momentum.yaml", "OneCycleLR with its momentum, in three phases", EPOCH, 72),
    Case(
        "cli_nested_in_model.yaml",
        "in the arguments of the model",
        EPOCH,
        60,
        "model.init_args.optimizer",
        "model.init_args.scheduler",
    ),
    Case("cli.json", "JSON", EPOCH, 36),
    Case("cli_fit_section.yaml", "in a section of the subcommand", EPOCH, 60),
    Case("hydra_partial.yaml", "partial targets, an interval that is not said", EPOCH, 60),
    Case("hydra_each_update.yaml", "stepped after every update", {"steps_per_epoch": 1}, 70, "optim", "lr_scheduler"),
    Case("hydra_interval_step.yaml", "an interval of one update", {}, 48, "model.optimizer", "model.lr_scheduler"),
    Case("hydra_interval_epoch_frequency.yaml", "every second epoch", EPOCH, 60, scheduler="lr_scheduler"),
    Case("hydra_interpolated.yaml", "references to other keys", EPOCH, 90),
    Case("hydra_sequential.yaml", "schedulers in a SequentialLR", {"steps_per_epoch": 1}, 40),
    Case("hydra_chained.yaml", "schedulers in a chain", {"steps_per_epoch": 2}, 60),
    Case("hydra_transformers_cosine.yaml", "a function of transformers", {}, 40, scheduler="lr_scheduler"),
    Case("hydra_get_scheduler.yaml", "transformers.get_scheduler", {}, 44, scheduler="lr_scheduler"),
    Case("hydra_transformers_restarts.yaml", "the interval beside the scheduler", {}, 45),
    Case("hydra_transformers_inverse_sqrt.yaml", "an inverse square root", {"steps_per_epoch": 1}, 60),
    Case("hydra_warmup_by_reference.yaml", "a warmup beside it, which is an argument", {}, 48),
    Case("hydra_frequency_of_steps.yaml", "every third batch", EPOCH, 48, scheduler="lr_scheduler"),
    Case("hydra_two_rates.yaml", "another lr in the file", EPOCH, 72, "task.optimizer", "task.scheduler"),
    Case("hydra_positional.yaml", "a milestone twice", EPOCH, 48),
    Case("hydra_defaults/config.yaml", "a defaults list, which names files", {"steps_per_epoch": 2}, 36),
    Case(
        "hydra_experiment/train.yaml", "packages and groups of groups", EPOCH, 60, "model.optimizer", "model.scheduler"
    ),
    Case("hydra_no_optimizer.yaml", "no optimizer: the caller gives the rate", EPOCH | {"base_value": 0.02}, 60),
]
REFUSED = {
    "refused_no_interval.yaml": ("an interval that nothing says", {}, "steps_per_epoch"),
    "refused_plateau.yaml": ("a metric", EPOCH, "metric"),
    "refused_monitor.yaml": ("a metric, with Hydra", EPOCH, "metric"),
    "refused_lambda.yaml": ("a function", EPOCH, "LambdaLR"),
    "refused_own_class.yaml": ("a class of the project, of torch's name", EPOCH, "leaves.schedulers.CosineAnnealingLR"),
    "refused_two.yaml": ("two schedulers", EPOCH, "generator.scheduler.*critic.scheduler"),
    "refused_resolver.yaml": ("a resolver in the rate", EPOCH, "eval"),
    "refused_missing.yaml": ("a value that is still to be given", EPOCH, r"optimizer\.lr"),
    "refused_unknown_argument.yaml": ("an argument that torch does not know", EPOCH, "warmup"),
    "refused_missing_argument.yaml": ("an argument that torch needs", EPOCH, "T_max"),
    "refused_defaults_absent/config.yaml": (
        "a file of the defaults list that is not there",
        EPOCH,
        r"scheduler.cosine",
    ),
    "refused_timm.yaml": ("a class of timm", EPOCH, "timm.scheduler.CosineLRScheduler"),
    "refused_frequency.yaml": ("every seventh batch of an epoch of ten", {"steps_per_epoch": 10}, "frequency"),
    "refused_warmup_beside.yaml": ("a warmup that only the code knows", EPOCH, "warmup_epochs"),
    "refused_key_of_block.yaml": ("an unknown key in Lightning's mapping", EPOCH, "lr_scheduler.cooldown"),
    "refused_accumulating.yaml": (
        "a frequency of batches, several to an update",
        {"steps_per_epoch": 10},
        "accumulate",
    ),
    "refused_no_scheduler.yaml": ("targets, none of which is a scheduler", EPOCH, "no scheduler|no system"),
}


class Heard(lightning.Callback):  # type: ignore[misc]
    """Remembers the rate, and the momentum, of every update."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.momenta: list[float] = []

    def on_before_optimizer_step(self, _: Any, __: Any, optimizer: torch.optim.Optimizer) -> None:
        """Remember an update."""
        group = optimizer.param_groups[0]
        self.rates.append(float(group["lr"]))
        self.momenta.append(float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0)))


class Model(BoringModel):  # type: ignore[misc]
    """A model of which the command line makes optimizer and scheduler."""

    def configure_optimizers(self) -> Any:
        """Return what the caller made."""
        return self.made(self.parameters())


def by_cli(data: dict[str, Any], case: Case) -> Heard:
    """Return what Lightning's CLI runs."""
    data = data.get("fit", data)
    kept = {name: data[name] for name in ("optimizer", "lr_scheduler")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(yaml.safe_dump(kept))
        heard = Heard()
        more = {**QUIET, "max_steps": case.updates, "max_epochs": -1, "accelerator": "cpu", "callbacks": [heard]}
        more["limit_train_batches"] = case.options["steps_per_epoch"]
        more |= {"limit_val_batches": 0, "default_root_dir": folder}
        LightningCLI(
            BoringModel,
            BoringDataModule,
            args=["fit", "--config", str(file)],
            trainer_defaults=more,
            save_config_callback=None,
        )
    return heard


def by_hand(made: Any, case: Case) -> Heard:
    """Return what Lightning's trainer runs with an optimizer and a scheduler."""
    heard, model = Heard(), Model()
    model.made = made
    trainer = lightning.Trainer(
        **QUIET,
        max_steps=case.updates,
        max_epochs=-1,
        accelerator="cpu",
        callbacks=[heard],
        limit_train_batches=case.options.get("steps_per_epoch", 8),
        limit_val_batches=0,
    )
    trainer.fit(model, BoringDataModule())
    return heard


def numbers(value: Any) -> Any:
    """Return a value with numbers for texts such as 1e-5."""
    if isinstance(value, dict):
        return {name: numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [numbers(inner) for inner in value]
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def optimizer_of(node: dict[str, Any] | None, parameters: Any, options: dict[str, Any]) -> torch.optim.Optimizer:
    """Return the optimizer that a node asks for, or a plain one of the caller's rate."""
    if node is None:
        return torch.optim.SGD(parameters, lr=options["base_value"])
    if "class_path" in node:
        return class_of(node["class_path"])(parameters, **node.get("init_args", {}))
    return instantiate({**node, "_partial_": True})(parameters)


def scheduler_of(node: dict[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    """Return the scheduler that a node asks for, with schedulers in it on the same optimizer."""
    if "class_path" in node:
        return class_of(node["class_path"])(optimizer, **node.get("init_args", {}))
    if "schedulers" not in node:
        return instantiate({**node, "_partial_": True})(optimizer=optimizer)
    node = copy.copy(node)
    children = [scheduler_of(child, optimizer) for child in node.pop("schedulers")]
    made = get_method(node["_target_"])
    if node["_target_"].endswith("ChainedScheduler"):
        return made(children)
    return made(optimizer, schedulers=children, milestones=node["milestones"])


def class_of(path: str) -> Any:
    """Return the class of a path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def composed(path: Path) -> dict[str, Any]:
    """Return a file as Hydra composes it."""
    with hydra.initialize_config_dir(str(path.parent.absolute()), version_base=None):
        config: DictConfig = hydra.compose(path.stem)
    OmegaConf.set_struct(config, value=False)
    config.pop("run_dir", None)
    whole: dict[str, Any] = OmegaConf.to_container(config, resolve=True)
    return whole


def heard_of(case: Case) -> Heard:
    """Return what a file's run had."""
    path = HERE / "files" / case.file
    if case.file.startswith("cli") and "nested" not in case.file:
        data = json.loads(path.read_text()) if path.suffix == ".json" else yaml.safe_load(path.read_text())
        return by_cli(numbers(data), case)
    data = numbers(composed(path))

    def at(place: str) -> Any:
        found = data
        for name in place.split("."):
            found = found.get(name)
            if found is None:
                return None
        return found

    def made(parameters: Any) -> Any:
        optimizer = optimizer_of(at(case.optimizer), parameters, case.options)
        node = at(case.scheduler)
        around = node if "scheduler" in node else data if "interval" in data else {}
        node = node.get("scheduler", node)
        config = {name: around[name] for name in ("interval", "frequency") if name in around}
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler_of(node, optimizer), **config}}

    return by_hand(made, case)


def entry(case: Case) -> dict[str, Any]:
    """Return what expected.json says of a file."""
    heard = heard_of(case)
    count = case.updates
    heard.rates, heard.momenta = heard.rates[:count], heard.momenta[:count]
    values: Any = {str(step): rate for step, rate in enumerate(heard.rates)}
    if len(set(heard.momenta)) > 1:
        values = {"learning_rate": values, "momentum": {str(step): value for step, value in enumerate(heard.momenta)}}
    return {"says": case.says, "options": case.options, "values": values}


def main() -> None:
    """Write expected.json."""
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    whole = {
        "system": "targets",
        "version": f"Lightning {lightning.__version__}, Hydra {hydra.__version__}",
        "how": f"Lightning's own trainer, torch {torch.__version__}, transformers {transformers.__version__}",
        "read": {case.file: entry(case) for case in READ},
        "refused": {
            name: {"says": says, "options": options, "message": message}
            for name, (says, options, message) in REFUSED.items()
        },
    }
    (HERE / "expected.json").write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
