"""Numbers as people write them: a product of decimals that floats miss by a little is that decimal again.

A system multiplies in float64, where 0.1 * 3e-6 is 3.0000000000000004e-07. Whoever wrote 0.1 and 3e-6 meant 3e-07,
which is the same number in float32, and within the rounding of the system's own arithmetic.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

from lrspec.document import Document
from lrspec.documents.plain import node_from_dict, node_to_dict
from lrspec.schedule import Schedule

_VALUES = {"value", "values", "init_value", "end_value", "floor_value", "peak_value"}
"""The fields that hold values of a schedule. A rate of decay is raised to powers, which make a little much."""
_DIGITS = 12
"""What a product of two decimals of six digits has."""
_ULPS = 8


def product(a: float, b: float) -> float:
    """Return the product of two decimals, each as it is written; that of float64 where float32 would tell them apart.

    Example:
        >>> 0.1 * 3e-6, product(0.1, 3e-6)
        (3.0000000000000004e-07, 3e-07)
    """
    computed = a * b
    if not math.isfinite(computed):
        return computed
    meant = float(Fraction(repr(float(a))) * Fraction(repr(float(b))))
    return meant if _float32(meant) == _float32(computed) else computed


def decimal(value: float) -> float:
    """Return the decimal of at most 12 digits that a number misses by a few roundings, or else the number.

    Example:
        >>> decimal(9.999999999999998e-08), decimal(0.1 * 0.7), decimal(1 / 3)
        (1e-07, 0.07, 0.3333333333333333)
    """
    if not math.isfinite(value):
        return value
    near = float(f"{value:.{_DIGITS}g}")
    close = abs(near - value) <= _ULPS * math.ulp(value)
    return near if close and _float32(near) == _float32(value) else value


def in_decimals(schedule: Schedule) -> Schedule:
    """Return a schedule with the decimals that its values miss by a few roundings.

    Args:
        schedule: A node or document.

    Example:
        >>> from lrspec import Linear
        >>> in_decimals(Linear(init_value=0.1 * 0.7, end_value=0.0, steps=9))
        Linear(init_value=0.07, end_value=0.0, steps=9, after='hold')
    """
    data = schedule.to_dict() if isinstance(schedule, Document) else node_to_dict(schedule.node)
    meant = _meant(data)
    if meant == data:
        return schedule
    return Document(meant) if isinstance(schedule, Document) else node_from_dict(meant, "")


def _meant(data: Any) -> Any:
    """Return plain data with the values of its nodes as decimals."""
    if isinstance(data, list):
        return [_meant(item) for item in data]
    if not isinstance(data, dict):
        return data
    is_node = isinstance(data.get("kind"), str)
    return {key: _value(value) if is_node and key in _VALUES else _meant(value) for key, value in data.items()}


def _value(data: Any) -> Any:
    if isinstance(data, list):
        return [_value(item) for item in data]
    return decimal(data) if isinstance(data, float) else data


def _float32(value: float) -> bytes | float:
    """Return what float32 makes of a number."""
    try:
        return struct.pack("f", value)
    except OverflowError:
        return value
