"""The division of a step in int32 alone, against Python's integers, where its numbers are at their limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

import lrspec
from lrspec.device import NumPyArrays, on_device, quotient_int32, reciprocal
from lrspec.program import DEGREE, Phase, Program, Segment
from lrspec.verify.windows import windows

LAST = 2**31 - 1
LIMIT = 2**31 - 2**18
"""The largest denominator of a program."""
ARRAYS = NumPyArrays(has_int64=False)
SETTINGS = settings(deadline=None, derandomize=True, database=None)
POWERS = {abs(2**k + by) for k in (0, 1, 14, 15, 16, 29, 30) for by in (-1, 0, 1)}
LARGEST = {LIMIT - by for by in (0, 1, 2, 2**10, 2**15, 2**17, 2**18, 2**19, 2**20, 40991)}


def hard_offsets(numerator: int, denominator: int) -> Iterator[int]:
    """Yield offsets at which some number of the division is as large or as small as it can be.

    They are powers of two; the ends of stairs, early, around 2^30 and late; and the places in a stair where a quotient
    of one less leaves a remainder of 2^31, or is as far in the stair as an estimate of so many bits can be short.
    """
    most = LAST * numerator // denominator
    for stair in {0, 1, 2, 2**30 * numerator // denominator, most // 2, most - 1, most} - {-1}:
        first = -(-stair * denominator // numerator)
        yield from (first, first + (2**31 - denominator) // numerator)
        yield from (first + denominator // numerator // 2**k for k in range(10, 16))
    yield from (LAST, LAST - 0x7FFF, 0, *POWERS)


def divided(offsets: Iterable[int], numerator: int, denominator: int) -> list[int]:
    array = ARRAYS.step(sorted(offsets))
    inverse = [np.full_like(array, part) for part in reciprocal(numerator, denominator)]
    n, d = np.full_like(array, numerator), np.full_like(array, denominator)
    quotients: list[int] = quotient_int32(array, n, d, inverse, ARRAYS).tolist()
    return quotients


def assert_exact(offsets: Iterable[int], numerator: int, denominator: int) -> None:
    near = {offset + by for offset in offsets for by in (-1, 0, 1) if 0 <= offset + by <= LAST}
    wanted = [offset * numerator // denominator for offset in sorted(near)]
    assert divided(near, numerator, denominator) == wanted, (numerator, denominator)


def test_quotients_are_exact_at_the_limits() -> None:
    denominators = sorted({d for d in POWERS | LARGEST | {LIMIT // 2, LIMIT // 3, 10**9, 37533} if 1 <= d <= LIMIT})
    for denominator in denominators:
        around = {1, 2, 3, 5, 25, denominator // 2, denominator - 2, denominator - 1, denominator, *POWERS}
        for numerator in sorted(n for n in around if 1 <= n <= denominator):
            assert_exact(hard_offsets(numerator, denominator), numerator, denominator)


@st.composite
def fractions(draw: st.DrawFn) -> tuple[int, int]:
    """A numerator and a denominator that a program may have, often near to the limit."""
    denominator = draw(st.one_of(st.integers(1, LIMIT), st.integers(LIMIT - 2**19, LIMIT), st.sampled_from([*LARGEST])))
    small, large = st.integers(1, min(denominator, 1000)), st.integers(0, min(denominator - 1, 1000))
    numerator = draw(st.one_of(small, st.integers(1, denominator), large.map(lambda less: denominator - less)))
    return numerator, denominator


@settings(SETTINGS, max_examples=500)
@given(fractions(), st.lists(st.integers(0, LAST), max_size=40))
@example((5, 2147179597), [])
def test_quotients_are_exact(fraction: tuple[int, int], offsets: list[int]) -> None:
    assert_exact([*hard_offsets(*fraction), *offsets], *fraction)


@settings(SETTINGS, max_examples=60)
@given(fractions(), st.data())
@example((5, 2147179597), None)
def test_programs_divide_exactly(fraction: tuple[int, int], data: st.DataObject | None) -> None:
    """A whole program: 1 at the index that the step has, and other values at the indices beside it."""
    numerator, denominator = fraction
    hard = sorted({offset for offset in hard_offsets(numerator, denominator) if 0 <= offset <= LAST})
    step = 1_717_804_488 if data is None else data.draw(st.sampled_from(hard))
    index = step * numerator // denominator
    places = [(start, value) for start, value in ((0, 2), (index, 1), (index + 1, 3)) if start <= LAST]
    rows = [Segment(start, 0, 0, (value, *(0,) * DEGREE)) for start, value in dict(places).items()]
    program = Program((Phase(0, 0, 0, numerator, denominator),), tuple(rows), LAST)
    for arrays in (ARRAYS, NumPyArrays()):
        assert on_device(program, arrays.step([step]), arrays).tolist() == [1]


def flawed(step: int, numerator: int, denominator: int) -> int:
    """Return the quotient of an earlier version, whose remainder was compared after it had wrapped around."""
    quotient = step * (2**43 * numerator // denominator) >> 43
    remainder = step * numerator - quotient * denominator
    wrapped = (remainder + 2**31) % 2**32 - 2**31
    return quotient + 1 if wrapped >= denominator else quotient


@pytest.mark.parametrize("total", [100_000, 2_000])
@pytest.mark.parametrize(
    ("n", "d"), [(5, 2147179597), (3, 2147179598), (68713, 2147214601), (377385, 2147099128), (676310, 2147001231)]
)
def test_verify_looks_where_a_division_in_int32_can_go_wrong(n: int, d: int, total: int) -> None:
    """The earlier version was wrong at few steps of these: at single ones, far apart, of the last two."""
    schedule = lrspec.loads(
        "{lrspec: 1, learning_rate: {kind: inverse_time, init_value: 1.0, decay_rate: 1.0, staircase: true, "
        f"decay_period: {d}/{n}}}}}"
    )
    (phase,) = schedule.program.phases
    assert (phase.numerator, phase.denominator) == (n, d)
    steps = {step for window in windows(schedule.program, total) for step in range(*window)}
    assert {0, LAST, 2**30 - 1, 2**30} <= steps
    assert any(flawed(step, n, d) != step * n // d for step in steps)
