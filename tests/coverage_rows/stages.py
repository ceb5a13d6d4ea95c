"""Rows 32 to 38 and 46 to 55: stages one after another, schedules side by side, and changes of the time."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from coverage_rows import M, Row, between, f, half_cosine, power, real
from lrspec import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
    Exponential,
    Freeze,
    Geometric,
    Linear,
    Maximum,
    Minimum,
    Node,
    NormalizedExponential,
    OneMinusPower,
    PiecewiseConstant,
    Polynomial,
    PowerLaw,
    Product,
    Sequence,
    Shift,
    Stretch,
    Table,
)

WARMUP = Linear(init_value=0.0, end_value=0.1, steps=20)


def stable(cooldown: Node) -> Sequence:
    """A warmup of 20, 50 steps at 0.1, and a cooldown from there."""
    return Sequence(parts=[WARMUP, Constant(value=0.1, steps=50), cooldown])


def cooled(share: Any, *, end: float = 0.01, steps: int = 31) -> Any:
    """Return the formula of `stable`, whose cooldown has the share of x."""

    def formula(t: int) -> Any:
        if t < 20:
            return f(0.1) * Fraction(t, 20)
        return between(0.1, end, share(Fraction(min(max(t - 70, 0), steps), steps)))

    return formula


def torchtitan(t: int) -> Any:
    """T = 100, W = 20, decay_ratio 0.3: (t + 1) / W, and a decay of 30 that ends at t = T; one step is virtual."""
    stable_steps = 100 + 1 - 20 - 30
    if t < 20:
        return Fraction(t + 1, 20)
    return 1 - Fraction(min(max(t + 1 - 20 - stable_steps, 0), 30), 30)


def rsqrt_with_cooldown(t: int) -> Any:
    """timm's WSD with a stable stage that decays on in the cooldown: warmup 20, T = 100, D = 30, power 0.5."""
    if t < 20:
        return f(0.1) * Fraction(t, 20)
    s = t - 20
    share = 1 - Fraction(min(max(s - 70, 0), 30), 30)
    return real(f(0.1)) * power(1 + Fraction(s, 20), Fraction(-1, 2)) * real(share)


def power_with_tail(t: int) -> Any:
    """OLMo-core's power_lr: 0.1 * (t / W) ** -0.51 after W = 20, and a line from its value at 100 to 0 at 150."""
    if t < 20:
        return f(0.1) * Fraction(t, 20)
    reached = real(f(0.1)) * power(Fraction(min(t, 100), 20), -f(0.51))
    return reached * real(1 - Fraction(min(max(t - 100, 0), 50), 50))


def staged(t: int) -> Any:
    """Three stages, each from its own step 0; the switch is at t >= boundary."""
    if t < 17:
        return f(0.05)
    if t < 60:
        return f(0.1) * f(0.95) ** (t - 17)
    return between(0.08, 0.0, half_cosine(Fraction(min(t - 60, 90), 90)))


def resumed(t: int) -> Any:
    """timm without warmup_prefix: the cosine over 100 goes on at t = 10, not at its peak."""
    return (
        f(1e-3) + (f(0.1) - f(1e-3)) * Fraction(t, 10)
        if t < 10
        else between(0.1, 1e-5, half_cosine(Fraction(min(t, 100), 100)))
    )


def t5x(t: int) -> Any:
    """Factors constant 0.5 * linear_warmup * rsqrt_decay with W = 50, and a floor of 0.02."""
    return max(real(f(0.5)) * real(min(Fraction(1), Fraction(t, 50))) / M.sqrt(max(t, 50)), real(f(0.02)))


def delayed(t: int) -> Any:
    """optax.polynomial_schedule(0.1, 0.01, 2, 90, transition_begin=25)."""
    u = min(max(t - 25, 0), 90)
    return f(0.01) + (f(0.1) - f(0.01)) * (1 - Fraction(u, 90)) ** 2


def noise(t: int) -> float:
    """A value with a seeded disturbance, as timm has it: a function of the step, but of no formula."""
    return 0.1 * (1 - t / 200) * (1 + 0.67 * random.Random(42 + t).uniform(-1, 1))  # noqa: S311 - reproducible


def one_minus(x: Fraction, exponent: Any) -> Any:
    return 1 - power(x, exponent)


ROWS = [
    Row(
        32,
        "WSD: linear cooldown",
        stable(Linear(init_value=0.1, end_value=0.01, steps=31)),
        cooled(lambda x: 1 - x),
    ),
    Row(
        32,
        "WSD: warmup (t + 1) / W, linear cooldown that ends one step late",
        Sequence(
            parts=[
                Shift(part=Linear(init_value=0.0, end_value=1.0, steps=20), by=1),
                Constant(value=1.0, steps=51),
                Linear(init_value=1.0, end_value=0.0, steps=30),
            ]
        ),
        torchtitan,
    ),
    Row(33, "WSD: cosine cooldown", stable(Cosine(init_value=0.1, end_value=0.01, steps=31)), cooled(half_cosine)),
    Row(
        34,
        "WSD: 1-sqrt cooldown",
        stable(OneMinusPower(init_value=0.1, end_value=0.01, steps=31, power=0.5)),
        cooled(lambda x: one_minus(x, Fraction(1, 2))),
    ),
    Row(
        35,
        "WSD: exponential cooldown",
        stable(NormalizedExponential(init_value=0.1, end_value=0.01, steps=31, ratio=0.5)),
        cooled(lambda x: 2 * power(Fraction(1, 2), x) - 1),
    ),
    Row(
        35,
        "WSD: exponential cooldown with ratio 0.1",
        stable(NormalizedExponential(init_value=0.1, end_value=0.0, steps=31, ratio=0.1)),
        cooled(lambda x: (power(f(0.1), x) - real(f(0.1))) / (1 - real(f(0.1))), end=0.0),
    ),
    Row(
        36,
        "tri-stage: geometric cooldown",
        stable(Geometric(init_value=0.1, end_value=0.001, steps=31)),
        lambda t: (
            f(0.1) * Fraction(t, 20)
            if t < 20
            else real(f(0.1)) * power(f(0.001) / f(0.1), Fraction(min(max(t - 70, 0), 31), 31))
        ),
    ),
    Row(
        37,
        "WSD: power cooldown",
        stable(OneMinusPower(init_value=0.1, end_value=0.01, steps=31, power=1.7)),
        cooled(lambda x: one_minus(x, f(1.7))),
    ),
    Row(
        38,
        "cooldown of a stage that decays on: a product",
        Sequence(
            parts=[
                WARMUP,
                Product(
                    parts=[
                        PowerLaw(init_value=0.1, power=0.5, timescale=20, offset=20),
                        Sequence(
                            parts=[Constant(value=1.0, steps=70), Linear(init_value=1.0, end_value=0.0, steps=30)]
                        ),
                    ]
                ),
            ]
        ),
        rsqrt_with_cooldown,
    ),
    Row(
        38,
        "cooldown from where a decay is: previous",
        Sequence(
            parts=[
                WARMUP,
                PowerLaw(init_value=0.1, power=0.51, timescale=20, offset=20, steps=80),
                Linear(init_value="previous", end_value=0.0, steps=50),
            ]
        ),
        power_with_tail,
    ),
    Row(
        46,
        "sequence, local time",
        Sequence(
            parts=[
                Constant(value=0.05, steps=17),
                Exponential(init_value=0.1, decay_rate=0.95, decay_period=1, steps=43),
                Cosine(init_value=0.08, end_value=0.0, steps=90),
            ]
        ),
        staged,
    ),
    Row(
        47,
        "sequence, global time: the cosine goes on",
        Sequence(
            parts=[
                Linear(init_value=1e-3, end_value=0.1, steps=10),
                Cosine(init_value=0.1, end_value=1e-5, steps=100),
            ],
            time="global",
        ),
        resumed,
    ),
    Row(
        47,
        "sequence, global time: milestones count from the start",
        Sequence(
            parts=[
                Linear(init_value=0.0, end_value=1.0, steps=15),
                PiecewiseConstant(boundaries=[10, 40, 70], values=[1.0, 0.5, 0.25, 0.125]),
            ],
            time="global",
        ),
        lambda t: Fraction(t, 15) if t < 15 else f(0.5) ** sum(t >= milestone for milestone in (10, 40, 70)),
    ),
    Row(
        48,
        "product of factors, and a floor",
        Maximum(
            parts=[
                Product(
                    parts=[
                        Constant(value=0.5),
                        Linear(init_value=0.0, end_value=1.0, steps=50),
                        Sequence(
                            parts=[
                                Constant(value=50**-0.5, steps=50),
                                PowerLaw(init_value=1.0, power=0.5, timescale=1, offset=50),
                            ]
                        ),
                    ]
                ),
                Constant(value=0.02),
            ]
        ),
        t5x,
        stop=1200,
    ),
    Row(
        49,
        "min_ratio + (1 - min_ratio) * multiplier",
        Affine(part=Cosine(init_value=1.0, end_value=0.0, steps=100), scale=0.875, offset=0.125),
        lambda t: real(f(0.125)) + real(f(0.875)) * half_cosine(Fraction(min(t, 100), 100)),
    ),
    Row(
        50,
        "clamp of a decay, from the first step on",
        Clamp(part=Exponential(init_value=0.1, decay_rate=0.9, decay_period=7), min_value=0.02, max_value=0.09),
        lambda t: min(max(real(f(0.1)) * power(f(0.9), Fraction(t, 7)), real(f(0.02))), real(f(0.09))),
    ),
    Row(
        50,
        "greatest of a cosine and an inverse square root",
        Maximum(
            parts=[
                Cosine(init_value=0.1, end_value=0.01, steps=200),
                PowerLaw(init_value=0.1, power=0.5, timescale=9, offset=9),
            ]
        ),
        lambda t: max(
            between(0.1, 0.01, half_cosine(Fraction(min(t, 200), 200))),
            real(f(0.1)) * power(Fraction(9, t + 9), Fraction(1, 2)),
        ),
        stop=1000,
    ),
    Row(
        50,
        "least of a warmup and a decay",
        Minimum(
            parts=[
                Linear(init_value=0.0, end_value=1.0, steps=100),
                Exponential(init_value=0.9, decay_rate=0.97, decay_period=1),
            ]
        ),
        lambda t: min(Fraction(min(t, 100), 100), f(0.9) * f(0.97) ** t),
    ),
    Row(
        51,
        "delay: the first value for 25 steps more",
        Shift(part=Polynomial(init_value=0.1, end_value=0.01, steps=90, power=2), by=-25),
        delayed,
    ),
    Row(
        52,
        "freeze after 60 steps of a schedule of 100",
        Freeze(part=Cosine(init_value=0.1, end_value=0.001, steps=100), steps=59),
        lambda t: between(0.1, 0.001, half_cosine(Fraction(min(t, 59), 100))),
    ),
    Row(
        53,
        "index one up: warmup and decay of HF's cosine_warmup_with_min_lr",
        Shift(
            part=Sequence(
                parts=[
                    Linear(init_value=0.0, end_value=1.0, steps=20),
                    Cosine(init_value=1.0, end_value=0.1, steps=80, after="continue"),
                ]
            ),
            by=1,
        ),
        lambda t: Fraction(t + 1, 20) if t < 20 else between(1.0, 0.1, half_cosine(Fraction(t - 20 + 1, 80))),
    ),
    Row(
        53,
        "index one down: the first update has the first value, and so has the second",
        Shift(part=Sequence(parts=[WARMUP, Linear(init_value=0.1, end_value=0.0, steps=80)]), by=-1),
        lambda t: f(0.1) * (Fraction(max(t - 1, 0), 20) if t - 1 < 20 else 1 - Fraction(min(t - 21, 80), 80)),
    ),
    Row(55, "seeded noise, in a table", Table(values=[noise(t) for t in range(200)]), lambda t: f(noise(min(t, 199)))),
]
UNITS = [
    Row(
        56,
        "per epoch of 37 updates",
        Every(part=Cosine(init_value=0.1, end_value=0.001, steps=10), period=37),
        lambda t: between(0.1, 0.001, half_cosine(Fraction(min(t // 37, 10), 10))),
    ),
    Row(
        56,
        "in fractions of epochs of 12.52 updates",
        Stretch(part=Cosine(init_value=0.1, end_value=0.001, steps=10), factor=12.52),
        lambda t: between(0.1, 0.001, half_cosine(min(Fraction(t) / Fraction("12.52"), Fraction(10)) / 10)),
    ),
]
"""Row 56 belongs to documents; this is how a schedule whose steps are epochs becomes one of updates."""
