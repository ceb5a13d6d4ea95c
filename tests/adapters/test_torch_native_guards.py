"""The comparisons of PyTorch's reader: with a reader, or an object, that is wrong by a little more than rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as native
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec import Affine, MismatchError
from lrspec.readers.torch import schedulers
from lrspec.readers.torch.description import Curve, Parameters
from lrspec.readers.torch.state import position
from torch_steps import Make, optimizer_with, stepped

pytestmark = pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")  # SequentialLR before torch 2.9
WRONG = 1 + 1e-9
MAKES: dict[str, Make] = {
    "StepLR": lambda o: native.StepLR(o, 7, 0.5),
    "MultiStepLR": lambda o: native.MultiStepLR(o, [3, 9], 0.5),
    "ConstantLR": lambda o: native.ConstantLR(o, 0.5, 5),
    "LinearLR": lambda o: native.LinearLR(o, 0.25, 1.0, 10),
    "ExponentialLR": lambda o: native.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: native.PolynomialLR(o, 30, 2.0),
    "CosineAnnealingLR": lambda o: native.CosineAnnealingLR(o, 100, 0.01),
    "CosineAnnealingWarmRestarts": lambda o: native.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "CyclicLR": lambda o: native.CyclicLR(o, 0.01, 0.1, 7, 3),
    "OneCycleLR": lambda o: native.OneCycleLR(o, 0.2, 40),
    "SWALR": lambda o: SWALR(o, 0.05, 20),
}


def off(curve: Curve, *, momentum: bool) -> Curve:
    """A curve that is off by a billionth, in the rate or in the momentum."""
    if momentum:
        assert curve.momentum is not None
        return replace(curve, momentum=Affine(part=curve.momentum, scale=WRONG))
    return replace(curve, node=Affine(part=curve.node, scale=WRONG))


def break_class(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Curve], Curve]) -> None:
    right = schedulers.SCHEDULERS[name]

    def wrong(of: Parameters, base: float) -> Curve:
        return change(right.curve(of, base))

    monkeypatch.setitem(schedulers.SCHEDULERS, name, replace(right, curve=wrong))


@pytest.mark.parametrize("name", MAKES)
def test_a_reader_that_is_wrong_by_a_billionth_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lrspec.read_native(MAKES[name](optimizer_with()))
    break_class(monkeypatch, name, lambda curve: off(curve, momentum=False))
    with pytest.raises(MismatchError, match=f"{name} was read as .*, where the object itself gives"):
        lrspec.read_native(MAKES[name](optimizer_with()))


@pytest.mark.parametrize(
    "make",
    [
        lambda o: native.ChainedScheduler([native.ExponentialLR(o, 0.9), native.LinearLR(o, 0.25, 1.0, 10)]),
        lambda o: native.SequentialLR(o, [native.ConstantLR(o), native.LinearLR(o, 0.25, 1.0, 10)], [4]),
    ],
    ids=["ChainedScheduler", "SequentialLR"],
)
def test_a_part_that_is_wrong_by_a_billionth_is_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    lrspec.read_native(make(optimizer_with()))
    break_class(monkeypatch, "LinearLR", lambda curve: off(curve, momentum=False))
    with pytest.raises(lrspec.UnsupportedError, match="together its parts do not do what each does by itself"):
        lrspec.read_native(make(optimizer_with()))


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
def test_a_momentum_that_is_wrong_by_a_billionth_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_class(monkeypatch, name, lambda curve: off(curve, momentum=True))
    with pytest.raises(MismatchError, match=f"{name} was read as .*, where the object itself gives"):
        lrspec.read_native(MAKES[name](optimizer_with()))


@pytest.mark.parametrize("momentum", [False, True])
def test_a_reader_that_is_wrong_beyond_what_is_played_is_found(
    monkeypatch: pytest.MonkeyPatch, *, momentum: bool
) -> None:
    """The first 100,000 steps are right, and the rest is off by a billionth: only single steps are compared there."""

    def late(node: Any) -> Any:
        return lrspec.Sequence(
            parts=[lrspec.Freeze(part=node, steps=150_000), Affine(part=node, scale=WRONG)], time="global"
        )

    def change(curve: Curve) -> Curve:
        node, driven = (curve.node, late(curve.momentum)) if momentum else (late(curve.node), curve.momentum)
        return replace(curve, node=node, momentum=driven, kinks=(*curve.kinks, 150_000))

    def make(optimizer: Any) -> Any:
        return native.CyclicLR(optimizer, 0.01, 0.1, 60_000)

    assert any("by one step of the copy" in note for note in lrspec.read_native(make(optimizer_with())).conventions)
    break_class(monkeypatch, "CyclicLR", change)
    with pytest.raises(MismatchError, match=r"at step \d{6}, where the object itself gives"):
        lrspec.read_native(make(optimizer_with()))


@pytest.mark.parametrize("steps", [0, 1, 11])
@pytest.mark.parametrize("name", MAKES)
def test_a_rate_that_is_off_its_course_by_a_billionth_is_found(name: str, steps: int) -> None:
    optimizer = optimizer_with()
    scheduler = stepped(MAKES[name](optimizer), optimizer, steps)
    assert lrspec.read_native(scheduler).position == steps
    optimizer.param_groups[0]["lr"] += 0.2e-9
    if name == "SWALR":  # from the rate now, and its own, it is computed where it began
        assert lrspec.read_native(scheduler).schedule.exact(0) != 0.1
        return
    with pytest.raises(MismatchError, match="the optimizer's group 0 has"):
        lrspec.read_native(scheduler)


@pytest.mark.parametrize(("dtype", "by"), [(torch.float32, 2e-6), (torch.bfloat16, 0.1)])
def test_a_tensor_that_is_off_its_course_by_some_of_its_units_is_found(dtype: Any, by: float) -> None:
    optimizer = optimizer_with(torch.tensor(0.1, dtype=dtype))
    scheduler = MAKES["ExponentialLR"](optimizer)
    lrspec.read_native(scheduler)
    optimizer.param_groups[0]["lr"].mul_(1 + by)
    with pytest.raises(MismatchError, match="the optimizer's group 0 has"):
        lrspec.read_native(scheduler)


def test_averaging_that_begins_a_ten_millionth_beside_the_base_rate_begins_there() -> None:
    optimizer = optimizer_with()
    native.ConstantLR(optimizer, 1.0)
    optimizer.param_groups[0]["lr"] = 0.1 * (1 + 1e-7)
    schedule = lrspec.from_native(stepped(SWALR(optimizer, 0.05, 10), optimizer, 4))
    assert abs(schedule.exact(0) - 0.1 * (1 + 1e-7)) < 1e-15


# --- a state: float32, and torch's recursion in it


@pytest.mark.parametrize("name", ["StepLR", "LinearLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts"])
def test_a_state_of_a_schedule_that_is_off_by_two_millionths_further_on_is_refused(name: str) -> None:
    optimizer = optimizer_with()
    scheduler = stepped(MAKES[name](optimizer), optimizer, 2)
    schedule, state = lrspec.from_native(scheduler), scheduler.state_dict()

    def rates(by: float) -> Callable[[int], list[float]]:
        return lambda step: [schedule.exact(step) * (by if step > 4 else 1)]

    assert position(state, rates(1 + 2e-7), schedule) == 2
    with pytest.raises(lrspec.LrspecError, match=f"a state of torch's {name}"):
        position(state, rates(1 + 2e-6), schedule)


def test_a_state_whose_last_rate_is_off_by_two_millionths_is_refused() -> None:
    optimizer = optimizer_with()
    scheduler = stepped(MAKES["OneCycleLR"](optimizer), optimizer, 5)
    schedule, state = lrspec.from_native(scheduler), scheduler.state_dict()
    rate = schedule.node.exact(5) if not isinstance(schedule, lrspec.Document) else schedule["learning_rate"].exact(5)
    assert position(state, lambda _: [rate * (1 + 2e-7)], schedule) == 5
    with pytest.raises(lrspec.LrspecError, match="a state of torch's OneCycleLR"):
        position(state, lambda _: [rate * (1 + 2e-6)], schedule)


def test_near_0_a_state_is_off_by_a_billionth_of_the_base_rate() -> None:
    optimizer = optimizer_with()
    scheduler = native.LinearLR(optimizer, 1.0, 0.0, 10)
    state = stepped(scheduler, optimizer, 10).state_dict()
    assert position(state, lambda _: [0.9e-10 * 0.9], "by hand") == 10
    with pytest.raises(lrspec.LrspecError, match="a state of torch's LinearLR"):
        position(state, lambda _: [1.1e-10], "by hand")
