"""One weight whose update by SGD is the rate itself: what a trainer really applied."""

from __future__ import annotations

from typing import Any

import torch

import lrspec

SCHEDULE = lrspec.Sequence(
    parts=[
        lrspec.Linear(init_value=0.0, end_value=0.1, steps=10),
        lrspec.Cosine(init_value=0.1, end_value=0.001, steps=90),
    ]
)


class Applied(torch.optim.SGD):  # type: ignore[misc]  # torch is untyped
    """SGD that writes down what it adds to the weight, where the gradient is -1."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.applied: list[float] = []

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        held = self.param_groups[0]["params"][0]
        with torch.no_grad():
            self.applied.append(float(held))
            held.zero_()
        return loss


class Falling(torch.nn.Module):  # type: ignore[misc]
    """A loss that falls by one for each unit of the weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: Any = None, labels: Any = None) -> dict[str, torch.Tensor]:
        del labels
        return {"loss": -self.weight.mean() + 0 * x.mean()}


def rates(steps: range) -> list[float]:
    """Return the schedule's values at some steps."""
    return [SCHEDULE(step) for step in steps]
