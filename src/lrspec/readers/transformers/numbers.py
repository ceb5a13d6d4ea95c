"""The numbers that a function of `transformers.optimization` holds, and what its shapes share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from lrspec.compiler.formula import Time, simple
from lrspec.errors import UnsupportedError
from lrspec.readers.numbers import decimal_time

Numbers = Mapping[str, Any]
WARMUP = "num_training_steps includes the warmup; the rate at step 0 is 0, and the first whole rate at the warmup's end"
_DIGITS = 15


refused = partial(UnsupportedError, "transformers")
"""The error that refuses a construct of transformers: of its name, and why."""


def lengths(numbers: Numbers) -> tuple[Time, Time, Time]:
    """Return the warmup, the total, and what the decay is divided by, which is at least 1."""
    warmup, total = decimal_time(numbers["num_warmup_steps"]), decimal_time(numbers["num_training_steps"])
    return warmup, total, max(simple(Fraction(total) - warmup), 1)


def times(base: float, share: float) -> float:
    """Return a share of a rate: of the numbers that are that share in float64, the one with the fewest digits.

    A `min_lr` is kept as its quotient by the rate, of which the product may be 9.999999999999998e-08 for 1e-07.

    Example:
        >>> 3e-4 * (1e-7 / 3e-4), times(3e-4, 1e-7 / 3e-4)
        (9.999999999999998e-08, 1e-07)
    """
    product = float(Fraction(base) * Fraction(share))
    if product == 0 or not math.isfinite(product):
        return product
    near = (float(f"{product:.{digits}e}") for digits in range(_DIGITS))
    return next((rate for rate in near if rate / base == share), product)
