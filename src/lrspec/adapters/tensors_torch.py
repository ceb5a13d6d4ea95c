"""PyTorch: programs on tensors."""

from __future__ import annotations

from typing import Any

import torch

from lrspec.device import Table, binary_search, on_device
from lrspec.evaluate import clamped_evaluator
from lrspec.program import Program


class TorchArrays:
    """The integer operations of `lrspec.device.Arrays`, on tensors of one device."""

    has_int64 = True

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def row(self, table: Table, index: torch.Tensor) -> list[torch.Tensor]:
        """Return the columns of `table[index]`."""
        rows = torch.nn.functional.embedding(index, torch.from_numpy(table).to(self._device))
        return [rows[..., k] for k in range(table.shape[1])]

    def search(self, starts: Table, index: torch.Tensor) -> Any:
        """Return the number of the last row that starts at or before `index`."""
        return binary_search(self, starts, index)

    def where(self, condition: torch.Tensor, a: Any, b: Any) -> torch.Tensor:
        """Return `a` where the condition holds, else `b`."""
        return torch.where(condition, a, b)

    def clamp(self, a: torch.Tensor, low: int, high: int) -> torch.Tensor:
        """Return integers, where they are below `low` or above `high` these."""
        return torch.clamp(a, low, high)

    def float32(self, a: torch.Tensor) -> torch.Tensor:
        """Return integers as float32."""
        return a.to(torch.float32)


def evaluator(program: Program, device: str | torch.device = "cpu") -> torch.nn.Module:
    """Return a program as a module from integer tensors on a device to their float32 values.

    It is a plain graph of operations on tensors, which `torch.compile` takes in whole, with the tables on the device.
    """
    arrays = TorchArrays(torch.device(device))

    class Evaluator(torch.nn.Module):  # type: ignore[misc]  # untyped where torch is not installed
        def forward(self, step: torch.Tensor) -> Any:
            return on_device(program, step.to(torch.int64), arrays)

    module: torch.nn.Module = torch.fx.symbolic_trace(Evaluator())
    return module


@torch.compiler.disable  # type: ignore[untyped-decorator,unused-ignore]  # torch is untyped where not installed
def value(program: Program, step: torch.Tensor) -> torch.Tensor:
    """Return the float32 values at `step`, an integer tensor, on its device.

    A single step is evaluated on the host: one copy instead of a hundred small kernels. `torch.compile` calls this as
    it is, between two graphs; inside one graph, use `evaluator`.

    Raises:
        TypeError: `step` is not an integer tensor.
    """
    if step.is_floating_point() or step.is_complex() or step.dtype == torch.bool:
        raise TypeError(f"a step of {step.dtype}: expected an integer tensor")
    if step.ndim == 0:
        host = clamped_evaluator(program)(int(step))
        return torch.tensor(host, dtype=torch.float32, device=step.device)
    result: torch.Tensor = on_device(program, step.to(torch.int64), TorchArrays(step.device))
    return result
