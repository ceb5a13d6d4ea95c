"""Named schedules of every kind and edge, which the tests share, and hypothesis strategies for random ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from hypothesis import strategies as st

from cases_arithmetic import ARITHMETIC
from cases_kinds import KINDS
from lrspec import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
    Exp,
    Exponential,
    Freeze,
    Geometric,
    InverseTime,
    Linear,
    Logarithmic,
    Maximum,
    Minimum,
    Node,
    NormalizedExponential,
    OneMinusPower,
    PiecewiseConstant,
    Polynomial,
    Power,
    PowerLaw,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    SpecError,
    Stretch,
    Sum,
    Table,
    Tanh,
)

LAST_STEP = 2**31 - 1

WARMUP = Linear(init_value=0.0, end_value=0.1, steps=50)
DECAY = Cosine(init_value=0.1, end_value=0.001, steps=350)


def stairs(period: float | Fraction, rate: float = 0.9, init: float = 0.1) -> Exponential:
    return Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=True)


CASES: dict[str, Node] = (
    {
        "constant": Constant(value=0.1),
        "constant zero": Constant(value=0.0),
        "constant negative": Constant(value=-0.3),
        "constant tiny": Constant(value=1e-30),
        "constant smallest": Constant(value=2.0**-126),
        "constant largest": Constant(value=(2 - 2**-23) * 2.0**127),
        "constant then error": Constant(value=0.7, steps=10, after="error"),
        "constant continued": Constant(value=0.7, steps=10, after="continue"),
        "linear warmup": WARMUP,
        "linear one step": Linear(init_value=1.0, end_value=0.5, steps=1),
        "linear two steps": Linear(init_value=1.0, end_value=0.5, steps=2),
        "linear flat": Linear(init_value=0.3, end_value=0.3, steps=1000),
        "linear crossing zero": Linear(init_value=1.0, end_value=-2.0, steps=999),
        "linear negative": Linear(init_value=-1e-3, end_value=-7.0, steps=1234),
        "linear continued": Linear(init_value=1.0, end_value=0.9, steps=100, after="continue"),
        "linear then error": Linear(init_value=1.0, end_value=0.0, steps=100, after="error"),
        "linear tiny": Linear(init_value=1e-30, end_value=0.0, steps=3000),
        "linear below float32": Linear(init_value=1e-36, end_value=0.0, steps=5000),
        "linear of many magnitudes": Linear(init_value=1e-30, end_value=1e30, steps=4000),
        "polynomial 0.5": Polynomial(init_value=0.1, end_value=0.001, steps=4000, power=0.5),
        "polynomial 0.9": Polynomial(init_value=0.01, end_value=0.0, steps=5000, power=0.9),
        "polynomial 1": Polynomial(init_value=0.01, end_value=0.0, steps=777, power=1),
        "polynomial 2": Polynomial(init_value=0.1, end_value=0.0001, steps=10_000, power=2),
        "polynomial 2 continued": Polynomial(init_value=1.0, end_value=0.1, steps=300, power=2, after="continue"),
        "polynomial 3 continued": Polynomial(init_value=1.0, end_value=0.1, steps=300, power=3, after="continue"),
        "polynomial 3 then error": Polynomial(init_value=1.0, end_value=0.1, steps=300, power=3, after="error"),
        "polynomial 3.7": Polynomial(init_value=1.0, end_value=0.0, steps=3000, power=3.7),
        "polynomial 100": Polynomial(init_value=1.0, end_value=0.0, steps=2000, power=100),
        "polynomial 0.01": Polynomial(init_value=1.0, end_value=0.0, steps=2000, power=0.01),
        "polynomial rising": Polynomial(init_value=-0.5, end_value=2.0, steps=2000, power=1.5),
        "cosine to zero": Cosine(init_value=0.1, end_value=0.0, steps=10_000),
        "cosine to a tenth": Cosine(init_value=0.1, end_value=0.01, steps=9_999),
        "cosine one step": Cosine(init_value=1.0, end_value=0.0, steps=1),
        "cosine three steps continued": Cosine(init_value=1.0, end_value=0.0, steps=3, after="continue"),
        "cosine continued": Cosine(init_value=0.1, end_value=0.001, steps=700, after="continue"),
        "cosine then error": Cosine(init_value=0.1, end_value=0.0, steps=70, after="error"),
        "cosine rising": Cosine(init_value=0.0, end_value=0.3, steps=2500),
        "cosine crossing zero": Cosine(init_value=-1.0, end_value=1.0, steps=2001),
        "cosine tiny": Cosine(init_value=1e-30, end_value=0.0, steps=3000),
        "exponential": Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000),
        "exponential 1501.32": Exponential(init_value=0.1, decay_rate=0.5, decay_period=1501.32),
        "exponential fraction": Exponential(init_value=0.1, decay_rate=0.5, decay_period=Fraction(1000, 3)),
        "exponential per step": Exponential(init_value=0.1, decay_rate=0.95, decay_period=1),
        "exponential fast": Exponential(init_value=1.0, decay_rate=1e-3, decay_period=0.7),
        "exponential underflow": Exponential(init_value=1e-30, decay_rate=0.5, decay_period=300),
        "exponential negative": Exponential(init_value=-0.1, decay_rate=0.9, decay_period=77),
        "exponential flat": Exponential(init_value=0.1, decay_rate=1.0, decay_period=10),
        "exponential growth": Exponential(init_value=1e-6, decay_rate=10.0, decay_period=100, steps=700),
        "exponential growth then error": Exponential(
            init_value=1e-6, decay_rate=2.0, decay_period=33.3, steps=700, after="error"
        ),
        "exponential held": Exponential(init_value=0.1, decay_rate=0.5, decay_period=10, steps=35),
        "exponential continued": Exponential(
            init_value=0.1, decay_rate=0.5, decay_period=10, steps=35, after="continue"
        ),
        "staircase 100000": stairs(100_000, 0.96),
        **{f"staircase {period}": stairs(period) for period in (1, 2, 41, 47, 55, 61, 1501.32, 1.1, 2.5)},
        "staircase fraction": stairs(Fraction(1000, 3)),
        "staircase held": Exponential(init_value=0.1, decay_rate=0.5, decay_period=2.5, staircase=True, steps=12),
        "staircase growth": Exponential(init_value=1e-6, decay_rate=10.0, decay_period=41, staircase=True, steps=300),
        "piecewise": PiecewiseConstant(boundaries=[30, 60, 90], values=[0.1, 0.01, 0.001, 0.0001]),
        "piecewise then error": PiecewiseConstant(boundaries=[1, 2], values=[1.0, -1.0, 0.0], steps=9, after="error"),
        "piecewise far": PiecewiseConstant(boundaries=[LAST_STEP], values=[1.0, 0.5]),
        "sequence": Sequence(parts=[WARMUP, DECAY]),
        "sequence of one": Sequence(parts=[DECAY]),
        "sequence of all kinds": Sequence(
            parts=[
                Constant(value=0.01, steps=7),
                WARMUP,
                Polynomial(init_value=0.1, end_value=0.2, steps=300, power=2.5),
                Exponential(init_value=0.2, decay_rate=0.9, decay_period=41, staircase=True, steps=420),
                PiecewiseConstant(boundaries=[5, 6], values=[0.3, 0.2, 0.1], steps=11),
                Exponential(init_value=0.1, decay_rate=0.5, decay_period=2.5, steps=33),
                Cosine(init_value=0.05, end_value=0.0, steps=500, after="continue"),
            ]
        ),
        "sequence of sequences": Sequence(
            parts=[Sequence(parts=[WARMUP, DECAY]), Sequence(parts=[DECAY, stairs(1.1)])]
        ),
        "sequence then error": Sequence(
            parts=[WARMUP, Linear(init_value=0.1, end_value=0.0, steps=20, after="error")],
        ),
        "warmup cosine of a million": Sequence(
            parts=[
                Linear(init_value=0.0, end_value=1e-3, steps=10_000),
                Cosine(init_value=1e-3, end_value=1e-4, steps=990_000),
            ]
        ),
        "cosine to zero of a million": Cosine(init_value=0.1, end_value=0.0, steps=1_000_000),
        "polynomial 0.9 of a million": Polynomial(init_value=0.01, end_value=0.0, steps=1_000_000, power=0.9),
        "exponential of a million": Exponential(init_value=0.1, decay_rate=0.96, decay_period=10_000, steps=1_000_000),
        "linear to the last step": Linear(init_value=1.0, end_value=0.0, steps=LAST_STEP),
        "cosine to the last step": Cosine(init_value=1.0, end_value=0.0, steps=LAST_STEP),
        "polynomial 3.7 to the last step": Polynomial(init_value=1.0, end_value=1e-6, steps=LAST_STEP, power=3.7),
        "exponential to the last step": Exponential(init_value=1.0, decay_rate=0.5, decay_period=10**8),
    }
    | KINDS
    | ARITHMETIC
)

VALUES = st.one_of(
    st.just(0.0),
    st.floats(1e-8, 10.0),
    st.floats(-10.0, -1e-8),
    st.floats(2.0**-126, 2.0**-100),
    st.floats(2.0**100, 2.0**126),
)
STEPS = st.one_of(st.integers(1, 40), st.integers(1, 10**6))
PERIODS = st.one_of(
    st.integers(1, 10**5),
    st.floats(1.0, 10**5),
    st.decimals(1, 1000, places=2).map(float),
    st.fractions(1, 1000, max_denominator=999),
)
AFTER = st.sampled_from(["hold", "continue", "error"])


NO_SHORT_FORM = ("float32", "period", "pieces", "larger than", "above 0 at every step", "without a value at step 0")
"""What the errors say that a random schedule may end in when it is compiled."""


@st.composite
def leaves(draw: st.DrawFn, *, followed: bool = False) -> Node:
    """A random leaf; one that another part may follow, where `followed`."""
    kind = draw(st.sampled_from(["constant", "linear", "polynomial", "cosine", "exponential", "piecewise_constant"]))
    if kind == "piecewise_constant":
        boundaries = sorted(draw(st.sets(st.integers(1, 10**5), min_size=1, max_size=5)))
        levels = draw(st.lists(VALUES, min_size=len(boundaries) + 1, max_size=len(boundaries) + 1))
        steps = boundaries[-1] + draw(STEPS) if followed else None
        return PiecewiseConstant(boundaries=boundaries, values=levels, steps=steps)
    shape: dict[str, Any] = {"steps": draw(STEPS), "after": "hold" if followed else draw(AFTER)}
    if kind == "constant":
        return Constant(value=draw(VALUES), **shape)
    if kind == "exponential":
        rate = draw(st.one_of(st.floats(0.01, 1.0), st.floats(1.0, 1.001)))
        shape["after"] = "hold" if rate > 1 else shape["after"]
        period, flag = draw(PERIODS), draw(st.booleans())
        init = draw(st.floats(1e-8, 10.0))
        return Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=flag, **shape)
    ends: dict[str, Any] = {"init_value": draw(VALUES), "end_value": draw(VALUES)}
    if kind == "cosine":
        return Cosine(**ends, **shape)
    if shape["after"] == "continue":  # to step 2**31 - 1: past the end of float32 with most numbers
        shape["after"] = "error"
    if kind == "linear":
        return Linear(**ends, **shape)
    power = draw(st.one_of(st.integers(1, 5), st.floats(0.1, 10.0)))
    return Polynomial(**ends, **shape, power=power)


LEVELS = st.one_of(
    st.just(0.0), st.floats(0.001, 2.0), st.floats(-1.0, -0.001), st.integers(-4, 8).map(lambda k: k / 4)
)
LENGTHS = st.one_of(st.integers(1, 30), st.integers(1, 1000), st.fractions(Fraction(1, 2), 200, max_denominator=12))
FACTORS = st.one_of(st.integers(1, 9), st.fractions(Fraction(1, 5), 20, max_denominator=7), st.just(1.32))
POWERS = st.one_of(st.integers(1, 3), st.floats(0.2, 4.0))
TABLE_PERIODS: st.SearchStrategy[Any] = st.sampled_from([1, 1, 2, 3.5, Fraction(7, 3)])
GROWTHS: st.SearchStrategy[Any] = st.sampled_from([1, 1, 1.5, 2, Fraction(4, 3)])
HOLD: st.SearchStrategy[Any] = st.sampled_from(["hold", "hold", "hold", "error"])


def _curves(init: Any) -> dict[str, Callable[[st.DrawFn], Node]]:
    """A function for each curve with two ends, whose first value is drawn from `init`."""

    def ends(draw: st.DrawFn) -> dict[str, Any]:
        return {"init_value": draw(init), "end_value": draw(LEVELS), "steps": draw(LENGTHS), "after": draw(HOLD)}

    return {
        "linear": lambda draw: Linear(**ends(draw)),
        "polynomial": lambda draw: Polynomial(
            **ends(draw), power=draw(POWERS), k_decay=draw(st.sampled_from([1, 1, 0.5, 2]))
        ),
        "cosine": lambda draw: Cosine(
            **ends(draw),
            cycles=draw(st.sampled_from([0.5, 0.5, 1.0, 1.75])),
            exponent=draw(st.sampled_from([1, 1, 2, 0.7])),
            k_decay=draw(st.sampled_from([1, 1, 0.5, 2])),
        ),
        "geometric": lambda draw: Geometric(
            **ends(draw) | {"init_value": draw(st.floats(0.01, 2.0)), "end_value": draw(st.floats(0.01, 2.0))}
        ),
        "one_minus_power": lambda draw: OneMinusPower(**ends(draw), power=draw(POWERS)),
        "normalized_exponential": lambda draw: NormalizedExponential(**ends(draw), ratio=draw(st.floats(0.01, 0.9))),
        "tanh": lambda draw: Tanh(**ends(draw), lower=draw(st.floats(-8.0, 0.0)), upper=draw(st.floats(0.5, 6.0))),
        "logarithmic": lambda draw: Logarithmic(**ends(draw)),
        "rex": lambda draw: Rex(**ends(draw)),
    }


def _decays(init: Any) -> dict[str, Callable[[st.DrawFn], Node]]:
    def shape(draw: st.DrawFn) -> dict[str, Any]:
        return {"init_value": draw(init), "steps": draw(LENGTHS), "after": draw(HOLD)}

    def stairs_of(draw: st.DrawFn) -> dict[str, Any]:
        period = draw(st.one_of(st.integers(1, 40), st.fractions(1, 30, max_denominator=9)))
        return {"decay_period": period, "staircase": draw(st.booleans()), "decay_rate": draw(st.floats(0.3, 1.0))}

    return {
        "exponential": lambda draw: Exponential(**shape(draw), **stairs_of(draw)),
        "inverse_time": lambda draw: InverseTime(**shape(draw), **stairs_of(draw)),
        "power_law": lambda draw: PowerLaw(
            **shape(draw), power=draw(POWERS), timescale=draw(FACTORS), offset=draw(FACTORS)
        ),
    }


def _lists() -> dict[str, Callable[[st.DrawFn], Node]]:
    def table(draw: st.DrawFn) -> Node:
        levels = draw(st.lists(LEVELS, min_size=1, max_size=12))
        return Table(values=levels, period=draw(TABLE_PERIODS), after=draw(HOLD))

    def piecewise(draw: st.DrawFn) -> Node:
        boundaries = sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=4)))
        levels = draw(st.lists(LEVELS, min_size=len(boundaries) + 1, max_size=len(boundaries) + 1))
        return PiecewiseConstant(boundaries=boundaries, values=levels, steps=boundaries[-1] + draw(LENGTHS))

    return {
        "constant": lambda draw: Constant(value=draw(LEVELS), steps=draw(LENGTHS), after=draw(HOLD)),
        "piecewise_constant": piecewise,
        "table": table,
    }


@st.composite
def small_leaves(draw: st.DrawFn, *, first: bool = True) -> Node:
    """A random leaf of any kind, of moderate length and values; `first` where no part comes before it."""
    init = LEVELS if first else st.one_of(st.just("previous"), LEVELS)
    made = {**_curves(init), **_decays(init), **_lists()}
    return made[draw(st.sampled_from(sorted(made)))](draw)


def _parts(draw: st.DrawFn, depth: int) -> list[Node]:
    return [draw(trees(depth - 1)) for _ in range(draw(st.integers(1, 3)))]


def _in_sequence(draw: st.DrawFn, depth: int) -> Node:
    parts = _parts(draw, depth)
    return Sequence(parts=[_followed(draw, part) for part in parts[:-1]] + [_last(draw, parts[-1])])


def _followed(draw: st.DrawFn, part: Node) -> Node:
    ends = getattr(part, "after", "hold") == "hold" and part.length is not None
    return part if ends and not isinstance(part, Sequence) else Freeze(part=part, steps=draw(LENGTHS))


def _last(draw: st.DrawFn, part: Node) -> Node:
    return draw(small_leaves(first=False)) if draw(st.booleans()) else part


def _global_sequence(draw: st.DrawFn, depth: int) -> Node:
    first, last = Freeze(part=draw(trees(depth - 1)), steps=draw(LENGTHS)), draw(trees(depth - 1))
    return Sequence(parts=[first, last], time="global")


def _repeat(draw: st.DrawFn, depth: int) -> Node:
    scaling: Any = draw(st.sampled_from(["all", "all", "height", "peak"]))
    cycles = draw(st.one_of(st.none(), st.integers(1, 6), st.integers(1, 6)))
    return Repeat(
        part=draw(trees(depth - 1)),
        cycle_steps=draw(st.one_of(st.integers(2, 50), st.fractions(1, 60, max_denominator=4))),
        num_cycles=cycles,
        cycle_mult=draw(GROWTHS),
        cycle_rounding=draw(st.sampled_from(["none", "floor", "ceil"])),
        peak_mult=draw(st.sampled_from([1, 1, 0.5, 0.9])),
        peak_power=draw(st.sampled_from([0, 0, 0.5, 1])),
        scaling=scaling,
        floor_value=0.25 if scaling != "all" else 0.0,
        peak_value=1.5 if scaling == "peak" else None,
        after="hold" if cycles is None else draw(HOLD),
    )


def _clamp(draw: st.DrawFn, depth: int) -> Node:
    low, high = sorted([draw(LEVELS), draw(LEVELS)])
    return Clamp(part=draw(trees(depth - 1)), min_value=low, max_value=high)


def _positive(draw: st.DrawFn, depth: int) -> Node:
    """A tree with values above 0."""
    return Clamp(part=draw(trees(depth - 1)), min_value=draw(st.floats(0.001, 0.5)))


def _affine(draw: st.DrawFn, depth: int) -> Node:
    return Affine(part=draw(trees(depth - 1)), scale=draw(LEVELS), offset=draw(LEVELS))


def _shift(draw: st.DrawFn, depth: int) -> Node:
    part = draw(trees(depth - 1))
    by = draw(st.fractions(-20, 20, max_denominator=6))
    return Shift(part=part, by=by if part.length is None else min(by, Fraction(part.length) / 2))


def _around(kind: Callable[..., Node], name: str, numbers: Any, draw: st.DrawFn, depth: int) -> Node:
    return kind(part=draw(trees(depth - 1)), **{name: draw(numbers)})


COMBINATORS: dict[str, Callable[[st.DrawFn, int], Node]] = {
    "sequence": _in_sequence,
    "sequence of global time": _global_sequence,
    "product": lambda draw, depth: Product(parts=_parts(draw, depth)),
    "sum": lambda draw, depth: Sum(parts=_parts(draw, depth)),
    "power": partial(_around, Power, "exponent", st.sampled_from([2.0, 3.0, 5.0])),
    "root": lambda draw, depth: Power(part=_positive(draw, depth), exponent=draw(st.sampled_from([0.5, 1.7, -1]))),
    "exp": partial(_around, Exp, "base", st.sampled_from([None, 0.5, 10.0])),
    "minimum": lambda draw, depth: Minimum(parts=_parts(draw, depth)),
    "maximum": lambda draw, depth: Maximum(parts=_parts(draw, depth)),
    "clamp": _clamp,
    "affine": _affine,
    "shift": _shift,
    "freeze": partial(_around, Freeze, "steps", LENGTHS),
    "repeat": _repeat,
    "every": partial(_around, Every, "period", FACTORS.filter(lambda factor: factor >= 1)),
    "stretch": partial(_around, Stretch, "factor", FACTORS),
}


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Node:
    """A random tree of all kinds, at most so deep."""
    kind = draw(st.sampled_from(["leaf", *COMBINATORS])) if depth > 1 else "leaf"
    try:
        return draw(small_leaves()) if kind == "leaf" else COMBINATORS[kind](draw, depth)
    except SpecError:  # of numbers that do not fit together
        return draw(small_leaves())


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """A random schedule."""
    if draw(st.booleans()):
        return draw(trees())
    parts = draw(st.lists(leaves(followed=True), max_size=2))
    last = draw(leaves())
    return Sequence(parts=[*parts, last]) if parts else last
