"""The step is the number of updates applied, whatever the loop around the optimizer does."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import ExponentialLR

import lrspec
from lrspec.adapters.torch import ScheduleLR

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


def fresh(*, optimizer: Any = torch.optim.SGD, every: Any = "update", **options: Any) -> tuple[Any, ScheduleLR]:
    parameter = torch.zeros(1, requires_grad=True)
    made = optimizer([parameter], **options)
    scheduler = SCHEDULE.to_torch(made, every=every)
    assert isinstance(scheduler, ScheduleLR)
    return made, scheduler


def parameter_of(optimizer: torch.optim.Optimizer) -> torch.Tensor:
    held: torch.Tensor = optimizer.param_groups[0]["params"][0]
    return held


def update(optimizer: torch.optim.Optimizer) -> float:
    """Apply one update of SGD to 0 with a gradient of -1, and return what it added: the rate."""
    held = parameter_of(optimizer)
    with torch.no_grad():
        held.zero_()
    held.grad = -torch.ones_like(held)
    optimizer.step()
    return float(held.detach())


def gradients(count: int) -> Iterator[float]:
    """Yield gradients of which some overflow, the first three among them."""
    for i in range(count):
        yield float("inf") if i < 3 or i % 7 == 5 else -1.0


@pytest.mark.parametrize("fused", [False, True])
def test_an_update_that_the_scaler_skips_does_not_count(*, fused: bool) -> None:
    optimizer, scheduler = fresh(fused=fused)
    held = parameter_of(optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16, growth_interval=10**6)
    applied = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "scheduler.step.. was called, and the optimizer has applied no update yet")
        for gradient in gradients(60):
            with torch.no_grad():
                held.zero_()
            held.grad = torch.full_like(held, gradient) * scaler.get_scale()
            scaler.scale(torch.zeros(()))  # makes the scale
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
            if gradient == -1.0:
                applied.append(float(held.detach()))
            else:
                assert float(held.detach()) == 0.0
    assert applied == [SCHEDULE(step) for step in range(len(applied))]
    assert scheduler.last_epoch == len(applied) == sum(g == -1.0 for g in gradients(60))


def test_accumulated_gradients_and_further_calls_do_not_count() -> None:
    optimizer, scheduler = fresh()
    update(optimizer)
    scheduler.step()
    for micro in range(1, 40):
        applied = update(optimizer) if micro % 4 == 0 else None
        assert applied in {None, SCHEDULE(micro // 4)}
        scheduler.step()  # in every micro-batch
        scheduler.step()  # and once for each of two processes
    assert scheduler.last_epoch == 10


def test_a_call_after_several_updates_moves_by_one_as_torchs_does_and_says_what_to_do() -> None:
    optimizer, scheduler = fresh()
    for _ in range(5):
        assert update(optimizer) == SCHEDULE(0)
    with pytest.warns(
        UserWarning, match=r"5 updates without a call .* used the same rate.*optimizer\.step.*'epoch'.*'call'"
    ):
        scheduler.step()
    assert update(optimizer) == SCHEDULE(1)


def test_every_epoch_counts_epochs_and_notices_updates() -> None:
    optimizer, scheduler = fresh(every="epoch")
    for epoch in range(30):
        for _ in range(7):
            assert update(optimizer) == SCHEDULE(epoch)
        scheduler.step()
    update(optimizer)
    with pytest.warns(
        UserWarning, match=r"was called after one update, and the schedule counts epochs.*every='update'"
    ):
        scheduler.step()


def test_every_call_counts_calls_as_torch_does() -> None:
    optimizer, scheduler = fresh(every="call")
    for step in range(30):
        assert optimizer.param_groups[0]["lr"] == SCHEDULE(step)
        scheduler.step()
    with pytest.raises(ValueError, match="every: found 'batch', expected one of update, epoch, call"):
        fresh(every="batch")


@pytest.mark.parametrize("calls", [2, 64, 128, 5000])
def test_calls_between_two_updates_move_by_one_however_many(calls: int) -> None:
    """One for each process, or after each of as many batches that make one update."""
    optimizer, scheduler = fresh()
    for step in range(4):
        assert update(optimizer) == SCHEDULE(step)
        for _ in range(calls):
            scheduler.step()
    assert scheduler.last_epoch == 4


def test_calls_before_the_first_update_are_a_warning_and_move_nothing() -> None:
    optimizer, scheduler = fresh()
    with pytest.warns(UserWarning, match="the optimizer has applied no update yet: the schedule stays where it is"):
        scheduler.step()
    for _ in range(200):
        scheduler.step()
    assert update(optimizer) == SCHEDULE(0)
    scheduler.step(7)  # an explicit step is always taken
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (7, [SCHEDULE(7)])


def test_an_optimizer_that_was_replaced_is_taken_up() -> None:
    optimizer, scheduler = fresh()
    update(optimizer)
    scheduler.step()
    scheduler.optimizer = other = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    for step in range(1, 9):
        assert update(other) == SCHEDULE(step)
        scheduler.step()


def test_a_second_scheduler_or_another_hand_on_the_rate_is_a_warning() -> None:
    optimizer, scheduler = fresh()
    update(optimizer)
    scheduler.step()
    ExponentialLR(optimizer, 0.5).step()
    update(optimizer)
    with pytest.warns(UserWarning, match=r"the rate is .* something else sets it too: another scheduler"):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(2)


def test_the_rates_applied_and_next_are_told_at_every_point_of_the_loop() -> None:
    optimizer, scheduler = fresh()
    assert (scheduler.lr_applied, scheduler.lr_next) == (None, [SCHEDULE(0)])
    for step in range(20):
        rate = update(optimizer)
        assert scheduler.lr_applied == [rate] == [SCHEDULE(step)]
        scheduler.step()
        assert (scheduler.lr_applied, scheduler.lr_next) == ([rate], [SCHEDULE(step + 1)])


def test_a_scheduler_made_in_the_middle_of_training_counts_from_its_step() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    for _ in range(13):
        update(optimizer)
    scheduler = SCHEDULE.to_torch(optimizer, step=13)
    for step in range(13, 40):
        assert update(optimizer) == SCHEDULE(step)
        scheduler.step()


def test_an_optimizer_with_updates_and_a_schedule_that_begins_anew_is_a_warning() -> None:
    def trained() -> torch.optim.Optimizer:
        optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
        for _ in range(7):
            update(optimizer)
        return optimizer

    optimizer = trained()
    scheduler = SCHEDULE.to_torch(optimizer)
    update(optimizer)
    with pytest.warns(UserWarning, match="had applied 7 updates, and the schedule began at 0: load the scheduler's"):
        scheduler.step()
    assert scheduler.last_epoch == 1
    for step in (0, 7):  # it was said
        optimizer = trained()
        scheduler = SCHEDULE.to_torch(optimizer, step=step)
        update(optimizer)
        scheduler.step()
        assert scheduler.lr_applied == [SCHEDULE(step)]
    optimizer = trained()
    resumed = SCHEDULE.to_torch(optimizer)
    resumed.load_state_dict(scheduler.state_dict())
    update(optimizer)
    resumed.step()
    assert resumed.lr_applied == [SCHEDULE(8)]


def test_a_copy_and_a_checkpoint_follow_their_own_optimizer() -> None:
    optimizer, scheduler = fresh()
    for _ in range(4):
        update(optimizer)
        scheduler.step()
    copied = copy.deepcopy(scheduler)
    update(copied.optimizer)
    copied.step()
    assert (scheduler.last_epoch, copied.last_epoch) == (4, 5)
    resumed_optimizer, resumed = fresh()
    update(resumed_optimizer)  # a warm-up of its own
    resumed.load_state_dict(scheduler.state_dict())
    assert update(resumed_optimizer) == SCHEDULE(4)
    resumed.step()
    assert resumed.last_epoch == 5
    with pytest.raises(lrspec.LrspecError, match="a checkpoint that counts every update: expected every epoch"):
        fresh(every="epoch")[1].load_state_dict(scheduler.state_dict())


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "LBFGS", "ASGD"])
def test_optimizers_of_torch_have_the_rate_of_each_update(optimizer: str) -> None:
    made, scheduler = fresh(optimizer=getattr(torch.optim, optimizer), lr=1.0)
    held = parameter_of(made)

    def closure() -> torch.Tensor:
        made.zero_grad()
        loss = ((held - 3) ** 2).sum()
        loss.backward()
        return loss

    for step in range(30):
        assert made.param_groups[0]["lr"] == SCHEDULE(step)
        made.step(closure)
        scheduler.step()
    assert scheduler.last_epoch == 30


class Sign(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """An optimizer from outside torch."""

    def __init__(self, params: Any, lr: float = 1.0) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        assert closure is None
        for group in self.param_groups:
            for held in group["params"]:
                held.sub_(held.grad.sign(), alpha=group["lr"])


def test_an_optimizer_from_outside_torch_applies_the_bits() -> None:
    optimizer, scheduler = fresh(optimizer=Sign)
    for step in range(40):
        assert update(optimizer) == SCHEDULE(step)
        scheduler.step()


class Twice(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """An optimizer whose step is that of another class and something more; one step fails."""

    fails = False

    def step(self, closure: Any = None) -> Any:
        if self.fails:
            raise FloatingPointError
        return super().step(closure)


def test_a_step_that_calls_the_step_of_its_base_class_is_one_update() -> None:
    fresh()  # from now on PyTorch calls the hooks in SGD.step too
    optimizer, scheduler = fresh(optimizer=Twice, lr=1.0)
    for step in range(40):
        assert update(optimizer) == SCHEDULE(step)
        scheduler.step()
    optimizer.fails = True
    with pytest.raises(FloatingPointError):
        update(optimizer)
    optimizer.fails = False
    assert update(optimizer) == SCHEDULE(40)
    scheduler.step()
    assert scheduler.last_epoch == 41


def test_a_compiled_step_is_compiled_once_and_counted() -> None:
    optimizer, scheduler = fresh(lr=torch.tensor(1.0))
    torch.compiler.reset()
    plain = optimizer.step
    optimizer.step = torch.compile(plain, backend="aot_eager")
    assert update(optimizer) == SCHEDULE(0)
    with torch._dynamo.config.patch(error_on_recompile=True):
        for step in range(1, 1000):
            scheduler.step()
            assert update(optimizer) == SCHEDULE(step)
    assert scheduler.last_epoch == 999


@pytest.mark.filterwarnings("ignore")
def test_a_step_that_is_compiled_in_part_is_counted_once() -> None:
    """With a float as its rate it is compiled for each, and after eight, PyTorch leaves the inner part uncompiled."""
    torch.compiler.reset()
    for is_native in (True, False):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler: Any = ExponentialLR(optimizer, 0.5) if is_native else SCHEDULE.to_torch(optimizer)
        compiled = torch.compile(optimizer.step, backend="eager")
        for _ in range(9):
            parameter_of(optimizer).grad = -torch.ones(1)
            compiled()
            scheduler.step()
    for _ in range(3):
        scheduler.step()  # after batches without an update
    assert scheduler.last_epoch == 9


@pytest.mark.parametrize("options", [{"fused": True}, {"foreach": True}, {"foreach": False}], ids=str)
def test_fused_and_foreach_optimizers_apply_the_bits(options: dict[str, bool]) -> None:
    optimizer, scheduler = fresh(lr=1.0, **options)
    for step in range(40):
        assert update(optimizer) == SCHEDULE(step)
        scheduler.step()


def test_a_tensor_rate_in_a_fused_optimizer_is_written_in_place() -> None:
    rate = torch.tensor(1.0)
    optimizer, scheduler = fresh(lr=rate, fused=True)
    for step in range(40):
        assert update(optimizer) == SCHEDULE(step)
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate


def test_a_scheduler_and_its_optimizer_are_pickled_and_go_on() -> None:
    optimizer, scheduler = fresh()
    for _ in range(7):
        update(optimizer)
        scheduler.step()
    restored = pickle.loads(pickle.dumps(scheduler))  # noqa: S301 - our own bytes
    for step in range(7, 20):
        assert update(restored.optimizer) == SCHEDULE(step)
        restored.step()
    assert (restored.last_epoch, scheduler.last_epoch) == (20, 7)


def test_several_optimizers_have_a_scheduler_each_and_one_state_for_all() -> None:
    """A loop as in torchtitan: a model in parts, one optimizer for each, whose schedulers share a checkpoint."""
    parts = [fresh() for _ in range(3)]
    for step in range(9):
        for optimizer, scheduler in parts:
            assert update(optimizer) == SCHEDULE(step)
            scheduler.step()
    state = parts[0][1].state_dict()
    again = [fresh() for _ in range(3)]
    for _, scheduler in again:
        scheduler.load_state_dict(copy.deepcopy(state))
    for step in range(9, 20):
        for optimizer, scheduler in again:
            assert update(optimizer) == SCHEDULE(step)
            scheduler.step()
