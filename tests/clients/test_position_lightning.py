"""Checkpoints of Lightning, from training whose updates the module counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import lrspec

BATCHES, EPOCHS = 10, 3


class Module(lightning.LightningModule):  # type: ignore[misc]  # not typed where it is not installed
    def __init__(self, name: str, optimizers: int, **scheduler: Any) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.name, self.number, self.scheduler = name, optimizers, scheduler
        self.automatic_optimization = optimizers == 1
        self.updates = 0

    def training_step(self, batch: Any, _: int) -> Any:
        if self.automatic_optimization:
            return self.layer(batch[0]).mean()
        for optimizer, scheduler in zip(self.optimizers(), self.lr_schedulers(), strict=True):
            optimizer.zero_grad()
            self.manual_backward(self.layer(batch[0]).mean())
            optimizer.step()
            scheduler.step()
        self.updates += 1
        return None

    def on_before_optimizer_step(self, _: Any) -> None:
        if self.automatic_optimization:
            self.updates += 1

    def configure_optimizers(self) -> Any:
        made = [getattr(torch.optim, self.name)(self.parameters(), lr=0.1) for _ in range(self.number)]
        steps = [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100) for optimizer in made]
        return made, [{"scheduler": scheduler, **self.scheduler} for scheduler in steps]


def trained(file: Path, name: str = "AdamW", optimizers: int = 1, accumulate: int = 1, **scheduler: Any) -> int:
    """Write a checkpoint and return how many updates there were."""
    module = Module(name, optimizers, **scheduler)
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accumulate_grad_batches=accumulate,
    )
    trainer.fit(module, DataLoader(TensorDataset(torch.ones(BATCHES, 2)), batch_size=1))
    trainer.save_checkpoint(file)
    return module.updates


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["AdamW", "SGD"])
@pytest.mark.parametrize("accumulate", [1, 4])
def test_a_schedule_per_update(name: str, accumulate: int, tmp_path: Path) -> None:
    updates = trained(tmp_path / "a.ckpt", name, accumulate=accumulate, interval="step")
    assert updates == {1: 30, 4: 9}[accumulate]
    position = lrspec.position(tmp_path / "a.ckpt")
    assert (position.updates, position.counter) == (updates, "global_step")
    assert "lr_schedulers[0].last_epoch" in position.reason


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("scheduler", "calls"), [({"interval": "epoch"}, 3), ({"interval": "step", "frequency": 2}, 15)]
)
def test_another_clock_is_reported(scheduler: dict[str, Any], calls: int, tmp_path: Path) -> None:
    updates = trained(tmp_path / "a.ckpt", **scheduler)
    with pytest.raises(lrspec.AmbiguousPositionError) as caught:
        lrspec.position(tmp_path / "a.ckpt")
    candidates = caught.value.candidates
    assert candidates.pop("lr_schedulers[0].last_epoch") == calls
    assert set(candidates.values()) == {updates}
    assert lrspec.position(tmp_path / "a.ckpt", counter="global_step").updates == updates


@pytest.mark.filterwarnings("ignore")
def test_two_optimizers_are_reported(tmp_path: Path) -> None:
    updates = trained(tmp_path / "a.ckpt", optimizers=2)
    with pytest.raises(lrspec.AmbiguousPositionError) as caught:
        lrspec.position(tmp_path / "a.ckpt")
    assert caught.value.candidates["global_step"] == 2 * updates
    for counter in ("optimizer_states[0].step", "optimizer_states[1].step", "lr_schedulers[1].last_epoch"):
        assert lrspec.position(tmp_path / "a.ckpt", counter=counter).updates == updates


@pytest.mark.filterwarnings("ignore")
def test_the_checkpoints_that_lightning_writes_itself(tmp_path: Path) -> None:
    """With the module's hyperparameters and the state of the callback that writes them."""

    class Saved(Module):
        def __init__(self, width: int, rate: float) -> None:
            super().__init__("AdamW", 1, interval="step")
            self.save_hyperparameters()
            self.width, self.rate = width, rate

    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        callbacks=[lightning.pytorch.callbacks.ModelCheckpoint(tmp_path, every_n_train_steps=7, save_top_k=-1)],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Saved(3, 0.1), DataLoader(TensorDataset(torch.ones(BATCHES, 2)), batch_size=1))
    files = sorted(tmp_path.glob("*.ckpt"), key=lambda file: file.stat().st_mtime)
    assert len(files) >= 4
    for file in files[:4]:
        updates = int(file.stem.partition("step=")[2])
        assert updates % 7 == 0
        assert lrspec.position(file).updates == updates


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.filterwarnings("ignore")
def test_code_among_the_hyperparameters_does_not_run(tmp_path: Path) -> None:
    trained(tmp_path / "a.ckpt", interval="step")
    checkpoint = torch.load(tmp_path / "a.ckpt", weights_only=True)
    torch.save(checkpoint | {"hyper_parameters": {"config": Bomb(tmp_path / "boom")}}, tmp_path / "b.ckpt")
    with pytest.raises(lrspec.UnsupportedError, match="need more than data"):
        lrspec.position(tmp_path / "b.ckpt")
    assert not (tmp_path / "boom").exists()
