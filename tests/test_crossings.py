"""Where one curve takes over from another in `minimum` and `maximum`: against the parts themselves, index by index."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import pytest

from cases import CASES
from lrspec import (
    Affine,
    Constant,
    Cosine,
    Exp,
    Exponential,
    Geometric,
    InverseTime,
    Linear,
    Logarithmic,
    Maximum,
    Minimum,
    Node,
    NormalizedExponential,
    OneMinusPower,
    Polynomial,
    Power,
    PowerLaw,
    Product,
    Rex,
    Sine,
    SpecError,
    Sum,
    Tanh,
)
from lrspec.compiler.formula import formula_of

BITS = 224
KINDS: dict[str, Callable[[random.Random, float, float, int], Node]] = {
    "linear": lambda _, a, b, n: Linear(init_value=a, end_value=b, steps=n),
    "power": lambda r, a, b, n: Polynomial(init_value=a, end_value=b, steps=n, power=r.choice([0.5, 1.3, 3.0])),
    "k_decay": lambda r, a, b, n: Polynomial(
        init_value=a, end_value=b, steps=n, power=r.choice([0.5, 2.0]), k_decay=r.choice([0.5, 1.5, 3.0])
    ),
    "cosine": lambda r, a, b, n: Cosine(init_value=a, end_value=b, steps=n, exponent=r.choice([0.3, 0.5, 0.7, 1, 2])),
    "waves": lambda r, a, b, n: Cosine(
        init_value=a, end_value=b, steps=n, cycles=r.choice([1, 3.25, 17]), exponent=r.choice([0.3, 0.5, 1, 2])
    ),
    "warped": lambda r, a, b, n: Cosine(
        init_value=a, end_value=b, steps=n, cycles=r.choice([0.5, 5]), k_decay=r.choice([0.5, 3]),
        exponent=r.choice([0.4, 1]),
    ),
    "geometric": lambda _, a, b, n: Geometric(init_value=a, end_value=b, steps=n),
    "normalized": lambda r, a, b, n: NormalizedExponential(
        init_value=a, end_value=b, steps=n, ratio=r.choice([0.001, 0.9])
    ),
    "tanh": lambda r, a, b, n: Tanh(init_value=a, end_value=b, steps=n, lower=-r.uniform(1, 8), upper=r.uniform(1, 5)),
    "logarithmic": lambda _, a, b, n: Logarithmic(init_value=a, end_value=b, steps=n),
    "rex": lambda _, a, b, n: Rex(init_value=a, end_value=b, steps=n),
    "one_minus": lambda r, a, b, n: OneMinusPower(init_value=a, end_value=b, steps=n, power=r.choice([0.5, 0.9, 3.0])),
    "exponential": lambda _, a, b, n: Exponential(init_value=a, decay_rate=b, decay_period=n),
    "inverse": lambda _, a, b, n: InverseTime(init_value=a, decay_rate=9 * b, decay_period=n),
    "power_law": lambda _, a, b, n: PowerLaw(init_value=a, power=0.5 + b, timescale=n, offset=1 + int(a * n)),
    "product": lambda _, a, b, n: Product(
        parts=[
            Cosine(init_value=a, end_value=b, steps=n, cycles=3),
            Tanh(init_value=b, end_value=a, steps=n, lower=-4, upper=3),
        ]
    ),
    "affine": lambda _, a, b, n: Affine(part=Cosine(init_value=a, end_value=b, steps=n), scale=-1.5, offset=2 * b),
    "sine": lambda _, a, b, n: Sine(init_value=a, end_value=b, steps=n),
    "sum": lambda _, a, b, n: Sum(
        parts=[
            Cosine(init_value=a, end_value=0.0, steps=n, cycles=2),
            Geometric(init_value=b, end_value=0.01, steps=n),
        ]
    ),
    "raised": lambda r, a, b, n: Power(
        part=Sum(parts=[Cosine(init_value=a, end_value=0.0, steps=n, cycles=1.5), Constant(value=r.choice([0, b]))]),
        exponent=r.choice([0.5, 1.7, 2, 5]),
    ),
    "reciprocal": lambda r, a, b, n: Power(
        part=Tanh(init_value=0.5 + a, end_value=1 + b, steps=n, lower=-3, upper=2), exponent=r.choice([-0.5, -1, -3])
    ),
    "whole power": lambda r, a, b, n: Power(
        part=Cosine(init_value=a, end_value=-b, steps=n), exponent=r.choice([2, 3, 20])
    ),
    "exp": lambda r, a, b, n: Exp(
        part=Cosine(init_value=-a, end_value=-3 * b, steps=n, cycles=2.5), base=r.choice([None, 10.0, 0.5])
    ),
}  # fmt: skip


def drawn(rng: random.Random, kind: str, steps: int) -> Node:
    return KINDS[kind](rng, round(rng.uniform(0.01, 1), 6), round(rng.uniform(0.01, 0.99), 6), steps)


def touching(rng: random.Random, a: Node, b: Node, steps: int, *, up: bool) -> tuple[Node, int]:
    """Return `b` moved so that it about touches `a` where their gap is at a local extremum, and that step."""
    one, other = formula_of(a), formula_of(b)

    def gap(step: int) -> int:
        return one.at(step, BITS) - other.at(step, BITS)

    step = rng.randrange(steps)
    for i in range(60):
        stride = max(1, steps >> (i // 2 + 1))
        near = [s for s in (step - stride, step, step + stride) if 0 <= s < steps]
        step = (max if up else min)(near, key=gap)
    moved = float(Fraction(gap(step), 1 << BITS)) * (1 + rng.choice([0, 1e-4, -1e-4, 1e-7, -1e-7, 1e-12]))
    return Affine(part=b, offset=moved), step


def check(parts: list[Node], steps: list[int]) -> None:
    formulas = [formula_of(part) for part in parts]
    for kind, best in ((Minimum, min), (Maximum, max)):
        found = formula_of(kind(parts=parts))
        for step in steps:
            values = [formula.at(step, BITS) for formula in formulas]
            allowed = max(map(abs, values)) >> 58
            assert abs(found.at(step, BITS) - best(values)) <= allowed, (kind.__name__, parts, step)


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(i, marks=pytest.mark.long) for i in range(12, 40))])
@pytest.mark.parametrize("kind", KINDS)
def test_curves_that_nearly_touch_never_hide_a_crossing(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind} {seed}")  # noqa: S311
    steps = rng.choice([37, 500, 77_777, 10**6, 2 * 10**8])
    a = drawn(rng, kind, steps)
    b, step = touching(rng, a, drawn(rng, rng.choice(list(KINDS)), steps), steps, up=seed % 2 == 0)
    around = (-1000, -100, -30, -10, -5, -3, -2, -1, 0, 1, 2, 3, 5, 10, 30, 100, 1000)
    near = [s for s in (step + i for i in around) if 0 <= s < steps]
    check([a, b], [*near, 0, 1, steps - 1, *(rng.randrange(steps) for _ in range(40))])


def test_two_curves_that_cross_three_times_near_one_another() -> None:
    a = Cosine(init_value=1.0, end_value=0.0, steps=5000)
    b = Linear(init_value=1.2842, end_value=-0.2842, steps=5000)
    lower, upper = (kind(parts=[a, b]).values(0, 5001) for kind in (Minimum, Maximum))
    one, other = a.values(0, 5001), b.values(0, 5001)
    assert (lower == one.clip(max=other)).all()
    assert (upper == one.clip(min=other)).all()


@pytest.mark.parametrize("name", CASES)
def test_the_bounds_of_a_curve_hold_what_it_changes_by(name: str) -> None:
    rng = random.Random(name)  # noqa: S311
    for run in formula_of(CASES[name]).runs:
        ends = [span.start for span in run.spans[1:]]
        for span, end in zip(run.spans[:40], [*ends, run.period or run.spans[-1].start + 100_000], strict=False):
            if span.changes is None or end - span.start < 2:
                continue
            for _ in range(4):
                first = rng.randrange(end - span.start - 1)
                count = rng.randint(1, min(end - span.start - 1 - first, rng.choice([3, 200])))
                bounds = span.changes(first, count, BITS)
                if bounds is not None:
                    values = [span.curve(first + k, BITS) for k in range(count + 1)]
                    if max(map(abs, values)) >> BITS + 128:
                        continue  # beyond float32, where no curve is known
                    found = [after - before for before, after in pairwise(values)]
                    assert bounds[0] <= min(found), (name, first, count)
                    assert max(found) <= bounds[1], (name, first, count)


def test_curves_that_are_one_beyond_their_error_are_one() -> None:
    a = Cosine(init_value=1.0, end_value=0.25, steps=10**6)
    b = Affine(part=Cosine(init_value=0.5, end_value=0.125, steps=10**6), scale=2.0)
    assert Minimum(parts=[a, b]).fingerprint == a.fingerprint


def test_curves_that_cross_too_often_are_refused() -> None:
    a = Cosine(init_value=1.0, end_value=0.0, steps=10**7, cycles=10_000.0)
    with pytest.raises(SpecError, match="pieces"):
        Minimum(parts=[a, Linear(init_value=0.5, end_value=0.4, steps=10**7)]).fingerprint  # noqa: B018
