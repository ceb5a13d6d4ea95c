"""Reading PyTorch's schedulers: the steps at which torch itself is wrong, and schedulers inside schedulers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from torch.optim import lr_scheduler as native
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec import UnsupportedError
from torch_steps import VERSION, Make, assert_same, optimizer_with, rates_of, read

pytestmark = [
    pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning"),  # SequentialLR before torch 2.9
    pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step:UserWarning"),  # a SequentialLR in another
]
NEW = VERSION >= (2, 6)  # before it, a SequentialLR with a chain in it cannot be built


# --- where stepping is not what is documented


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda o: native.LinearLR(o, 0.5, 1.0, 0), "total_iters=0 .* start_factor stays for ever"),
        (lambda o: native.LinearLR(o, 0.5, 1.0, 2.5), "total_iters=2.5 .* it stops at step 2"),
        (lambda o: native.ConstantLR(o, 0.5, 0), "total_iters=0 .* the factor stays for ever"),
        (lambda o: native.PolynomialLR(o, 0), "total_iters=0 .* the base rate stays for ever"),
        (lambda o: native.StepLR(o, 2.5), "step_size=2.5 .* drops at multiples of 5 alone"),
        (lambda o: native.OneCycleLR(o, 0.1, 20), "is for step 20, where the curve goes on past its end"),
    ],
)
def test_a_fault_of_torch_is_said(make: Make, fault: str) -> None:
    assert any(re.search(fault, said) for said in read(make).native_faults)
    assert read(lambda o: native.LinearLR(o, 0.5, 1.0, 3)).native_faults == ()


def test_a_one_cycle_holds_its_end_where_torch_goes_beyond() -> None:
    schedule = lrspec.from_native(native.OneCycleLR(optimizer_with(), 0.1, 20, anneal_strategy="linear"))
    rates = rates_of(lambda o: native.OneCycleLR(o, 0.1, 20, anneal_strategy="linear"), 21)[0]
    assert rates[20] < 0 < schedule.exact(20) == schedule.exact(19)
    ended = read(lambda o: native.OneCycleLR(o, 0.1, 20), 20)
    assert ended.position == 20
    assert any("past the last one that was read" in note for note in ended.conventions)


def test_a_cosine_rises_again() -> None:
    reading = read(lambda o: native.CosineAnnealingLR(o, 10), 15)
    assert reading.schedule.exact(10) == 0
    assert reading.schedule.exact(20) == 0.1
    assert any("after step 10 it rises again" in note for note in reading.conventions)


# --- schedulers inside schedulers


def nested(optimizer: Any) -> Any:
    inside = native.SequentialLR(
        optimizer, [native.ConstantLR(optimizer, 0.5, 2), native.ExponentialLR(optimizer, 0.9)], [2]
    )
    return native.SequentialLR(optimizer, [inside, native.LinearLR(optimizer)], [4])


def test_a_sequence_in_a_sequence_runs_a_step_ahead_as_torch_does() -> None:
    if not NEW:  # another wrong sequence, which no schedule is
        with pytest.raises(UnsupportedError, match=r"SequentialLR .* together its parts do not"):
            read(nested)
        assert_same(read(nested, sample=30).schedule, nested, 30)
    else:
        reading = read(nested, 3)
        assert_same(reading.schedule, nested, 30)
        assert abs(reading.schedule.exact(1) - 0.1) < 1e-16  # without the fault it would be 0.05
        assert any("runs ahead by a step" in fault for fault in reading.native_faults)


def test_a_milestone_of_0_skips_the_first_child_in_new_versions() -> None:
    def make(optimizer: Any) -> Any:
        return native.SequentialLR(optimizer, [native.LinearLR(optimizer), native.ExponentialLR(optimizer, 0.9)], [0])

    if VERSION < (2, 13):
        with pytest.raises(UnsupportedError, match=r"SequentialLR .* together its parts do not"):
            read(make)
    else:
        assert read(make).schedule == lrspec.Exponential(init_value=0.1, decay_rate=0.9, decay_period=1)
    assert_same(read(make, sample=20).schedule, make, 20)


def test_children_of_a_sequence_have_base_rates_of_their_own() -> None:
    def make(optimizer: Any) -> Any:
        warmup = native.LinearLR(optimizer, 0.1, 1.0, 5)
        return native.SequentialLR(
            optimizer, [warmup, native.OneCycleLR(optimizer, 0.2, 40, cycle_momentum=False)], [5]
        )

    reading = read(make, 9)
    assert_same(reading.schedule, make, 40)
    assert abs(reading.schedule.exact(0) - 0.0008) < 1e-16  # a tenth of where OneCycleLR begins, not of 0.1


CHAINS: dict[str, Make] = {
    "absolute, then a ratio": lambda o: native.ChainedScheduler(
        [native.LambdaLR(o, lambda t: 1 / (1 + t)), native.ExponentialLR(o, 0.9)]
    ),
    "with a cosine": lambda o: native.ChainedScheduler([native.ExponentialLR(o, 0.9), native.CosineAnnealingLR(o, 5)]),
    "with a sequence": lambda o: native.ChainedScheduler(
        [
            native.LinearLR(o, 0.1, 1.0, 3),
            native.SequentialLR(o, [native.ExponentialLR(o, 0.9), native.StepLR(o, 2)], [4]),
        ]
    ),
}


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_a_chain_that_is_no_product_is_refused_or_a_table(make: Make) -> None:
    with pytest.raises(UnsupportedError, match=r"ChainedScheduler .* so that it is no product; give sample=N"):
        read(make)
    table = read(make, 7, sample=30).schedule
    assert isinstance(table, lrspec.Table)
    assert_same(table, make, 30)


class Chain(native.ChainedScheduler):  # type: ignore[misc]  # untyped where torch is not installed
    """A user's own class, which steps several others."""


def test_a_class_derived_from_a_chain_is_a_table() -> None:
    def make(o: Any) -> Any:
        return Chain([native.ExponentialLR(o, 0.9), native.StepLR(o, 5, 0.5)])

    with pytest.raises(UnsupportedError, match=r"Chain is not supported: .* code"):
        read(make)
    reading = read(make, 7, sample=12)
    assert_same(reading.schedule, make, 12)
    assert reading.position == 7


def in_turn_twice(o: Any) -> Any:
    child = native.StepLR(o, 3, 0.5)
    return native.SequentialLR(o, [child, child], [10])


def chained_twice(o: Any) -> Any:
    child = native.StepLR(o, 10, 0.5)
    return native.ChainedScheduler([child, native.ChainedScheduler([child])])


@pytest.mark.parametrize("make", [in_turn_twice, chained_twice])
@pytest.mark.parametrize("sample", [None, 12])
def test_one_object_in_two_places_is_refused(make: Make, sample: int | None) -> None:
    with pytest.raises(UnsupportedError, match=r"the same StepLR stands in it twice.* build one for each place"):
        read(make, sample=sample)


def test_a_chain_whose_first_step_depends_on_who_was_built_last_is_refused() -> None:
    def make(optimizer: Any) -> Any:
        children = [native.CyclicLR(optimizer, low, 0.2, cycle_momentum=False) for low in (0.01, 0.02)]
        return native.ChainedScheduler(children)

    with pytest.raises(UnsupportedError, match="the one built last"):
        read(make, sample=10)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (lambda o: native.SequentialLR(o, [native.StepLR(o, 1)], []), "as child 1 .* torch itself fails"),
        *([(lambda o: native.ChainedScheduler([native.StepLR(o, 1)]), "as child 1 .* torch itself fails")] * NEW),
        (lambda o: SWALR(o, 0.05), "as child 1 .* begins from the rate that the child before has left; give sample=N"),
        (lambda o: native.MultiplicativeLR(o, lambda _: 0.5), "as child 1 .* begins from the rate"),
        (lambda o: native.CyclicLR(o, 0.01, 0.1), "cycle_momentum inside a SequentialLR"),
        (lambda o: native.LambdaLR(o, lambda _: 0.5), "LambdaLR .* a function is code"),
    ],
)
def test_a_child_that_cannot_begin_at_its_milestone_is_refused(last: Make, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read(lambda o: native.SequentialLR(o, [native.ConstantLR(o), last(o)], [4]))


def test_a_one_cycle_that_is_stepped_past_its_end_is_refused_or_a_table() -> None:
    def make(optimizer: Any) -> Any:
        cycle = native.OneCycleLR(optimizer, 0.2, 10, cycle_momentum=False)
        return native.SequentialLR(optimizer, [cycle, native.ConstantLR(optimizer, 0.5, 5)], [11])

    with pytest.raises(UnsupportedError, match=r"together its parts do not .* at step 10, where the object itself"):
        read(make)
    assert_same(read(make, sample=20).schedule, make, 20)


def test_milestones_out_of_order_are_refused_or_a_table() -> None:
    def make(optimizer: Any) -> Any:
        children = [native.LinearLR(optimizer), native.StepLR(optimizer, 2), native.ExponentialLR(optimizer, 0.9)]
        return native.SequentialLR(optimizer, children, [9, 3])

    with pytest.raises(UnsupportedError, match=r"milestones \[9, 3\]"):
        read(make)
    assert_same(read(make, sample=20).schedule, make, 20)
