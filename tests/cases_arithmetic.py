"""Named schedules of sums, powers, exponentials and later words: zeros, kinks, sizes beyond float32 in between."""

from __future__ import annotations

from fractions import Fraction

from cases_kinds import DOWN, NOISE, SAW, STAIRS, THIRDS, TRIANGLE, cosine, line
from lrspec import (
    Affine,
    Clamp,
    Constant,
    Exp,
    Exponential,
    Freeze,
    Geometric,
    Linear,
    Maximum,
    Minimum,
    Node,
    PiecewiseConstant,
    Polynomial,
    Power,
    Product,
    Repeat,
    Shift,
    Sine,
    Sum,
    Table,
)

BLEND = Linear(init_value=0.0, end_value=1.0, steps=200)
ARITHMETIC: dict[str, Node] = {
    "sum of a cycle and a decay": Sum(
        parts=[cosine(400), Freeze(part=Repeat(part=Affine(part=TRIANGLE, scale=0.01)), steps=400)]
    ),
    "sum of a blend of moving values": Sum(
        parts=[
            Product(parts=[Affine(part=BLEND, scale=-1.0, offset=1.0), cosine(300, 1.0, 0.2)]),
            Product(parts=[BLEND, Exponential(init_value=0.5, decay_rate=0.5, decay_period=90)]),
        ]
    ),
    "sum that is zero": Sum(parts=[cosine(90), Affine(part=cosine(90), scale=-1.0)]),
    "sum that crosses zero": Sum(parts=[cosine(301, 1.0, 0.0), line(-0.2, -0.7, 301)]),
    "sum of stairs of two lengths": Sum(parts=[Freeze(part=STAIRS, steps=90), Freeze(part=THIRDS, steps=400)]),
    "sum of equal stairs": Sum(parts=[STAIRS, Affine(part=STAIRS, scale=0.5)]),
    "sum of equal repeats": Sum(parts=[Repeat(part=SAW), Repeat(part=TRIANGLE, cycle_steps=12)]),
    "sum of noise": Sum(parts=[Table(values=NOISE), line(-1.0, 1.0, 300)]),
    "sum then error": Sum(parts=[line(1.0, 0.5, 30, after="error"), cosine(50)]),
    "sum of one": Sum(parts=[DOWN]),
    "sum of many": Sum(parts=[cosine(100 + k, 1.0 / (k + 1), 0.0) for k in range(40)]),
    "sum of huge and tiny": Sum(parts=[Constant(value=3e38), line(0.0, -3e38, 500)]),
    "power of a square": Power(part=line(1.0, -0.5, 300), exponent=2),
    "power of a cube": Power(part=line(1.0, -0.5, 300), exponent=3),
    "power of a square root": Power(part=cosine(500, 1.0, 0.0), exponent=0.5),
    "power of a square root upwards": Power(part=cosine(500, 0.0, 0.3), exponent=0.5),
    "power of a reciprocal": Power(part=line(1.0, 50.0, 700), exponent=-1),
    "power of a reciprocal square": Power(part=line(-1.0, -50.0, 700), exponent=-3),
    "power of a fraction": Power(part=Sum(parts=[cosine(300, 1.0, 0.0), Constant(value=0.1)]), exponent=-1.7),
    "power of 100": Power(part=line(1.0, 0.5, 400), exponent=100),
    "power of a hundredth": Power(part=Exponential(init_value=1.0, decay_rate=1e-30, decay_period=10), exponent=0.01),
    "power of a small number": Power(
        part=Affine(part=Geometric(init_value=1.0, end_value=1e-30, steps=200), scale=1e-200), exponent=0.125
    ),
    "power of stairs": Power(part=STAIRS, exponent=1.5),
    "power of a repeat": Power(part=Repeat(part=SAW), exponent=2.5),
    "power of a table": Power(part=Table(values=[abs(number) for number in NOISE[:90]], period=1.5), exponent=0.7),
    "power of a half cosine is |cos|": Power(part=cosine(40, 1.0, 0.0, after="continue"), exponent=0.5),
    "power then error": Power(part=line(1.0, 0.5, 30, after="error"), exponent=2),
    "power of power": Power(part=Power(part=cosine(90, 1.0, 0.3), exponent=0.5), exponent=4),
    "power of one": Power(part=DOWN, exponent=1),
    "exp of a parabola": Exp(
        part=Affine(part=Polynomial(init_value=1.0, end_value=0.0, steps=400, power=2), scale=-5.0)
    ),
    "exp of a line between logarithms": Exp(part=line(-7.0, -1.0, 500), base=10.0),
    "exp of a cosine": Exp(part=cosine(400, 3.0, -3.0)),
    "exp of stairs": Exp(part=STAIRS, base=0.5),
    "exp of a repeat": Exp(part=Repeat(part=SAW), base=2.0),
    "exp that underflows": Exp(part=line(0.0, -200.0, 500)),
    "exp of a whole number": Exp(part=PiecewiseConstant(boundaries=[3, 9], values=[-1, 2, 5]), base=2.0),
    "exp of base 1": Exp(part=DOWN, base=1.0),
    "exp then error": Exp(part=line(1.0, 0.5, 30, after="error")),
    "exp of an exp": Exp(part=Affine(part=Exp(part=line(0.0, 2.0, 300)), scale=-1.0)),
    "minimum of a sum and a power": Minimum(
        parts=[
            Sum(parts=[cosine(700, 1.0, 0.0), line(0.0, 0.3, 700)]),
            Power(part=line(1.1, 0.4, 700), exponent=1.5),
            Exp(part=cosine(700, 0.1, -1.2, cycles=1.5)),
        ]
    ),
    "maximum of powers and waves": Maximum(
        parts=[
            Power(part=cosine(400, 1.0, 0.0, cycles=3.5), exponent=0.5),
            Sum(parts=[cosine(400, 0.5, 0.0, cycles=2.0), Constant(value=0.3)]),
        ]
    ),
    "product of huge growth and decay": Product(
        parts=[
            Exponential(init_value=1.0, decay_rate=2.0, decay_period=1, steps=900),
            Exponential(init_value=1.0, decay_rate=0.5, decay_period=1, steps=1000),
        ]
    ),
    "sine": Sine(init_value=0.0, end_value=0.1, steps=500),
    "sine falling": Sine(init_value=1.0, end_value=-0.1, steps=Fraction(777, 2)),
    "sine then error": Sine(init_value=0.001, end_value=0.1, steps=50, after="error"),
    "sine ease-in": cosine(400, 0.0, 0.3, exponent=0.5),
    "minimum of sines": Minimum(
        parts=[Sine(init_value=0.0, end_value=1.0, steps=900), Sine(init_value=0.9, end_value=0.5, steps=800)]
    ),
    "shift to the first step": Shift(part=line(0.0, 1.0, 40), by=0, min_time=1),
    "shift to a fraction": Shift(part=cosine(40), by=Fraction(-7, 2), min_time=Fraction(5, 3)),
    "shift past the least time": Shift(part=cosine(40), by=5, min_time=3),
    "repeat with a fixed start": Repeat(part=TRIANGLE, cycle_mult=1.5, fixed_steps=7, num_cycles=4),
    "repeat with a fixed start of a fraction": Repeat(
        part=TRIANGLE,
        cycle_mult=Fraction(4, 3),
        fixed_steps=Fraction(9, 2),
        peak_mult=0.8,
        scaling="height",
        floor_value=0.1,
        cycle_rounding="ceil",
    ),
    "repeat with a fixed start that does not grow": Repeat(part=TRIANGLE, fixed_steps=7),
    "clamp of a growth without an end": Clamp(
        part=Exponential(init_value=1e-8, decay_rate=10.0, decay_period=10), max_value=(2 - 2**-23) * 2.0**127
    ),
    "clamp of a growth then error": Clamp(
        part=Exponential(init_value=1e-8, decay_rate=10.0, decay_period=10), max_value=1e38, outside="error"
    ),
    "clamp of stairs then error": Clamp(part=STAIRS, min_value=0.01, outside="error"),
    "clamp of a clamp then error": Clamp(
        part=Clamp(part=Linear(init_value=0.0, end_value=2.0, steps=50), max_value=1.0), max_value=1.5, outside="error"
    ),
}
