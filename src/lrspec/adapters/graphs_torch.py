"""PyTorch: a scheduler's step inside a graph that `torch.compile` makes, where rates are tensors."""

from __future__ import annotations

from typing import Any

import torch

from lrspec.adapters.tensors_torch import evaluator
from lrspec.program import Program


class Graph:
    """What a compiled function holds of a scheduler: its step on a device, and what gives the rates there.

    The step is a tensor because a number of Python would be a constant of the graph, which were compiled anew for each.

    Args:
        tensors: The groups' rates, on one device.
        programs: The program of each.
        step: Updates already applied.

    Attributes:
        step: The step, as a tensor.
        is_ahead: Whether compiled code has moved it, so that the scheduler's own step is an earlier one.
    """

    def __init__(self, tensors: list[torch.Tensor], programs: list[Program], step: int) -> None:
        device = tensors[0].device
        self.tensors = tensors
        self.step = torch.tensor(step, dtype=torch.int64, device=device)
        self.is_ahead = False
        self._modules: dict[Program, Any] = {program: evaluator(program, device) for program in programs}
        self.values = [self._modules[program] for program in programs]
        for module in self._modules.values():
            module(self.step)  # once: a module that is traced while another graph is made puts its code off until then

    def move(self) -> None:
        """Move by one step, and write the rates there: operations on tensors alone."""
        self.step.add_(1)
        for tensor, value in zip(self.tensors, self.values, strict=True):
            tensor.copy_(value(self.step))
        self.is_ahead = True
