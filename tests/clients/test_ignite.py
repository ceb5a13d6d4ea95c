"""pytorch-ignite: the scheduler as a handler of an engine's events."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from torch_model import SCHEDULE, Applied, Falling, rates


def engine_with(every: Any) -> tuple[Engine, Applied, Any]:
    model = Falling()
    optimizer = Applied(model.parameters(), lr=1.0)
    scheduler = SCHEDULE.to_torch(optimizer, every=every)

    def update(engine: Engine, batch: torch.Tensor) -> float:
        del engine
        optimizer.zero_grad()
        loss = model(batch)["loss"]
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return Engine(update), optimizer, scheduler


@pytest.mark.parametrize(
    ("every", "event", "expected"),
    [
        ("update", Events.ITERATION_COMPLETED, rates(range(36))),
        ("epoch", Events.EPOCH_COMPLETED, [rate for rate in rates(range(3)) for _ in range(12)]),
    ],
)
def test_each_update_has_the_rate_of_its_index(every: str, event: Any, expected: list[float]) -> None:
    engine, optimizer, scheduler = engine_with(every)
    engine.add_event_handler(event, lambda: scheduler.step())  # noqa: PLW0108 - ignite hands the engine to a method
    engine.run(torch.ones(12, 1), max_epochs=3)
    assert optimizer.applied == expected
