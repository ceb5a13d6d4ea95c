"""What lrspec has for Optax beside `Schedule.to_optax`: groups, rates by metric, and what logs the applied rate.

Importing this imports JAX and Optax.
"""

from __future__ import annotations

from lrspec.adapters.batch_optax import OptaxBatch, batch
from lrspec.adapters.clock_optax import applied_rate
from lrspec.adapters.groups_optax import grouped
from lrspec.adapters.optax import OptaxSchedule
from lrspec.adapters.plateau_optax import with_rate

__all__ = ["OptaxBatch", "OptaxSchedule", "applied_rate", "batch", "grouped", "with_rate"]
