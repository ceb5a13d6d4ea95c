"""The plateau controller against torch's own, and the scheduler that carries it."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

import lrspec
import plateau_cases
from lrspec.adapters.plateau_torch import PlateauLR
from lrspec.plateau import PlateauRule, ReduceOnPlateau

BASES = [0.1, 0.04, 3.0]


def optimizer(rates: list[float] | list[torch.Tensor]) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates])


def compare(given: dict[str, Any], metrics: list[float]) -> int:
    """Compare the whole course, for groups of different rates, and return how often the rate fell."""
    arguments = {"min_lr" if name == "floor" else name: value for name, value in given.items()}
    groups = optimizer(BASES)
    native = ReduceLROnPlateau(groups, **arguments)
    blind, seeing = (ReduceOnPlateau(PlateauRule.torch(**arguments)) for _ in range(2))
    falls, before = 0, max(BASES)
    for metric in metrics:
        native.step(metric)
        blind.update(metric)
        seeing.update(metric, max(BASES))
        for controller in (blind, seeing):
            assert [group["lr"] for group in groups.param_groups] == [controller._reduced(base) for base in BASES]
            state = controller.state_dict()
            assert (state["count"], state["cooldown"]) == (native.num_bad_epochs, native.cooldown_counter)
            assert math.isinf(native.best) or state["best"] == native.best
        assert seeing.rate(BASES[0]) == float(torch.tensor(groups.param_groups[0]["lr"], dtype=torch.float32))
        falls += groups.param_groups[2]["lr"] < before
        before = groups.param_groups[2]["lr"]
    return falls


@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("direction", ["min", "max"])
def test_random_courses_are_torchs(direction: str, threshold_mode: str) -> None:
    rng = random.Random(f"{direction} {threshold_mode}")  # noqa: S311 - the same on every run
    falls = 0
    for _ in range(150):
        threshold = rng.choice([0.0, 1e-4, 0.25, 0.1, 1.0, rng.random()])
        given = plateau_cases.arguments(rng) | {"eps": rng.choice([1e-8, 0.0, 1e-3, 0.01])}
        given |= {"mode": direction, "threshold_mode": threshold_mode, "threshold": threshold}
        relative, absolute = (threshold, 0.0) if threshold_mode == "rel" else (0.0, threshold)
        falls += compare(given, plateau_cases.metrics(rng, relative, absolute))
    assert falls > 300


@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("direction", ["min", "max"])
def test_adversarial_courses_are_torchs(direction: str, threshold_mode: str) -> None:
    extra = {"mode": direction, "threshold_mode": threshold_mode}
    for threshold in (1e-4, 0.25):
        for given, metrics in plateau_cases.adversarial():
            compare(given | extra | {"threshold": threshold}, metrics)


def test_the_defaults_are_torchs() -> None:
    compare({}, [1.0] * 100)


def test_it_lowers_what_a_schedule_gives() -> None:
    schedule = lrspec.Cosine(init_value=0.1, end_value=0.001, steps=50)
    groups = optimizer([1.0, 1.0])
    scheduler = PlateauLR(groups, schedule, PlateauRule.torch(patience=0, factor=0.5))
    controller = ReduceOnPlateau(scheduler.controller.rule)
    for step in range(40):
        assert [group["lr"] for group in groups.param_groups] == [controller.rate(schedule(step))] * 2
        groups.step()
        scheduler.step()
        if step % 10 == 9:
            scheduler.update(torch.tensor(1.0))
            controller.update(1.0, schedule(step + 1))
    assert scheduler.controller.reductions == 3
    assert scheduler.get_last_lr() == scheduler.get_lr() == [controller.rate(schedule(40))] * 2


def test_a_tensor_rate_keeps_its_identity() -> None:
    rate = torch.tensor(1.0)
    groups = optimizer([rate])
    scheduler = PlateauLR(groups, lrspec.Constant(value=0.1), PlateauRule.torch(patience=0))
    for _ in range(2):
        scheduler.update(1.0)
    assert groups.param_groups[0]["lr"] is rate
    assert float(rate) == scheduler.controller.rate(0.1) < 0.02


def test_its_state_is_in_the_checkpoint() -> None:
    schedule, rule = lrspec.Constant(value=0.1), PlateauRule.torch(patience=1)
    first = PlateauLR(optimizer([1.0]), schedule, rule)
    for metric in (1.0, 1.0, 1.0, 1.0):
        first.update(metric)
    state = json.loads(json.dumps(first.state_dict()))
    second = PlateauLR(optimizer([1.0]), schedule, rule)
    second.load_state_dict(state)
    assert second.optimizer.param_groups[0]["lr"] == first.optimizer.param_groups[0]["lr"] == first.controller.rate(0.1)
    for scheduler in (first, second):
        scheduler.update(1.0)
    assert first.state_dict() == second.state_dict()
    assert first.controller.reductions == 2


def test_another_checkpoint_is_refused_and_changes_nothing() -> None:
    schedule = lrspec.Constant(value=0.1)
    scheduler = PlateauLR(optimizer([1.0]), schedule, PlateauRule.torch())
    before = scheduler.state_dict()
    other = PlateauLR(optimizer([1.0]), schedule, PlateauRule.keras()).state_dict()
    elsewhere = PlateauLR(optimizer([1.0]), lrspec.Constant(value=0.2), PlateauRule.torch()).state_dict()
    plain = schedule.to_torch(optimizer([1.0])).state_dict()
    for state, message in ((other, "plateau rule"), (elsewhere, "schedule"), (plain, "plateau: found nothing")):
        with pytest.raises(lrspec.LrspecError, match=message):
            scheduler.load_state_dict(state)
        assert scheduler.state_dict() == before
