"""Checkpoint folders of the Trainer of Transformers and of Accelerate, from training whose updates are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from transformers import Trainer, TrainerCallback, TrainingArguments

import lrspec

pytestmark = pytest.mark.filterwarnings("ignore")


class Model(torch.nn.Module):  # type: ignore[misc]  # not typed where torch is skipped
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x: Any, labels: Any = None) -> Any:
        output = self.layer(x)
        return {"loss": ((output - labels) ** 2).mean(), "logits": output}


class Counting(TrainerCallback):  # type: ignore[misc]  # not typed where it is not installed
    def __init__(self) -> None:
        self.updates = 0
        self.at_save: list[int] = []

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        self.updates += 1

    def on_save(self, *_: Any, **__: Any) -> None:
        self.at_save.append(self.updates)


def trained(folder: Path, **arguments: Any) -> list[int]:
    """Train for 7 updates, saving at 5 and 7, and return how many updates there were at each save."""
    data = [{"x": torch.zeros(2), "labels": torch.zeros(1)} for _ in range(40)]
    given = TrainingArguments(
        str(folder),
        per_device_train_batch_size=2,
        max_steps=7,
        save_steps=5,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        lr_scheduler_type="cosine",
        warmup_steps=2,
        **arguments,
    )
    counting = Counting()
    Trainer(Model(), given, train_dataset=data, callbacks=[counting]).train()
    return counting.at_save


@pytest.mark.parametrize("arguments", [{}, {"gradient_accumulation_steps": 3}, {"optim": "sgd"}], ids=str)
def test_checkpoints_of_the_trainer(arguments: dict[str, Any], tmp_path: Path) -> None:
    assert trained(tmp_path, **arguments) == [5, 7]
    for updates in (5, 7):
        folder = tmp_path / f"checkpoint-{updates}"
        assert (folder / "training_args.bin").exists()
        position = lrspec.position(folder)
        assert (position.updates, position.counter) == (updates, "trainer_state.global_step")
        assert "scheduler.last_epoch" in position.reason
        assert lrspec.position(str(folder / "scheduler.pt"), counter="scheduler.last_epoch").updates == updates
    with pytest.raises(lrspec.UnsupportedError, match="give one of them: checkpoint-5, checkpoint-7"):
        lrspec.position(tmp_path)


def test_parts_of_a_checkpoint(tmp_path: Path) -> None:
    trained(tmp_path)
    folder = tmp_path / "checkpoint-5"
    (folder / "training_args.bin").unlink()
    (folder / "optimizer.pt").unlink()
    assert lrspec.position(folder).updates == 5
    (folder / "scheduler.pt").unlink()
    assert lrspec.position(folder).updates == 5
    for content in ("", "{", "[]", "{}", '{"global_step": "5"}', '{"global_step": -5}'):
        (folder / "trainer_state.json").write_text(content)
        with pytest.raises(lrspec.LrspecError, match=r"trainer_state\.json"):
            lrspec.position(folder)


def test_a_scheduler_times_the_processes_is_reported(tmp_path: Path) -> None:
    """What versions before the fix of transformers#24088 wrote on 4 devices."""
    trained(tmp_path)
    folder = tmp_path / "checkpoint-5"
    state = torch.load(folder / "scheduler.pt", weights_only=True)
    torch.save(state | {"last_epoch": 20}, folder / "scheduler.pt")
    with pytest.raises(lrspec.AmbiguousPositionError, match="4 times as many, as with a step per process"):
        lrspec.position(folder)
    assert lrspec.position(folder, counter="trainer_state.global_step").updates == 5


def test_training_arguments_are_never_loaded(tmp_path: Path) -> None:
    trained(tmp_path)
    with pytest.raises(lrspec.UnsupportedError, match="need more than data"):
        lrspec.position(tmp_path / "checkpoint-5" / "training_args.bin")


def test_a_damaged_scheduler_is_refused(tmp_path: Path) -> None:
    trained(tmp_path)
    file = tmp_path / "checkpoint-5" / "scheduler.pt"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(lrspec.LrspecError, match=r"scheduler\.pt"):
        lrspec.position(tmp_path / "checkpoint-5")


@pytest.mark.parametrize("accumulate", [1, 3])
def test_accelerate(accumulate: int, tmp_path: Path) -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    model, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
    updates = 0
    for _ in range(6):
        with accelerator.accumulate(model):
            accelerator.backward(model(torch.ones(1, 2), torch.zeros(1))["loss"])
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            updates += accelerator.sync_gradients
    assert updates == 6 // accumulate
    accelerator.save_state(str(tmp_path / "state"))
    for found in (optimizer, scheduler, tmp_path / "state"):
        assert lrspec.position(found).updates == updates


def test_what_is_written_is_json(tmp_path: Path) -> None:
    trained(tmp_path)
    assert json.loads((tmp_path / "checkpoint-7" / "trainer_state.json").read_text())["global_step"] == 7
