"""Rows 1 to 20 and 39 to 45: single shapes, from a start to an end or without one."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

from coverage_rows import M, Row, between, f, half_cosine, power, real
from lrspec import (
    Affine,
    Constant,
    Cosine,
    Every,
    Exponential,
    InverseTime,
    Linear,
    Logarithmic,
    Maximum,
    PiecewiseConstant,
    Polynomial,
    PowerLaw,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    Table,
    Tanh,
)

PERIOD_OF_E = Fraction(1, 100) / Fraction(f"{M.nstr(M.ln(2), 60)}")
HALVINGS = Fraction(PERIOD_OF_E.denominator, PERIOD_OF_E.numerator).limit_denominator(2**62)
"""The steps in which exp(-0.01 t) halves."""


def hf_linear(t: int) -> Fraction:
    """Hugging Face: N = 200 includes the warmup of 30."""
    return Fraction(t, 30) if t < 30 else max(Fraction(0), Fraction(200 - t, 170))


def deepspeed_log(t: int) -> object:
    """DeepSpeed's WarmupLR, whose update k uses the value of k - 1, from 1e-4 to 1e-3 in 100 updates."""
    n = max(t - 1, 0)
    return between(1e-3, 1e-4, M.log(n + 1) / M.log(100) if n < 100 else 1)


def keras_cycle(t: int) -> object:
    """PolynomialDecay(0.1, 37, 0.01, power=0.5, cycle=True): step 37 has the end, step 38 begins the second cycle."""
    i = max(1, -(-t // 37))
    return real(f(0.01)) + real(f(0.1) - f(0.01)) * power(i, Fraction(-1, 2)) * power(
        Fraction(37 * i - t, 37), Fraction(1, 2)
    )


def megatron_rsqrt(t: int) -> object:
    """Warmup from 0 to 0.1 in 40, then 0.1 * sqrt(40) / sqrt(t), at least 0.03."""
    return f(0.1) * Fraction(t, 40) if t <= 40 else max(real(f(0.03)), real(f(0.1)) * power(Fraction(40, t), 0.5))


def noam(t: int) -> object:
    """d_model 512, warmup 50: d ** -0.5 * min(t ** -0.5, t * W ** -1.5), and 0 at step 0."""
    peak = power(512, -0.5)
    return peak * min(power(t, -0.5), t * power(50, -1.5)) if t else M.mpf(0)


def hf_cosine(t: int) -> object:
    """Warmup 30 of N = 200 and num_cycles 1.25: not held at N."""
    return Fraction(t, 30) if t < 30 else half_cosine(Fraction(5, 2) * Fraction(t - 30, 170))


def knots(t: int) -> Fraction:
    """Lines through (0, 0.1), (30, 0.4), (75, 0.05), (200, 0.2)."""
    points = [(0, 0.1), (30, 0.4), (75, 0.05), (200, 0.2)]
    for (left, a), (right, b) in pairwise(points):
        if t < right:
            return f(a) + (f(b) - f(a)) * Fraction(t - left, right - left)
    return f(0.2)


def cosine_knots(t: int) -> object:
    """Half cosines through (0, 0.1), (30, 0.4), (200, 0.05)."""
    if t < 30:
        return between(0.1, 0.4, half_cosine(Fraction(t, 30)))
    return between(0.4, 0.05, half_cosine(Fraction(min(t, 200) - 30, 170)))


def chebyshev(t: int) -> float:
    """A permutation of steps of the sort that Chebyshev schedules have: no formula of a kind, so a table."""
    return 0.1 / (1.5 - math.cos(math.pi * (2 * ((37 * min(t, 99)) % 100) + 1) / 200))


def swa(t: int) -> object:
    """ExponentialLR(0.99) for 60 steps, then SWALR to 0.05 in 25, from the value that the decay had reached."""
    if t < 60:
        return real(f(0.1)) * real(f(0.99)) ** t
    reached = real(f(0.1)) * real(f(0.99)) ** 60
    return real(f(0.05)) + (reached - real(f(0.05))) * half_cosine(Fraction(min(t - 60, 25), 25))


RECURRENCE = [0.1]
for k in range(1, 300):
    RECURRENCE.append(RECURRENCE[-1] * (0.95 if k % 7 else 1.2))

ROWS = [
    Row(1, "constant", Constant(value=0.1), lambda _: f(0.1)),
    Row(
        2,
        "constant factor for 5 steps, then full",
        Product(parts=[Constant(value=0.1), PiecewiseConstant(boundaries=[5], values=[1 / 3, 1.0])]),
        lambda t: f(0.1) * (f(1 / 3) if t < 5 else 1),
    ),
    Row(
        3,
        "linear ramp over n, end at t = n",
        Linear(init_value=0.1 / 3, end_value=0.1, steps=37),
        lambda t: f(0.1 / 3) + (f(0.1) - f(0.1 / 3)) * Fraction(min(t, 37), 37),
    ),
    Row(
        3,
        "linear ramp over a window of n, end at t = n - 1",
        Linear(init_value=0.01, end_value=0.1, steps=37 - 1),
        lambda t: f(0.01) + (f(0.1) - f(0.01)) * Fraction(min(t, 36), 36),
    ),
    Row(
        3,
        "linear ramp that begins with (t + 1) / n",
        Shift(part=Linear(init_value=0.0, end_value=0.1, steps=37), by=1),
        lambda t: f(0.1) * Fraction(min(t + 1, 37), 37),
    ),
    Row(
        4,
        "linear warmup, linear decay to 0; the total includes the warmup",
        Sequence(
            parts=[Linear(init_value=0.0, end_value=1.0, steps=30), Linear(init_value=1.0, end_value=0.0, steps=170)]
        ),
        hf_linear,
    ),
    Row(
        5,
        "log warmup, used one update late",
        Shift(part=Logarithmic(init_value=1e-4, end_value=1e-3, steps=99), by=-1),
        deepspeed_log,
    ),
    Row(
        6,
        "cosine warmup from a floor",
        Cosine(init_value=0.01, end_value=0.1, steps=41),
        lambda t: between(0.1, 0.01, 1 - half_cosine(Fraction(min(t, 41), 41))),
    ),
    Row(
        6,
        "1-sqrt warmup",
        Polynomial(init_value=0.0, end_value=0.1, steps=41, power=0.5),
        lambda t: between(0.1, 0.0, 1 - power(1 - Fraction(min(t, 41), 41), 0.5)),
    ),
    Row(
        7,
        "polynomial 0.5 to 1e-4",
        Polynomial(init_value=0.1, end_value=1e-4, steps=100, power=0.5),
        lambda t: between(0.1, 1e-4, power(1 - Fraction(min(t, 100), 100), 0.5)),
    ),
    Row(
        7,
        "polynomial 2 over a window of 100, floor at t = 99",
        Polynomial(init_value=0.1, end_value=0.001, steps=99, power=2),
        lambda t: f(0.001) + (f(0.1) - f(0.001)) * (1 - Fraction(min(t, 99), 99)) ** 2,
    ),
    Row(
        8,
        "polynomial, cycles whose height falls as i ** -p, each with its end",
        Sequence(
            parts=[
                Constant(value=0.1, steps=1),
                Repeat(
                    part=Shift(part=Polynomial(init_value=0.1, end_value=0.01, steps=37, power=0.5), by=1),
                    cycle_steps=37,
                    num_cycles=30,
                    peak_power=0.5,
                    scaling="height",
                    floor_value=0.01,
                ),
            ]
        ),
        keras_cycle,
        stop=1000,
    ),
    Row(
        9,
        "exponential, smooth",
        Exponential(init_value=0.1, decay_rate=0.96, decay_period=41),
        lambda t: real(f(0.1)) * power(f(0.96), Fraction(t, 41)),
    ),
    Row(
        9,
        "exponential per step",
        Exponential(init_value=0.1, decay_rate=0.97, decay_period=1),
        lambda t: f(0.1) * f(0.97) ** t,
    ),
    *(
        Row(
            10,
            f"staircase of {period}",
            Exponential(init_value=0.1, decay_rate=0.5, decay_period=Fraction(period), staircase=True),
            lambda t, period=Fraction(period): f(0.1) * f(0.5) ** math.floor(t / period),  # type: ignore[misc]
        )
        for period in ("41", "47", "55", "61", "100/3", "1.1")
    ),
    Row(
        11,
        "multistep with a milestone twice, at t = milestone",
        PiecewiseConstant(boundaries=[30, 60, 90], values=[0.1, 0.1 * 0.1, 0.1 * 0.1**3, 0.1 * 0.1**4]),
        lambda t: f(0.1) * f(0.1) ** sum(t >= milestone for milestone in (30, 60, 60, 90)),
    ),
    Row(
        11,
        "piecewise constant with the old value at the boundary",
        PiecewiseConstant(boundaries=[31, 61], values=[1.0, 0.5, 0.1]),
        lambda t: f(1.0 if t <= 30 else 0.5 if t <= 60 else 0.1),
    ),
    Row(
        11,
        "multistep one step early",
        PiecewiseConstant(boundaries=[29, 59], values=[1.0, 0.5, 0.25]),
        lambda t: f(0.5) ** sum(milestone <= t + 1 for milestone in (30, 60)),
    ),
    Row(
        12,
        "natural exponential",
        Exponential(init_value=0.1, decay_rate=0.5, decay_period=HALVINGS),
        lambda t: real(f(0.1)) * M.exp(-real(Fraction(t, 100))),
        stop=2000,
    ),
    Row(
        13,
        "inverse time",
        InverseTime(init_value=0.1, decay_rate=0.5, decay_period=47),
        lambda t: f(0.1) / (1 + f(0.5) * Fraction(t, 47)),
    ),
    Row(
        13,
        "inverse time in stairs",
        InverseTime(init_value=0.1, decay_rate=0.5, decay_period=47, staircase=True),
        lambda t: f(0.1) / (1 + f(0.5) * (t // 47)),
    ),
    Row(
        14,
        "range test: linear growth",
        Linear(init_value=1e-3, end_value=2e-3, steps=55, after="continue"),
        lambda t: f(1e-3) + (f(2e-3) - f(1e-3)) * Fraction(t, 55),
    ),
    Row(
        14,
        "range test in stairs",
        Every(part=Linear(init_value=1e-3, end_value=2e-3, steps=1, after="continue"), period=55),
        lambda t: f(1e-3) + (f(2e-3) - f(1e-3)) * (t // 55),
    ),
    Row(
        15,
        "inverse square root from the end of a warmup of 30, timescale 30",
        Sequence(
            parts=[
                Linear(init_value=0.0, end_value=0.1, steps=30),
                PowerLaw(init_value=0.1, power=0.5, timescale=30, offset=30),
            ]
        ),
        lambda t: f(0.1) * Fraction(t, 30) if t < 30 else real(f(0.1)) * power(Fraction(30, t), 0.5),
    ),
    Row(
        15,
        "inverse square root with a floor",
        Maximum(
            parts=[
                Sequence(
                    parts=[
                        Linear(init_value=0.0, end_value=0.1, steps=40),
                        PowerLaw(init_value=0.1, power=0.5, timescale=40),
                    ],
                    time="global",
                ),
                Linear(init_value=0.0, end_value=0.03, steps=40),
            ]
        ),
        megatron_rsqrt,
        stop=900,
    ),
    Row(
        15,
        "power law -0.51",
        PowerLaw(init_value=0.1, power=0.51, timescale=20, offset=1),
        lambda t: real(f(0.1)) * power(Fraction(t + 1, 20), -f(0.51)),
    ),
    Row(
        16,
        "Noam",
        Sequence(
            parts=[
                Linear(init_value=0.0, end_value=(512 * 50) ** -0.5, steps=50),
                PowerLaw(init_value=512**-0.5, power=0.5, timescale=1),
            ],
            time="global",
        ),
        noam,
    ),
    Row(
        17,
        "cosine half period to floor, hold",
        Cosine(init_value=0.1, end_value=0.01, steps=61),
        lambda t: between(0.1, 0.01, half_cosine(Fraction(min(t, 61), 61))),
    ),
    Row(
        17,
        "cosine whose steps include the warmup, end at t = n - 1",
        Sequence(
            parts=[Linear(init_value=0.0, end_value=0.1, steps=20), Cosine(init_value=0.1, end_value=0.0, steps=79)]
        ),
        lambda t: (
            f(0.1) * Fraction(t, 20) if t < 20 else real(f(0.1)) * half_cosine(Fraction(min(t, 99) - 20, 100 - 20 - 1))
        ),
    ),
    Row(
        18,
        "cosine to a power",
        Cosine(init_value=0.1, end_value=0.01, steps=100, exponent=0.7),
        lambda t: between(0.1, 0.01, power(half_cosine(Fraction(min(t, 100), 100)), f(0.7))),
    ),
    Row(
        19,
        "k-decay of a cosine",
        Cosine(init_value=0.1, end_value=1e-5, steps=100, k_decay=1.5),
        lambda t: between(0.1, 1e-5, (1 + M.cospi(power(Fraction(min(t, 100), 100), 1.5))) / 2),
    ),
    Row(
        19,
        "k-decay of a polynomial",
        Polynomial(init_value=0.1, end_value=1e-5, steps=100, power=0.5, k_decay=2.0),
        lambda t: between(0.1, 1e-5, power(1 - Fraction(min(t, 100), 100) ** 2, 0.5)),
    ),
    Row(
        20,
        "cosine that bounces",
        Cosine(init_value=0.1, end_value=0.001, steps=37, after="continue"),
        lambda t: between(0.1, 0.001, half_cosine(Fraction(t, 37))),
    ),
    Row(
        20,
        "cosine of 1.25 cycles after a warmup, not held",
        Sequence(
            parts=[
                Linear(init_value=0.0, end_value=1.0, steps=30),
                Cosine(init_value=1.0, end_value=0.0, steps=170, cycles=1.25, after="continue"),
            ]
        ),
        hf_cosine,
    ),
    Row(
        39,
        "tanh",
        Tanh(init_value=0.1, end_value=1e-5, steps=100, lower=-7.0, upper=3.0),
        lambda t: between(0.1, 1e-5, (1 - M.tanh(-7 + real(Fraction(10 * min(t, 100), 100)))) / 2),
    ),
    Row(
        40,
        "REX",
        Rex(init_value=0.1, end_value=0.0, steps=97),
        lambda t: f(0.1) * (1 - Fraction(min(t, 97), 97)) / (1 - Fraction(min(t, 97), 97) / 2),
    ),
    Row(40, "Chebyshev steps", Table(values=[chebyshev(t) for t in range(100)]), lambda t: f(chebyshev(t))),
    Row(
        41,
        "piecewise linear knots",
        Sequence(
            parts=[
                Linear(init_value=0.1, end_value=0.4, steps=30),
                Linear(init_value=0.4, end_value=0.05, steps=45),
                Linear(init_value=0.05, end_value=0.2, steps=125),
            ]
        ),
        knots,
    ),
    Row(
        41,
        "piecewise cosine knots",
        Sequence(
            parts=[Cosine(init_value=0.1, end_value=0.4, steps=30), Cosine(init_value=0.4, end_value=0.05, steps=170)]
        ),
        cosine_knots,
    ),
    Row(
        42,
        "half cosine: the second half of one",
        Shift(part=Cosine(init_value=2 * 0.5 - 0.125, end_value=0.125, steps=200), by=100),
        lambda t: between(0.5, 0.125, 1 + M.cospi(real((1 + Fraction(min(t, 100), 100)) / 2))),
    ),
    Row(
        42,
        "cosine times a linear envelope",
        Affine(
            part=Product(
                parts=[
                    Linear(init_value=1.0, end_value=0.0, steps=100),
                    Cosine(init_value=1.0, end_value=0.0, steps=100),
                ]
            ),
            scale=0.375,
            offset=0.125,
        ),
        lambda t: f(0.125) + f(0.375) * real(1 - Fraction(min(t, 100), 100)) * half_cosine(Fraction(min(t, 100), 100)),
    ),
    Row(
        43,
        "a function of the user's, in a table",
        Table(values=[0.1 / (1 + t // 7) + 0.01 * (t % 3) for t in range(250)]),
        lambda t: f(0.1 / (1 + min(t, 249) // 7) + 0.01 * (min(t, 249) % 3)),
    ),
    Row(
        44,
        "a recurrence of the user's, in a table",
        Table(values=RECURRENCE),
        lambda t: f(RECURRENCE[min(t, 299)]),
    ),
    Row(
        45,
        "annealing to a target from where the rate is",
        Sequence(
            parts=[
                Exponential(init_value=0.1, decay_rate=0.99, decay_period=1, steps=60),
                Cosine(init_value="previous", end_value=0.05, steps=25),
            ]
        ),
        swa,
    ),
]
