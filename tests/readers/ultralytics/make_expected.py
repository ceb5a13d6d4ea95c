"""Run Ultralytics' own trainer on the files beside this one, and write what it gives into expected.json.

    python make_expected.py            # with ultralytics 8.0.239, 8.3.253 or 8.4.190 installed, and torch

The training loop is the library's own `BaseTrainer._do_train`, with its own optimizer groups and scheduler; the model
is two layers, the batches are empty, and validating and saving are left out. Each run writes the entries of the files
that say the installed release; without ultralytics, those of YOLOv5 and YOLOv7, whose `train.py` is no library: their
loop is written anew below, from ultralytics/yolov5 v4.0 to v7.0 and WongKinYiu/yolov7, in float64 with numpy.
"""

from __future__ import annotations

import importlib.machinery
import inspect
import json
import logging
import math
import sys
import types
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

HERE = Path(__file__).parent
OLD, MIDDLE, NEW = "8.0.239", "8.3.253", "8.4.190"
"""The last of the releases that lag an epoch behind (to 8.1.41) that runs today; one of those between; the newest."""


class Case(NamedTuple):
    """One file: what it shows, the batches of an epoch, whose code runs, and whether its updates are counted."""

    file: str
    says: str
    batches: int
    by: str = MIDDLE
    updates: int = 0


READ = [
    Case("args_83_sgd.yaml", "a run's own args.yaml, SGD, linear", 60),
    Case("args_83_adamw_cos.yaml", "AdamW, whose beta1 is not driven, and a cosine", 70),
    Case("args_83_batch16.yaml", "batches of 16 of nominal 64, counted as batches", 45),
    Case("args_83_updates.yaml", "the same, counted as updates of 64 samples", 45, updates=64),
    Case("args_83_updates_cos.yaml", "three batches of 24 to an update of nominal 64", 71, updates=72),
    Case("args_83_no_warmup.yaml", "no warmup", 30),
    Case("args_83_no_warmup_updates.yaml", "no warmup, counted as updates", 30, updates=64),
    Case("args_83_half_epoch.yaml", "a warmup of two and a half epochs, rounded to even", 81),
    Case("args_82_short.yaml", "a warmup of at least 100 batches", 8),
    Case("args_82_rmsprop.yaml", "RMSProp, whose momentum is driven", 50),
    Case("args_84_sgd.yaml", "a release before 8.4.103", 55),
    Case("args_84_new.yaml", "a release without the least warmup", 8, NEW),
    Case("args_84_new_two_epochs.yaml", "a warmup that leaves the last epoch", 40, NEW),
    Case("args_84_new_cos.yaml", "a cosine after a warmup of one and a half epochs", 33, NEW),
    Case("args_84_new_updates.yaml", "eight batches to an update", 60, NEW, updates=64),
    Case("args_80_sgd.yaml", "a release that lags an epoch behind after the warmup", 60, OLD),
    Case("args_80_cos.yaml", "the same with a cosine and a warmup that ends inside an epoch", 90, OLD),
    Case("args_80_updates.yaml", "the same, counted as updates of 60 samples", 50, OLD, updates=60),
    Case("partial_cos.yaml", "a file with some of the keys", 50),
    Case("partial_text.yaml", "numbers that YAML reads as text", 40),
    Case("partial_nulls.yaml", "null values are defaults", 120),
    Case("partial_constant.yaml", "a constant after the warmup, and a batch of the trainer's choice", 100),
    Case("partial_short.yaml", "a file that does not say its release", 12),
    Case("partial.json", "JSON, the optimizer in small letters", 64),
    Case("classify.yaml", "a classifier's", 80),
    Case("yolov5_70.yaml", "YOLOv5 7.0: hyp stands in opt.yaml", 50, "yolov5"),
    Case("yolov5_70_cos.yaml", "YOLOv5 with --cos-lr", 60, "yolov5"),
    Case(
        "yolov5_70_adam_updates.yaml", "YOLOv5 with AdamW, counted as updates of 60 samples", 70, "yolov5", updates=60
    ),
    Case("yolov5_61/opt.yaml", "YOLOv5 6.1: a warmup of at least 1000 batches, hyp.yaml beside", 50, "yolov5"),
    Case("yolov5_60/opt.yaml", "YOLOv5 6.0 with --linear-lr, whose last epoch is one before", 50, "yolov5"),
    Case("yolov5_50/opt.yaml", "YOLOv5 5.0: a cosine without a flag", 400, "yolov5"),
    Case("yolov5_40/opt.yaml", "YOLOv5 4.0, which knows the cosine alone", 60, "yolov5"),
    Case("yolov7/opt.yaml", "YOLOv7", 350, "yolov5"),
    Case("yolov7_updates/opt.yaml", "YOLOv7, counted as updates at each fourth batch", 90, "yolov5", updates=64),
    Case("yolov7_adam/opt.yaml", "YOLOv7 with --adam and --linear-lr", 45, "yolov5"),
]
REFUSED = {
    "refused_auto.yaml": ("optimizer: auto", {"steps_per_epoch": 50}, "auto"),
    "refused_no_optimizer.yaml": ("no optimizer, which is auto", {"steps_per_epoch": 50}, "auto"),
    "refused_time.yaml": ("a length in hours", {"steps_per_epoch": 50}, "time"),
    "refused_val.yaml": ("a validation's arguments", {"steps_per_epoch": 50}, "mode"),
    "refused_musgd.yaml": ("a head with three times the rate", {"steps_per_epoch": 50}, "MuSGD"),
    "refused_unknown_key.yaml": ("an unknown key of the warmup", {"steps_per_epoch": 50}, "warmup_lr"),
    "refused_own_script.yaml": ("an own script with lr0", {"steps_per_epoch": 50}, "no system"),
    "refused_yolov6.yaml": ("YOLOv6, whose solver has these keys", {"steps_per_epoch": 50}, "no system|YOLOv6"),
    "refused_yolov9_flat.yaml": ("YOLOv9 with --flat-cos-lr", {"steps_per_epoch": 50}, "flat_cos_lr"),
    "refused_hyp_alone.yaml": ("hyp.yaml, without the epochs of opt.yaml", {"steps_per_epoch": 50}, "opt.yaml"),
    "refused_no_hyp/opt.yaml": ("opt.yaml, without hyp.yaml beside", {"steps_per_epoch": 50}, "hyp.yaml"),
    "refused_length.yaml": ("batches per epoch that nothing gives", {}, "steps_per_epoch"),
    "args_83_batch16.yaml": ("updates of 60 samples of batches of 16", {"steps_per_epoch": 45, "batch_size": 60}, "64"),
}

Rates = list[dict[str, float]]


def ultralytics_rates(  # noqa: C901 - a class with many small methods
    data: dict[str, Any], batches: int
) -> tuple[Rates, list[int]]:
    """Return the rates of every batch of a run of the installed Ultralytics, and the batches after which it updates."""
    import torch
    from ultralytics.cfg import get_cfg
    from ultralytics.engine import trainer

    trainer.LOGGER.setLevel(logging.ERROR)

    class Loader(list):  # type: ignore[type-arg]
        num_workers = 0

        def reset(self) -> None:
            pass

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = torch.nn.Conv2d(1, 1, 1), torch.nn.BatchNorm2d(1)
            self.model, self.criterion = [types.SimpleNamespace()], object()
            self.yaml: dict[str, Any] = {}
            self.names: dict[int, str] = {}
            self.stride = torch.tensor([32.0])

        def forward(self, _: object) -> tuple[torch.Tensor, Any]:
            loss = sum(parameter.sum() for parameter in self.parameters()) * 0
            return loss, {"a": torch.zeros(())} if _named_losses() else torch.zeros(1)

    class Trainer(trainer.BaseTrainer):  # type: ignore[misc]
        def __init__(self, args: Any) -> None:
            self.args, self.device = args, torch.device("cpu")
            self.callbacks: dict[str, list[Any]] = defaultdict(list)
            self.metrics: dict[str, float] = {}
            self.optimizer: Any = None
            self.batch_size, self.epochs, self.start_epoch = args.batch, args.epochs, 0
            self.loss_names, self.tloss, self.loss, self.csv = ("a",), None, None, None
            self.plot_idx, self.resume, self.world_size, self.amp, self.stop = [0], False, 1, False, False
            self.best_fitness = self.fitness = 0.0
            self.data, self.save_dir = {"nc": 80}, HERE
            self.nan_recovery_attempts = 0
            self.rates: Rates = []
            self.at: list[int] = []

        def _setup_train(self, *_: object) -> None:
            self.model, self.train_loader = (
                Model(),
                Loader([{"img": torch.zeros(1, 1, 1, 1), "cls": torch.zeros(1)}] * batches),
            )
            self.train_loader.dataset, self.test_loader = [0], self.train_loader  # type: ignore[attr-defined]
            self.accumulate = max(round(self.args.nbs / self.batch_size), 1) if self.batch_size > 0 else 1
            self.optimizer = self.build_optimizer(
                self.model, self.args.optimizer, self.args.lr0, self.args.momentum, 0.0
            )
            self._setup_scheduler()
            self.stopper = lambda *_, **__: False
            self.stopper.possible_stop = False  # type: ignore[attr-defined]
            self.scaler = types.SimpleNamespace(scale=lambda loss: loss)
            self.ema = types.SimpleNamespace(update_attr=lambda *_, **__: None)
            self.scheduler.last_epoch = self.start_epoch - 1

        def run_callbacks(self, event: str) -> None:
            if event == "on_train_batch_end":
                bias = 2 if self.optimizer.param_groups[0].get("param_group") else 0
                now = {"bias": self.optimizer.param_groups[bias], "rate": self.optimizer.param_groups[1]}
                found = {name: float(group["lr"]) for name, group in now.items()}
                if "momentum" in now["rate"]:
                    found["momentum"] = float(now["rate"]["momentum"])
                self.rates.append(found)

        def optimizer_step(self) -> None:
            self.at.append(len(self.rates))
            self.optimizer.step()
            self.optimizer.zero_grad()

        def preprocess_batch(self, batch: Any) -> Any:
            return batch

        def progress_string(self) -> str:
            return ""

        def validate(self) -> tuple[dict[str, float], float]:
            return {}, 0.0

        def label_loss_items(self, *_: object, **__: object) -> dict[str, float]:
            return {}

        def nothing(self, *_: object, **__: object) -> bool:
            return False

        save_metrics = save_model = final_eval = _handle_nan_recovery = nothing
        _model_train = _close_dataloader_mosaic = _clear_memory = _get_memory = nothing

    wanted = {"epochs", "batch", "nbs", "optimizer", "lr0", "lrf", "cos_lr", "momentum"}
    wanted |= {"warmup_epochs", "warmup_momentum", "warmup_bias_lr"}
    own_values = {name: value for name, value in data.items() if value is not None and name in wanted}
    own = Trainer(get_cfg(overrides={**own_values, "val": False, "save": False, "plots": False, "close_mosaic": 0}))
    own._do_train(*[1][: len(inspect.signature(own._do_train).parameters)])
    return own.rates, own.at


def _named_losses() -> bool:
    import ultralytics

    return str(ultralytics.__version__).startswith("8.4.19")


def yolov5_rates(data: dict[str, Any], batches: int) -> tuple[Rates, list[int]]:
    """Return the rates of every batch of a run of YOLOv5 or YOLOv7, and the batches after which it updates."""
    hyp, epochs, batch = data["hyp"], data["epochs"], data["batch_size"]
    lrf, adam = hyp["lrf"], data.get("adam") or data.get("optimizer", "SGD").startswith("Adam")
    linear = data.get("linear_lr", False) or data.get("cos_lr") is False
    length = epochs - 1 if "linear_lr" in data else epochs

    def factor(epoch: int) -> float:
        if linear:
            return float((1 - epoch / length) * (1.0 - lrf) + lrf)
        return float(((1 - math.cos(epoch * math.pi / epochs)) / 2) * (lrf - 1) + 1)

    warmup = max(round(hyp["warmup_epochs"] * batches), 100 if "seed" in data else 1000)
    rates, at, last, accumulate = [], [], -1, max(round(64 / batch), 1)
    now = {"bias": hyp["lr0"], "rate": hyp["lr0"], "momentum": hyp["momentum"]}
    for epoch in range(epochs):
        for i in range(epoch * batches, (epoch + 1) * batches):
            if i <= warmup:
                accumulate = max(1, np.interp(i, [0, warmup], [1, 64 / batch]).round())
                target = hyp["lr0"] * factor(epoch)
                now["bias"] = float(np.interp(i, [0, warmup], [hyp["warmup_bias_lr"], target]))
                now["rate"] = float(np.interp(i, [0, warmup], [0.0, target]))
                now["momentum"] = float(np.interp(i, [0, warmup], [hyp["warmup_momentum"], hyp["momentum"]]))
            if i % accumulate == 0 if "img_size" in data else i - last >= accumulate:
                at.append(i)
                last = i
            rates.append({name: value for name, value in now.items() if name != "momentum" or not adam})
        now["bias"] = now["rate"] = hyp["lr0"] * factor(epoch)  # stepped after the epoch, from the epoch before
    return rates, at


def chosen(count: int, batches: int, rates: Rates) -> list[int]:
    """Return steps at the ends, and around every place where something begins or ends."""
    values = [rate["rate"] for rate in rates]
    peak = max(range(count), key=values.__getitem__)
    places = {0, 75, 100, 1000, peak, count - 1, *range(0, count, max(1, count // 5))}
    places |= {batches * epoch for epoch in (1, 3, 4)}
    near = {at + by for at in places for by in (-1, 0, 1)}
    return sorted(at for at in near if 0 <= at < count)


def entry(case: Case, data: dict[str, Any]) -> dict[str, Any]:
    """Return what expected.json says of a file."""
    run = yolov5_rates if case.by == "yolov5" else ultralytics_rates
    rates, at = run(data, case.batches)
    if case.updates:
        rates = [rates[i] for i in at]
    steps = chosen(len(rates), case.batches, rates)
    names = {"rate": "learning_rate", "bias": "groups.bias.learning_rate", "momentum": "momentum"}
    if all(rate["rate"] == rate["bias"] for rate in rates):
        names.pop("bias")
    if len({rate.get("momentum") for rate in rates}) == 1:
        names.pop("momentum")
    values = {ours: {str(at): rates[at][name] for at in steps} for name, ours in names.items() if name in rates[0]}
    options = {"steps_per_epoch": case.batches} | ({"batch_size": case.updates} if case.updates else {})
    return {"says": case.says, "options": options, "by": case.by, "values": values}


def read(file: str) -> dict[str, Any]:
    """Return a file's data, with hyp.yaml beside it where it has none of its own."""
    path = HERE / "files" / file
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    if isinstance(data.get("hyp"), str):
        data["hyp"] = yaml.safe_load((path.parent / "hyp.yaml").read_text())
    if "lr0" in data:
        data |= {name: float(value) for name, value in data.items() if isinstance(value, str) and "e-" in value[:4]}
    return data


def without_torchvision() -> None:
    """Stand in for torchvision, which the trainer imports and does not use here."""
    parts = {name: types.ModuleType(name) for name in ("torchvision", "torchvision.transforms", "torchvision.datasets")}
    for name, part in parts.items():
        part.__spec__ = importlib.machinery.ModuleSpec(name, None)
    top, transforms = parts["torchvision"], parts["torchvision.transforms"]
    top.__version__ = "0.28.0"  # type: ignore[attr-defined]
    top.transforms, top.datasets = transforms, parts["torchvision.datasets"]  # type: ignore[attr-defined]
    top.datasets.ImageFolder = object
    transforms.InterpolationMode = types.SimpleNamespace(BILINEAR=2)  # type: ignore[attr-defined]
    sys.modules.update(parts)


def main() -> None:
    """Write the entries of the installed release, beside those that are there."""
    try:
        without_torchvision()
        import ultralytics

        by = ultralytics.__version__
    except ImportError:
        by = "yolov5"
    path = HERE / "expected.json"
    before = json.loads(path.read_text())["read"] if path.exists() else {}
    found = {case.file: entry(case, read(case.file)) if case.by == by else before.get(case.file) for case in READ}
    whole = {
        "system": "ultralytics",
        "version": f"{OLD}, {MIDDLE}, {NEW}; YOLOv5 4.0 to 7.0; YOLOv7",
        "how": "Ultralytics' own training loop, torch 2.13; the loops of YOLOv5 and YOLOv7 written anew",
        "read": {name: value for name, value in found.items() if value},
        "refused": {
            name: {"says": says, "options": options, "message": message}
            for name, (says, options, message) in REFUSED.items()
        },
    }
    path.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
