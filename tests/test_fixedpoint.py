"""The integer functions against mpmath."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings, strategies as st

from lrspec.compiler import fixedpoint

UNITS = 4
CONTEXT: Any = mpmath.MPContext()
CONTEXT.prec = 1200
PRECISIONS = (64, 128, 192, 224, 448)
SETTINGS = settings(deadline=None, derandomize=True, max_examples=150, database=None)


def scaled(exact: Any, precision: int) -> Any:
    return CONTEXT.ldexp(exact, precision)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_pi_is_within_a_few_units(precision: int) -> None:
    assert abs(fixedpoint.pi(precision) - scaled(CONTEXT.pi, precision)) <= UNITS


@pytest.mark.parametrize("precision", PRECISIONS)
def test_ln2_is_within_a_few_units(precision: int) -> None:
    assert abs(fixedpoint.ln2(precision) - scaled(CONTEXT.ln(2), precision)) <= UNITS


@SETTINGS
@given(st.integers(1, 2**60), st.integers(1, 2**60), st.sampled_from(PRECISIONS))
def test_log2_is_within_a_few_units(numerator: int, denominator: int, precision: int) -> None:
    exact = CONTEXT.log(CONTEXT.mpf(numerator) / denominator, 2)
    assert abs(fixedpoint.log2(numerator, denominator, precision) - scaled(exact, precision)) <= UNITS


@pytest.mark.parametrize("value", [0.96, 0.5, 1.0, 2.0, 5e-324, 1.7976931348623157e308, 1 - 2**-53, 1 + 2**-52])
def test_log2_of_extreme_floats_is_within_a_few_units(value: float) -> None:
    exact = CONTEXT.log(CONTEXT.mpf(value), 2)
    assert abs(fixedpoint.log2(*value.as_integer_ratio(), 192) - scaled(exact, 192)) <= UNITS


@pytest.mark.parametrize("exponent", [-1000, -1, 0, 1, 1000])
def test_log2_of_a_power_of_two_is_exact(exponent: int) -> None:
    ratio = Fraction(2) ** exponent
    assert fixedpoint.log2(ratio.numerator, ratio.denominator, 128) == exponent << 128


@SETTINGS
@given(st.data(), st.sampled_from(PRECISIONS))
def test_exp2_is_within_a_few_units_of_its_size(data: st.DataObject, precision: int) -> None:
    y = data.draw(st.integers(-(4096 << precision), 4096 << precision))
    mantissa, exponent = fixedpoint.exp2(y, precision)
    assert 1 << precision <= mantissa <= 2 << precision
    exact = CONTEXT.power(2, CONTEXT.ldexp(y, -precision) - exponent)
    assert abs(mantissa - scaled(exact, precision)) <= UNITS


@pytest.mark.parametrize("y", [-3, -1, 0, 1, 7])
def test_exp2_of_a_whole_number_is_exact(y: int) -> None:
    assert fixedpoint.exp2(y << 128, 128) == (1 << 128, y)


@SETTINGS
@given(st.integers(0, 2**80), st.sampled_from(PRECISIONS))
def test_versine_is_within_a_few_units(share: int, precision: int) -> None:
    theta = int(2 * fixedpoint.pi(precision)) * share >> 80
    exact = 1 - CONTEXT.cos(CONTEXT.ldexp(theta, -precision))
    assert abs(fixedpoint.versine(theta, precision) - scaled(exact, precision)) <= UNITS


@pytest.mark.parametrize("bits", [1, 20, 60, 100])
def test_versine_of_a_small_angle_does_not_cancel(bits: int) -> None:
    theta = 3 << (224 - bits)
    exact = 2 * CONTEXT.sin(CONTEXT.ldexp(theta, -225)) ** 2
    assert abs(fixedpoint.versine(theta, 224) - scaled(exact, 224)) <= UNITS


def test_versine_of_zero_is_zero() -> None:
    assert fixedpoint.versine(0, 224) == 0


@SETTINGS
@given(st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6).filter(bool))
def test_divide_rounds_half_to_even(numerator: int, denominator: int) -> None:
    assert fixedpoint.divide(numerator, denominator) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize("n", range(-9, 10))
def test_divide_by_two_rounds_half_to_even(n: int) -> None:
    assert fixedpoint.divide(n, 2) == round(Fraction(n, 2))
    assert fixedpoint.divide(n, -2) == round(Fraction(-n, 2))
