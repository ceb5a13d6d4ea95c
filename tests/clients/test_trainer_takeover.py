"""A native checkpoint of the Trainer, taken over by lrspec's schedule as docs/migrate/trainer.md writes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Trainer, TrainingArguments

import lrspec

STEPS, SAVED = 20, 7
pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning", "ignore:.*:FutureWarning")


class Model(torch.nn.Module):  # type: ignore[misc]  # torch is untyped
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x: Any) -> dict[str, Any]:
        return {"loss": self.layer(x).mean()}


def trainer(folder: Path, accumulate: int = 1) -> Trainer:
    arguments = TrainingArguments(
        str(folder),
        max_steps=STEPS,
        save_steps=SAVED,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=accumulate,
        learning_rate=5e-3,
        lr_scheduler_type="cosine",
        warmup_steps=2,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
    )
    data = [{"x": torch.ones(4)}] * (4 * STEPS * accumulate)
    return Trainer(model=Model(), args=arguments, train_dataset=data)


def applied(made: Trainer, **resume: Any) -> tuple[list[float], Any]:
    """Train, and return the rate of every update, read at the optimizer, and the weights."""
    rates: list[float] = []
    made.create_optimizer()
    made.optimizer.register_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    made.train(**resume)
    return rates, made.model.layer.weight.detach().numpy()


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_native_checkpoint_goes_on_with_our_schedule(accumulate: int, tmp_path: Path) -> None:
    native = trainer(tmp_path / "native", accumulate)
    native_rates, native_weights = applied(native)
    schedule = lrspec.from_native(native.lr_scheduler)
    checkpoint = tmp_path / "native" / f"checkpoint-{SAVED}"

    taken = tmp_path / "taken" / f"checkpoint-{SAVED}"
    shutil.copytree(checkpoint, taken)
    ours = trainer(tmp_path / "taken", accumulate)
    ours.create_optimizer()
    ours.lr_scheduler = schedule.to_torch(ours.optimizer, step=lrspec.position(checkpoint).updates)
    torch.save(ours.lr_scheduler.state_dict(), taken / "scheduler.pt")
    rates, weights = applied(ours, resume_from_checkpoint=str(taken))

    assert rates == [schedule(step) for step in range(SAVED, STEPS)]
    np.testing.assert_allclose(rates, native_rates[SAVED:], rtol=1e-6)
    np.testing.assert_allclose(weights, native_weights, rtol=1e-5)
    # the moments were taken over too, and what is saved next is ours
    last = tmp_path / "taken" / f"checkpoint-{STEPS}"
    assert lrspec.check_clock(last, STEPS) == STEPS
    assert torch.load(last / "scheduler.pt", weights_only=True)["fingerprint"] == schedule.fingerprint


def test_the_native_state_alone_is_refused_with_what_to_write(tmp_path: Path) -> None:
    native = trainer(tmp_path)
    native.train()
    schedule = lrspec.from_native(native.lr_scheduler)
    ours = trainer(tmp_path)
    ours.create_optimizer()
    ours.lr_scheduler = schedule.to_torch(ours.optimizer)
    with pytest.raises(lrspec.LrspecError, match=r"schedule\.to_torch\(optimizer, step="):
        ours.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{SAVED}"))
