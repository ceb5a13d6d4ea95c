"""Two schedules compared, step by step: how many values differ, by how much, and where first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, in_steps, show
from lrspec.schedule import Schedule

MOST_STEPS = 10**7
_BLOCK = 1 << 20
Values = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How two sequences of float32 values differ.

    Args:
        steps: How many steps were compared.
        differing: At how many the values differ.
        first: The first of these steps; None where there is none.
        largest_ulps: The largest difference, in float32 numbers from one value to the other.
        largest_relative: The largest difference, as a share of the larger value at that step.
        at: The step of the largest difference in ulps.
        largest: The largest difference itself.
    """

    steps: int
    differing: int = 0
    first: int | None = None
    largest_ulps: int = 0
    largest_relative: float = 0.0
    at: int | None = None
    largest: float = 0.0

    def __str__(self) -> str:
        """Return it in words."""
        if not self.differing:
            return f"{in_steps(self.steps, ',')}: equal in every bit"
        ulps = f"{self.largest_ulps:,} {'ulp' if self.largest_ulps == 1 else 'ulps'}"
        return (
            f"{in_steps(self.steps, ',')}: {self.differing:,} differ, the first at step {self.first:,}; by {ulps} at "
            f"most, at step {self.at:,}; by {self.largest_relative:.3g} of the value at most"
        )


def difference(a: Schedule, b: Schedule, steps: int) -> Difference:
    """Return how the values of two schedules differ.

    Args:
        a: A schedule or document.
        b: The other.
        steps: How many steps from step 0 on are compared, from 1 to 10,000,000.

    Raises:
        SpecError: `steps` is out of range.
        StepError: A schedule has no value at one of the steps.

    Example:
        >>> from lrspec import Constant, Linear
        >>> print(difference(Constant(value=1), Linear(init_value=1, end_value=0, steps=4), 3))
        3 steps: 2 differ, the first at step 1; by 8,388,608 ulps at most, at step 2; by 0.5 of the value at most
    """
    if not 1 <= steps <= MOST_STEPS:
        raise SpecError("steps", found=show(steps), expected=f"a number of steps from 1 to {MOST_STEPS}")
    blocks = [(start, min(start + _BLOCK, steps)) for start in range(0, steps, _BLOCK)]
    return compared((a.values(*block) for block in blocks), (b.values(*block) for block in blocks))


def compared(a: Any, b: Any) -> Difference:
    """Return how two sequences of blocks of float32 values differ, block by block."""
    result, start = Difference(steps=0), 0
    for x, y in zip(a, b, strict=True):
        result = _joined(result, _block(x, y, start))
        start += len(x)
    return result


def _block(x: Values, y: Values, start: int) -> Difference:
    ulps = apart_in_ulps(x, y)
    places = np.flatnonzero(ulps)
    if not len(places):
        return Difference(steps=len(x))
    at = int(ulps.argmax())
    apart = np.abs(x.astype(np.float64) - y)
    shares = apart / np.maximum(np.maximum(np.abs(x), np.abs(y)), np.float32(2.0**-126))
    return Difference(
        steps=len(x),
        differing=len(places),
        first=start + int(places[0]),
        largest_ulps=int(ulps[at]),
        largest_relative=float(shares.max()),
        at=start + at,
        largest=float(apart.max()),
    )


def apart_in_ulps(a: Values, b: Values) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many float32 numbers lie from each value to the other: 0 where they are equal, 1 for neighbours."""
    return np.abs(_ordered(a) - _ordered(b))


def _ordered(values: Values) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return integers that count float32 numbers: neighbours are 1 apart, also across 0."""
    bits = values.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & LAST_STEP), bits)


def _joined(a: Difference, b: Difference) -> Difference:
    larger = b if b.largest_ulps > a.largest_ulps else a
    return Difference(
        steps=a.steps + b.steps,
        differing=a.differing + b.differing,
        first=a.first if a.first is not None else b.first,
        largest_ulps=larger.largest_ulps,
        largest_relative=max(a.largest_relative, b.largest_relative),
        at=larger.at,
        largest=max(a.largest, b.largest),
    )
