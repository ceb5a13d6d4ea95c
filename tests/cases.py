"""Named schedules of every kind and edge, which the tests share, and hypothesis strategies for random ones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from lrspec import Constant, Cosine, Exponential, Linear, Node, PiecewiseConstant, Polynomial, Sequence

LAST_STEP = 2**31 - 1

WARMUP = Linear(init_value=0.0, end_value=0.1, steps=50)
DECAY = Cosine(init_value=0.1, end_value=0.001, steps=350)


def stairs(period: float | Fraction, rate: float = 0.9, init: float = 0.1) -> Exponential:
    return Exponential(init_value=init, decay_rate=rate, decay_period=period, staircase=True)


CASES: dict[str, Node] = {
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
    "exponential continued": Exponential(init_value=0.1, decay_rate=0.5, decay_period=10, steps=35, after="continue"),
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
    "sequence of sequences": Sequence(parts=[Sequence(parts=[WARMUP, DECAY]), Sequence(parts=[DECAY, stairs(1.1)])]),
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


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """A random schedule."""
    parts = draw(st.lists(leaves(followed=True), max_size=2))
    last = draw(leaves())
    return Sequence(parts=[*parts, last]) if parts else last
