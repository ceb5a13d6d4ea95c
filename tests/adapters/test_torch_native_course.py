"""Reading PyTorch's schedulers: code, what is refused, rates that are off their course, and parameter groups."""

from __future__ import annotations

import copy
import itertools
import pickle
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as native
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec import MismatchError, UnsupportedError
from torch_steps import VERSION, Make, assert_same, optimizer_with, rates_of, read, stepped

pytestmark = [
    pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning"),  # SequentialLR before torch 2.9
    pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step:UserWarning"),  # a SequentialLR in another
]


# --- code


class Root(native.LRScheduler):  # type: ignore[misc]  # untyped where torch is not installed
    """A user's own class."""

    def get_lr(self) -> list[float]:
        return [base / (1 + self.last_epoch) ** 0.5 for base in self.base_lrs]


class Counting(native.LRScheduler):  # type: ignore[misc]
    """A user's own class, with a state that no reader can set back."""

    def __init__(self, optimizer: Any) -> None:
        self.seen: list[int] = []
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        self.seen.append(self.last_epoch)
        return [base / len(self.seen) for base in self.base_lrs]


class StepLR(native.StepLR):  # type: ignore[misc]
    """Only its name is torch's."""

    def get_lr(self) -> list[float]:
        return [base / (1 + self.last_epoch) for base in self.base_lrs]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda o: native.LambdaLR(o, lambda t: 1 / (1 + t)), "LambdaLR"),
        (lambda o: native.MultiplicativeLR(o, lambda t: t / (1 + t)), "MultiplicativeLR"),
        (lambda o: native.CyclicLR(o, 0, 0.1, 1, 1, scale_fn=lambda k: 1 / k, cycle_momentum=False), "CyclicLR"),
        (Root, "Root"),
        (lambda o: StepLR(o, 3), r"test_torch_native_course\.StepLR"),
    ],
)
def test_code_is_refused_by_name_or_a_table(make: Make, name: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"{name} is not supported: .* give sample=N, a number of steps"):
        read(make)
    reading = read(make, 7, sample=20)
    assert isinstance(reading.schedule, lrspec.Table)
    assert_same(reading.schedule, make, 20)
    assert reading.position == 7
    assert any("because:" in note for note in reading.conventions)


def test_a_class_with_a_state_of_its_own_is_an_error_and_keeps_its_state() -> None:
    optimizer = optimizer_with()
    scheduler = stepped(Counting(optimizer), optimizer, 3)
    with pytest.raises(MismatchError, match=r"the optimizer's group 0 has 0\.025"):
        lrspec.from_native(scheduler, sample=20)
    assert scheduler.seen == [0, 1, 2, 3]


def test_code_that_gives_other_values_the_next_time_is_an_error() -> None:
    calls = itertools.count()
    with pytest.raises(MismatchError, match="where the object itself gives"):
        read(lambda o: native.LambdaLR(o, lambda _: 0.9 ** next(calls)), sample=5)


def test_more_steps_than_a_table_has_are_refused_before_any_is_made() -> None:
    calls = itertools.count()
    with pytest.raises(UnsupportedError, match="and a table has 65536 values at most, not 1000000"):
        read(lambda o: native.LambdaLR(o, lambda _: 0.9 ** next(calls)), sample=10**6)
    assert next(calls) < 10


# --- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: native.StepLR(o, 0), "StepLR .* step_size=0"),
        (lambda o: native.ConstantLR(o, 0.0, 5), "factor=0: torch divides by it at step 5"),
        (lambda o: native.ExponentialLR(o, 1.1), r"ExponentialLR .* beyond the range of float32.* give sample=N"),
        (lambda o: native.ExponentialLR(o, -0.9), r"ExponentialLR .* expected a number above 0; give sample=N"),
        (lambda o: native.PolynomialLR(o, 5, -1.0), "power=-1.0"),
        (
            lambda o: native.ReduceLROnPlateau(o, "max", patience=3, min_lr=0.01),
            r"PlateauRule\.torch\(mode='max', factor=0\.1, patience=3, .* min_lr=0\.01, eps=1e-08\)",
        ),
        (lambda o: stepped(SWALR(o, 0.05, 5), o, 5), "its annealing has ended"),
        (lambda _: torch.optim.swa_utils.AveragedModel(torch.nn.Linear(1, 1)), "AveragedModel"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(make: Make, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        lrspec.from_native(make(optimizer_with()))


def test_growth_is_read_up_to_an_end() -> None:
    schedule = read(lambda o: native.ExponentialLR(o, 1.1), sample=20).schedule
    assert schedule.exact(20) == schedule.exact(90) == pytest.approx(0.1 * 1.1**20, rel=1e-15)


def test_a_group_that_was_added_later_is_refused() -> None:
    optimizer = optimizer_with()
    scheduler = native.ChainedScheduler([native.ExponentialLR(optimizer, 0.9), native.StepLR(optimizer, 5)])
    optimizer.add_param_group({"params": [torch.zeros(1)], "lr": 0.5})
    with pytest.raises(UnsupportedError, match="its optimizer has 2 parameter groups, and it knows 1"):
        lrspec.from_native(scheduler)


# --- an object whose rate is off its course


def test_a_scheduler_that_torch_resumes_a_step_late_is_an_error_that_has_the_schedule() -> None:
    optimizer = optimizer_with()
    stepped(native.ExponentialLR(optimizer, 0.5), optimizer, 4)
    resumed = native.ExponentialLR(optimizer, 0.5, last_epoch=4)
    if VERSION < (2, 8):
        assert lrspec.read_native(resumed).position == 5
        return
    with pytest.raises(MismatchError, match=r"at last_epoch=5: .* Since torch 2\.8 .* loses one update") as caught:
        lrspec.read_native(resumed)
    assert caught.value.reading.schedule == lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=1)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - of this test


def test_a_state_that_was_loaded_without_the_optimizers_is_an_error() -> None:
    optimizer, fresh = optimizer_with(), optimizer_with()
    saved = stepped(native.LinearLR(optimizer, 0.1, 1.0, 10), optimizer, 4).state_dict()
    scheduler = native.LinearLR(fresh, 0.1, 1.0, 10)
    scheduler.load_state_dict(copy.deepcopy(saved))
    with pytest.raises(MismatchError, match="a checkpoint loaded without the optimizer's"):
        lrspec.read_native(scheduler)
    fresh.load_state_dict(optimizer.state_dict())
    assert lrspec.read_native(scheduler).position == 4


def test_a_second_scheduler_that_keeps_the_first_ones_base_rate_is_an_error() -> None:
    optimizer = optimizer_with()
    stepped(native.ExponentialLR(optimizer, 0.5), optimizer, 3)
    with pytest.raises(MismatchError, match=r"has the rate 0\.1 there, the optimizer's group 0 has 0\.0125"):
        lrspec.read_native(native.ExponentialLR(optimizer, 0.9))


def test_a_scheduler_that_does_not_compute_what_it_says_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native.ExponentialLR, "get_lr", lambda self: [0.1 * 0.91**self.last_epoch])
    with pytest.raises(MismatchError, match=r"ExponentialLR was read as .* at step 1, where the object itself gives"):
        read(lambda o: native.ExponentialLR(o, 0.9))


def test_restarts_between_two_steps_are_read_at_that_time() -> None:
    optimizer = optimizer_with()
    scheduler = native.CosineAnnealingWarmRestarts(optimizer, 5, 2)
    optimizer.step()
    scheduler.step(7.25)
    reading = lrspec.read_native(scheduler)
    assert reading.position == 7
    assert any("it was stepped to 7.25" in note for note in reading.conventions)


def test_swa_begins_from_the_rate_that_it_found() -> None:
    optimizer = optimizer_with()
    stepped(native.ExponentialLR(optimizer, 0.5), optimizer, 2)
    schedule = lrspec.from_native(stepped(SWALR(optimizer, 0.05, 10, "linear"), optimizer, 4))
    assert [round(schedule.exact(step), 15) for step in (0, 5, 10)] == [0.025, 0.0375, 0.05]


# --- parameter groups


@pytest.mark.parametrize("names", [(), ("backbone", "head")], ids=["by order", "by name"])
def test_groups_with_rates_of_their_own_are_groups_of_a_document(names: tuple[str, ...]) -> None:
    def make(optimizer: Any) -> Any:
        children = [native.LinearLR(optimizer, 0.1, 1.0, 5), native.CosineAnnealingLR(optimizer, 20, 0.01)]
        return native.SequentialLR(optimizer, children, [5])

    document = lrspec.from_native(make(optimizer_with(0.1, 0.5, names=names)))
    assert isinstance(document, lrspec.Document)
    keys: tuple[str | int, ...] = names or (0, 1)
    for group, rates in zip(keys, rates_of(make, 40, 0.1, 0.5), strict=True):
        schedule = document.group(group)["learning_rate"]
        assert max(abs(schedule.exact(step) - rate) for step, rate in enumerate(rates)) < 1e-13
    again = lrspec.loads(lrspec.dumps(document))
    assert again == document


def test_groups_of_which_one_has_no_name_are_numbered() -> None:
    document = lrspec.from_native(native.ExponentialLR(optimizer_with(0.1, 0.5, names=("", "head")), 0.9))
    assert isinstance(document, lrspec.Document)
    assert [document.group(place)["learning_rate"](0) for place in (0, 1)] == pytest.approx([0.1, 0.5])


def test_groups_have_peaks_and_momenta_of_their_own() -> None:
    def make(optimizer: Any) -> Any:
        return native.OneCycleLR(optimizer, [0.2, 0.4], 30, base_momentum=[0.8, 0.85], max_momentum=[0.9, 0.95])

    optimizer = optimizer_with(0.1, 0.1)
    scheduler = make(optimizer)
    document = lrspec.from_native(scheduler)
    assert isinstance(document, lrspec.Document)
    for step in range(30):
        for place, group in enumerate(optimizer.param_groups):
            wanted = document.group(place)
            assert abs(wanted["learning_rate"].exact(step) - group["lr"]) < 1e-15
            assert abs(wanted["momentum"].exact(step) - group["momentum"]) < 1e-15
        stepped(scheduler, optimizer, 1)


def test_groups_that_are_alike_are_one_schedule() -> None:
    schedule = lrspec.from_native(native.ExponentialLR(optimizer_with(0.1, 0.1), 0.9))
    assert schedule == lrspec.Exponential(init_value=0.1, decay_rate=0.9, decay_period=1)


def test_what_was_read_steps_as_the_object_did() -> None:
    scheduler = native.CosineAnnealingLR(optimizer_with(0.1, 0.5), 10)
    optimizer = optimizer_with(0.0, 0.0)
    ours = lrspec.from_native(scheduler).to_torch(optimizer)
    theirs = rates_of(lambda o: native.CosineAnnealingLR(o, 10), 30, 0.1, 0.5)
    for first, second in zip(*theirs, strict=True):
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([first, second], rel=1e-7, abs=1e-12)
        stepped(ours, optimizer, 1)
