"""PyTorch: the rates of many schedules at a step as one tensor, for ensembles and for many parameter groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from lrspec.adapters.tensors_torch import TorchArrays
from lrspec.batched import Tables, checked, evaluate, search, stacked
from lrspec.fields import LAST_STEP, is_integer
from lrspec.schedule import Schedule


class TorchBatch(torch.nn.Module):  # type: ignore[misc]  # untyped where torch is not installed
    """`batch(step)`: the rate of each schedule of a batch at `step`, as a float32 tensor on the module's device.

    A plain graph of operations on tensors, which `torch.compile` takes in whole. Its tables are buffers of integers:
    `batch.to(device)` moves them, `half()` and the like leave them alone, and no `state_dict` has them.

    Args:
        tables: The arrays. `batch` makes them from schedules.

    Example:
        >>> import lrspec, lrspec.torch
        >>> lines = [lrspec.Linear(init_value=peak, end_value=0.0, steps=4) for peak in (0.5, 1.0)]
        >>> lrspec.torch.batch(lines)(1).tolist()
        [0.375, 0.75]
    """

    _members: torch.Tensor

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        floats = {"values": tables.values.view(np.int32), "scales": tables.scales.view(np.int32)}
        bits = tables._replace(**floats)  # which do not follow the dtype of a model
        for name, table in bits._asdict().items():
            self.register_buffer(name, torch.from_numpy(table), persistent=False)
        self.register_buffer("_members", torch.arange(len(tables.segments)), persistent=False)

    def __len__(self) -> int:
        return len(self._members)

    def forward(self, step: Any) -> torch.Tensor:
        """Return the rate of each schedule at `step`, clamped below 0 and above 2^31 - 1.

        Args:
            step: An integer, or an integer tensor: one for all schedules, or one for each.

        Raises:
            TypeError: It is not of integers.
            ValueError: It is a tensor of another shape.
        """
        size = len(self)
        if is_integer(step):
            step = torch.full((), min(max(int(step), 0), LAST_STEP), device=self._members.device)
        if not isinstance(step, torch.Tensor) or step.is_floating_point() or step.is_complex():
            raise TypeError(f"a step of {getattr(step, 'dtype', type(step).__name__)}: expected integers")
        if step.dtype == torch.bool:
            raise TypeError("a step of torch.bool: expected integers")
        if step.ndim and step.shape != (size,):
            raise ValueError(f"steps of shape {tuple(step.shape)}: expected one, or one for each of {size} schedules")
        tables = Tables(*(self._table(name) for name in Tables._fields))
        result: torch.Tensor = evaluate(tables, step.to(torch.int64).expand(size), _Members(self._members))
        return result

    def _table(self, name: str) -> torch.Tensor:
        found: torch.Tensor = getattr(self, name)
        return found.view(torch.float32) if name in {"values", "scales"} else found


def batch(schedules: Iterable[Schedule], device: str | torch.device = "cpu") -> TorchBatch:
    """Return schedules as one module from a step to their rates.

    Args:
        schedules: The schedules or documents, at least one.
        device: Where the tables are, and the rates.

    Raises:
        SpecError: There is none.
        TypeError: One of them is something else.
        UnsupportedError: A document schedules more than a learning rate.
    """
    programs = [schedule.program for schedule in checked(schedules, "torch")]
    module: TorchBatch = TorchBatch(stacked(programs, wide=True)).to(device)
    return module


class _Members(TorchArrays):
    """The operations on tables with a batch, and an index for each schedule of it."""

    def __init__(self, members: torch.Tensor) -> None:
        super().__init__(members.device)
        self._members = members

    def row(self, table: Any, index: torch.Tensor) -> list[torch.Tensor]:
        """Return the columns of each schedule's `table[index]`."""
        return list(table[self._members, index].unbind(-1))

    def search(self, starts: Any, index: torch.Tensor) -> Any:
        """Return the number of the last row that starts at or before `index`."""
        return search(self, starts, index)
