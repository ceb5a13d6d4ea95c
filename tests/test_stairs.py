"""Stairs that begin between two steps, and stairs that no longer show: one short program each, every value right."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import floor

import numpy as np
import pytest

import lrspec
from lrspec import LrspecError
from lrspec.compiler.formula import Clock

LAST = 2**31 - 1


def rounded(value: Fraction) -> np.float32:
    found = np.float32(value.numerator / value.denominator)
    return found if abs(value) >= Fraction(2) ** -126 else np.float32(0)


@cache
def power(base: float, exponent: int) -> Fraction:
    return Fraction(base) ** exponent if exponent < 6_000 else Fraction(0)


EXPONENTIAL = "{kind: exponential, init_value: 1.0, decay_rate: %s, decay_period: %s, staircase: true}"
RAMP = "{kind: linear, init_value: 0, end_value: 1, steps: 5/2}"
SMOOTH = "{kind: inverse_time, init_value: 1, decay_rate: 1, decay_period: 1}"
SAW = "{kind: repeat, part: {kind: linear, init_value: 0, end_value: 1, steps: 8}}"
INVERSE = "{kind: inverse_time, init_value: 1.0, decay_rate: 1.0, decay_period: %s, staircase: true}"
SHORT: dict[str, tuple[str, Callable[[int], Fraction], int]] = {
    "after a fraction": (
        "{kind: sequence, parts: [{kind: linear, init_value: 0, end_value: 1, steps: 5/2}, %s]}"
        % (EXPONENTIAL % (0.5, 3)),
        lambda t: Fraction(2 * t, 5) if t < 3 else power(0.5, floor((t - Fraction(5, 2)) / 3)),
        300,
    ),
    "shifted by a fraction": (
        "{kind: shift, by: 1/2, part: %s}" % (EXPONENTIAL % (0.97, 3)),
        lambda t: power(0.97, floor((t + Fraction(1, 2)) / 3)),
        2_500,
    ),
    "shifted to between two stairs": (
        "{kind: shift, by: 5/3, part: %s}" % (EXPONENTIAL % (0.97, 7)),
        lambda t: power(0.97, floor((t + Fraction(5, 3)) / 7)),
        2_500,
    ),
    "stretched": (
        "{kind: stretch, factor: 7/3, part: {kind: shift, by: 1/5, part: %s}}" % (EXPONENTIAL % (0.97, 3)),
        lambda t: power(0.97, floor((t * Fraction(3, 7) + Fraction(1, 5)) / 3)),
        2_500,
    ),
    "of a power law's kind": (
        "{kind: shift, by: 1/2, part: %s}" % (INVERSE % 3),
        lambda t: Fraction(1, 1 + floor((t + Fraction(1, 2)) / 3)),
        300,
    ),
    "every, of stairs": (
        "{kind: every, period: 10, part: %s}" % (EXPONENTIAL % (0.5, 2.4)),
        lambda t: power(0.5, floor(Fraction(t // 10 * 10, 24))),
        4_000,
    ),
    "every, between two steps": (
        f"{{kind: sequence, parts: [{RAMP}, {{kind: every, period: 10, part: {SMOOTH}}}]}}",
        lambda t: Fraction(2 * t, 5) if t < 3 else Fraction(1, 1 + floor((t - Fraction(5, 2)) / 10)),
        4_000,
    ),
    "every, of cycles, between two steps": (
        f"{{kind: shift, by: 1/3, part: {{kind: every, period: 10, part: {SAW}}}}}",
        lambda t: Fraction(floor((t + Fraction(1, 3)) / 10) % 8, 8),
        4_000,
    ),
    "fading, between two steps for ever": (
        "{kind: shift, by: 1/7, part: %s}" % (EXPONENTIAL % (0.9, "1000000007/1000000000")),
        lambda t: power(0.9, floor((t + Fraction(1, 7)) / Fraction(1000000007, 1000000000))),
        3_000,
    ),
    "fading and growing again": (
        "{kind: affine, scale: 1.0e+38, part: {kind: shift, by: 1/7, part: %s}}"
        % (EXPONENTIAL % (0.5, "1000000007/1000000000")),
        lambda t: Fraction(1e38) * power(0.5, floor((t + Fraction(1, 7)) / Fraction(1000000007, 1000000000))),
        3_000,
    ),
    "fading, twice": (
        f"{{kind: product, parts: [{EXPONENTIAL % (0.5, 2.4)}, {EXPONENTIAL % (0.5, 3)}]}}",
        lambda t: power(0.5, floor(t / Fraction(12, 5)) + t // 3),
        1_000,
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_stairs_have_a_short_program_and_the_values_of_the_formula(name: str) -> None:
    text, formula, until = SHORT[name]
    schedule = lrspec.loads(f"{{lrspec: 1, learning_rate: {text}}}")
    expected = np.array([rounded(formula(t)) for t in range(until)], dtype=np.float32)
    np.testing.assert_array_equal(schedule.values(0, until), expected)
    near = [8_500, 8_700, 10**5, 10**6 + 1, 2**24 + 1, 123_456_789, 2**30 - 1, LAST - 1, LAST]
    assert [schedule(t) for t in near] == [float(rounded(formula(t))) for t in near]
    assert len(schedule.program.to_bytes()) < 150_000


def test_where_a_run_of_stairs_can_begin() -> None:
    """The first step from which on all of a full cycle of steps have the stairs that they have from time 0 on."""
    some = random.Random(13)  # noqa: S311 - a sample, and no secret
    for _ in range(100):
        offset, rate, period = (Fraction(some.randint(1, 60), some.randint(1, 9)) for _ in range(3))
        clock = Clock(offset=offset, rate=rate)
        cycle = (period / rate).numerator

        def fits(begin: int, clock: Clock = clock, period: Fraction = period, cycle: int = cycle) -> bool:
            first = clock.at(begin) // period
            return all(clock.at(begin + u) // period - first == clock.rate * u // period for u in range(cycle + 1))

        found = clock.first_multiple(period, late=True)
        assert found == next(step for step in range(cycle) if fits(step)), clock
        exact = next((step for step in range(cycle) if clock.at(step) % period == 0), LAST + 1)
        assert clock.first_multiple(period) == exact


@pytest.mark.parametrize(
    "text",
    [
        "{kind: shift, by: 1/7, part: %s}" % (EXPONENTIAL % (1, "1000000007/1000000000")),
        "{kind: shift, by: 1/7, part: %s}" % (EXPONENTIAL % (0.999, "1000000007/1000000000")),
        "{kind: every, period: 10, part: {kind: affine, offset: 1, part: %s}}" % (EXPONENTIAL % (0.5, 2.4)),
        f"{{kind: shift, by: 1, part: {{kind: every, period: 10, part: {SMOOTH}}}}}",
    ],
)
def test_what_has_no_short_program_is_refused(text: str) -> None:
    with pytest.raises(LrspecError, match="without a short form"):
        lrspec.loads(f"{{lrspec: 1, learning_rate: {text}}}").fingerprint  # noqa: B018


FADING = "{kind: every, period: 10, part: %s}" % (EXPONENTIAL % (0.5, 2.4))  # written out up to 2^-256, then 0
HUGE = "{kind: constant, value: 3.0e+38}"
GROWTH = "{kind: exponential, init_value: 1, decay_rate: 2, decay_period: 5, steps: 600}"
SHOWN_AGAIN = {
    "affine": "{kind: affine, scale: 1.0e+60, part: %s}",
    "affine of affine": "{kind: affine, scale: 1.0e+30, part: {kind: affine, scale: 1.0e+30, part: %s}}",
    "affine around a shift": "{kind: affine, scale: -1.0e+60, part: {kind: shift, by: 9000, part: %s}}",
    "affine that adds": "{kind: affine, scale: 1.0e+30, offset: 1.0e-37, part: %s}",
    "product": f"{{kind: product, parts: [{HUGE}, %s, {HUGE}]}}",
    "product with growth": f"{{kind: product, parts: [%s, {GROWTH}, {HUGE}]}}",
    "product of a product": f"{{kind: product, parts: [{HUGE}, {{kind: product, parts: [{HUGE}, %s]}}]}}",
    "affine of a product": f"{{kind: affine, scale: 1.0e+60, part: {{kind: product, parts: [%s, {SMOOTH}]}}}}",
    "power": "{kind: power, exponent: 0.25, part: %s}",
    "power of a sum": f"{{kind: power, exponent: 0.5, part: {{kind: sum, parts: [%s, {SMOOTH}]}}}}",
    "scaled sum": f"{{kind: affine, scale: 1.0e+30, part: {{kind: sum, parts: [%s, {SMOOTH}]}}}}",
}


@pytest.mark.parametrize("name", SHOWN_AGAIN)
def test_what_fades_is_not_0_where_factors_or_powers_would_show_it_again(name: str) -> None:
    schedule = SHOWN_AGAIN[name] % FADING
    with pytest.raises(lrspec.SpecError, match=r"makes what fades below 2\^-256|sum with what fades"):
        lrspec.loads(f"{{lrspec: 1, learning_rate: {schedule}}}").fingerprint  # noqa: B018


FITS: dict[str, tuple[str, Callable[[Fraction, int], Fraction]]] = {
    "affine": ("{kind: affine, scale: 1.0e+38, part: %s}", lambda value, _: Fraction(1e38) * value),
    "product": (f"{{kind: product, parts: [{HUGE}, %s]}}", lambda value, _: Fraction(3e38) * value),
    "sum": (f"{{kind: sum, parts: [%s, {SMOOTH}]}}", lambda value, t: value + Fraction(1, 1 + t)),
    "power": ("{kind: power, exponent: 2, part: %s}", lambda value, _: value * value),
}


@pytest.mark.parametrize("name", FITS)
def test_what_fades_is_0_where_nothing_shows_it(name: str) -> None:
    text, formula = FITS[name]
    schedule = lrspec.loads(f"{{lrspec: 1, learning_rate: {text % FADING}}}")
    for t in (0, 9, 10, 999, 2_000, 6_000, 6_150, 6_200, 10_000, LAST):
        assert schedule(t) == float(rounded(formula(power(0.5, floor(Fraction(t // 10 * 10, 24))), t))), t


def test_a_product_of_huge_growth_and_decay_is_what_it_is() -> None:
    """Each factor alone is far beyond float32, on either side; beyond 2^4000 no product is made up."""
    parts = [
        {"kind": "exponential", "init_value": 1.0, "decay_rate": rate, "decay_period": 1, "steps": 3000}
        for rate in (2.0, 0.5)
    ]
    schedule = lrspec.from_dict({"lrspec": 1, "learning_rate": {"kind": "product", "parts": parts}})
    assert [schedule(t) for t in (0, 100, 1000, 3000, LAST)] == [1.0] * 5
    for part in parts:
        part["steps"] = 5000
    with pytest.raises(lrspec.SpecError, match=r"above 2\^4000|beyond the range"):
        lrspec.from_dict({"lrspec": 1, "learning_rate": {"kind": "product", "parts": parts}}).fingerprint  # noqa: B018
