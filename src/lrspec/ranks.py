"""Several processes: that each applies the same schedule at the same step."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from lrspec.errors import ClockError
from lrspec.schedule import Schedule

Row: TypeAlias = tuple[str, int]
"""A fingerprint and a step."""


def verify_ranks(schedule: Schedule, step: int, *, over: Literal["torch", "jax"]) -> None:
    """Make sure that all processes have this schedule, by its fingerprint, and are at this step.

    Every process must call it. It gathers through the framework's own collectives: `torch.distributed`, or JAX'
    processes, which Keras on JAX has too. In a single process there is nothing to compare.

    Args:
        schedule: The schedule or document of this process.
        step: Updates applied in this process; `scheduler.last_epoch`, `optimizer.iterations`, or the count.
        over: Whose processes they are.

    Raises:
        ClockError: A process differs; the error, which all of them raise, names the ranks.
        ValueError: `over` is another word.

    Example:
        >>> import lrspec
        >>> verify_ranks(lrspec.Constant(value=0.5), 7, over="torch")  # doctest: +SKIP
    """
    row = (schedule.fingerprint, int(step))
    if over == "torch":
        from lrspec.adapters.ranks_torch import gathered
    elif over == "jax":
        from lrspec.adapters.ranks_jax import gathered
    else:
        raise ValueError(f"over: found {over!r}, expected torch or jax")
    compare(gathered(row))


def compare(rows: list[Row]) -> None:
    """Raise `ClockError` where the rows of the ranks are not all equal."""
    (most, count), *_ = Counter(rows).most_common()
    if count < len(rows):
        others = [f"rank {rank} is at step {row[1]} of {row[0]}" for rank, row in enumerate(rows) if row != most]
        raise ClockError(f"{'; '.join(others)}; the other {count} are at step {most[1]} of {most[0]}")
