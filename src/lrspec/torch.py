"""What lrspec has for PyTorch beside `Schedule.to_torch`: schedulers by class, by metric, and logs of applied rates.

Importing this imports PyTorch; Lightning and transformers only when their names are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrspec.adapters.batch_torch import TorchBatch, batch
from lrspec.adapters.groups_torch import GroupedScheduleLR
from lrspec.adapters.plateau_torch import PlateauLR
from lrspec.adapters.torch import ScheduleLR

if TYPE_CHECKING:
    from lrspec.adapters.logging_lightning import AppliedRate
    from lrspec.adapters.logging_transformers import log_applied_rate

__all__ = ["AppliedRate", "GroupedScheduleLR", "PlateauLR", "ScheduleLR", "TorchBatch", "batch", "log_applied_rate"]


def __getattr__(name: str) -> object:
    """Import what needs Lightning (`AppliedRate`) or transformers (`log_applied_rate`)."""
    if name == "AppliedRate":
        from lrspec.adapters.logging_lightning import AppliedRate

        return AppliedRate
    if name == "log_applied_rate":
        from lrspec.adapters.logging_transformers import log_applied_rate

        return log_applied_rate
    raise AttributeError(f"module 'lrspec.torch' has no attribute {name!r}")
