"""Rates and other numbers that are tensors: each group has its own, and no foreign hand goes unnoticed."""

from __future__ import annotations

import copy
import warnings
from itertools import product
from typing import Any

import pytest
import torch

import lrspec

TWO = lrspec.loads("""
lrspec: 1
learning_rate: {kind: linear, init_value: 0.5, end_value: 0, steps: 20}
groups: {tail: {scale: 0.25}}
""")
ALL = lrspec.loads("""
lrspec: 1
learning_rate: {kind: linear, init_value: 0.5, end_value: 0, steps: 20}
momentum: {kind: linear, init_value: 0.75, end_value: 0.25, steps: 20}
weight_decay: {kind: linear, init_value: 0.125, end_value: 0, steps: 20}
groups: {tail: {scale: 0.25, momentum: {kind: constant, value: 0.5}}}
""")
RELATIVE = lrspec.loads(
    "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 20}, relative: true}"
)


def groups(*names: str) -> list[dict[str, Any]]:
    return [{"params": [torch.zeros(1, requires_grad=True)], "name": name} for name in names]


class Recorder(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """Keeps what each group of each update had: what the parameter, 0 before, moved by."""

    moved: list[list[float]]

    def step(self, closure: Any = None) -> Any:
        held = [group["params"][0] for group in self.param_groups]
        with torch.no_grad():
            for each in held:
                each.zero_()
                each.grad = -torch.ones_like(each)
        result = super().step(closure)
        self.moved = [*vars(self).get("moved", []), [float(each.detach()) for each in held]]
        return result


def train(optimizer: Any, scheduler: Any, updates: int = 1) -> None:
    for _ in range(updates):
        for group in optimizer.param_groups:
            for each in group["params"]:
                each.grad = torch.ones_like(each)
        optimizer.step()
        scheduler.step()


def wanted(document: Any, names: tuple[str, ...], *steps: int) -> list[list[float]]:
    return [[document.group(name)["learning_rate"](step) for name in names] for step in range(*steps)]


def test_one_tensor_in_every_group_is_each_groups_own() -> None:
    rate, names = torch.tensor(0.75), ("body", "tail", "other", "tail")
    optimizer = Recorder(groups(*names), lr=rate)
    scheduler: Any = TWO.to_torch(optimizer)
    for step in range(12):
        rates = [float(group["lr"]) for group in optimizer.param_groups]
        assert scheduler.get_last_lr() == scheduler.lr_next == rates == wanted(TWO, names, step, step + 1)[0]
        train(optimizer, scheduler)
        assert scheduler.lr_applied == rates
    assert optimizer.moved == wanted(TWO, names, 12)
    held = [group["lr"] for group in optimizer.param_groups]
    assert held[0] is held[2] is rate  # the first group that has it keeps it, and so do those of the same schedule
    assert rate not in {held[1], held[3]}
    assert float(optimizer.defaults["lr"]) == 0.75


def test_all_groups_of_one_schedule_share_the_tensor_they_were_given() -> None:
    rate = torch.tensor(0.75)
    optimizer = Recorder(groups("a", "b"), lr=rate)
    scheduler = TWO["learning_rate"].to_torch(optimizer)
    train(optimizer, scheduler, 9)
    assert optimizer.moved == [[TWO(step)] * 2 for step in range(9)]
    assert all(group["lr"] is rate for group in optimizer.param_groups)


def test_two_optimizers_may_share_a_tensor() -> None:
    rate = torch.tensor(0.75)
    first, second, third = (Recorder(groups("body"), lr=rate) for _ in range(3))
    falling, rising = TWO["learning_rate"], lrspec.Linear(init_value=0.0, end_value=1.0, steps=20)
    one, two = falling.to_torch(first), rising.to_torch(second)
    for _ in range(8):
        train(first, one)
        train(second, two)
    assert first.moved == [[falling(step)] for step in range(8)]
    assert second.moved == [[rising(step)] for step in range(8)]
    assert first.param_groups[0]["lr"] is rate
    del first, one
    again = falling.to_torch(third)  # nobody else writes it any more
    assert third.param_groups[0]["lr"] is rate
    train(third, again)


def test_a_scheduler_made_again_for_the_same_optimizer_keeps_the_tensor() -> None:
    rate = torch.tensor(0.75)
    optimizer = Recorder(groups("body", "tail"), lr=rate)
    kept = TWO.to_torch(optimizer)
    held = [group["lr"] for group in optimizer.param_groups]
    scheduler = TWO.to_torch(optimizer)
    assert kept is not scheduler
    assert [group["lr"] for group in optimizer.param_groups] == held
    assert optimizer.param_groups[0]["lr"] is rate


def test_betas_that_are_tensors_in_every_group_are_each_groups_own() -> None:
    betas = torch.tensor(0.9), torch.tensor(0.999)
    optimizer = torch.optim.AdamW(groups("body", "tail"), lr=torch.tensor(0.5), betas=betas, capturable=False)
    scheduler: Any = ALL.to_torch(optimizer)
    for step in range(6):
        for group, name in zip(optimizer.param_groups, ("body", "tail"), strict=True):
            nodes = ALL.group(name)
            found = float(group["lr"]), float(group["betas"][0]), group["weight_decay"]
            assert found == tuple(nodes[key](step) for key in ("learning_rate", "momentum", "weight_decay"))
            assert float(group["betas"][1]) == float(torch.tensor(0.999))
        scheduler.step(step + 1)
    assert optimizer.param_groups[0]["betas"][0] is betas[0]
    assert float(optimizer.defaults["betas"][0]) == float(torch.tensor(0.9))


def test_late_groups_begin_with_the_default_that_the_optimizer_was_made_with() -> None:
    for rate in (torch.tensor(0.75), 0.75):
        optimizer = Recorder(groups("body"), lr=rate)
        scheduler: Any = RELATIVE.to_torch(optimizer)
        train(optimizer, scheduler, 5)
        for _ in range(2):
            optimizer.add_param_group(groups("late")[0])
            train(optimizer, scheduler)
        expected = RELATIVE.resolve(base_value=0.75)
        assert [group["initial_lr"] for group in optimizer.param_groups] == [0.75] * 3
        assert scheduler.get_last_lr() == [expected(7)] * 3
        assert optimizer.moved[5:] == [[expected(5)] * 2, [expected(6)] * 3]


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_a_state_whose_groups_share_a_tensor_is_taken_up(*, optimizer_first: bool) -> None:
    """What a native run saved: `load_state_dict` copies the groups, and what they shared they share again."""
    native = torch.optim.SGD(groups("body", "tail"), lr=torch.tensor(0.75))
    for _ in range(3):
        native.step()
    optimizer = Recorder(groups("body", "tail"), lr=torch.tensor(0.5))
    scheduler: Any = TWO.to_torch(optimizer)
    train(optimizer, scheduler, 3)
    state = scheduler.state_dict()
    if optimizer_first:
        optimizer.load_state_dict(native.state_dict())
        scheduler.load_state_dict(state)
        train(optimizer, scheduler, 4)
    else:
        optimizer.load_state_dict(native.state_dict())
        with pytest.warns(UserWarning, match=r"the rate of group 0 is 0.75, where this scheduler wrote 0.425"):
            train(optimizer, scheduler)
        assert scheduler.lr_applied == [0.75, 0.75]
        train(optimizer, scheduler, 3)
    first = 0 if optimizer_first else 1
    assert optimizer.moved[3 + first :] == wanted(TWO, ("body", "tail"), 3 + first, 7)


PLACES = [
    ("lr", "the rate"), ("momentum", "the momentum"), ("weight_decay", "the weight_decay")
]  # fmt: skip


@pytest.mark.parametrize(("key", "what"), PLACES, ids=[key for key, _ in PLACES])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("how", ["a float", "another tensor", "in place"])
def test_a_foreign_hand_is_noticed_in_every_group_and_hyperparameter(key: str, what: str, place: int, how: str) -> None:
    tensor = how != "a float"
    optimizer = torch.optim.SGD(groups("body", "tail"), lr=0.5, momentum=0.5, weight_decay=0.5)
    if tensor:
        for group, each in product(optimizer.param_groups, ("lr", "momentum", "weight_decay")):
            group[each] = torch.tensor(group[each])
    scheduler: Any = ALL.to_torch(optimizer)
    scheduler.step(1)
    group = optimizer.param_groups[place]
    if how == "in place":
        group[key].mul_(0.5)
    else:
        group[key] = torch.tensor(7.0) if tensor else 7.0
    found = float(group[key])
    with pytest.warns(UserWarning, match=f"{what} of group {place} is {found}, where this scheduler wrote"):
        scheduler.step(2)
    name = ("body", "tail")[place]
    node = ALL.group(name)[{"lr": "learning_rate"}.get(key, key)]
    assert float(optimizer.param_groups[place][key]) == node(2)


def test_betas_changed_by_another_hand_are_noticed() -> None:
    optimizer = torch.optim.AdamW(groups("body", "tail"))
    scheduler: Any = ALL.to_torch(optimizer)
    optimizer.param_groups[1]["betas"] = (0.1, 0.999)
    with pytest.warns(UserWarning, match=r"the betas of group 1 is 0.1, where this scheduler wrote 0.5"):
        scheduler.step(1)
    assert optimizer.param_groups[1]["betas"] == (0.5, 0.999)


def test_reading_the_rates_reads_no_tensor_that_nobody_else_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device a read waits: none is made for each update, whatever is asked for."""
    optimizer = Recorder(groups("body", "tail"), lr=torch.tensor(0.75))
    scheduler: Any = TWO.to_torch(optimizer)
    train(optimizer, scheduler)
    with monkeypatch.context() as patched:

        def refuse(*_: Any) -> None:
            raise AssertionError("a read waits for the device")

        for name in ("item", "__float__", "__bool__", "tolist", "__eq__"):
            patched.setattr(torch.Tensor, name, refuse)
        torch.optim.SGD.step(optimizer)
        scheduler.step()
        found = scheduler.get_last_lr(), scheduler.lr_applied, scheduler.lr_next
    assert found == (wanted(TWO, ("body", "tail"), 2, 3)[0], wanted(TWO, ("body", "tail"), 1, 2)[0], found[0])


def test_a_copy_goes_on_without_a_warning_and_apart() -> None:
    optimizer = Recorder(groups("body", "tail"), lr=torch.tensor(0.75))
    scheduler: Any = TWO.to_torch(optimizer)
    train(optimizer, scheduler, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copied = copy.deepcopy(scheduler)
        train(copied.optimizer, copied, 4)
    assert copied.optimizer.moved[-4:] == wanted(TWO, ("body", "tail"), 3, 7)
    assert scheduler.get_last_lr() == wanted(TWO, ("body", "tail"), 3, 4)[0]
