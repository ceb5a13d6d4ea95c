"""Late groups, `initial_lr`, other schedulers' hands, and one-cycle against torch's own, over whole runs."""

from __future__ import annotations

import copy
import gc
import warnings
import weakref
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR

import lrspec
from lrspec import UnsupportedError, presets
from lrspec.adapters.plateau_torch import PlateauLR
from lrspec.adapters.torch import ScheduleLR

LINE = "{lrspec: 1, learning_rate: {kind: linear, init_value: 1, end_value: 0, steps: 10}%s}"
ALL = lrspec.loads(LINE % ", momentum: {kind: constant, value: 0.5}, groups: {late: {scale: 0.25}}")
Floats = np.ndarray[Any, np.dtype[np.float32]]


def group(rate: Any = 7.0, **more: Any) -> dict[str, Any]:
    return {"params": [torch.zeros(2, requires_grad=True)], "lr": rate, **more}


def rates(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(each["lr"]) for each in optimizer.param_groups]


def made(schedule: lrspec.Schedule, optimizer: torch.optim.Optimizer, step: int = 0) -> ScheduleLR:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = schedule.to_torch(optimizer, step=step)
    assert isinstance(scheduler, ScheduleLR)
    return scheduler


def train(optimizer: torch.optim.Optimizer, scheduler: Any) -> None:
    for each in optimizer.param_groups:
        for parameter in each["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    scheduler.step()


@pytest.mark.parametrize("document", [lrspec.loads(LINE % ""), ALL], ids=["rate", "all"])
def test_a_late_group_is_updated_with_the_values_of_the_step(document: lrspec.Document) -> None:
    optimizer = torch.optim.SGD([group()], momentum=0.5)
    scheduler = made(document, optimizer)
    for _ in range(3):
        train(optimizer, scheduler)
    late = group(name="late")
    optimizer.add_param_group(late)
    wanted = document.group("late")["learning_rate"](3)
    assert rates(optimizer) == [document(3), wanted]
    assert scheduler.get_last_lr() == rates(optimizer)
    assert optimizer.param_groups[1]["initial_lr"] == 7.0
    train(optimizer, scheduler)
    assert late["params"][0].tolist() == [-wanted, -wanted]  # one update from 0, with a gradient of 1
    assert rates(optimizer) == [document(4), document.group("late")["learning_rate"](4)]


def test_a_late_group_begins_with_a_rate_of_its_own_where_rates_are_relative() -> None:
    document = lrspec.loads(LINE % ", relative: true")
    optimizer = torch.optim.SGD([group(rate=0.5)])
    scheduler = made(document, optimizer)
    train(optimizer, scheduler)
    optimizer.add_param_group(group(rate=torch.tensor(0.25)))
    train(optimizer, scheduler)
    assert rates(optimizer) == [document.resolve(base_value=base)(2) for base in (0.5, 0.25)]
    again = made(document, optimizer, step=7)
    assert rates(optimizer) == [document.resolve(base_value=base)(7) for base in (0.5, 0.25)]
    assert len(again.get_last_lr()) == 2


def test_a_tensor_rate_does_not_carry_its_base_along() -> None:
    optimizer = torch.optim.SGD([group(rate=torch.tensor(0.5))])
    document = lrspec.loads(LINE % ", relative: true")
    for step in (2, 4, 6):
        made(document, optimizer, step=step)
        assert rates(optimizer) == [document.resolve(base_value=0.5)(step)]


def test_a_late_group_that_lacks_a_hyperparameter_is_refused_when_it_is_added() -> None:
    class Careless(torch.optim.SGD):  # type: ignore[misc]  # it does not fill in its defaults
        def add_param_group(self, param_group: dict[str, Any]) -> None:
            super().add_param_group(param_group)
            if "name" in param_group:
                del self.param_groups[-1]["momentum"]

    optimizer = Careless([group()], momentum=0.5)
    scheduler = made(ALL, optimizer)
    optimizer.step()
    refusals: list[Callable[[], None]] = [lambda: optimizer.add_param_group(group(name="late")), scheduler.step]
    for refused in refusals:
        with pytest.raises(UnsupportedError, match="torch: momentum of Careless is not supported"):
            refused()
    assert scheduler.last_epoch == 0


def test_the_latest_scheduler_has_the_last_word_and_a_dead_one_none() -> None:
    first, second = lrspec.Constant(value=0.5), lrspec.Constant(value=0.25)
    optimizer = torch.optim.SGD([group()])
    kept = made(first, optimizer)
    wrapper = optimizer.add_param_group
    for _ in range(50):
        latest = made(second, optimizer)
    assert optimizer.add_param_group is wrapper
    assert len(wrapper.watchers) <= 3
    optimizer.add_param_group(group())
    assert rates(optimizer) == [0.25, 0.25]
    del latest
    gc.collect()
    optimizer.add_param_group(group())
    assert rates(optimizer) == [0.5, 0.5, 0.5]
    assert kept.get_last_lr() == rates(optimizer)


def test_neither_keeps_the_other_alive() -> None:
    optimizer = torch.optim.SGD([group()])
    scheduler = made(ALL, optimizer)
    dead = weakref.ref(scheduler), weakref.ref(optimizer)
    gc.disable()
    try:
        del scheduler
        optimizer.add_param_group(group())
        assert dead[0]() is None
        del optimizer
        assert dead[1]() is None
    finally:
        gc.enable()


def test_a_patched_method_is_still_called_and_a_copy_takes_up_its_own() -> None:
    seen: list[Any] = []
    optimizer = torch.optim.SGD([group()], momentum=0.5)
    plain = optimizer.add_param_group

    def patched(added: dict[str, Any]) -> None:
        seen.append(added)
        plain(added)

    optimizer.add_param_group = patched
    scheduler = made(ALL, optimizer)
    optimizer.add_param_group(group())
    assert (len(seen), rates(optimizer)) == (1, [1.0, 1.0])
    train(optimizer, scheduler)
    copied = copy.deepcopy(scheduler)
    copied.optimizer.add_param_group(group(name="late"))
    assert rates(copied.optimizer) == [ALL(1), ALL(1), ALL.group("late")["learning_rate"](1)]
    train(copied.optimizer, copied)
    assert rates(copied.optimizer) == [ALL(2), ALL(2), ALL.group("late")["learning_rate"](2)]
    assert rates(optimizer) == [ALL(1), ALL(1)]


def test_a_checkpoint_with_a_late_group_goes_on() -> None:
    optimizer = torch.optim.SGD([group()], momentum=0.5)
    scheduler = made(ALL, optimizer)
    train(optimizer, scheduler)
    optimizer.add_param_group(group(name="late"))
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    fresh = torch.optim.SGD([group(), group(name="late")], momentum=0.5)
    resumed = made(ALL, fresh)
    fresh.load_state_dict(states[0])
    resumed.load_state_dict(states[1])
    for _ in range(5):
        assert fresh.param_groups[1]["lr"] == optimizer.param_groups[1]["lr"]
        train(optimizer, scheduler)
        train(fresh, resumed)


def ulps(found: Floats, wanted: Floats) -> Any:
    return np.abs(found.view(np.int32).astype(np.int64) - wanted.view(np.int32))


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("shape", ["cosine", "linear"])
def test_one_cycle_is_torchs_rate_and_momentum_with_its_phases(shape: str, *, three_phase: bool) -> None:
    """Native binary64, rounded to float32: at most its neighbour, with the same peak and the same bounds exactly."""
    differing = steps = 0
    for total, pct, (low, high) in product((11, 90, 101, 1000), (0.25, 0.3, 1 / 3, 0.45), ((0.85, 0.95), (0.1, 0.7))):
        options: dict[str, Any] = {"total_steps": total, "pct_start": pct, "three_phase": three_phase}
        optimizer = torch.optim.SGD([group()], momentum=0.9)
        native = OneCycleLR(
            optimizer, 0.1, **options, anneal_strategy=shape[:6].replace("cosine", "cos"), base_momentum=low,
            max_momentum=high,
        )  # fmt: skip
        optimizer.step()
        theirs = [(optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"])]
        for _ in range(total - 1):
            native.step()
            theirs.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        wanted = np.array(theirs).astype(np.float32)
        rate = presets.one_cycle(peak_value=0.1, shape=shape, **options)  # type: ignore[arg-type]
        momentum = presets.one_cycle_momentum(base_momentum=low, max_momentum=high, shape=shape, **options)  # type: ignore[arg-type]
        found = np.stack([rate.values(0, total), momentum.values(0, total)], axis=1)
        apart = ulps(found, wanted)
        assert apart.max() <= 1
        differing, steps = differing + int((apart > 0).sum()), steps + apart.size
        assert found[0].tolist() == wanted[0].tolist()
        assert (found[:, 0].argmax(), found[:, 1].argmin()) == (wanted[:, 0].argmax(), wanted[:, 1].argmin())
        turns = [np.flatnonzero(np.diff(np.sign(np.diff(each[:, 1])))) for each in (found, wanted)]
        assert turns[0].tolist() == turns[1].tolist()
    assert steps == 2 * 8 * (11 + 90 + 101 + 1000)  # both values, eight ways, all steps
    assert differing <= 2


NUMBER = "{kind: constant, value: 0.25}"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("SGD", "params", "params of SGD is not supported: its parameter groups hold a list there"),
        ("SGD", "nesterov", "nesterov of SGD is not supported: its parameter groups hold a bool there"),
        ("SGD", "foreach", "foreach of SGD is not supported: its parameter groups hold a NoneType there"),
        ("Adam", "betas", "betas of Adam is not supported: its parameter groups hold a tuple there"),
        ("SGD", "lr", "lr of SGD is not supported: its key lr has another schedule of the document"),
    ],
)
def test_a_free_name_must_be_that_of_a_number_with_no_other_schedule(kind: str, name: str, message: str) -> None:
    document = lrspec.loads(LINE % f", other: {{{name}: {NUMBER}}}")
    optimizer = getattr(torch.optim, kind)([group()])
    before = dict(optimizer.param_groups[0])
    with pytest.raises(UnsupportedError, match=message):
        document.to_torch(optimizer)
    assert all(optimizer.param_groups[0][key] is value for key, value in before.items())


def test_betas_that_are_tensors_are_written_in_place() -> None:
    betas = torch.tensor(0.9), torch.tensor(0.999)
    optimizer = torch.optim.Adam([group(rate=torch.tensor(0.5))], betas=betas, capturable=True)
    made(lrspec.loads(LINE % f", momentum: {NUMBER}"), optimizer)
    assert optimizer.param_groups[0]["betas"][0] is betas[0]
    assert [float(beta) for beta in betas] == [0.25, float(torch.tensor(0.999))]


def test_each_distinct_schedule_is_read_once_a_step_however_many_groups_have_it() -> None:
    scales = ", ".join(f"g{place}: {{scale: {1 + place % 3}}}" for place in range(30))
    document = lrspec.loads(LINE % f", weight_decay: {NUMBER}, groups: {{{scales}}}")
    optimizer = torch.optim.SGD([group(name=f"g{place}") for place in range(30)])
    scheduler: Any = made(document, optimizer)
    assert len(scheduler._at(0)) == 4
    for step in range(12):
        wanted = [document.group(f"g{place}")["learning_rate"](step) for place in range(30)]
        assert scheduler.get_last_lr() == rates(optimizer) == wanted
        train(optimizer, scheduler)
    del optimizer.param_groups[:2]
    scheduler.step()
    assert rates(optimizer) == [document.group(f"g{place}")["learning_rate"](13) for place in range(2, 30)]


def test_an_update_that_one_schedule_has_no_value_for_is_refused_and_changes_nothing() -> None:
    ends = "{kind: linear, init_value: 0.5, end_value: 0, steps: 2, after: error}"
    optimizer = torch.optim.SGD([group()], momentum=0.5)
    scheduler = made(lrspec.loads(LINE % f", momentum: {ends}"), optimizer)
    last = lrspec.loads(LINE % f", momentum: {ends}")["momentum"].program.last_step
    for _ in range(last + 1):
        train(optimizer, scheduler)
    before = dict(optimizer.param_groups[0]), optimizer.param_groups[0]["params"][0].detach().clone()
    with pytest.raises(lrspec.StepError):
        train(optimizer, scheduler)
    assert optimizer.param_groups[0] == before[0]
    assert torch.equal(optimizer.param_groups[0]["params"][0].detach(), before[1])
    assert scheduler.last_epoch == last + 1


def test_a_plateau_refuses_what_it_would_leave_out() -> None:
    with pytest.raises(UnsupportedError, match="torch: momentum and the group late is not supported"):
        PlateauLR(torch.optim.SGD([group()]), ALL, lrspec.PlateauRule.torch())
