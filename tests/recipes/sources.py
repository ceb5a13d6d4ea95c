"""What a recipe is to the tests: its source's own formula, in exact arithmetic, and the steps to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from oracle import CONTEXT, real

Exact = Any
"""A `Fraction`, an int, or an mpf of 300 bits where the source has a cosine, a root or an exponential."""
Formula = Callable[[int], Exact]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One formula of a source.

    Args:
        formula: The value that update number t uses; t counts from 0.
        kinks: Steps at which the formula changes.
        last: The last step at which the source says what the value is, or one long after its end.
    """

    formula: Formula
    kinks: Sequence[int]
    last: int


RECIPES: dict[tuple[str, str], Recipe] = {}
"""By the name of the document and of the hyperparameter."""


def recipe(
    name: str, *, last: int, kinks: Sequence[int] = (), of: str = "learning_rate"
) -> Callable[[Formula], Formula]:
    """Note a formula as that of the hyperparameter `of` in the document `name`."""

    def note(formula: Formula) -> Formula:
        assert (name, of) not in RECIPES
        RECIPES[name, of] = Recipe(formula=formula, kinks=kinks, last=last)
        return formula

    return note


def dec(number: str) -> Fraction:
    """Return a decimal exactly."""
    return Fraction(number)


def exact(number: Exact) -> Any:
    """Return a number as an mpf."""
    return real(Fraction(number)) if isinstance(number, int | Fraction) else number


def power(base: Exact, exponent: Exact) -> Any:
    """Return `base ** exponent`."""
    return CONTEXT.power(exact(base), exact(exponent))


def exp(number: Exact) -> Any:
    """Return the exponential."""
    return CONTEXT.exp(exact(number))


def log(number: Exact) -> Any:
    """Return the natural logarithm."""
    return CONTEXT.log(exact(number))


def sqrt(number: Exact) -> Any:
    """Return the square root."""
    return CONTEXT.sqrt(exact(number))


def cos_pi(number: Exact) -> Any:
    """Return `cos(pi * number)`."""
    return CONTEXT.cospi(exact(number))


def sin_pi(number: Exact) -> Any:
    """Return `sin(pi * number)`."""
    return CONTEXT.sinpi(exact(number))


def half_cosine(start: Exact, end: Exact, share: Exact) -> Any:
    """Return `end + (start - end) * 0.5 * (1 + cos(pi * share))`, as most sources have it."""
    return exact(end) + exact(start - end) * (1 + cos_pi(share)) / 2
