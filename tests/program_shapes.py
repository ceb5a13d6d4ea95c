"""The shapes that a program can have."""

from __future__ import annotations

import numpy as np

from cases import LAST_STEP
from lrspec import device
from lrspec.program import Program


def way(program: Program) -> str:
    """Return how a device evaluates a program."""
    if device.value_table(program) is not None:
        return "a table"
    return "polynomials" if program.degree else "a number for each segment"


def shapes_by_way(program: Program) -> set[tuple[str, str]]:
    """Return how a device evaluates a program, with each of its shapes."""
    return {(way(program), shape) for shape in shapes(program)}


def shapes(program: Program) -> set[str]:
    """Return what the parts of a program are that an evaluator treats in ways of their own."""
    coefficients = np.array([segment.coefficients for segment in program.segments], object)
    has = {
        "one segment": len(program.segments) == 1,
        "many segments": len(program.segments) > 100,
        "many phases": len(program.phases) > 1,
        "an index that does not begin at 0": any(phase.base for phase in program.phases),
        "a period": any(phase.period for phase in program.phases),
        "stairs": any(phase.denominator > 1 for phase in program.phases),
        "stairs of a fraction": any(1 < phase.numerator < phase.denominator for phase in program.phases),
        "a shift": any(segment.shift for segment in program.segments),
        "numbers near the smallest": any(segment.exponent > 100 for segment in program.segments),
        "numbers near the largest": any(segment.exponent < -60 for segment in program.segments),
        "negative coefficients": bool((coefficients < 0).any()),
        "the highest degree": bool(coefficients[:, -1].any()),
        "an end": program.last_step < LAST_STEP,
    }
    return {shape for shape, found in has.items() if found}
