"""Lightning: `configure_optimizers` by step and by epoch, accumulation, and a resumed fit."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import lightning as pl
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.plugins import MixedPrecision

from lrspec.adapters.logging_lightning import AppliedRate
from torch_model import SCHEDULE, Applied, rates


class Module(pl.LightningModule):  # type: ignore[misc]  # lightning is untyped
    def __init__(self, interval: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.interval = interval

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        del index
        return -self.weight.mean() + 0 * batch[0].mean()

    def configure_optimizers(self) -> dict[str, Any]:
        self.used = Applied(self.parameters(), lr=1.0)
        every: Any = {"step": "update", "epoch": "epoch"}[self.interval]
        scheduler = SCHEDULE.to_torch(self.used, every=every)
        return {"optimizer": self.used, "lr_scheduler": {"scheduler": scheduler, "interval": self.interval}}


def fit(interval: str, epochs: int, *, folder: Any, resume: Any = None, accumulated: int = 1) -> tuple[Module, Any]:
    module = Module(interval)
    logger = CSVLogger(folder)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=logger,
        callbacks=[AppliedRate()],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        accumulate_grad_batches=accumulated,
        default_root_dir=folder,
    )
    data = torch.utils.data.TensorDataset(torch.ones(12, 1))
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=1), ckpt_path=resume)
    return module, trainer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("accumulated", [1, 3])
def test_by_step_each_update_has_the_rate_of_its_index(tmp_path: Any, accumulated: int) -> None:
    module, trainer = fit("step", 2, folder=tmp_path, accumulated=accumulated)
    assert module.used.applied == rates(range(24 // accumulated))
    with Path(trainer.logger.experiment.metrics_file_path).open() as written:
        rows = [row for row in csv.DictReader(written) if row["lr_applied"]]
    assert [(int(row["step"]), float(row["update"]), float(row["lr_applied"])) for row in rows] == [
        (step, step, SCHEDULE(step)) for step in range(24 // accumulated)
    ]


@pytest.mark.filterwarnings("ignore")
def test_by_epoch_each_epoch_has_the_rate_of_its_index(tmp_path: Any) -> None:
    module, _ = fit("epoch", 4, folder=tmp_path)
    assert module.used.applied == [rate for rate in rates(range(4)) for _ in range(12)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_a_resumed_fit_goes_on(tmp_path: Any, interval: str) -> None:
    first, trainer = fit(interval, 2, folder=tmp_path)
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    again, _ = fit(interval, 4, folder=tmp_path, resume=tmp_path / "run.ckpt")
    whole, _ = fit(interval, 4, folder=tmp_path)
    assert first.used.applied + again.used.applied == whole.used.applied


def logged(trainer: Any) -> list[dict[str, float]]:
    with Path(trainer.logger.experiment.metrics_file_path).open() as written:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(written)]


class Overflowing(Module):
    """A loss that is too large for float16 in the second and the fifth batch."""

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        return super().training_step(batch, index) * (float("inf") if index in {1, 4} else 1.0)


@pytest.mark.filterwarnings("ignore")
def test_an_update_that_was_skipped_is_not_logged_and_has_no_index(tmp_path: Any) -> None:
    module = Overflowing("step")
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=CSVLogger(tmp_path),
        callbacks=[AppliedRate()],
        plugins=[MixedPrecision("16-mixed", "cpu", scaler=scaler)],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    data = torch.utils.data.TensorDataset(torch.ones(9, 1))
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=1))
    rows = [row for row in logged(trainer) if "lr_applied" in row]
    assert [(row["step"], row["update"]) for row in rows] == [(0, 0), (2, 1), (3, 2), (5, 3), (6, 4), (7, 5), (8, 6)]
    assert [row["lr_applied"] for row in rows] == rates(range(7))


class Adversaries(pl.LightningModule):  # type: ignore[misc]  # lightning is untyped
    """Two optimizers that a module steps itself: one in each batch, the other in each third."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weights = torch.nn.ParameterList([torch.zeros(1), torch.zeros(1)])

    def training_step(self, batch: Any, index: int) -> None:
        del batch
        for place, (optimizer, scheduler) in enumerate(zip(self.optimizers(), self.lr_schedulers(), strict=True)):
            if place and index % 3 != 2:
                continue
            optimizer.zero_grad()
            self.manual_backward(-self.weights[place].mean())
            optimizer.step()
            scheduler.step()

    def configure_optimizers(self) -> Any:
        self.used = [Applied([weight], lr=1.0) for weight in self.weights]
        return self.used, [SCHEDULE.to_torch(each) for each in self.used]


@pytest.mark.filterwarnings("ignore")
def test_each_of_two_optimizers_has_the_index_of_its_own_update(tmp_path: Any) -> None:
    module = Adversaries()
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=CSVLogger(tmp_path),
        callbacks=[AppliedRate()],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    data = torch.utils.data.TensorDataset(torch.ones(9, 1))
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=1))
    assert [each.applied for each in module.used] == [rates(range(9)), rates(range(3))]
    for place, updates in enumerate((9, 3)):
        rows = [row for row in logged(trainer) if f"lr_applied/{place}" in row]
        assert [row[f"update/{place}"] for row in rows] == list(range(updates))
        assert [row[f"lr_applied/{place}"] for row in rows] == rates(range(updates))
