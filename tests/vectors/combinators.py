"""The cases of the combinators."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vectors.case import Case
from vectors.pointwise import affine_cases, clamp_cases, exp_cases, power_cases
from vectors.sequences import repeat_cases, sequence_cases
from vectors.side_by_side import choices_cases, product_cases, sum_cases
from vectors.timing import every_cases, freeze_cases, shift_cases, stretch_cases

COMBINATORS: dict[str, Callable[[], Iterator[Case]]] = {
    "sequence": sequence_cases,
    "product": product_cases,
    "sum": sum_cases,
    "minimum": lambda: choices_cases("minimum"),
    "maximum": lambda: choices_cases("maximum"),
    "clamp": clamp_cases,
    "affine": affine_cases,
    "power": power_cases,
    "exp": exp_cases,
    "shift": shift_cases,
    "freeze": freeze_cases,
    "repeat": repeat_cases,
    "every": every_cases,
    "stretch": stretch_cases,
}
"""The cases of each combinator, by its name."""
