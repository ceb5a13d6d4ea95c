"""Fits of curves that are known nearly: each bound holds, and no bit of a program depends on them."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
import pytest

from cases import CASES
from lrspec import Cosine, Exponential, Node, Polynomial, PowerLaw, Product, Repeat
from lrspec.compiler import near
from lrspec.compiler.compile import compile_node
from lrspec.compiler.polynomials import amplification, interpolate, nodes_of
from lrspec.compiler.quick import Quick
from lrspec.compiler.segments import Fitter

UNIT = mpmath.mpf(2) ** -near.BITS
SCHEDULES: dict[str, Node] = {
    "endless exponential": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000),
    "endless stairs": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000, staircase=True),
    "growing restarts": Repeat(part=Cosine(init_value=0.1, end_value=0.001, steps=1000), cycle_mult=1.5, num_cycles=9),
    "falling restarts": Repeat(part=Cosine(init_value=0.1, end_value=0.0, steps=77), peak_mult=0.9, num_cycles=9),
    "a cosine's power": Cosine(init_value=0.1, end_value=-0.2, steps=12_345, cycles=1.7, exponent=1.5),
    "a root": Polynomial(init_value=0.0, end_value=0.1, steps=Fraction(10**6, 7), power=0.9),
    "a power law": PowerLaw(init_value=0.1, power=0.5, timescale=4000, offset=0.5),
    "a product": Product(
        parts=[
            Cosine(init_value=1.0, end_value=0.0, steps=60_000, cycles=2.5),
            Polynomial(init_value=0.1, end_value=0.0, steps=60_000, power=0.5),
            Exponential(init_value=-1.0, decay_rate=0.9, decay_period=5000.5),
        ]
    ),
}


@pytest.fixture(autouse=True)
def _digits() -> None:
    mpmath.mp.prec = 400


def numbers(count: int = 400) -> list[int]:
    """Return numbers from 0 to 1: spread evenly, near both ends, and where a table's slices meet."""
    draw = random.Random(5)  # noqa: S311 - a test's
    one = 1 << near.BITS
    small = [one >> draw.randrange(1, 31) for _ in range(30)]
    slices = [draw.randrange(1, 2048) * (one >> 11) + shift for shift in (-1, 0, 1) for _ in range(20)]
    return [draw.randrange(1, one) for _ in range(count)] + small + [one - x for x in small] + slices


def test_powers_of_two_are_as_near_as_they_say() -> None:
    times = near.exp2_times(Fraction(1, 10))
    logs = [x * sign * scale for x in numbers() for sign, scale in ((1, 1), (-1, 60))]
    for log, value in zip(logs, times(logs, 250), strict=True):
        exact = mpmath.power(2, log * UNIT) / 10 * mpmath.mpf(2) ** 250
        assert abs(value - exact) <= abs(exact) * mpmath.mpf(2) ** -92 + 1


def test_logarithms_are_as_near_as_they_say() -> None:
    found = near.log2_of(numbers())
    assert found is not None
    for x, log in zip(numbers(), found, strict=True):
        assert abs(log * UNIT - mpmath.log(x * UNIT, 2)) <= mpmath.mpf(2) ** -98
    assert near.log2_of([1, 0]) is None


def test_versines_are_as_near_as_they_say() -> None:
    for x, share in zip(numbers(), near.versines(numbers()), strict=True):
        exact = mpmath.sin(mpmath.pi * x * UNIT / 2) ** 2
        assert abs(share * UNIT - exact) <= exact * mpmath.mpf(2) ** -90 + mpmath.mpf(2) ** -150


@pytest.mark.parametrize("count", [2, 5, 8, 9, 17, 40, 65, 66, 100, 1025, 1_000_003])
def test_coefficients_differ_by_no_more_than_is_said(count: int) -> None:
    draw = random.Random(count)  # noqa: S311 - a test's
    nodes, bits, error = nodes_of(count), (count - 1).bit_length(), 1 << 20
    values = [draw.randrange(1 << 110) for _ in nodes]
    exact = interpolate(nodes, values, bits)
    for _ in range(50):
        moved = [value + draw.choice([-error, error]) for value in values]
        found = interpolate(nodes, moved, bits)
        assert max(abs(a - b) for a, b in zip(exact, found, strict=True)) <= amplification(count) * error


@pytest.mark.parametrize("name", [*SCHEDULES, *list(CASES)[::9]])
def test_a_program_is_that_of_the_exact_curve(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node = SCHEDULES.get(name) or CASES[name]
    program = compile_node(node)
    monkeypatch.setattr(Fitter, "_quickly", lambda *_: None)
    assert compile_node(node) == program


@pytest.mark.parametrize("name", SCHEDULES)
def test_nearly_all_fits_are_certain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    fit = Quick.fit

    def watched(self: Quick, start: int, count: int) -> object:
        found.append(fit(self, start, count))
        return found[-1]

    monkeypatch.setattr(Quick, "fit", watched)
    compile_node(SCHEDULES[name])
    assert sum(one is None for one in found) <= 3 + len(found) // 6


def test_a_curve_that_is_known_badly_is_never_certain() -> None:
    exact = near.exponential(near.line(Fraction(0), Fraction(-1, 1000)), Fraction(1, 10))

    def badly(indices: object, precision: int) -> near.Values | None:
        found = exact(indices, precision)  # type: ignore[arg-type]
        return found and (found[0], max(found[0]) >> 60)

    assert Quick(exact, 1, 1 << 400).fit(0, 200) is not None
    assert Quick(badly, 1, 1 << 400).fit(0, 200) is None
