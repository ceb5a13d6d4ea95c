"""The position of checkpoints that Lightning, transformers, Flax and Orbax wrote."""

from __future__ import annotations

from typing import Any

import flax.serialization
import jax.numpy as jnp
import lightning as pl
import optax
import orbax.checkpoint
import pytest
import torch
from transformers import Trainer, TrainingArguments

import lrspec
from torch_model import SCHEDULE, Falling

PARAMS = {"w": jnp.ones(3)}


def state_after(updates: int) -> Any:
    optimizer = optax.adamw(SCHEDULE.to_optax())
    state = optimizer.init(PARAMS)
    for _ in range(updates):
        _, state = optimizer.update(PARAMS, state, PARAMS)
    return state


def test_a_message_pack_of_flax(tmp_path: Any) -> None:
    (tmp_path / "run.msgpack").write_bytes(flax.serialization.to_bytes({"params": PARAMS, "opt": state_after(5)}))
    assert lrspec.position(tmp_path / "run.msgpack").updates == 5


def test_a_folder_of_orbax(tmp_path: Any) -> None:
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "run", {"params": PARAMS, "opt": state_after(5)})
    assert lrspec.position(tmp_path / "run").updates == 5
    (tmp_path / "empty").mkdir()
    with pytest.raises(lrspec.UnsupportedError, match="a folder of no kind that is known here"):
        lrspec.position(tmp_path / "empty")


class Data(torch.utils.data.Dataset):  # type: ignore[misc]  # torch is untyped
    def __len__(self) -> int:
        return 24

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": torch.ones(1), "labels": torch.ones(1)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["cosine", "ours"])
def test_a_checkpoint_of_the_trainer(tmp_path: Any, kind: str) -> None:
    arguments = TrainingArguments(
        output_dir=str(tmp_path), max_steps=7, save_steps=7, use_cpu=True, report_to=[], disable_tqdm=True,
        per_device_train_batch_size=1, gradient_accumulation_steps=3, lr_scheduler_type="cosine",
    )  # fmt: skip
    model = Falling()
    optimizer = torch.optim.AdamW(model.parameters())
    given = (optimizer, SCHEDULE.to_torch(optimizer)) if kind == "ours" else (None, None)
    Trainer(model=model, args=arguments, train_dataset=Data(), optimizers=given).train()
    found = lrspec.position(tmp_path / "checkpoint-7")
    assert dict(found.counters) == {"global_step": 7, "scheduler.last_epoch": 7, "optimizer.step": 7}
    assert lrspec.check_clock(tmp_path / "checkpoint-7", 7) == 7


class Module(pl.LightningModule):  # type: ignore[misc]  # lightning is untyped
    def __init__(self, every: Any, interval: str) -> None:
        super().__init__()
        self.model, self.every, self.interval = Falling(), every, interval

    def training_step(self, batch: Any) -> torch.Tensor:
        loss: torch.Tensor = self.model(batch[0])["loss"]
        return loss

    def configure_optimizers(self) -> dict[str, Any]:
        optimizer = torch.optim.AdamW(self.parameters())
        if self.every == "native":
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)
        else:
            scheduler = SCHEDULE.to_torch(optimizer, every=self.every)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": self.interval}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("every", "interval", "disagree"),
    [("update", "step", False), ("epoch", "epoch", False), ("native", "step", False), ("native", "epoch", True)],
)
def test_a_checkpoint_of_lightning(tmp_path: Any, every: str, interval: str, *, disagree: bool) -> None:
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path,
    )  # fmt: skip
    data = torch.utils.data.TensorDataset(torch.ones(6, 1))
    trainer.fit(Module(every, interval), torch.utils.data.DataLoader(data, batch_size=1))
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    if disagree:
        with pytest.raises(lrspec.ClockError, match=r"global_step is 12.*last_epoch is 2"):
            lrspec.position(tmp_path / "run.ckpt")
        assert lrspec.position(tmp_path / "run.ckpt", counter="global_step").updates == 12
    else:
        assert lrspec.position(tmp_path / "run.ckpt").updates == 12
