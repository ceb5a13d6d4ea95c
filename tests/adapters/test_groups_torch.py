"""Several hyperparameters and parameter groups on real optimizers, against the document's own schedules."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import lrspec
from lrspec import Document, LrspecError, UnsupportedError

DOCUMENT = lrspec.loads("""
lrspec: 1
learning_rate: {kind: warmup_cosine, peak_value: 0.1, warmup_steps: 5, decay_steps: 20}
momentum: {kind: one_cycle_momentum, total_steps: 25}
weight_decay: {kind: linear, init_value: 0.1, end_value: 0, steps: 25}
groups:
  backbone: {scale: 0.1}
  head: {weight_decay: {kind: constant, value: 0}}
""")


def group(name: str | None = None, rate: float = 0.5) -> dict[str, Any]:
    made: dict[str, Any] = {"params": [torch.zeros(2, requires_grad=True)], "lr": rate}
    return made if name is None else made | {"name": name}


def applied(optimizer: torch.optim.Optimizer, place: int) -> dict[str, float]:
    found = optimizer.param_groups[place]
    momentum = found["momentum"] if "momentum" in found else found["betas"][0]
    return {"learning_rate": found["lr"], "momentum": momentum, "weight_decay": found["weight_decay"]}


def train(optimizer: torch.optim.Optimizer, scheduler: Any) -> None:
    for each in optimizer.param_groups:
        for parameter in each["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    scheduler.step()


@pytest.mark.parametrize("kind", ["SGD", "AdamW", "RMSprop"])
def test_every_group_has_its_own_values_at_every_update(kind: str) -> None:
    options = {"momentum": 0.5} if kind == "SGD" else {}
    optimizer = getattr(torch.optim, kind)([group("backbone"), group(), group("head")], **options)
    scheduler = DOCUMENT.to_torch(optimizer)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    for step in range(40):
        for place, name in enumerate(("backbone", None, "head")):
            expected = {key: node(step) for key, node in DOCUMENT.group(name).items()}
            assert applied(optimizer, place) == expected
        assert scheduler.get_last_lr() == [each["lr"] for each in optimizer.param_groups]
        train(optimizer, scheduler)


def test_a_late_group_is_taken_up_at_the_next_step() -> None:
    optimizer = torch.optim.AdamW([group("backbone")])
    with pytest.warns(UserWarning, match="no parameter group is head yet: found backbone"):
        scheduler = DOCUMENT.to_torch(optimizer)
    train(optimizer, scheduler)
    optimizer.add_param_group(group("head"))
    train(optimizer, scheduler)
    assert applied(optimizer, 1) == {key: node(2) for key, node in DOCUMENT.group("head").items()}
    assert len(scheduler.get_last_lr()) == 2


def test_groups_may_be_told_by_their_place() -> None:
    document = lrspec.loads("{lrspec: 1, learning_rate: {kind: constant, value: 1}, groups: [{scale: 2}, {scale: 3}]}")
    optimizer = torch.optim.SGD([group(), group(), group()])
    document.to_torch(optimizer)
    assert [each["lr"] for each in optimizer.param_groups] == [2.0, 3.0, 1.0]


def test_a_free_name_is_the_key_of_that_name() -> None:
    text = "{lrspec: 1, learning_rate: {kind: constant, value: 1}, other: {eps: {kind: constant, value: 0.25}}}"
    optimizer = torch.optim.Adam([group()])
    lrspec.loads(text).to_torch(optimizer)
    assert optimizer.param_groups[0]["eps"] == 0.25


@pytest.mark.parametrize(
    ("optimizer", "more", "message"),
    [
        (torch.optim.Adagrad, "momentum: {kind: constant, value: 0.5}", "torch: momentum of Adagrad is not supported"),
        (torch.optim.SGD, "other: {eps: {kind: constant, value: 0.5}}", "torch: eps of SGD is not supported"),
    ],
)
def test_what_an_optimizer_does_not_have_is_refused_by_name(optimizer: Any, more: str, message: str) -> None:
    document = lrspec.loads(f"{{lrspec: 1, learning_rate: {{kind: constant, value: 1}}, {more}}}")
    with pytest.raises(UnsupportedError, match=message):
        document.to_torch(optimizer([group()]))


RELATIVE = lrspec.loads(
    "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 10}, relative: true}"
)


def test_relative_rates_are_multiples_of_each_groups_own() -> None:
    optimizer = torch.optim.SGD([group(rate=0.3), group(rate=0.7)])
    scheduler = RELATIVE.to_torch(optimizer)
    for step in range(12):
        expected = [RELATIVE.resolve(base_value=base)(step) for base in (0.3, 0.7)]
        assert [each["lr"] for each in optimizer.param_groups] == expected
        train(optimizer, scheduler)
    other = torch.optim.SGD([group(rate=0.3), group(rate=0.8)])
    with pytest.raises(LrspecError, match="a checkpoint of schedule"):
        RELATIVE.to_torch(other).load_state_dict(scheduler.state_dict())


def test_a_checkpoint_goes_on_where_it_was(tmp_path: Path) -> None:
    optimizer = torch.optim.AdamW([group("backbone"), group("head")])
    scheduler = DOCUMENT.to_torch(optimizer)
    for _ in range(7):
        train(optimizer, scheduler)
    torch.save(scheduler.state_dict(), tmp_path / "scheduler.pt")
    fresh = torch.optim.AdamW([group("backbone"), group("head")])
    resumed = DOCUMENT.to_torch(fresh)
    resumed.load_state_dict(torch.load(tmp_path / "scheduler.pt", weights_only=True))
    assert [applied(fresh, place) for place in (0, 1)] == [applied(optimizer, place) for place in (0, 1)]
    changed = Document(DOCUMENT.to_dict() | {"groups": {"backbone": {"scale": 0.2}, "head": {}}})
    with pytest.raises(LrspecError, match="a checkpoint of schedule"):
        changed.to_torch(torch.optim.AdamW([group("backbone"), group("head")])).load_state_dict(resumed.state_dict())
    assert copy.deepcopy(resumed).get_last_lr() == resumed.get_last_lr()


def test_a_tensor_rate_is_written_in_place() -> None:
    rate = torch.tensor(0.5)
    optimizer = torch.optim.AdamW([{"params": [torch.zeros(1, requires_grad=True)], "lr": rate, "name": "head"}])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = DOCUMENT.to_torch(optimizer)
    train(optimizer, scheduler)
    assert optimizer.param_groups[0]["lr"] is rate
    assert float(rate) == DOCUMENT.group("head")["learning_rate"](1)


@pytest.mark.parametrize("shape", ["cosine", "linear"])
@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("adam", [False, True])
def test_one_cycle_drives_rate_and_momentum_as_torch_does(shape: str, *, three_phase: bool, adam: bool) -> None:
    options = f"total_steps: 90, shape: {shape}, three_phase: {str(three_phase).lower()}"
    document = lrspec.loads(
        f"{{lrspec: 1, learning_rate: {{kind: one_cycle, peak_value: 0.1, {options}}}, "
        f"momentum: {{kind: one_cycle_momentum, {options}}}}}"
    )
    made = [torch.optim.Adam([group()]) if adam else torch.optim.SGD([group()], momentum=0.9) for _ in range(2)]
    ours = document.to_torch(made[0])
    strategy = "cos" if shape == "cosine" else "linear"
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        made[1], 0.1, total_steps=90, anneal_strategy=strategy, three_phase=three_phase
    )
    for _ in range(89):
        found, native = (torch.tensor(list(applied(each, 0).values())[:2]) for each in made)
        assert torch.equal(found, native) or bool(((found - native).abs() <= 1.2e-7 * native.abs()).all())
        for optimizer, scheduler in zip(made, (ours, theirs), strict=True):
            train(optimizer, scheduler)
