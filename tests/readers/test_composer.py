"""Composer's schedulers, as objects. It is not installed here: these stand-ins have its modules' names.

That what is read is what Composer's own classes compute, the corpus in `composer/` says, from Composer itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import lrspec
from lrspec import MismatchError, UnsupportedError
from lrspec.readers.configs import read_config
from reader_rows import optimizer


class Time:
    def __init__(self, value: float, unit: str) -> None:
        self.value, self.unit = value, SimpleNamespace(value=unit)

    def __int__(self) -> int:
        return int(self.value)


class Timestamp:
    def __init__(self, batch: int = 0, epoch: int = 0) -> None:
        self.batch, self.epoch = batch, epoch


class CosineAnnealingWithWarmupScheduler:
    def __init__(self, t_warmup: Any, t_max: Any = "1dur", alpha_f: float = 0.0, wrong: float = 0.0) -> None:
        self.t_warmup, self.t_max, self.alpha_f, self.scale_warmup, self.wrong = t_warmup, t_max, alpha_f, False, wrong

    def __call__(self, state: Any, ssr: float = 1.0) -> float:
        assert ssr == 1
        warmup, end, now = 5, 40, state.timestamp.batch
        if now < warmup:
            return float(now / warmup)
        x = (now - warmup) / (end - warmup) * (1 + self.wrong)
        return float(self.alpha_f + (1 - self.alpha_f) * (1 + math.cos(math.pi * min(x, 1.0))) / 2)


CosineAnnealingWithWarmupScheduler.__module__ = "composer.optim.scheduler"


def made(scheduler: Any, duration: Any, ssr: float = 1.0, batch: int = 0) -> torch.optim.lr_scheduler.LambdaLR:
    """Return what the trainer makes of a scheduler."""
    state = SimpleNamespace(max_duration=duration, dataloader_len=Time(8, "ba"), timestamp=Timestamp(batch))

    def scheduler_fn(epoch: int) -> float:
        del epoch
        return float(scheduler(state, ssr))

    scheduler_fn.__module__ = "composer.optim.scheduler"
    return torch.optim.lr_scheduler.LambdaLR(optimizer(0.5), scheduler_fn)


@pytest.mark.parametrize("sample", [None, 10])
def test_a_scheduler_by_itself_is_refused(sample: int | None) -> None:
    with pytest.raises(UnsupportedError, match=r"composer: CosineAnnealing\w* .* the trainer's State"):
        lrspec.from_native(CosineAnnealingWithWarmupScheduler("5ba"), sample=sample)


@pytest.mark.parametrize(("t_warmup", "duration"), [("5ba", Time(40, "ba")), (Time(0.125, "dur"), Time(5, "ep"))])
def test_what_the_trainer_makes_of_it_is_the_config(t_warmup: Any, duration: Any) -> None:
    reading = lrspec.read_native(made(CosineAnnealingWithWarmupScheduler(t_warmup, alpha_f=0.1), duration))
    section = {"name": "cosine_with_warmup", "t_warmup": "5ba", "alpha_f": 0.1}
    config = read_config({"max_duration": "40ba", "optimizer": {"lr": 0.5}, "scheduler": section})
    assert reading.schedule.fingerprint == config.schedule.fingerprint
    assert (reading.framework, reading.position) == ("composer", 0)


def test_a_run_under_way_knows_its_position() -> None:
    native = made(CosineAnnealingWithWarmupScheduler("5ba"), Time(40, "ba"), batch=7)
    assert lrspec.read_native(native).position == 7
    native.optimizer.param_groups[0]["lr"] = 0.3
    with pytest.raises(MismatchError, match="at step 7"):
        lrspec.from_native(native)


def test_one_that_computes_something_else_is_no_match() -> None:
    native = made(CosineAnnealingWithWarmupScheduler("5ba", wrong=1e-9), Time(40, "ba"))
    with pytest.raises(MismatchError, match="was read as"):
        lrspec.from_native(native)


def of_a_user(state: Any, ssr: float = 1.0) -> float:
    return float(state.timestamp.batch * ssr)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "samples": (lambda: made(CosineAnnealingWithWarmupScheduler("0.1dur"), Time(320, "sp")), "counts samples"),
    "tokens": (lambda: made(CosineAnnealingWithWarmupScheduler("9tok"), Time(40, "ba")), "counts tokens"),
    "seconds": (
        lambda: made(CosineAnnealingWithWarmupScheduler("0.1dur"), Time(320, "sec")),
        "in no unit that is read",
    ),
    "a user's function": (lambda: made(of_a_user, Time(40, "ba")), "composer: function .* the trainer's State"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("sample", [None, 10])
def test_what_has_no_steps_is_refused_and_not_sampled(case: str, sample: int | None) -> None:
    make, message = REFUSED[case]
    with pytest.raises(UnsupportedError, match=message):
        lrspec.from_native(make(), sample=sample)


def test_a_stretched_run_is_refused() -> None:
    native = made(CosineAnnealingWithWarmupScheduler("5ba"), Time(40, "ba"))
    native.lr_lambdas[0].__closure__[1].cell_contents = 2.0
    with pytest.raises(UnsupportedError, match="scale_schedule_ratio"):
        lrspec.from_native(native)
