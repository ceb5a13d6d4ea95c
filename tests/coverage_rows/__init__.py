"""Every row of the table of shapes and combinators that frameworks have, as a spec and as the formula of its source.

The formulas are written with fractions and `mpmath` from what the frameworks document and compute; they use nothing of
`lrspec`, not even its attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import mpmath

from lrspec import Node

Formula: TypeAlias = Callable[[int], Any]
"""From a step to a fraction or an mpf."""

M: Any = mpmath.MPContext()
M.prec = 250


@dataclass(frozen=True)
class Row:
    """One use of a row of the table: the node, and the value that its source has at each of the first `stop` steps."""

    number: int
    title: str
    node: Node
    formula: Formula
    stop: int = 420

    def __str__(self) -> str:
        return f"row {self.number}: {self.title}"


def f(number: float | str) -> Fraction:
    """Return a binary64 number, or a decimal or fraction in words, exactly."""
    return Fraction(number)


def real(number: Any) -> Any:
    """Return a fraction as an mpf."""
    return M.mpf(number.numerator) / number.denominator if isinstance(number, int | Fraction) else M.mpf(number)


def half_cosine(x: Fraction) -> Any:
    """Return `(1 + cos(pi x)) / 2`."""
    return (1 + M.cospi(real(x % 2))) / 2


def power(base: Any, exponent: Any) -> Any:
    """Return a real power."""
    return M.power(real(base), real(exponent))


def between(start: float, end: float, share: Any) -> Any:
    """Return `start` where the share is 1 and `end` where it is 0."""
    return real(f(end)) + real(f(start) - f(end)) * real(share)
