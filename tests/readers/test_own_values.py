"""Schedules whose numbers were made decimals: in float32, at every step, what the object itself gives in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import lrspec
from test_decimals import RATES, SHARES, artefacts

STEPS = 400
Make = Callable[[Any, float, float], Any]
MADE: dict[str, Make] = {
    "min_lr": lambda made, rate, part: transformers.get_cosine_with_min_lr_schedule_with_warmup(
        made, 40, STEPS, min_lr=rate * part
    ),
    "polynomial": lambda made, rate, part: transformers.get_polynomial_decay_schedule_with_warmup(
        made, 40, STEPS, lr_end=rate * part, power=2.0
    ),
    "wsd": lambda made, _, part: transformers.get_wsd_schedule(
        made, 40, 100, num_training_steps=STEPS, min_lr_ratio=part
    ),
    "LinearLR": lambda made, _, part: torch.optim.lr_scheduler.LinearLR(made, start_factor=part, total_iters=300),
    "ConstantLR": lambda made, _, part: torch.optim.lr_scheduler.ConstantLR(made, factor=part, total_iters=300),
    "MultiStepLR": lambda made, _, part: torch.optim.lr_scheduler.MultiStepLR(made, [50, 100, 300], gamma=part),
    "CosineAnnealingLR": lambda made, rate, part: torch.optim.lr_scheduler.CosineAnnealingLR(made, 300, rate * part),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", MADE)
def test_no_bit_of_float32_changes(name: str, rate: float) -> None:
    for part in SHARES:
        made = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
        scheduler = MADE[name](made, rate, part)
        schedule = lrspec.from_native(scheduler)
        own = []
        for _ in range(STEPS):
            own.append(made.param_groups[0]["lr"])
            made.step()
            scheduler.step()
        assert np.asarray(own, np.float32).tobytes() == schedule.values(0, STEPS).tobytes()
        assert not list(artefacts(lrspec.dumps(schedule)))
