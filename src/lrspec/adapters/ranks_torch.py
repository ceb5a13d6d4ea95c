"""PyTorch: what each process of `torch.distributed` has."""

from __future__ import annotations

import torch.distributed as dist

from lrspec.ranks import Row


def gathered(row: Row) -> list[Row]:
    """Return the rows of all ranks, in order."""
    if not (dist.is_available() and dist.is_initialized()):
        return [row]
    rows: list[Row] = [row] * dist.get_world_size()
    dist.all_gather_object(rows, row)
    return rows
