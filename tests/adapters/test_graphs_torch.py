"""`optimizer.step(); scheduler.step()` in one function that `torch.compile` takes: one graph, made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._dynamo.testing import CompileCounter

import lrspec
from lrspec import Cosine, Schedule

COSINE = Cosine(init_value=0.1, end_value=0.0, steps=1000)
GROUPS = lrspec.loads(
    "lrspec: 1\n"
    "learning_rate: {kind: cosine, init_value: 0.1, end_value: 0.0, steps: 1000}\n"
    "groups:\n"
    "  second:\n"
    "    learning_rate: {kind: exponential, init_value: 0.2, decay_rate: 0.9, decay_period: 3, staircase: true}\n"
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()


def made(schedule: Schedule, groups: int, kind: str = "SGD") -> tuple[Any, Any]:
    names = ("first", "second")[:groups]
    parameters = [{"params": [torch.zeros(2, requires_grad=True)], "name": n, "lr": torch.tensor(0.1)} for n in names]
    optimizer = getattr(torch.optim, kind)(parameters, lr=torch.tensor(0.1), foreach=False)
    for group in parameters:
        group["params"][0].grad = torch.ones(2)
    return optimizer, schedule.to_torch(optimizer)


def compiled(optimizer: Any, scheduler: Any, *, fullgraph: bool = True) -> tuple[Callable[[], None], Any]:
    counter = CompileCounter()

    def step() -> None:
        optimizer.step()
        scheduler.step()

    return torch.compile(step, backend=counter, fullgraph=fullgraph), counter


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_both_steps_are_one_graph_with_the_right_rates(kind: str) -> None:
    optimizer, scheduler = made(COSINE, 1, kind)
    step, counter = compiled(optimizer, scheduler)
    rate = optimizer.param_groups[0]["lr"]
    graphs = set()
    for count in range(1, 8):
        step()
        assert float(rate) == COSINE(count)
        graphs.add(counter.frame_count)
    assert optimizer.param_groups[0]["lr"] is rate
    assert max(graphs) <= 1 + (kind == "AdamW"), "compiled anew"  # the first step of Adam makes its state
    assert scheduler.last_epoch == scheduler.update_applied + 1 == 7
    assert scheduler.get_last_lr() == scheduler.lr_next == [COSINE(7)]
    assert scheduler.lr_applied == [COSINE(6)]
    assert scheduler.state_dict()["last_epoch"] == 7


def test_groups_of_their_own_rates_are_one_graph() -> None:
    optimizer, scheduler = made(GROUPS, 2)
    step, counter = compiled(optimizer, scheduler)
    second = GROUPS.group("second")["learning_rate"]
    for count in range(1, 6):
        step()
        assert [float(group["lr"]) for group in optimizer.param_groups] == [COSINE(count), second(count)]
    assert counter.frame_count == 1
    assert scheduler.get_last_lr() == [COSINE(5), second(5)]


def test_steps_outside_of_the_graph_and_within_are_one_course(recwarn: pytest.WarningsRecorder) -> None:
    optimizer, scheduler = made(COSINE, 1)
    step, counter = compiled(optimizer, scheduler)
    step()
    optimizer.step()
    scheduler.step()
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (2, [COSINE(2)])
    step()
    step()
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (4, [COSINE(4)])
    scheduler.step()  # no update since: it stays
    assert scheduler.last_epoch == 4
    lrspec.set_position(scheduler, 500)
    step()
    assert float(optimizer.param_groups[0]["lr"]) == COSINE(501)
    assert scheduler.last_epoch == 501
    assert counter.frame_count == 1
    assert not [str(w.message) for w in recwarn]


def test_a_state_is_taken_up_within_a_graph() -> None:
    optimizer, scheduler = made(COSINE, 1)
    step, _ = compiled(optimizer, scheduler)
    for _ in range(3):
        step()
    state = scheduler.state_dict()
    other, resumed = made(COSINE, 1)
    resumed.load_state_dict(state)
    goes_on, _ = compiled(other, resumed)
    other.step()
    resumed.step()
    goes_on()
    assert float(other.param_groups[0]["lr"]) == COSINE(5)
    assert resumed.last_epoch == 5


def test_a_foreign_rate_is_told_after_a_graph() -> None:
    optimizer, scheduler = made(COSINE, 1)
    step, _ = compiled(optimizer, scheduler)
    step()
    assert scheduler.last_epoch == 1
    optimizer.param_groups[0]["lr"].fill_(0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="something else sets it too"):
        scheduler.step()
    assert float(optimizer.param_groups[0]["lr"]) == COSINE(2)


def test_the_graph_needs_no_gradients() -> None:
    from torch._dynamo.backends.common import aot_autograd

    made_for: list[str] = []

    def compiler(name: str) -> Any:
        def keep(graph: Any, _: Any) -> Any:
            made_for.append(name)
            return graph

        return keep

    backend = aot_autograd(fw_compiler=compiler("training"), inference_compiler=compiler("inference"))
    optimizer, scheduler = made(COSINE, 1)

    @torch.compile(backend=backend, fullgraph=True)  # type: ignore[untyped-decorator]
    def step() -> None:
        optimizer.step()
        scheduler.step()

    step()
    assert made_for == ["inference"]
    assert float(optimizer.param_groups[0]["lr"]) == COSINE(1)


def test_hooks_of_others_are_called_in_compiled_code() -> None:
    optimizer, scheduler = made(COSINE, 1)
    calls: list[int] = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    step, _ = compiled(optimizer, scheduler, fullgraph=False)
    for _ in range(3):
        step()
    assert len(calls) == 3
    assert float(optimizer.param_groups[0]["lr"]) == COSINE(3)


def test_rates_that_are_numbers_of_python_move_between_graphs() -> None:
    parameter = torch.zeros(2, requires_grad=True)
    parameter.grad = torch.ones(2)
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    scheduler = COSINE.to_torch(optimizer)
    step, _ = compiled(optimizer, scheduler, fullgraph=False)
    for count in range(1, 4):
        step()
        assert optimizer.param_groups[0]["lr"] == COSINE(count)
    assert scheduler.last_epoch == 3
