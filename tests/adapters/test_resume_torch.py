"""PyTorch: resuming from its own schedulers' checkpoints, and from ours when the schedule has changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

import lrspec
from lrspec import (
    Constant,
    Cosine,
    Document,
    Exponential,
    FingerprintError,
    Linear,
    LrspecError,
    PiecewiseConstant,
    Polynomial,
    Repeat,
    Schedule,
    Sequence,
    UnsupportedError,
    presets,
    resume,
)
from lrspec.readers.torch.state import position, recognised

Make = Callable[[torch.optim.Optimizer], Any]
RATE = 0.1
pytestmark = pytest.mark.filterwarnings("ignore:The epoch parameter in")  # what PyTorch 2.5 says to its SequentialLR


def optimizer(*rates: float) -> torch.optim.SGD:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates or (RATE,)]
    return torch.optim.SGD(groups, lr=RATE)


def advance(scheduler: Any, steps: int) -> None:
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()


def saved(state: dict[str, Any]) -> dict[str, Any]:
    """The state after a way through a file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    found: dict[str, Any] = torch.load(file, weights_only=True)
    return found


def native_state(make: Make, steps: int, *rates: float) -> dict[str, Any]:
    scheduler = make(optimizer(*rates))
    advance(scheduler, steps)
    return saved(scheduler.state_dict())


def warmup(held: torch.optim.Optimizer) -> SequentialLR:
    parts: list[LRScheduler] = [
        LinearLR(held, start_factor=0.25, end_factor=1.0, total_iters=20),
        CosineAnnealingLR(held, T_max=80, eta_min=0.01),
    ]
    return SequentialLR(held, parts, milestones=[20])


def three(held: torch.optim.Optimizer) -> SequentialLR:
    parts = [ConstantLR(held, factor=0.5, total_iters=10), ExponentialLR(held, 0.95), StepLR(held, 7, 0.5)]
    return SequentialLR(held, parts, milestones=[10, 40])


def decay_and_cosine(held: torch.optim.Optimizer) -> SequentialLR:
    return SequentialLR(held, [ExponentialLR(held, 0.95), CosineAnnealingLR(held, T_max=60)], milestones=[20])


OURS: dict[str, tuple[Make, Schedule]] = {
    "ExponentialLR": (
        lambda held: ExponentialLR(held, 0.97),
        Exponential(init_value=RATE, decay_rate=0.97, decay_period=1),
    ),
    "StepLR": (
        lambda held: StepLR(held, 9, 0.5),
        Exponential(init_value=RATE, decay_rate=0.5, decay_period=9, staircase=True),
    ),
    "MultiStepLR": (
        lambda held: MultiStepLR(held, [10, 30, 30, 60], 0.5),
        PiecewiseConstant(boundaries=[10, 30, 60], values=[RATE, RATE / 2, RATE / 8, RATE / 16]),
    ),
    "ConstantLR": (
        lambda held: ConstantLR(held, 0.5, 30),
        PiecewiseConstant(boundaries=[30], values=[RATE / 2, RATE]),
    ),
    "LinearLR": (
        lambda held: LinearLR(held, 0.25, 0.75, 70),
        Linear(init_value=RATE / 4, end_value=RATE * 3 / 4, steps=70),
    ),
    "PolynomialLR": (
        lambda held: PolynomialLR(held, 70, 2.0),
        Polynomial(init_value=RATE, end_value=0.0, steps=70, power=2),
    ),
    "CosineAnnealingLR": (
        lambda held: CosineAnnealingLR(held, 70, 0.001),
        Cosine(init_value=RATE, end_value=0.001, steps=70),
    ),
    "CosineAnnealingWarmRestarts": (
        lambda held: CosineAnnealingWarmRestarts(held, 10, 2, 0.001),
        Repeat(part=Cosine(init_value=RATE, end_value=0.001, steps=10), cycle_mult=2),
    ),
    "OneCycleLR": (
        lambda held: OneCycleLR(held, 0.5, 100, cycle_momentum=False),
        presets.one_cycle(peak_value=0.5, total_steps=100),
    ),
    "SequentialLR": (
        warmup,
        Sequence(
            parts=[
                Linear(init_value=RATE / 4, end_value=RATE, steps=20),
                Cosine(init_value=RATE, end_value=0.01, steps=80),
            ]
        ),
    ),
    "SequentialLR of a decay and a cosine": (
        decay_and_cosine,
        Sequence(
            parts=[
                Exponential(init_value=RATE, decay_rate=0.95, decay_period=1, steps=20),
                Cosine(init_value=RATE, end_value=0.0, steps=60),
            ]
        ),
    ),
    "SequentialLR of three": (
        three,
        Sequence(
            parts=[
                Constant(value=RATE / 2, steps=10),
                Exponential(init_value=RATE, decay_rate=0.95, decay_period=1, steps=30),
                Exponential(init_value=RATE, decay_rate=0.5, decay_period=7, staircase=True),
            ]
        ),
    ),
}


@pytest.mark.parametrize("steps", [0, 1, 9, 10, 20, 37, 40, 69])
@pytest.mark.parametrize("name", OURS)
def test_a_native_checkpoint_goes_on_under_the_same_schedule(name: str, steps: int) -> None:
    make, ours = OURS[name]
    state = native_state(make, steps)
    assert recognised(state) == (name.split(maxsplit=1)[0], steps)
    held = optimizer(1.0)
    scheduler = ours.to_torch(held)
    scheduler.load_state_dict(state)
    assert scheduler.last_epoch == steps
    for step in range(steps, 80):
        assert held.param_groups[0]["lr"] == ours(step)
        held.step()
        scheduler.step()


def test_a_finished_native_run_is_taken_up_too() -> None:
    for name in ("LinearLR", "PolynomialLR", "ConstantLR", "MultiStepLR", "CosineAnnealingLR"):
        make, ours = OURS[name]
        scheduler = ours.to_torch(optimizer(1.0))
        scheduler.load_state_dict(native_state(make, 70))
        assert scheduler.get_last_lr() == [ours(70)]


def test_fifty_thousand_steps_of_torchs_recursion_are_within_rounding() -> None:
    native = CosineAnnealingLR(optimizer(), 100_000)
    advance(native, 50_000)
    ours = Cosine(init_value=RATE, end_value=0.0, steps=100_000).to_torch(optimizer())
    ours.load_state_dict(saved(native.state_dict()))
    assert ours.last_epoch == 50_000


OTHERS: list[tuple[str, int, Schedule]] = [
    ("CosineAnnealingLR", 20, Cosine(init_value=RATE, end_value=0.001, steps=71)),
    ("CosineAnnealingLR", 20, Cosine(init_value=RATE, end_value=0.002, steps=70)),
    ("CosineAnnealingLR", 20, Cosine(init_value=2 * RATE, end_value=0.001, steps=70)),
    ("ExponentialLR", 20, Exponential(init_value=RATE, decay_rate=0.97001, decay_period=1)),
    ("LinearLR", 20, Linear(init_value=RATE / 4, end_value=RATE * 3 / 4, steps=69)),
    ("PolynomialLR", 20, Polynomial(init_value=RATE, end_value=0.0, steps=70, power=2.01)),
    ("OneCycleLR", 20, presets.one_cycle(peak_value=0.5, total_steps=101)),
    ("SequentialLR", 20, Cosine(init_value=RATE, end_value=0.01, steps=80)),
    # these agree at the position, and differ later
    ("ExponentialLR", 0, Exponential(init_value=RATE, decay_rate=0.96, decay_period=1)),
    ("StepLR", 20, Exponential(init_value=RATE, decay_rate=0.5, decay_period=10, staircase=True)),
    ("MultiStepLR", 20, PiecewiseConstant(boundaries=[10, 30, 61], values=[RATE, RATE / 2, RATE / 8, RATE / 16])),
    ("ConstantLR", 20, PiecewiseConstant(boundaries=[31], values=[RATE / 2, RATE])),
    ("ConstantLR", 20, Constant(value=RATE / 2)),
    ("CosineAnnealingWarmRestarts", 5, Repeat(part=Cosine(init_value=RATE, end_value=0.001, steps=10))),
    ("CosineAnnealingWarmRestarts", 5, Cosine(init_value=RATE, end_value=0.001, steps=10)),
    ("SequentialLR", 5, Linear(init_value=RATE / 4, end_value=RATE, steps=20)),
    ("SequentialLR of three", 12, Exponential(init_value=RATE / 0.95**10, decay_rate=0.95, decay_period=1)),
]


@pytest.mark.parametrize(("name", "steps", "ours"), OTHERS)
def test_another_schedule_is_refused_and_both_are_named(name: str, steps: int, ours: Schedule) -> None:
    held = optimizer(1.0)
    scheduler = ours.to_torch(held)
    before = scheduler.state_dict()
    with pytest.raises(LrspecError) as caught:
        scheduler.load_state_dict(native_state(OURS[name][0], steps))
    assert f"a state of torch's {name.split(maxsplit=1)[0]}(" in str(caught.value)
    assert repr(ours)[:400] in str(caught.value)
    assert "to_torch(optimizer, step=...)" in str(caught.value)
    assert scheduler.state_dict() == before
    assert held.param_groups[0]["lr"] == ours(0)


def test_the_error_names_the_step_at_which_they_part() -> None:
    ours = PiecewiseConstant(boundaries=[5000], values=[RATE, RATE / 2])
    state = native_state(lambda held: MultiStepLR(held, [5001], 0.5), 20)
    with pytest.raises(
        LrspecError, match=r"MultiStepLR\(milestones=.*is \[0.1\] at step 5000, where Piece.* is \[0.05"
    ):
        ours.to_torch(optimizer()).load_state_dict(state)


REFUSED: list[tuple[str, Make, str]] = [
    ("LambdaLR", lambda held: LambdaLR(held, lambda _: 1.0), "it holds a Python function"),
    ("MultiplicativeLR", lambda held: MultiplicativeLR(held, lambda _: 0.9), "it holds a Python function"),
    (
        "CyclicLR",
        lambda held: CyclicLR(held, 0.1, 0.2, cycle_momentum=False),
        "its state does not say all of its cycles",
    ),
    ("ReduceLROnPlateau", ReduceLROnPlateau, "it follows a metric"),
    ("SWALR", lambda held: SWALR(held, 0.05), "its state does not say its rates"),
    (
        "ChainedScheduler",
        lambda held: ChainedScheduler([ConstantLR(held), ExponentialLR(held, 0.9)]),
        "each of its schedulers has a position of its own",
    ),
    (
        "LambdaLR",
        lambda held: SequentialLR(held, [LambdaLR(held, lambda _: 1.0), ExponentialLR(held, 0.9)], [5]),
        "it holds a Python function",
    ),
    (
        "OneCycleLR in a SequentialLR",
        lambda held: SequentialLR(held, [ConstantLR(held), OneCycleLR(held, 2.5, 50, cycle_momentum=False)], [5]),
        "its state does not say its rates",
    ),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "make", "reason"), REFUSED)
def test_a_state_that_does_not_say_its_rates_is_refused_by_name(name: str, make: Make, reason: str) -> None:
    held = optimizer()
    native = make(held)
    ours = PiecewiseConstant(boundaries=[5], values=[float(held.param_groups[0]["lr"]), RATE])
    with pytest.raises(UnsupportedError, match=rf"torch: .*{name}.* is not supported: {reason}"):
        ours.to_torch(optimizer()).load_state_dict(native.state_dict())


def test_what_is_no_state_is_refused() -> None:
    scheduler = Constant(value=RATE).to_torch(optimizer())
    for state in ({}, {"last_epoch": 3}, optimizer().state_dict(), {"gamma": 0.9, "base_lrs": [0.1], "last_epoch": 3}):
        with pytest.raises(UnsupportedError, match="a scheduler's state with the keys"):
            scheduler.load_state_dict(state)
    with pytest.raises(lrspec.SpecError, match="last_epoch: found '3'"):
        scheduler.load_state_dict({"gamma": 1.0, "base_lrs": [RATE], "_last_lr": [RATE], "last_epoch": "3"})


DAMAGED: dict[str, tuple[Make, dict[str, Any]]] = {
    "no length": (lambda held: CosineAnnealingLR(held, 50), {"T_max": 0}),
    "no period": (lambda held: StepLR(held, 7), {"step_size": 0}),
    "no cycle": (lambda held: CosineAnnealingWarmRestarts(held, 7), {"T_0": 0}),
    "a cycle backwards": (lambda held: CosineAnnealingWarmRestarts(held, 7, 2), {"T_0": -1}),
    "no milestones": (lambda held: MultiStepLR(held, [7]), {"milestones": None}),
    "no rates": (lambda held: StepLR(held, 7), {"_last_lr": None}),
    "no parts": (lambda held: SequentialLR(held, [StepLR(held, 7)], []), {"_schedulers": []}),
    "a milestone too many": (lambda held: SequentialLR(held, [StepLR(held, 7)], []), {"_milestones": [3]}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_state_is_an_error(name: str) -> None:
    make, damage = DAMAGED[name]
    scheduler = Constant(value=RATE).to_torch(optimizer())
    with pytest.raises(LrspecError, match="state of torch's"):
        scheduler.load_state_dict(native_state(make, 0, RATE) | damage)


def test_a_constant_for_no_steps_at_all_holds_its_factor() -> None:
    """As torch has it: at 0 the factor is applied, and there is no step at which it would be taken back."""
    ours = Constant(value=RATE / 4)
    scheduler = ours.to_torch(optimizer())
    scheduler.load_state_dict(native_state(lambda held: ConstantLR(held, 0.25, 0), 5, RATE))
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (5, [ours(5)])


def test_every_class_of_this_torch_is_known() -> None:
    classes = {name for name in lr_scheduler.__all__ if name not in {"LRScheduler", "LambdaLR", "MultiplicativeLR"}}
    known = {name.split(maxsplit=1)[0] for name in OURS} | {name for name, _, _ in REFUSED}
    assert classes <= known


def test_groups_with_rates_of_their_own() -> None:
    document = Document(
        {
            "lrspec": 1,
            "relative": True,
            "learning_rate": {"kind": "cosine", "init_value": 1.0, "end_value": 0.0, "steps": 50},
        }
    )
    state = native_state(lambda held: CosineAnnealingLR(held, 50), 20, 0.1, 0.3)
    held = optimizer(0.1, 0.3)
    scheduler = document.to_torch(held)
    scheduler.load_state_dict(state)
    assert scheduler.get_last_lr() == [document.resolve(base_value=base)(20) for base in (0.1, 0.3)]
    assert scheduler.last_epoch == 20
    other = document.to_torch(optimizer(0.1, 0.4))
    with pytest.raises(LrspecError, match=r"with the base rates \[0.1, 0.3\]"):
        other.load_state_dict(state)
    one = document.to_torch(optimizer(0.1))
    with pytest.raises(LrspecError, match=r"with the base rates \[0.1, 0.3\]"):
        one.load_state_dict(state)


def test_a_tensor_rate_in_a_native_state() -> None:
    held = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=torch.tensor(0.125))
    native = ExponentialLR(held, 0.5)
    advance(native, 2)
    ours = Exponential(init_value=0.125, decay_rate=0.5, decay_period=1).to_torch(optimizer())
    ours.load_state_dict(saved(native.state_dict()))
    assert ours.get_last_lr() == [0.03125]


def test_position_takes_a_function_of_rates() -> None:
    state = native_state(OURS["ExponentialLR"][0], 5)
    assert position(state, lambda step: [RATE * float(Fraction(97, 100) ** step)], "by hand") == 5


OLD = Cosine(init_value=0.5, end_value=0.0, steps=40)
POLICIES: dict[str, Callable[[int], Document]] = {
    "replace": lambda step: resume.replace(OLD, Linear(init_value=0.5, end_value=0.0, steps=60), step),
    "fork": lambda step: resume.fork(OLD, Linear(init_value="previous", end_value=0.0, steps=8), step),
    "continue_from_value": lambda step: resume.continue_from_value(
        OLD, Linear(init_value=1, end_value=0, steps=60), step
    ),
    "stretch": lambda step: resume.stretch(OLD, 60, step),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_goes_on_where_the_old_checkpoint_stopped(name: str) -> None:
    first = OLD.to_torch(optimizer())
    advance(first, 17)
    state = saved(first.state_dict())
    document = POLICIES[name](17)
    with pytest.raises(FingerprintError) as caught:
        document.to_torch(optimizer()).load_state_dict(state)
    assert caught.value.old == OLD
    assert caught.value.step == 17
    straight, loaded = optimizer(), optimizer()
    one = document.to_torch(straight, step=17)
    two = document.to_torch(loaded)
    two.load_state_dict(resume.restated(state, document))
    whole = optimizer()
    three = document.to_torch(whole)
    advance(three, 17)
    for step in range(17, 70):
        assert straight.param_groups[0]["lr"] == loaded.param_groups[0]["lr"] == document(step)
        assert whole.param_groups[0]["lr"] == document(step)
        for scheduler in (one, two, three):
            advance(scheduler, 1)
    again = document.to_torch(optimizer())
    again.load_state_dict(saved(two.state_dict()))
    assert again.state_dict() == two.state_dict()


def test_a_state_of_another_framework_is_a_state() -> None:
    scheduler = OLD.to_torch(optimizer())
    scheduler.load_state_dict(resume.state(OLD, 17))
    assert scheduler.get_last_lr() == [OLD(17)]
    assert resume.check(scheduler.state_dict(), OLD) == 17
    advance(scheduler, 1)
    assert scheduler.get_last_lr() == [OLD(18)]


def test_a_native_scheduler_that_was_stepped_once_per_epoch() -> None:
    per_epoch = Cosine(init_value=RATE, end_value=0.0, steps=70)
    state = native_state(lambda held: CosineAnnealingLR(held, 70), 30)
    counting = per_epoch.to_torch(optimizer(), every="epoch")
    counting.load_state_dict(state)
    assert counting.get_last_lr() == [per_epoch(30)]
    updates = lrspec.Every(part=per_epoch, period=5)
    with pytest.raises(LrspecError, match="if that one was stepped once per epoch"):
        updates.to_torch(optimizer()).load_state_dict(state)
    assert updates.to_torch(optimizer(), step=5 * 30).get_last_lr() == [per_epoch(30)]


def test_a_refused_checkpoint_changes_nothing() -> None:
    ends = Linear(init_value=1.0, end_value=0.0, steps=10, after="error")
    scheduler = ends.to_torch(optimizer())
    advance(scheduler, 3)
    before = scheduler.state_dict()
    with pytest.raises(lrspec.StepError):
        scheduler.load_state_dict(resume.state(ends, 11))
    assert scheduler.state_dict() == before
    scheduler.load_state_dict(resume.state(ends, 10))  # the end of the run
    assert scheduler.state_dict()["last_epoch"] == 10
