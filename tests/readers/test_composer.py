"""Composer is refused by name. It is not installed here: these stand-ins have its modules' names, and no more."""

from typing import Any

import pytest
import torch

import lrspec
from lrspec import UnsupportedError
from reader_rows import optimizer


class CosineAnnealingScheduler:
    def __init__(self, t_max: str = "1dur", alpha_f: float = 0.0) -> None:
        self.t_max, self.alpha_f = t_max, alpha_f

    def __call__(self, state: Any, ssr: float = 1.0) -> float:
        raise AssertionError(state, ssr)


CosineAnnealingScheduler.__module__ = "composer.optim.scheduler"


@pytest.mark.parametrize("sample", [None, 10])
def test_a_scheduler_is_refused(sample: int | None) -> None:
    with pytest.raises(UnsupportedError, match=r"composer: CosineAnnealingScheduler .* the trainer's State"):
        lrspec.from_native(CosineAnnealingScheduler(), sample=sample)


@pytest.mark.parametrize("sample", [None, 10])
def test_what_the_trainer_makes_of_it_is_not_sampled(sample: int | None) -> None:
    def scheduler_fn(epoch: int) -> float:
        del epoch
        return 0.5

    scheduler_fn.__module__ = "composer.optim.scheduler"
    compiled = torch.optim.lr_scheduler.LambdaLR(optimizer(0.1), scheduler_fn)
    with pytest.raises(UnsupportedError, match="composer: LambdaLR"):
        lrspec.from_native(compiled, sample=sample)
