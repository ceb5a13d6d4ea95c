"""Updates and the calls that answer them, wherever the calls are made and whatever comes between, beside torch's own.

The gradient is 1, so that a parameter moves by the rate that was applied.
"""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR

import lrspec
from lrspec import SpecError

SCHEDULE = lrspec.Linear(init_value=0.5, end_value=0.0, steps=40)
Make = Callable[[Any], Any]


def native(optimizer: Any) -> Any:
    """Return torch's own scheduler of the same rates, for an optimizer with a rate of 1."""
    return LambdaLR(optimizer, SCHEDULE)


def ours(optimizer: Any) -> Any:
    return SCHEDULE.to_torch(optimizer)


def made(kind: Any = torch.optim.SGD, rate: Any = 1.0) -> tuple[torch.Tensor, Any]:
    held = torch.zeros(1, requires_grad=True, dtype=torch.float64)
    return held, kind([held], lr=rate)


def update(held: torch.Tensor, step: Callable[[], Any]) -> float:
    """Make an update, and return the rate that it used."""
    with torch.no_grad():
        held.zero_()
    held.grad = torch.ones_like(held)
    step()
    return -float(held.detach())


def train(held: torch.Tensor, optimizer: Any, scheduler: Any, updates: int) -> list[float]:
    used = []
    for _ in range(updates):
        used.append(update(held, optimizer.step))
        scheduler.step()
    return used


def rates(*steps: int) -> list[float]:
    return [SCHEDULE(step) for step in range(*steps)]


class Scheduled(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """Steps its scheduler itself."""

    scheduler: Any = None

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        self.scheduler.step()
        return loss


class Wrapper(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """Has hooks of its own around those of the optimizer that it steps."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner.param_groups, inner.defaults)
        self.inner, self.param_groups = inner, inner.param_groups

    def step(self, closure: Any = None) -> Any:
        return self.inner.step(closure)


def hooked_after(make: Make) -> tuple[torch.Tensor, Any]:
    held, optimizer = made()
    scheduler = make(optimizer)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    return held, optimizer


def hooked_before(make: Make) -> tuple[torch.Tensor, Any]:
    held, optimizer = made()
    schedulers: list[Any] = []
    optimizer.register_step_post_hook(lambda *_: schedulers[0].step())
    schedulers.append(make(optimizer))
    return held, optimizer


def hooked_wrapper(make: Make) -> tuple[torch.Tensor, Any]:
    held, inner = made()
    optimizer = Wrapper(inner)
    scheduler = make(optimizer)
    inner.register_step_post_hook(lambda *_: scheduler.step())
    return held, optimizer


def scheduled(make: Make) -> tuple[torch.Tensor, Any]:
    held, optimizer = made(Scheduled)
    optimizer.scheduler = make(optimizer)
    return held, optimizer


@pytest.mark.parametrize("make", [native, ours])
@pytest.mark.parametrize("form", [hooked_after, hooked_before, hooked_wrapper, scheduled])
def test_a_scheduler_that_is_called_within_the_step_is_called_after_the_update(form: Any, make: Make) -> None:
    held, optimizer = form(make)
    assert [update(held, optimizer.step) for _ in range(5)] == rates(5)


@pytest.mark.parametrize("make", [native, ours])
@pytest.mark.parametrize("search", ["by hand", "torch's"])
def test_a_search_for_a_rate_that_puts_the_optimizer_back_is_no_reason_to_warn(search: str, make: Make) -> None:
    held, optimizer = made()
    scheduler = make(optimizer)
    before = copy.deepcopy(optimizer.state_dict())
    climbing = ExponentialLR(optimizer, 1.01) if search == "torch's" else None
    for number in range(120):
        if climbing is None:
            optimizer.param_groups[0]["lr"] = 1e-4 * 1.1**number
        update(held, optimizer.step)
        if climbing is not None:
            climbing.step()
    optimizer.load_state_dict(before)
    assert train(held, optimizer, scheduler, 5) == rates(5)


@pytest.mark.parametrize("make", [native, ours])
def test_one_scheduler_after_the_other_has_not_missed_its_calls(make: Make) -> None:
    """Only the rate that the other one wrote is worth a word."""
    held, optimizer = made()
    warmup, scheduler = ExponentialLR(optimizer, 0.5), make(optimizer)
    for _ in range(4):
        update(held, optimizer.step)
        warmup.step()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        update(held, optimizer.step)
        scheduler.step()
    assert [str(warning.message)[:11] for warning in heard] == ([] if make is native else ["the rate is"])
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(1)


@pytest.mark.parametrize("make", [native, ours])
def test_a_first_step_without_gradients_is_no_reason_to_warn(make: Make) -> None:
    """Some make one so that PyTorch does not warn of a scheduler that is called first."""
    held, optimizer = made()
    scheduler = make(optimizer)
    optimizer.step()
    assert train(held, optimizer, scheduler, 4) == rates(4)


@pytest.mark.parametrize("make", [native, ours])
@pytest.mark.parametrize("how", ["state", "state into the same", "copy", "another optimizer"])
def test_an_update_that_waits_for_its_call_waits_for_it_after_a_checkpoint(how: str, make: Make) -> None:
    held, optimizer = made()
    scheduler = make(optimizer)
    train(held, optimizer, scheduler, 3)
    assert update(held, optimizer.step) == SCHEDULE(3)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    if how == "state":
        held, optimizer = made()
        scheduler = make(optimizer)
    if how.startswith("state"):
        optimizer.load_state_dict(states[0])
        scheduler.load_state_dict(states[1])
    elif how == "copy":
        optimizer, scheduler = copy.deepcopy((optimizer, scheduler))
        held = optimizer.param_groups[0]["params"][0]
    else:
        held, optimizer = made()
        optimizer.load_state_dict(states[0])
        scheduler.optimizer = optimizer
    scheduler.step()
    assert train(held, optimizer, scheduler, 4) == rates(4, 8)


def test_a_pickled_scheduler_waits_for_its_call_too() -> None:
    held, optimizer = made()
    scheduler = ours(optimizer)
    train(held, optimizer, scheduler, 3)
    update(held, optimizer.step)
    optimizer, scheduler = pickle.loads(pickle.dumps((optimizer, scheduler)))  # noqa: S301 - ours
    scheduler.step()
    assert (scheduler.last_epoch, optimizer.param_groups[0]["lr"]) == (4, SCHEDULE(4))
    scheduler.step()
    assert scheduler.last_epoch == 4


def test_the_state_between_an_update_and_its_call_says_so() -> None:
    held, optimizer = made()
    scheduler = ours(optimizer)
    train(held, optimizer, scheduler, 2)
    assert "updates" not in scheduler.state_dict()
    update(held, optimizer.step)
    state = scheduler.state_dict()
    assert (state["last_epoch"], state["updates"]) == (2, 1)
    held, optimizer = made()
    scheduler = ours(optimizer)
    scheduler.load_state_dict(state)
    assert scheduler.state_dict() == state
    assert (scheduler.update_applied, scheduler.lr_applied) == (2, [SCHEDULE(2)])
    update(held, optimizer.step)  # as torch's scheduler would have it, a second one at that rate; and nobody says so
    with pytest.warns(UserWarning, match="2 updates without a call"):
        scheduler.step()
    lrspec.set_position(scheduler, 7)
    scheduler.step()
    assert scheduler.last_epoch == 7  # a position that was said has no update that waits
    with pytest.raises(SpecError, match="updates"):
        scheduler.load_state_dict(state | {"updates": -1})
    assert scheduler.last_epoch == 7


def test_calls_between_compiled_steps_are_idle() -> None:
    """A compiled step is seen twice, in Python and in the graph: a call after it answers both."""
    held, optimizer = made(rate=torch.tensor(1.0, dtype=torch.float64))
    scheduler = ours(optimizer)

    @torch.compile(backend="eager")  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped
    def batch(*, is_last: bool) -> None:
        held.sum().backward()
        if is_last:
            optimizer.step()
            optimizer.zero_grad()

    used = []
    for number in range(12):
        with torch.no_grad():
            held.zero_()
        batch(is_last=number % 2 == 0)
        if number % 2 == 0:
            used.append(float(optimizer.param_groups[0]["lr"]))
        scheduler.step()
    assert used == rates(6)


def test_a_schedulers_values_are_asked_for_as_they_are_needed() -> None:
    """A thousand optimizers, one for each parameter, have a scheduler each."""
    held, optimizer = made()
    scheduler = ours(optimizer)
    assert scheduler._block.length <= 32
    assert train(held, optimizer, scheduler, 40) == rates(40)
