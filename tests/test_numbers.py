"""The float32 numbers of schedules against the exact formulas of `oracle.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest

from cases import CASES, LAST_STEP, stairs
from cases_kinds import NOISE, SAW, STAIRS, THIRDS
from lrspec import (
    Affine,
    Constant,
    Cosine,
    Exponential,
    Freeze,
    Linear,
    Minimum,
    Node,
    PiecewiseConstant,
    Polynomial,
    PowerLaw,
    Product,
    Repeat,
    Sequence,
    Shift,
    SpecError,
    StepError,
    Table,
)
from lrspec.device import NumPyArrays, on_device
from oracle import CONTEXT, NoValueError, length_of, round_to_float32, ulp_error, value

TOLERANCE = 0.5 + 2.0**-18
SHORT = 10_000
MANY = 1000
ENDING = [name for name, node in CASES.items() if length_of(node) is not None]
LONG = [name for name, node in CASES.items() if (length_of(node) or LAST_STEP) > SHORT]


def last_step_of(node: Node) -> int:
    """The last step with a value; the formula has none at the next one, and one at all that the tests look at."""
    last = node.program.last_step
    with pytest.raises(NoValueError):
        value(node, last + 1)
    return last


def end_of(node: Node) -> int | None:
    """The first step that is not in the node, None where it has no end."""
    length = length_of(node)
    return None if length is None else math.ceil(length)


def check(node: Node, steps: Iterable[int]) -> None:
    last = last_step_of(node)
    for step in sorted({step for step in steps if 0 <= step <= last}):
        found, exact = node(step), value(node, step)
        assert ulp_error(found, exact) <= TOLERANCE, f"step {step}: {found!r}, exactly {CONTEXT.nstr(exact, 20)}"


@pytest.mark.parametrize("name", CASES)
def test_every_early_step_is_within_half_a_unit(name: str) -> None:
    node = CASES[name]
    length = end_of(node)
    wanted = min(SHORT, length + MANY) + 10 if length is not None and length <= SHORT else 2 * MANY
    steps = min(wanted, last_step_of(node) + 1)
    found = node.values(0, steps).tolist()
    errors = [ulp_error(found[step], value(node, step)) for step in range(steps)]
    worst = max(range(steps), key=errors.__getitem__)
    assert errors[worst] <= TOLERANCE, f"step {worst}: {found[worst]!r} is {errors[worst]} units off"


@pytest.mark.parametrize("name", LONG)
def test_sampled_late_steps_are_within_half_a_unit(name: str) -> None:
    node = CASES[name]
    generator = np.random.default_rng(1)
    horizon = min(end_of(node) or LAST_STEP, LAST_STEP)
    sampled = [*generator.integers(0, horizon, 250).tolist(), *generator.integers(0, 10**6, 100).tolist()]
    check(node, [*sampled, *(2**k for k in range(31)), *(2**k - 1 for k in range(32))])


@pytest.mark.parametrize("name", ENDING)
def test_the_last_steps_before_the_end_are_within_half_a_unit(name: str) -> None:
    node = CASES[name]
    length = end_of(node)
    assert length is not None
    check(node, range(length - 60, length + 5))


@pytest.mark.parametrize("name", CASES)
def test_the_edges_of_segments_are_within_half_a_unit(name: str) -> None:
    node = CASES[name]
    program = node.program
    edges: list[int] = []
    for phase in program.phases:
        edges += [phase.start + k * phase.period + by for k in (0, 1, 2, 1001) for by in (-1, 0, 1)]
        for segment in program.segments[:250]:
            if segment.start >= phase.base:
                step = phase.start + -(-(segment.start - phase.base) * phase.denominator // phase.numerator)
                edges += [step - 1, step, step + 1]
    check(node, edges)


@pytest.mark.parametrize("name", CASES)
def test_the_last_step_of_all_is_within_half_a_unit(name: str) -> None:
    check(CASES[name], [last_step_of(CASES[name])])


@pytest.mark.parametrize(
    "node",
    [
        Linear(init_value=1.0, end_value=0.1, steps=7),
        Linear(init_value=1.0, end_value=0.0, steps=LAST_STEP),
        Polynomial(init_value=1.0, end_value=0.1, steps=1000, power=0.9),
        Polynomial(init_value=1.0, end_value=-0.3, steps=10**6, power=3.7),
        Cosine(init_value=1.0, end_value=0.1, steps=1000),
        Cosine(init_value=0.1, end_value=0.0, steps=10**6),
        Cosine(init_value=0.0, end_value=1e-3, steps=10**9),
        Sequence(parts=[Linear(init_value=0, end_value=1, steps=5), Cosine(init_value=1, end_value=0.1, steps=95)]),
    ],
    ids=lambda node: f"{node.kind} {node.length}",
)
def test_the_end_value_comes_exactly_at_the_end_and_is_held(node: Node) -> None:
    last = node.parts[-1] if isinstance(node, Sequence) else node
    assert isinstance(last, Linear | Polynomial | Cosine)
    end = float(np.float32(last.end_value))
    length = end_of(node)
    assert length is not None
    for step in (length, length + 1, length + 12345, LAST_STEP):
        assert node(min(step, LAST_STEP)) == end
    assert length > 1000 or node(length - 1) != end


STARTING = ["linear", "polynomial", "cosine", "exponential", "geometric", "one_minus_power", "rex", "inverse_time"]


@pytest.mark.parametrize("node", [node for node in CASES.values() if node.kind in STARTING], ids=repr)
def test_the_first_step_has_the_initial_value_exactly(node: Linear) -> None:
    assert node(0) == float(np.float32(node.init_value))


@pytest.mark.parametrize(
    "number", [0.1, 1e-3, -0.3, 1.0, 0.0, -0.0, 3e-38, 1 + 2.0**-24, 1 + 3 * 2.0**-24, 1 - 2.0**-25, 2.0**-126]
)
def test_a_constant_is_the_nearest_float32(number: float) -> None:
    found = Constant(value=number)(0)
    assert found == float(np.float32(number))
    assert math.copysign(1.0, found) == (-1.0 if number < 0 else 1.0)


def test_many_constants_are_the_nearest_float32() -> None:
    numbers = np.random.default_rng(2).uniform(-1, 1, 1000) * 10.0 ** np.random.default_rng(3).uniform(-37, 37, 1000)
    levels = PiecewiseConstant(boundaries=range(1, 1000), values=numbers.tolist())
    assert levels.values(0, 1000).tobytes() == numbers.astype(np.float32).tobytes()


def assert_drops_at_multiples(period: Fraction, steps: int) -> None:
    schedule = stairs(period, rate=0.9)
    found = schedule.values(0, steps)
    drops = (np.flatnonzero(np.diff(found)) + 1).tolist()
    count = math.ceil((steps - 1) / period) + 1
    assert drops == [step for k in range(1, count + 1) if (step := math.ceil(k * period)) < steps]


@pytest.mark.parametrize("first", range(1, 201, 25))
def test_a_staircase_drops_exactly_at_the_multiples_of_whole_periods(first: int) -> None:
    for period in range(first, first + 25):
        assert_drops_at_multiples(Fraction(period), 500 * period)


@pytest.mark.parametrize(
    "period", ["1.1", "2.5", "1501.32", "1.01", "7/3", "1000/3", "355/113", "99.99", "1.000001", "41.000001", "1.9999"]
)
def test_a_staircase_drops_exactly_at_the_multiples_of_fractional_periods(period: str) -> None:
    exact = Fraction(period)
    assert_drops_at_multiples(exact, min(200_000, math.floor(500 * exact)))


@pytest.mark.parametrize("period", ["41", "47", "55", "61", "1.1", "2.5", "1501.32", "1000/3", "1000000.1", "1e9"])
def test_a_staircase_drops_at_the_multiples_far_out(period: str) -> None:
    exact = Fraction(period)
    schedule = stairs(exact, rate=1 - 2.0**-22)
    counts = [k for k in (1, 2, 3, 41, 10**3 + 1, 10**5 + 7, 10**6, 10**7, 3 * 10**8) if k * exact <= LAST_STEP]
    for k in counts:
        step = math.ceil(k * exact)
        before, after = value(schedule, step - 1), value(schedule, step)
        if abs(after) < 2.0**-126:
            break
        assert (schedule(step - 1), schedule(step)) == (round_to_float32(before), round_to_float32(after))
        assert schedule(step - 1) != schedule(step)
    for wide in (True, False):
        arrays = NumPyArrays(has_int64=wide)
        steps = [math.ceil(k * exact) - back for k in counts for back in (1, 0)]
        assert on_device(schedule.program, arrays.step(steps), arrays).tolist() == [schedule(s) for s in steps]


def test_a_decimal_period_is_the_decimal_that_was_written() -> None:
    assert stairs(1501.32).decay_period == Fraction(150132, 100)
    assert stairs(1.1).decay_period == Fraction(11, 10)
    assert stairs(1.1)(11) != stairs(1.1)(10)  # 10 * 1.1 in binary64 is 11.000000000000002


@pytest.mark.parametrize("name", CASES)
def test_exact_is_the_formula_rounded_to_float64(name: str) -> None:
    node = CASES[name]
    last = min(last_step_of(node), LAST_STEP)
    near = min(last, (end_of(node) or 5000) + 100)
    steps = {*np.random.default_rng(4).integers(0, near + 1, 20).tolist(), 0, near, near // 2, last}
    for step in sorted(steps):
        exact = value(node, step)
        if abs(exact) >= 1e-290 or exact == 0:
            assert node.exact(step) == float(exact), step
        else:
            assert abs(node.exact(step)) < 1e-280, step


@pytest.mark.parametrize("name", CASES)
def test_a_step_without_a_value_is_an_error(name: str) -> None:
    node = CASES[name]
    last = last_step_of(node)
    for step in (-1, last + 1, LAST_STEP + 1, 2**40):
        with pytest.raises(NoValueError):
            value(node, step)
        message = f"step {step} has no value: expected a step from 0 to {last}"
        with pytest.raises(StepError, match=message):
            node(step)
        with pytest.raises(StepError):
            node.exact(step)
    with pytest.raises(StepError, match=f"step {last + 1} has no value: expected a step from 0 to {last}"):
        node.values(last, last + 2)
    with pytest.raises(StepError, match=f"step -1 has no value: expected a step from 0 to {last}"):
        node.values(-1, 1)
    assert node.values(last, last + 1)[0] == node(last)


@pytest.mark.parametrize("step", [0.0, 1.5, "1", None])
def test_a_step_that_is_no_integer_is_a_type_error(step: int) -> None:
    with pytest.raises(TypeError):
        CASES["linear warmup"](step)


def test_an_integer_of_numpy_is_a_step() -> None:
    assert CASES["linear warmup"](np.int32(7)) == CASES["linear warmup"](7)  # type: ignore[arg-type]


def test_an_empty_range_has_no_values() -> None:
    assert CASES["linear warmup"].values(5, 5).shape == (0,)
    assert CASES["linear warmup"].values(5, 3).dtype == np.float32


GROWTHS = {
    "exponential": Exponential(init_value=1.0, decay_rate=2.0, decay_period=10),
    "exponential at its end": Exponential(init_value=1.0, decay_rate=2.0, decay_period=1, steps=128),
    "staircase": stairs(10, rate=2.0),
    "linear": Linear(init_value=1.0, end_value=3e38, steps=10, after="continue"),
    "polynomial": Polynomial(init_value=1.0, end_value=0.0, steps=10, power=5, after="continue"),
}


@pytest.mark.parametrize("name", GROWTHS)
def test_a_value_past_float32_is_an_error(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        GROWTHS[name](0)
    at_end = "end" in name
    assert str(caught.value) == (
        f"found a value beyond the range of float32, from step {128 if at_end else 0} on, "
        f"expected values up to 3.4e+38{'' if at_end else '; what grows needs an end, such as `steps`'}"
    )


def test_growth_up_to_the_largest_power_of_two_is_no_error() -> None:
    schedule = Exponential(init_value=1.0, decay_rate=2.0, decay_period=1, steps=127)
    assert schedule.values(0, 129).tolist() == [2.0 ** min(step, 127) for step in range(129)]


FOREVER = {
    "stairs that never begin at a step": (Shift(part=STAIRS, by=Fraction(7, 6)), ""),
    "stairs of two lengths": (Product(parts=[STAIRS, THIRDS]), ""),
    "stairs of two lengths, above 0": (Product(parts=[STAIRS, Affine(part=THIRDS, offset=1.0)]), "short form"),
    "a repeat in a line": (
        Product(parts=[Repeat(part=SAW), Linear(init_value=1.0, end_value=0.0, steps=10**9)]),
        "short form",
    ),
    "cycles that sink for ever": (Repeat(part=SAW, peak_power=0.5), "short form"),
    "cycles that barely grow": (
        Repeat(part=SAW, cycle_mult=1.0001),
        "fewer digits, fewer cycles, or a `cycle_rounding`",
    ),
    "cycles that do not grow": (Repeat(part=SAW, cycle_steps=1, cycle_mult=1.5, cycle_rounding="floor"), "short form"),
    "a minimum in every cycle": (
        Repeat(part=Minimum(parts=[SAW, Cosine(init_value=1.0, end_value=0.0, steps=20)]), peak_power=0.5),
        "short form",
    ),
    "cycles of a fraction of many digits": (Repeat(part=SAW, cycle_steps=Fraction(10**6, 99_991)), "short form"),
    "a table over and over": (
        Repeat(part=Table(values=NOISE * 20), peak_mult=0.99, num_cycles=999),
        "larger than 262144 bytes",
    ),
    "a thousand cycles of a cosine": (
        Repeat(part=Cosine(init_value=1.0, end_value=0.0, steps=9999, exponent=0.7), num_cycles=1000, peak_mult=0.99),
        "larger than 262144 bytes",
    ),
    "stairs longer than a division": (
        Repeat(part=Freeze(part=STAIRS, steps=20), num_cycles=60, cycle_mult=2, after="error"),
        "",
    ),
    "a time before the first": (PowerLaw(init_value=1.0, power=0.5, timescale=1), "above 0 at every step"),
    "no value at all": (
        Shift(part=Minimum(parts=[Constant(value=1.0, steps=5, after="error"), Constant(value=2.0, steps=20)]), by=7),
        "without a value at step 0",
    ),
}


@pytest.mark.parametrize("name", FOREVER)
def test_a_schedule_without_a_short_program_is_an_error_and_a_quick_one(name: str) -> None:
    node, message = FOREVER[name]  # the limit of every test, in pyproject.toml, ends one that would go on for ever
    if message:
        with pytest.raises(SpecError, match=message):
            node(0)
    else:
        check(node, [*range(100), 10**6, LAST_STEP])


@pytest.mark.parametrize("period", [1, 7, Fraction(7, 3)])
def test_a_table_has_the_nearest_float32_of_each_value(period: int | Fraction) -> None:
    smooth = 0.1 * np.cos(np.arange(3000) / 500) + 0.2 + np.repeat([0.0, 1e-9], 1500)
    runs = np.repeat(smooth[:300], np.arange(300) % 5)
    levels = [*NOISE, *smooth.tolist(), *runs.tolist()]
    found = Table(values=levels, period=period)
    steps = [math.ceil(k * Fraction(period)) for k in range(len(levels))]
    assert [found(step) for step in steps] == np.array(levels, np.float32).tolist()


WHOLE = {
    "exponential": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000, steps=100_000),
    "cosine": Cosine(init_value=0.1, end_value=0.0, steps=100_000),
    "linear": Linear(init_value=0.0, end_value=0.1, steps=100_000),
}


@pytest.mark.parametrize(
    "name", ["linear", *(pytest.param(name, marks=pytest.mark.long) for name in ("exponential", "cosine"))]
)
def test_all_but_two_of_a_hundred_thousand_steps_are_correctly_rounded(name: str) -> None:
    node = WHOLE[name]
    found = node.values(0, 100_000).tolist()
    wrong = [step for step in range(100_000) if found[step] != round_to_float32(value(node, step))]
    assert len(wrong) <= 2, wrong


def test_the_oracle_rounds_as_numpy_does() -> None:
    generator = np.random.default_rng(5)
    numbers = generator.choice([-1, 1], 2000) * 2.0 ** generator.uniform(-125, 127, 2000)
    ties = 1 + (2 * np.arange(50) + 1) * 2.0**-24
    for number in [*numbers.tolist(), *ties.tolist(), 0.0, 2.0**-126]:
        assert round_to_float32(CONTEXT.mpf(number)) == float(np.float32(number))
        assert ulp_error(float(np.float32(number)), CONTEXT.mpf(number)) <= 0.5


def test_the_oracle_sees_one_unit() -> None:
    exact = CONTEXT.mpf(0.1)
    assert ulp_error(float(np.nextafter(np.float32(0.1), np.float32(1))), exact) > TOLERANCE
    assert ulp_error(1e-40, CONTEXT.mpf(1e-40)) == math.inf
    assert ulp_error(0.0, CONTEXT.mpf(1e-40)) == 0
