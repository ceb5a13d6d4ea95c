"""Which steps a vector has, and the exact value there as float32 bits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

import oracle

LAST_STEP = 2**31 - 1
LARGE = 2**24
_LIMITS = (LARGE - 1, LARGE, LARGE + 1, 2**30 - 1, 2**30, 2**30 + 1, LAST_STEP - 1, LAST_STEP)
AMBIGUITY = 18
"""A formula nearer than 2^-18 units in the last place to the middle of two float32 numbers may become either."""
NEAR = 12
"""A near tie is less than 2^-12 units from the middle."""
_CANDIDATES = 1 << 18


def bits_of(exact: Any, *, ties: bool = False) -> tuple[str, str | None, float]:
    """Return the bits of the float32 number nearest to an mpf, the other one that is right too, and how near a tie is.

    Args:
        exact: The number, to 300 bits.
        ties: Whether ties go to the even one and nothing is left open, as in a table.
    """
    sign, mantissa, exponent, size = exact._mpf_
    mantissa, top = int(mantissa), exponent + size
    if not mantissa:
        return "00000000", None, 1.0
    smallest = abs(abs(exact) * oracle.CONTEXT.ldexp(1, 126) - 1)
    if not ties and 0 < smallest < oracle.CONTEXT.ldexp(1, -42):
        return "00000000", _assembled(sign, 1 << 23, -126), float(smallest)
    if top <= -126:
        return "00000000", None, 1.0
    excess = size - 24
    if excess <= 0:
        return _assembled(sign, mantissa << -excess, top - 1), None, 1.0
    whole, rest, half = mantissa >> excess, mantissa & ((1 << excess) - 1), 1 << (excess - 1)
    distance = Fraction(abs(rest - half), 1 << excess)
    up = rest > half or (rest == half and whole & 1)
    found = _assembled(sign, whole + up, top - 1)
    if ties or distance * 2**AMBIGUITY >= 1:
        return found, None, float(distance)
    return found, _assembled(sign, whole + (not up), top - 1), float(distance)


def _assembled(sign: int, mantissa: int, exponent: int) -> str:
    """Return the bits of `mantissa * 2^(exponent - 23)`, for a mantissa of 2^23 to 2^24."""
    return f"{(sign << 31) + ((exponent + 127) << 23) + mantissa - (1 << 23):08x}"


def steps_of(
    node: Any, last: int, marks: Iterable[Any], *, dense: int, few: int, seed: str
) -> tuple[list[int], list[Fraction]]:
    """Return the steps of a vector in order, and its boundaries: the end of the node and those given.

    They are the first `dense` steps, those around each boundary and where numbers of 24, 30 and 31 bits end, and some
    drawn at random inside and after.
    """
    length = oracle.length_of(node)
    boundaries = sorted({Fraction(mark) for mark in [*marks, *([] if length is None else [length])]})
    wanted = {*range(dense), *_LIMITS, last - 1, last}
    for mark in boundaries:
        wanted |= {math.ceil(mark) + k for k in (-2, -1, 0, 1, 2)}
    chance = Random(seed)  # noqa: S311 - only to be the same on every machine
    end = min(last, math.ceil(boundaries[-1]) if boundaries else 10**6)
    wanted |= {int(chance.random() * (end + 1)) for _ in range(few)}
    wanted |= {int((1 + chance.random()) * (1 << int(chance.random() * 31))) for _ in range(few // 3)}
    return sorted(step for step in wanted if 0 <= step <= last), boundaries


def near_ties(node: Any, last: int) -> list[int]:
    """Return steps at which a curve is nearest to the middle between two float32 numbers, found in binary64.

    Which ones are found may depend on the machine; so those that were found are kept in `ties.json`.
    """
    formula, length = _FORMULAS.get(node.kind), oracle.length_of(node)
    if formula is None or getattr(node, "staircase", False) or getattr(node, "init_value", 0) == "previous":
        return []
    end = min(last, math.floor(length) if length is not None else LAST_STEP, LAST_STEP)
    if getattr(node, "after", "hold") == "continue":
        end = last
    if end < 1000:
        return []
    generator = np.random.default_rng(1)
    steps = np.arange(end + 1) if end < _CANDIDATES else np.unique(generator.integers(0, end + 1, _CANDIDATES))
    with np.errstate(all="ignore"):
        values = np.abs(formula(node, steps.astype(np.float64)))
    values[~np.isfinite(values) | (values < 2.0**-120)] = 1.0
    scaled = values * np.exp2(24 - np.frexp(values)[1].astype(np.float64))
    distance = np.abs(scaled - np.floor(scaled) - 0.5)
    return sorted(steps[np.argsort(distance, kind="stable")[:24]].tolist())


def _between(node: Any, share: Any) -> Any:
    return float(node.end_value) + (float(node.init_value) - float(node.end_value)) * share


def _x(node: Any, t: Any) -> Any:
    return t / float(node.steps)


_FORMULAS: dict[str, Any] = {
    "linear": lambda n, t: _between(n, 1 - _x(n, t)),
    "polynomial": lambda n, t: _between(n, (1 - _x(n, t) ** n.k_decay) ** n.power),
    "cosine": lambda n, t: _between(n, ((1 + np.cos(2 * np.pi * n.cycles * _x(n, t) ** n.k_decay)) / 2) ** n.exponent),
    "sine": lambda n, t: _between(n, 1 - np.sin(np.pi / 2 * _x(n, t))),
    "geometric": lambda n, t: n.init_value * (n.end_value / n.init_value) ** _x(n, t),
    "one_minus_power": lambda n, t: _between(n, 1 - _x(n, t) ** n.power),
    "normalized_exponential": lambda n, t: _between(n, (n.ratio ** _x(n, t) - n.ratio) / (1 - n.ratio)),
    "tanh": lambda n, t: _between(n, (1 - np.tanh(n.lower * (1 - _x(n, t)) + n.upper * _x(n, t))) / 2),
    "logarithmic": lambda n, t: _between(n, 1 - np.log(1 + t) / np.log(1 + float(n.steps))),
    "rex": lambda n, t: _between(n, (1 - _x(n, t)) / (1 - _x(n, t) / 2)),
    "exponential": lambda n, t: n.init_value * n.decay_rate ** (t / float(n.decay_period)),
    "inverse_time": lambda n, t: n.init_value / (1 + n.decay_rate * t / float(n.decay_period)),
    "power_law": lambda n, t: n.init_value * (float(n.timescale) / (t + float(n.offset))) ** n.power,
}
"""The curves in binary64: good enough to look for near ties, whose values are then found exactly."""
