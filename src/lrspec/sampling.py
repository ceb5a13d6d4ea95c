"""User code as data: a function of the step, evaluated once at every step and kept as a `table`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import SupportsFloat

from lrspec.errors import SpecError
from lrspec.fields import in_steps, show
from lrspec.kinds.lists import MAX_TABLE, Table
from lrspec.spec import After


def sample(
    function: Callable[[int], SupportsFloat],
    steps: int,
    *,
    period: float | Fraction = 1,
    after: After = "hold",
    source: str | None = None,
) -> Table:
    """Return a `table` of `function(0)`, `function(1)`, ..., `function(steps - 1)`.

    The function itself is not kept: no code enters a document. Its program keeps runs of equal values and smooth
    stretches short.

    Args:
        function: A function of the step, such as a lambda of `LambdaLR` times the rate, or a Keras or Optax schedule.
        steps: How many values, 1 to 65,536: the horizon beyond which the schedule knows nothing of the function.
        period: How many steps each value holds; the steps of an epoch for a function of the epoch.
        after: After the last value: `hold` it, or `error`.
        source: Where the values are from, in words; by default the function's name and the number of steps.

    Raises:
        SpecError: A value is not a finite number that float32 can hold; the path says at which step.

    Example:
        >>> sample(lambda step: 0.1 / (1 + step), 3, source="0.1 / (1 + step)").values(0, 4)
        array([0.1       , 0.05      , 0.03333334, 0.03333334], dtype=float32)
    """
    if not isinstance(steps, int) or not 1 <= steps <= MAX_TABLE:
        expected = f"1 to {MAX_TABLE} values; where each holds for several steps, give a `period`"
        raise SpecError("steps", found=show(steps), expected=expected)
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    told = f"{name}, sampled at {in_steps(steps)}" if source is None else source
    return Table(values=[float(function(step)) for step in range(steps)], period=period, after=after, source=told)
