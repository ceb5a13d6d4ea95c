"""The cases of the curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vectors.case import Case
from vectors.decays import exponential_cases, inverse_time_cases, power_law_cases
from vectors.lists import constant_cases, piecewise_constant_cases, table_cases
from vectors.ramps import (
    cosine_cases,
    geometric_cases,
    linear_cases,
    logarithmic_cases,
    normalized_exponential_cases,
    one_minus_power_cases,
    polynomial_cases,
    rex_cases,
    sine_cases,
    tanh_cases,
)

CURVES: dict[str, Callable[[], Iterator[Case]]] = {
    "constant": constant_cases,
    "linear": linear_cases,
    "polynomial": polynomial_cases,
    "cosine": cosine_cases,
    "sine": sine_cases,
    "geometric": geometric_cases,
    "one_minus_power": one_minus_power_cases,
    "normalized_exponential": normalized_exponential_cases,
    "tanh": tanh_cases,
    "logarithmic": logarithmic_cases,
    "rex": rex_cases,
    "exponential": exponential_cases,
    "inverse_time": inverse_time_cases,
    "power_law": power_law_cases,
    "piecewise_constant": piecewise_constant_cases,
    "table": table_cases,
}
"""The cases of each kind, by its name."""
