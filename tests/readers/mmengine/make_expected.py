"""Writes expected.json: what MMEngine 0.10 and MMCV 1.7 apply, run on the files beside this one.

Run it where `mmengine` 0.10, `mmcv` 1.7 and `torch` are installed: `python make_expected.py`. Each config is read by
the system's own `Config.fromfile` and trains a toy model with the system's own runner; written down is what its
optimizer had at every update.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

import mmcv.runner  # noqa: E402
import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.model import BaseModel  # noqa: E402
from mmengine.registry import OPTIMIZERS  # noqa: E402
from mmengine.runner import Runner  # noqa: E402

FILES = Path(__file__).parent / "files"
MOMENTUM = ("momentum",)
Course = dict[str, list[float]]

READ: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "detection/faster_r50_1x.py": ("four bases; steps by epoch times a warmup by step", {"steps_per_epoch": 11}, ()),
    "detection/faster_r50_2x.py": ("a base of bases; names and whole division", {"steps_per_epoch": 7}, ()),
    "detection/transformer_adamw.py": ("_delete_; lr_mult, of which the note speaks", {"steps_per_epoch": 9}, ()),
    "detection/base_references.py": ("{{_base_.x}} and _base_.x", {"steps_per_epoch": 10}, ()),
    "detection/rtm_like.py": ("arithmetic on names; steps that a hold precedes", {"steps_per_epoch": 8}, ()),
    "detection/voxels_cyclic.py": ("two cosines, of rate and momentum", {"steps_per_epoch": 10}, MOMENTUM),
    "segmentation/poly_iters.py": ("poly with a floor, by steps", {}, ()),
    "segmentation/poly_warm.py": ("end left to the runner, by steps", {}, ()),
    "segmentation/one_cycle.py": ("total_steps and end left to the runner", {}, ()),
    "lazy/resnet_new_style.py": ("read_base, and classes as names", {"steps_per_epoch": 6}, ()),
    "lazy/resnet_changed.py": ("read_base, with update() of what it read", {"steps_per_epoch": 5}, ()),
    "classification/swin_no_end.json": ("end left to the runner, by epochs", {"steps_per_epoch": 10}, ()),
    "classification/masked_pretrain.yaml": ("a dump in YAML", {"steps_per_epoch": 12}, ()),
    "classification/child.yaml": ("_base_ of a YAML file", {"steps_per_epoch": 9}, ()),
    "classification/multistep.py": ("steps by epoch, one of them twice", {"steps_per_epoch": 8}, ()),
    "classification/constant_then_exponential.json": ("a constant factor, then a decay", {"steps_per_epoch": 16}, ()),
    "classification/cosine_restart.json": ("restarts with weights", {}, ()),
    "classification/momentum_of_sgd.json": ("momentum beside the rate", {}, MOMENTUM),
    "classification/by_name_of_parameter.json": ("the schedulers that name a parameter", {}, ("weight_decay",)),
    "classification/eta_min_ratio.json": ("types with the package before", {"steps_per_epoch": 5}, ()),
    "classification/no_scheduler.py": ("no scheduler: one rate", {"steps_per_epoch": 4}, ()),
    "classification/accumulated.json": ("gradients of four steps accumulated", {}, ()),
    "classification/bouncing.json": ("a cosine that goes on after T_max", {}, ()),
    "classification/by_epoch_without_epochs.json": ("by epoch in a run that has none", {"steps_per_epoch": 7}, ()),
    "legacy/retina_1x.py": ("old: steps by epoch, warmup by step", {"steps_per_epoch": 10}, ()),
    "legacy/retina_20e.py": ("old: a base of bases", {"steps_per_epoch": 6}, ()),
    "legacy/old_total_epochs.py": ("old: total_epochs, constant warmup", {"steps_per_epoch": 9}, ()),
    "legacy/poly_iters.py": ("old: poly by steps", {}, ()),
    "legacy/poly_warm.py": ("old: poly with a warmup inside", {}, ()),
    "legacy/poly_epochs.json": ("old: poly by epochs", {"steps_per_epoch": 6}, ()),
    "legacy/cosine_epochs.py": ("old: cosine by steps over epochs, warmup by epochs", {"steps_per_epoch": 8}, ()),
    "legacy/cosine_by_epoch.py": ("old: cosine by epochs, exp warmup", {"steps_per_epoch": 10}, ()),
    "legacy/cyclic_voxels.py": ("old: cyclic rate and momentum", {"steps_per_epoch": 10}, MOMENTUM),
    "legacy/cyclic_thrice.py": ("old: cycles that shrink, linear", {}, ()),
    "legacy/one_cycle.py": ("old: one cycle of rate and momentum", {}, MOMENTUM),
    "legacy/exponential.json": ("old: exponential by epochs", {"steps_per_epoch": 5}, ()),
    "legacy/inverse.py": ("old: inverse by steps", {}, ()),
    "legacy/flat_cosine.py": ("old: flat, then cosine", {}, ()),
    "legacy/cosine_restart.py": ("old: restarts with weights", {}, ()),
    "legacy/linear_annealing.json": ("old: a line by steps over epochs", {"steps_per_epoch": 15}, ()),
    "legacy/fixed_warm.py": ("old: fixed, with a warmup", {"steps_per_epoch": 12}, ()),
    "legacy/step_of_iters.py": ("old: steps, which the runner counts in steps", {}, ()),
    "legacy/step_with_floor.json": ("old: every third epoch, with a floor", {"steps_per_epoch": 4}, ()),
    "legacy/warmup_over_a_step.py": ("old: a warmup over the first decay", {"steps_per_epoch": 10}, ()),
    "legacy/accumulated.py": ("old: gradients of four steps accumulated", {}, ()),
    "legacy/step_momentum.py": ("old: momentum by epochs, with a warmup", {"steps_per_epoch": 7}, MOMENTUM),
}
"""Which files are read: what is special, the quantities, and what is driven beside the learning rate."""

REFUSED: dict[str, tuple[str, dict[str, Any], str]] = json.loads((FILES.parent / "refused.json").read_text())
"""Which files are refused: why, the quantities, and what the message says."""


class Toy(BaseModel):  # type: ignore[misc]
    """A model of two layers, for both runners."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = torch.nn.Linear(1, 1)
        self.head = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, mode: str = "loss") -> Any:  # noqa: ARG002
        """Return a loss."""
        return {"loss": self.head(self.backbone(x)).sum()}

    def train_step(self, data: Any, optim_wrapper: Any) -> Any:
        """Train, or for the old runner, return the loss alone."""
        if isinstance(optim_wrapper, torch.optim.Optimizer):
            return {**self.forward(**data), "log_vars": {}, "num_samples": 1}
        return super().train_step(data, optim_wrapper)


def recorded(optimizer: torch.optim.Optimizer, names: tuple[str, ...]) -> Course:
    """Return lists that every step of the optimizer adds to."""
    found: Course = {"learning_rate": [], **{name: [] for name in names}}

    def note(*_: Any) -> None:
        group = optimizer.param_groups[0]
        found["learning_rate"].append(group["lr"])
        for name in names:
            beta = name == "momentum" and "betas" in group
            found[name].append(group["betas"][0] if beta else group[name])

    optimizer.register_step_pre_hook(note)
    return found


def run_new(config: Any, batches: int, names: tuple[str, ...]) -> Course:
    """Return what MMEngine's runner applied."""
    for key in ("paramwise_cfg", "type", "loss_scale"):  # mixed precision needs a GPU, and leaves the rate alone
        config.optim_wrapper.pop(key, None)
    with tempfile.TemporaryDirectory() as folder:
        loader = {
            "dataset": [{"x": torch.ones(1)}] * batches,
            "batch_size": 1,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "collate_fn": {"type": "default_collate"},
        }
        runner = Runner(
            model=Toy(),
            work_dir=folder,
            train_dataloader=loader,
            train_cfg=config.train_cfg,
            optim_wrapper=config.optim_wrapper,
            param_scheduler=config.get("param_scheduler"),
            auto_scale_lr=config.get("auto_scale_lr"),
            default_hooks={"logger": None, "checkpoint": None},
            default_scope="mmengine",
            log_level="ERROR",
            experiment_name=str(time.monotonic_ns()),
        )
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        found = recorded(runner.optim_wrapper.optimizer, names)
        runner.train()
    return found


def run_old(config: Any, batches: int, names: tuple[str, ...]) -> Course:
    """Return what MMCV's old runner applied."""
    config.optimizer.pop("paramwise_cfg", None)
    model = Toy()
    optimizer = mmcv.runner.build_optimizer(model, dict(config.optimizer))
    found = recorded(optimizer, names)
    logger = logging.getLogger("old")
    logger.setLevel(logging.CRITICAL)
    shape = config.get("runner") or {"type": "EpochBasedRunner", "max_epochs": config.total_epochs}
    with tempfile.TemporaryDirectory() as folder:
        given = {"model": model, "optimizer": optimizer, "work_dir": folder, "logger": logger}
        runner = mmcv.runner.build_runner(dict(shape), default_args=given)
        momentum = config.get("momentum_config")
        runner.register_training_hooks(
            dict(config.lr_config),
            dict(config.get("optimizer_config") or {}),
            momentum_config=dict(momentum) if momentum else None,
        )
        loader = torch.utils.data.DataLoader([{"x": torch.ones(1)}] * batches)
        runner.run([loader], [("train", 1)])
    return found


def chosen(course: list[float]) -> dict[str, float]:
    """Return the values at both ends, at even places, and where the course bends most, by step."""
    last = len(course) - 1

    def bend(i: int) -> float:
        return abs(course[i - 1] - 2 * course[i] + course[i + 1])

    sharp = sorted(range(1, last), key=bend, reverse=True)[:14]
    near = {step + i for step in sharp for i in (-1, 0, 1)}
    steps = near | {0, 1, 2, last - 1, last} | {last * i // 12 for i in range(13)}
    return {str(step): course[step] for step in sorted(steps)}


def main() -> None:
    """Write expected.json."""
    time.sleep = lambda _: None  # the old runner waits two seconds before each epoch
    OPTIMIZERS.register_module(name="toy", module=torch.optim.SGD)
    read = {}
    for name, (says, options, names) in READ.items():
        old = name.startswith("legacy/")
        config = (mmcv.Config if old else Config).fromfile(str(FILES / name))
        course = (run_old if old else run_new)(config, options.get("steps_per_epoch", 7), names)
        values: Any = {key: chosen(values) for key, values in course.items()}
        read[name] = {"says": says, "options": options, "values": values if names else values["learning_rate"]}
    refused = {name: dict(zip(("says", "options", "message"), each, strict=True)) for name, each in REFUSED.items()}
    how = "the toy model of make_expected.py, trained by mmengine.runner.Runner, or by the runners of mmcv 1.7.2"
    found = {"system": "mmengine", "version": "0.10.7", "how": how, "read": read, "refused": refused}
    (FILES.parent / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
