"""Where one of torch's own schedulers works, ours does in its place: what is an update and what looks like one."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.optim import PostLocalSGDOptimizer
from torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR, StepLR

import lrspec
from lrspec import LrspecError, StepError, UnsupportedError

SCHEDULE = lrspec.Linear(init_value=0.2, end_value=0.0, steps=50)
RISING = lrspec.Linear(init_value=0.0, end_value=0.1, steps=20)
GROUPED = lrspec.from_dict(
    {
        "lrspec": 1,
        "learning_rate": {"kind": "linear", "init_value": 0.2, "end_value": 0.0, "steps": 50},
        "weight_decay": {"kind": "constant", "value": 0.1},
    }
)


def layer() -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(3, 1)


def backward(module: torch.nn.Module) -> None:
    module.zero_grad()
    module(torch.ones(2, 3)).sum().backward()


def applied(module: Any, optimizer: Any, step: Callable[[], Any], updates: int) -> list[float]:
    """Train, and return the rate of each update; `step` is called after each."""
    used = []
    for _ in range(updates):
        backward(module)
        used.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        step()
    return used


def of(schedule: lrspec.Schedule, *steps: int) -> list[float]:
    return [schedule(step) for step in range(*steps)]


# Steps that are a part of an update, or none


@pytest.mark.parametrize("stage", ["groups", "sub-groups"])
def test_a_step_for_each_group_or_part_of_one_is_one_update(stage: str) -> None:
    """DeepSpeed's ZeRO 1 and 2 leave one group in the optimizer for a step, and ZeRO 3 the parameters of one part."""
    module = layer()
    optimizer = torch.optim.AdamW([{"params": [module.weight]}, {"params": [module.bias], "weight_decay": 0.0}])
    scheduler = SCHEDULE.to_torch(optimizer)
    for update in range(6):
        backward(module)
        groups = optimizer.param_groups
        parameters = [group["params"] for group in groups]
        for place, group in enumerate(groups):
            if stage == "groups":
                optimizer.param_groups = [group]
            else:
                for other in groups:
                    other["params"] = parameters[place] if other is group else []
            assert group["lr"] == SCHEDULE(update)
            optimizer.step()
        optimizer.param_groups = groups
        for group, held in zip(groups, parameters, strict=True):
            group["params"] = held
        scheduler.step()
    assert scheduler.last_epoch == 6


def test_a_step_that_a_library_makes_to_create_the_state_is_no_second_update() -> None:
    module = layer()
    optimizer = torch.optim.AdamW(module.parameters())
    scheduler = SCHEDULE.to_torch(optimizer)

    def initialize_optimizer_states() -> None:
        for parameter in module.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()

    initialize_optimizer_states()
    assert applied(module, optimizer, scheduler.step, 5) == of(SCHEDULE, 5)


@pytest.mark.parametrize("schedule", [SCHEDULE, RISING], ids=["from 0.2", "from 0"])
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("kind", ["AdamW", "SGD"])
@pytest.mark.parametrize("calls_between", [False, True])
def test_distributed_checkpoints_step_at_a_rate_of_0_and_that_is_no_update(
    schedule: Any, kind: str, *, tensor: bool, calls_between: bool
) -> None:
    def made() -> tuple[Any, Any, Any]:
        module = layer()
        rate = torch.tensor(0.5) if tensor else 0.5
        optimizer = getattr(torch.optim, kind)(module.parameters(), lr=rate, foreach=False)
        return module, optimizer, schedule.to_torch(optimizer)

    def call() -> None:  # as a loop does that calls the scheduler after each batch, of which some make no update
        if calls_between:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "scheduler.step.. was called, and the optimizer has applied no")
                scheduler.step()

    module, optimizer, scheduler = made()
    optimizer.zero_grad()
    get_state_dict(module, optimizer)
    call()
    assert applied(module, optimizer, scheduler.step, 4) == of(schedule, 4)
    optimizer.zero_grad()
    get_state_dict(module, optimizer)  # where the optimizer has no state, as SGD, it steps again
    call()
    assert applied(module, optimizer, scheduler.step, 4) == of(schedule, 4, 8)
    backward(module)
    optimizer.step()
    optimizer.zero_grad()
    saved = get_state_dict(module, optimizer)  # between the two
    scheduler.step()
    assert scheduler.last_epoch == 9
    state = copy.deepcopy(scheduler.state_dict())
    for schedulers_first in (True, False):
        module, optimizer, scheduler = made()
        for part in (True, False) if schedulers_first else (False, True):
            if part:
                scheduler.load_state_dict(state)
            else:
                weights, moments = copy.deepcopy(saved)
                set_state_dict(module, optimizer, model_state_dict=weights, optim_state_dict=moments)
                # it was saved before the call that wrote the rate of update 9, as any scheduler's state would be
                scheduler.load_state_dict(state)
        call()
        assert applied(module, optimizer, scheduler.step, 4) == of(schedule, 9, 13)


class Twice(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """An optimizer whose step is two of its base class, as in methods that look ahead."""

    def step(self, closure: Any = None) -> Any:
        super().step(closure)
        return super().step(closure)


def test_a_step_that_calls_its_base_class_twice_is_one_whatever_else_exists() -> None:
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)  # PyTorch calls the hooks in SGD.step from now on
    module = layer()
    optimizer = Twice(module.parameters(), lr=0.5)
    scheduler = SCHEDULE.to_torch(optimizer)
    assert applied(module, optimizer, scheduler.step, 7) == of(SCHEDULE, 7)


def test_nothing_waits_for_a_device_to_know_whether_an_update_was_skipped() -> None:
    """GradScaler hands a fused optimizer a flag on the device; read at each update, it would stop the host there."""

    class Flag:
        device = torch.device("cuda")

        def item(self) -> float:
            raise AssertionError("a read waits for the device")

        __bool__ = __float__ = item

    module = layer()
    optimizer = Alone(module.parameters())
    scheduler = SCHEDULE.to_torch(optimizer)
    optimizer.found_inf = Flag()
    assert applied(module, optimizer, scheduler.step, 5) == of(SCHEDULE, 5)
    scheduler.step()
    assert scheduler.last_epoch == 5


# Optimizers that wrap another


class Averager:
    step = 0

    def average_parameters(self, params: Any) -> None:
        pass


class Wrapper(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """Has an optimizer inside, and nothing that the base class makes; every second step is none, as Opacus' are."""

    def __init__(self, inner: Any, skips: int) -> None:
        self.inner, self.skips, self.calls = inner, skips, 0

    param_groups = property(lambda self: self.inner.param_groups)
    state = property(lambda self: self.inner.state)

    def step(self, closure: Any = None) -> None:
        assert closure is None
        self.calls += 1
        if self.calls % self.skips == 0:
            self.inner.step()


class DeadHooks(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """Has the dictionaries of hooks and never looks at them, as timm's Lookahead."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.param_groups, self.state = inner, inner.param_groups, inner.state
        self._optimizer_step_pre_hooks: dict[int, Any] = {}
        self._optimizer_step_post_hooks: dict[int, Any] = {}

    def step(self, closure: Any = None) -> Any:
        return self.inner.step(closure)


class Alone(torch.optim.Optimizer):  # type: ignore[misc]  # torch is untyped
    """Steps by itself, without the base class' constructor and without hooks."""

    def __init__(self, params: Any) -> None:
        self.param_groups: Any = [{"params": list(params), "lr": 0.1}]
        self.state: Any = {}

    def step(self, closure: Any = None) -> None:
        assert closure is None
        with torch.no_grad():
            for held in self.param_groups[0]["params"]:
                held.sub_(held.grad, alpha=self.param_groups[0]["lr"])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: PostLocalSGDOptimizer(inner, Averager()),
        lambda inner: Wrapper(inner, 1),
        DeadHooks,
        lambda inner: DeadHooks(Wrapper(inner, 1)),
        lambda inner: Alone(inner.param_groups[0]["params"]),
    ],
    ids=["PostLocalSGD", "wrapper", "dead hooks", "two wrappers", "alone"],
)
def test_an_optimizer_without_live_hooks_has_the_rate_of_each_update(wrap: Any) -> None:
    module = layer()
    optimizer = wrap(torch.optim.AdamW(module.parameters(), lr=0.1))
    StepLR(optimizer, 2)  # works
    scheduler = SCHEDULE.to_torch(optimizer)
    assert applied(module, optimizer, scheduler.step, 8) == of(SCHEDULE, 8)
    assert scheduler.last_epoch == 8


@pytest.mark.parametrize("order", [("optimizer", "scheduler"), ("scheduler", "optimizer")], ids="-".join)
@pytest.mark.parametrize("schedule", [SCHEDULE, GROUPED], ids=["plain", "grouped"])
def test_the_groups_that_a_wrapper_loses_when_its_state_is_loaded_are_written(
    schedule: Any, order: tuple[str, ...]
) -> None:
    """PostLocalSGDOptimizer hands `load_state_dict` on, and keeps the list that its optimizer had before."""
    saved: dict[str, Any] = {}
    for steps in (range(4), range(4, 8)):
        module = layer()
        inner = torch.optim.AdamW(module.parameters(), lr=0.1)
        held: dict[str, Any] = {"optimizer": PostLocalSGDOptimizer(inner, Averager())}
        held["scheduler"] = schedule.to_torch(held["optimizer"])
        for name in order if steps.start else ():
            held[name].load_state_dict(saved[name])
        for step in steps:
            assert inner.param_groups[0]["lr"] == schedule(step) == held["scheduler"].get_last_lr()[0]
            backward(module)
            held["optimizer"].step()
            held["scheduler"].step()
        saved = {name: thing.state_dict() for name, thing in held.items()}


def test_a_wrappers_step_that_makes_no_update_holds_the_schedule() -> None:
    module = layer()
    optimizer = Wrapper(torch.optim.SGD(module.parameters(), lr=0.1), 4)
    scheduler = SCHEDULE.to_torch(optimizer)
    with heard() as told:
        used = applied(module, optimizer, scheduler.step, 40)
    assert used[3::4] == of(SCHEDULE, 10)
    (only,) = told
    assert "has applied no update yet" in str(only.message)


def test_a_method_that_was_taken_before_or_is_put_back_later_is_heard_of() -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    taken = optimizer.step
    scheduler = SCHEDULE.to_torch(optimizer)
    for step in range(4):
        assert optimizer.param_groups[0]["lr"] == SCHEDULE(step)
        backward(module)
        taken()
        scheduler.step()
    optimizer.step = taken
    assert applied(module, optimizer, scheduler.step, 4) == of(SCHEDULE, 4, 8)


def test_a_wrapper_is_kept_alive_by_nobody_and_schedulers_made_again_leave_no_layers() -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    SCHEDULE.to_torch(optimizer)
    step = optimizer.step
    for _ in range(50):
        scheduler = SCHEDULE.to_torch(optimizer)
    assert optimizer.step is step
    assert len(optimizer._optimizer_step_post_hooks) == 1
    assert applied(module, optimizer, scheduler.step, 4) == of(SCHEDULE, 4)


# Calls


@contextmanager
def heard() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield told


@pytest.mark.parametrize("updates", [2, 5, 99])
def test_once_per_epoch_moves_by_one_as_torchs_own_and_says_so_once(updates: int) -> None:
    per_epoch = lrspec.Exponential(init_value=0.1, decay_rate=0.5, decay_period=1)
    module, again = layer(), layer()
    optimizer, other = (torch.optim.SGD(each.parameters(), lr=0.1) for each in (module, again))
    scheduler, native = per_epoch.to_torch(optimizer), torch.optim.lr_scheduler.ExponentialLR(other, 0.5)
    with heard() as told:
        for epoch in range(5):
            for _ in range(updates):
                assert optimizer.param_groups[0]["lr"] == per_epoch(epoch)
                assert other.param_groups[0]["lr"] == pytest.approx(per_epoch(epoch), rel=1e-7)
                for each, stepped in ((module, optimizer), (again, other)):
                    backward(each)
                    stepped.step()
            scheduler.step()
            native.step()
    assert [str(each.message).partition(" ")[0] for each in told] == [str(updates)]
    for reading in ("after each optimizer.step()", "every='epoch'", "every='call'"):
        assert reading in str(told[0].message)
    assert told[0].filename == __file__
    with heard() as told:
        scheduler = per_epoch.to_torch(optimizer, every="epoch")
        for epoch in range(5):
            assert applied(module, optimizer, lambda: None, updates) == [per_epoch(epoch)] * updates
            scheduler.step()
    assert not told


def test_a_scheduler_that_is_never_called_is_told_of_at_the_line_of_the_step() -> None:
    module = layer()
    optimizer = torch.optim.AdamW(module.parameters())
    scheduler = RISING.to_torch(optimizer)
    with heard() as told:
        for _ in range(500):
            backward(module)
            optimizer.step()
    assert len(told) == 1
    assert "100 updates without a call of scheduler.step()" in str(told[0].message)
    assert told[0].filename == __file__
    assert scheduler.last_epoch == 0
    with heard() as told:
        silent = RISING.to_torch(torch.optim.SGD(module.parameters()), every="epoch")
        for _ in range(500):
            silent.optimizer.step()
    assert not told


def test_a_schedule_that_stands_still_for_ten_thousand_calls_is_told() -> None:
    module = layer()
    scheduler = SCHEDULE.to_torch(torch.optim.SGD(module.parameters(), lr=0.1))
    applied(module, scheduler.optimizer, scheduler.step, 3)
    with heard() as told:
        for _ in range(25_000):  # the optimizer was replaced, and nobody told the scheduler
            scheduler.step()
    (only,) = told
    assert "no update in 10000 calls of scheduler.step()" in str(only.message)
    assert only.filename == __file__


def test_a_captured_step_is_replayed_unheard_so_each_call_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU: a warm-up, a capture, and then replays of the graph, each followed by a call."""
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=torch.tensor(0.1))
    scheduler = SCHEDULE.to_torch(optimizer, step=0)
    backward(module)
    optimizer.step()
    scheduler.step()
    with monkeypatch.context() as patched:
        patched.setattr("lrspec.adapters.clock_torch._is_captured", lambda _: True)
        optimizer.step()
    for update in range(1, 20):
        assert float(optimizer.param_groups[0]["lr"]) == SCHEDULE(update)
        scheduler.step()


def test_warnings_of_one_kind_do_not_silence_another() -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    scheduler = SCHEDULE.to_torch(optimizer)
    with pytest.warns(UserWarning, match="no update yet"):
        scheduler.step()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match=r"the rate is 7.0, where this scheduler wrote 0.2"):
        scheduler.step()
    optimizer.step()
    optimizer.step()
    with pytest.warns(UserWarning, match="2 updates without a call"):
        scheduler.step()


@pytest.mark.parametrize("optimizer_first", [True, False])
@pytest.mark.parametrize("calls", [1, 4])
def test_a_native_state_whose_calls_are_not_the_optimizers_updates_is_told(
    calls: int, *, optimizer_first: bool
) -> None:
    module, again = layer(), layer()
    optimizer, other = (torch.optim.AdamW(each.parameters(), lr=0.2) for each in (module, again))
    native = LinearLR(optimizer, 1.0, 0.0, 50)

    def call() -> None:
        for _ in range(calls):
            native.step()

    applied(module, optimizer, call, 5)
    scheduler = SCHEDULE.to_torch(other)
    loads: list[Callable[[], Any]] = [
        lambda: other.load_state_dict(optimizer.state_dict()), lambda: scheduler.load_state_dict(native.state_dict())
    ]  # fmt: skip
    with heard() as told:
        for load in loads if optimizer_first else reversed(loads):
            load()
        found = applied(again, other, scheduler.step, 3)
    # the optimizer's state, where it is loaded last, has the native rate, which is not rounded to float32
    assert torch.tensor(found).tolist() == of(SCHEDULE, 5 * calls, 5 * calls + 3)
    messages = [str(each.message) for each in told]
    if calls == 1:
        assert not messages
    else:
        assert len(messages) == 1
        assert "counts 20 calls of scheduler.step(), and the optimizer has applied 5 updates" in messages[0]
        assert told[0].filename == __file__
        position = 5 if optimizer_first else 6
        assert f"lrspec.set_position(scheduler, {position})" in messages[0]


# The end


def ending() -> lrspec.Schedule:
    return lrspec.Linear(init_value=0.2, end_value=0.0, steps=10, after="error")


@pytest.mark.parametrize("kind", ["plain", "groups", "tensor"])
def test_as_many_updates_as_steps_end_well_and_the_next_one_is_refused(kind: str) -> None:
    schedule: Any = ending()
    if kind == "groups":
        schedule = lrspec.loads(
            "{lrspec: 1, learning_rate: {kind: linear, init_value: 0.2, end_value: 0, steps: 10, after: error}, "
            "weight_decay: {kind: constant, value: 0.5}}"
        )
    module = layer()
    optimizer = torch.optim.AdamW(module.parameters(), lr=torch.tensor(0.1) if kind == "tensor" else 0.1)
    scheduler: Any = schedule.to_torch(optimizer)
    assert applied(module, optimizer, scheduler.step, 10) == [ending()(step) for step in range(10)]
    for _ in range(5):
        scheduler.step()  # for other processes, or accumulated batches
    state = scheduler.state_dict()
    assert state["last_epoch"] == lrspec.position(scheduler).updates == 10
    assert scheduler.lr_applied == scheduler.get_last_lr() == [ending()(9)]
    with pytest.raises(StepError, match="step 10 has no value"):
        _ = scheduler.lr_next
    weight = module.weight.detach().clone()
    for _ in range(2):
        backward(module)
        with pytest.raises(StepError, match="step 10 has no value: expected a step from 0 to 9"):
            optimizer.step()
    assert torch.equal(module.weight.detach(), weight)
    puts: tuple[Callable[[Any], Any], ...] = (
        lambda made: schedule.to_torch(made, step=10),
        lambda made: lrspec.set_position(schedule.to_torch(made), 10),
        lambda made: (at := schedule.to_torch(made), at.load_state_dict(state))[0],
    )
    for put in puts:
        again = layer()
        made = torch.optim.AdamW(again.parameters(), lr=0.1)
        resumed = put(made)
        assert resumed.state_dict() == state
        with pytest.raises(StepError):
            made.step()
        lrspec.set_position(resumed, 9)
        made.step()  # there is a rate again
    with pytest.raises(StepError):
        schedule.to_torch(torch.optim.AdamW(layer().parameters()), step=11)


@pytest.mark.parametrize("tensor", [False, True])
def test_another_scheduler_may_take_over_at_the_end(*, tensor: bool) -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=torch.tensor(0.1) if tensor else 0.1)
    ended = ending().to_torch(optimizer)
    assert applied(module, optimizer, ended.step, 10) == [ending()(step) for step in range(10)]
    averaging = torch.optim.swa_utils.SWALR(optimizer, 0.05, anneal_epochs=1)
    with pytest.raises(StepError):
        optimizer.step()  # the rate is still the ended schedule's
    averaging.step()
    assert applied(module, optimizer, averaging.step, 4) == [pytest.approx(0.05)] * 4
    again = RISING.to_torch(optimizer)
    assert applied(module, optimizer, again.step, 4) == of(RISING, 4)


def test_a_checkpoint_after_the_last_update_may_step_at_a_rate_of_0() -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    scheduler = ending().to_torch(optimizer)
    applied(module, optimizer, scheduler.step, 10)
    optimizer.zero_grad()
    get_state_dict(module, optimizer)
    assert scheduler.last_epoch == 10


def test_a_compiled_step_ends_as_an_eager_one() -> None:
    module = layer()
    optimizer = torch.optim.SGD(module.parameters(), lr=torch.tensor(0.1))
    scheduler = ending().to_torch(optimizer)
    compiled = torch.compile(optimizer.step, backend="aot_eager")
    for step in range(10):
        backward(module)
        assert float(optimizer.param_groups[0]["lr"]) == ending()(step)
        compiled()
        scheduler.step()
    with pytest.raises(StepError):
        compiled()


# Inside and around torch's own classes


def test_a_part_of_torchs_sequential_scheduler_counts_its_calls() -> None:
    module, again = layer(), layer()
    optimizer, other = (torch.optim.SGD(each.parameters(), lr=0.2) for each in (module, again))
    cosine = lrspec.Cosine(init_value=0.1, end_value=0.0, steps=4)
    both = SequentialLR(
        optimizer, [RISING.to_torch(optimizer), ConstantLR(optimizer, 0.5, 100), cosine.to_torch(optimizer)], [3, 5]
    )
    native = SequentialLR(
        other, [LinearLR(other, 1e-9, 0.5, 20), ConstantLR(other, 0.5, 100), CosineAnnealingLR(other, 4)], [3, 5]
    )
    found = applied(module, optimizer, both.step, 7)
    assert found == [*of(RISING, 3), 0.1, 0.1, *of(cosine, 2)]
    assert found[3:5] == applied(again, other, native.step, 7)[3:5]
    states = copy.deepcopy((optimizer.state_dict(), both.state_dict()))
    assert applied(module, optimizer, both.step, 3) == of(cosine, 2, 5)
    fresh = layer()
    optimizer = torch.optim.SGD(fresh.parameters(), lr=0.2)
    both = SequentialLR(
        optimizer, [RISING.to_torch(optimizer), ConstantLR(optimizer, 0.5, 100), cosine.to_torch(optimizer)], [3, 5]
    )
    optimizer.load_state_dict(states[0])
    both.load_state_dict(states[1])
    assert applied(fresh, optimizer, both.step, 3) == of(cosine, 2, 5)


def test_a_part_that_has_ended_or_not_begun_leaves_the_rate_of_the_one_in_force_alone() -> None:
    def made() -> tuple[Any, Any, Any]:
        module = layer()
        optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
        parts = [RISING.to_torch(optimizer), CosineAnnealingLR(optimizer, 20), SCHEDULE.to_torch(optimizer)]
        return module, optimizer, SequentialLR(optimizer, parts, [3, 30])

    module, optimizer, whole = made()
    applied(module, optimizer, whole.step, 8)
    states = copy.deepcopy((optimizer.state_dict(), whole.state_dict()))
    wanted = applied(module, optimizer, whole.step, 5)
    module, optimizer, whole = made()
    optimizer.load_state_dict(states[0])
    whole.load_state_dict(states[1])
    assert applied(module, optimizer, whole.step, 5) == wanted


def test_a_chain_of_factors_is_refused_when_it_is_built() -> None:
    optimizer = torch.optim.SGD(layer().parameters(), lr=0.1)
    parts = [ConstantLR(optimizer, 0.5, 10), SCHEDULE.to_torch(optimizer)]
    for order in (parts, parts[::-1]):
        with pytest.raises(UnsupportedError, match=r"in a ChainedScheduler is not supported.*lrspec.Product"):
            ChainedScheduler(order)


@pytest.mark.parametrize("schedule", [SCHEDULE, ending()], ids=["holds", "ends"])
def test_both_steps_in_one_compiled_function_compile_once(schedule: Any) -> None:
    module = layer()
    optimizer = torch.optim.AdamW(module.parameters(), lr=torch.tensor(0.1))
    scheduler = schedule.to_torch(optimizer)

    @torch.compile(fullgraph=False, backend="aot_eager")  # type: ignore[untyped-decorator]
    def step() -> None:
        optimizer.step()
        scheduler.step()

    torch.compiler.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torch")
        for update in range(10):
            assert float(optimizer.param_groups[0]["lr"]) == schedule(update)
            backward(module)
            step()
    assert counters["stats"]["unique_graphs"] <= 2
    assert scheduler.last_epoch == 10


def test_a_whole_number_is_asked_for() -> None:
    scheduler = SCHEDULE.to_torch(torch.optim.SGD(layer().parameters()))
    with pytest.raises(TypeError, match=r"scheduler.step\(0.25\): expected a whole number"):
        scheduler.step(0.25)
    with pytest.raises(LrspecError):
        scheduler.load_state_dict({})
