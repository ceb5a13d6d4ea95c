"""transformers' Trainer: `optimizers=`, accumulation, and a run resumed from its checkpoint."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from lrspec.adapters.logging_transformers import log_applied_rate
from torch_model import SCHEDULE, Applied, Falling, rates


class Data(torch.utils.data.Dataset):  # type: ignore[misc]  # torch is untyped
    def __len__(self) -> int:
        return 24

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": torch.ones(1), "labels": torch.ones(1)}


class Overflowing(Falling):
    """A loss that is too large for float16 in the third and the fourth batch."""

    batch = -1

    def forward(self, x: Any = None, labels: Any = None) -> dict[str, torch.Tensor]:
        self.batch += 1
        return {"loss": super().forward(x, labels)["loss"] * (float("inf") if self.batch in {2, 3} else 1.0)}


def train(
    folder: Any, *, steps: int, accumulated: int = 1, resume: Any = None, model: Any = None, every: int = 5
) -> tuple[list[float], Any]:
    model = model or Falling()
    optimizer = Applied(model.parameters(), lr=1.0)
    scheduler = SCHEDULE.to_torch(optimizer)
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,
        use_cpu=True,
        report_to=[],
        save_steps=10,
        gradient_accumulation_steps=accumulated,
        disable_tqdm=True,
        max_grad_norm=0.0,
        logging_steps=every,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=Data(), optimizers=(optimizer, scheduler))
    log_applied_rate(trainer)
    seen: list[dict[str, Any]] = []
    trainer.add_callback(type("Writer", (TrainerCallback,), {"on_log": lambda *_, logs, **__: seen.append(dict(logs))}))
    if isinstance(model, Overflowing):  # fp16 is for accelerators; this is what it makes
        trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    trainer.train(resume_from_checkpoint=resume)
    trainer.seen = seen
    return optimizer.applied, trainer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("accumulated", [1, 4])
def test_each_update_has_the_rate_of_its_index(tmp_path: Any, accumulated: int) -> None:
    applied, trainer = train(tmp_path, steps=30, accumulated=accumulated)
    assert applied == rates(range(30))
    assert trainer.lr_scheduler.get_last_lr() == [SCHEDULE(30)]
    for written in (trainer.seen, trainer.state.log_history):
        logged = [(logs["update"], logs["lr_applied"]) for logs in written if "loss" in logs]
        assert logged == [(step, SCHEDULE(step)) for step in range(4, 30, 5)]


@pytest.mark.filterwarnings("ignore")
def test_a_run_resumed_from_its_checkpoint_goes_on(tmp_path: Any) -> None:
    train(tmp_path, steps=20)
    again, _ = train(tmp_path, steps=30, resume=str(tmp_path / "checkpoint-20"))
    assert again == rates(range(20, 30))


@pytest.mark.filterwarnings("ignore")
def test_an_update_that_was_skipped_has_no_index(tmp_path: Any) -> None:
    _, trainer = train(tmp_path, steps=9, model=Overflowing(), every=1)
    found = [(logs["update"], logs["lr_applied"]) for logs in trainer.seen if "loss" in logs]
    assert found == [(update, SCHEDULE(update)) for update in (0, 1, 1, 1, 2, 3, 4, 5, 6)]
