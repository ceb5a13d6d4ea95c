"""What a reader of native schedules returns: the schedule, the conventions it mapped, and how it was checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lrspec.errors import LrspecError
from lrspec.formula import formula_of, rounded
from lrspec.schedule import Schedule
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A native schedule, read.

    Args:
        schedule: The schedule or document.
        framework: Whose object it was, such as `torch`.
        construct: What it was, such as `CosineAnnealingLR`.
        conventions: What was mapped, in words: how this framework counts, where it differs from others.
        position: Updates already applied, where the object knows it.
        checked_steps: At how many steps the object's own values were compared.
        largest_difference: The largest difference found, relative to the largest value.
        at_step: The step of the largest difference.
    """

    schedule: Schedule
    framework: str
    construct: str
    conventions: tuple[str, ...] = ()
    position: int | None = None
    checked_steps: int = 0
    largest_difference: float = 0.0
    at_step: int | None = None

    def checked(self, own: Callable[[int], list[float]], steps: int, tolerance: float) -> Reading:
        """Return the reading with the comparison of its schedule against the object's own values.

        Args:
            own: A function from a number of steps to the object's own values at the steps 0, 1, ...
            steps: How many steps to compare.
            tolerance: The largest difference that rounding explains, relative to the largest value.

        Raises:
            LrspecError: A difference is larger: the reader is wrong, or the object is not what it says.
        """
        expected = exact_values(self.schedule.node, steps)
        found = own(steps)
        scale = max(map(abs, expected + found)) or 1.0
        differences = [abs(a - b) / scale for a, b in zip(expected, found, strict=True)]
        worst = max(range(steps), key=differences.__getitem__)
        if not differences[worst] <= tolerance:
            raise LrspecError(
                f"{self.framework}: {self.construct} was read as {self.schedule!r}, which is {expected[worst]!r} at "
                f"step {worst}, where the object itself gives {found[worst]!r}"
            )
        return replace(self, checked_steps=steps, largest_difference=differences[worst], at_step=worst)


def exact_values(node: Node, steps: int) -> list[float]:
    """Return the formula of `node` at the steps 0 to `steps - 1`, each correctly rounded to float64."""
    formula = formula_of(node)
    return [rounded(formula, min(step, formula.last_step)) for step in range(steps)]
