"""Named schedules of the shapes and of the kinds that hold other schedules: ends, kinks, fractions, deep nestings."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from lrspec import (
    Affine,
    Clamp,
    Constant,
    Cosine,
    Every,
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
    PowerLaw,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    Stretch,
    Table,
    Tanh,
)

LAST_STEP = 2**31 - 1
NOISE = np.random.default_rng(7).uniform(-1, 1, 300).tolist()

UP = Linear(init_value=0.0, end_value=0.1, steps=30)
DOWN = Cosine(init_value=0.1, end_value=0.001, steps=120)
FALL = Cosine(init_value=1.0, end_value=0.0, steps=50)
SAW = Linear(init_value=1.0, end_value=0.25, steps=12)
TRIANGLE = Sequence(
    parts=[Linear(init_value=0.1, end_value=1.0, steps=7), Linear(init_value=1.0, end_value=0.1, steps=13)]
)
STAIRS = Exponential(init_value=1.0, decay_rate=0.8, decay_period=2.5, staircase=True)
THIRDS = Exponential(init_value=1.0, decay_rate=0.9, decay_period=Fraction(100, 3), staircase=True)


def cosine(steps: int | Fraction = 100, init: float = 0.1, end: float = 0.001, **options: Any) -> Cosine:
    return Cosine(init_value=init, end_value=end, steps=steps, **options)


def line(init: float, end: float, steps: int | Fraction, **options: Any) -> Linear:
    return Linear(init_value=init, end_value=end, steps=steps, **options)


LEAVES: dict[str, Node] = {
    "linear of fractional steps": line(1.0, 0.0, Fraction(59, 2)),
    "linear of less than a step": line(1.0, 0.5, Fraction(1, 3)),
    "linear of fractional steps then error": line(1.0, 0.0, Fraction(59, 2), after="error"),
    "polynomial of fractional steps": Polynomial(init_value=1.0, end_value=0.1, steps=Fraction(1000, 7), power=0.5),
    "polynomial k_decay": Polynomial(init_value=1.0, end_value=0.01, steps=700, power=0.5, k_decay=1.5),
    "polynomial small k_decay": Polynomial(init_value=1.0, end_value=0.0, steps=700, power=2, k_decay=0.3),
    "cosine of fractional steps": cosine(Fraction(179, 2)),
    "cosine cycles": cosine(500, cycles=2.5),
    "cosine cycles to zero": cosine(500, end=0.0, cycles=0.75),
    "cosine cycles held high": cosine(300, cycles=1.0),
    "cosine cycles continued": cosine(300, cycles=0.75, after="continue"),
    "cosine cycles of a third": cosine(300, cycles=1 / 3),
    "cosine many cycles": cosine(1000, end=0.0, cycles=40.0),
    "cosine exponent": cosine(400, exponent=2.0),
    "cosine exponent 0.7": cosine(400, end=0.0, exponent=0.7),
    "cosine exponent and cycles": cosine(400, end=0.0, exponent=1.5, cycles=1.5),
    "cosine exponent continued": cosine(50, exponent=3.0, after="continue"),
    "cosine k_decay": cosine(800, k_decay=1.5),
    "cosine small k_decay": cosine(800, end=0.0, k_decay=0.6),
    "cosine k_decay then error": cosine(80, k_decay=2.0, after="error"),
    "cosine of everything": cosine(600, end=0.01, cycles=3.5, exponent=0.5, k_decay=0.8),
    "cosine of fractional steps continued": cosine(Fraction(15, 2), cycles=1.5, after="continue"),
    "geometric": Geometric(init_value=1e-6, end_value=1.0, steps=500),
    "geometric falling": Geometric(init_value=0.1, end_value=1e-5, steps=700, after="continue"),
    "geometric negative": Geometric(init_value=-1.0, end_value=-1e-3, steps=99),
    "geometric flat": Geometric(init_value=0.3, end_value=0.3, steps=99),
    "geometric huge": Geometric(init_value=1e-37, end_value=1e37, steps=1000),
    "geometric then error": Geometric(init_value=1.0, end_value=3.0, steps=Fraction(21, 2), after="error"),
    "one_minus_power sqrt": OneMinusPower(init_value=0.1, end_value=0.0, steps=1000, power=0.5),
    "one_minus_power 2": OneMinusPower(init_value=0.1, end_value=1e-5, steps=1000, power=2),
    "one_minus_power rising": OneMinusPower(init_value=0.0, end_value=1.0, steps=333, power=0.5),
    "one_minus_power 0.01": OneMinusPower(init_value=1.0, end_value=0.0, steps=333, power=0.01),
    "one_minus_power then error": OneMinusPower(init_value=1.0, end_value=0.1, steps=33, power=3.3, after="error"),
    "normalized_exponential half": NormalizedExponential(init_value=1.0, end_value=0.0, steps=600, ratio=0.5),
    "normalized_exponential small": NormalizedExponential(init_value=1.0, end_value=0.1, steps=600, ratio=1e-6),
    "normalized_exponential large": NormalizedExponential(init_value=0.1, end_value=0.0, steps=600, ratio=0.9999),
    "normalized_exponential continued": NormalizedExponential(
        init_value=1.0, end_value=0.2, steps=60, ratio=0.1, after="continue"
    ),
    "tanh": Tanh(init_value=0.1, end_value=0.0, steps=1000, lower=-7.0, upper=3.0),
    "tanh steep": Tanh(init_value=1.0, end_value=0.0, steps=500, lower=-60.0, upper=40.0),
    "tanh continued": Tanh(init_value=1.0, end_value=0.5, steps=50, lower=-1.5, upper=0.3, after="continue"),
    "tanh crossing zero": Tanh(init_value=1.0, end_value=-1.0, steps=200, lower=-3.0, upper=3.0),
    "logarithmic": Logarithmic(init_value=0.0, end_value=1.0, steps=999),
    "logarithmic one step": Logarithmic(init_value=0.0, end_value=1.0, steps=1),
    "logarithmic continued": Logarithmic(init_value=0.1, end_value=1.0, steps=99, after="continue"),
    "logarithmic falling": Logarithmic(init_value=1.0, end_value=0.0, steps=Fraction(999, 4)),
    "rex": Rex(init_value=0.1, end_value=0.0, steps=1000),
    "rex then error": Rex(init_value=1.0, end_value=0.1, steps=Fraction(77, 2), after="error"),
    "inverse_time": InverseTime(init_value=0.1, decay_rate=0.5, decay_period=100),
    "inverse_time stairs": InverseTime(init_value=0.1, decay_rate=0.5, decay_period=41, staircase=True),
    "inverse_time fractional stairs": InverseTime(init_value=1.0, decay_rate=2.0, decay_period=2.5, staircase=True),
    "inverse_time held": InverseTime(init_value=0.1, decay_rate=3.0, decay_period=1.5, steps=Fraction(99, 2)),
    "power_law rsqrt": PowerLaw(init_value=0.1, power=0.5, timescale=400, offset=400),
    "power_law fractions": PowerLaw(init_value=1.0, power=1.7, timescale=0.3, offset=1.25),
    "power_law power 2": PowerLaw(init_value=-1.0, power=2, timescale=10, offset=10, steps=99, after="continue"),
    "power_law held": PowerLaw(init_value=1.0, power=0.51, timescale=10, offset=0.01, steps=555),
    "table of noise": Table(values=NOISE),
    "table of runs": Table(values=[*[0.1] * 40, *NOISE[:20], *[0.2] * 3, 0.2, 0.3, 0.3, *[0.0] * 9]),
    "table of a smooth curve": Table(values=(0.1 * np.cos(np.arange(500) / 100) + 0.2).tolist()),
    "table of epochs": Table(values=NOISE[:50], period=7),
    "table of fractional epochs": Table(values=[*NOISE[:50], *[0.5] * 5, 0.25], period=2.75, after="error"),
    "table of one": Table(values=[0.3]),
    "table of extremes": Table(values=[3.4e38, 2.0**-126, -(2.0**-126), 0.0, 1.0, -3.4e38], period=1.5),
}

SEQUENCES: dict[str, Node] = {
    "sequence of fractional lengths": Sequence(
        parts=[line(0.0, 1.0, Fraction(59, 2)), cosine(Fraction(100, 3), 1.0, 0.5), line(0.5, 0.0, Fraction(41, 6))]
    ),
    "sequence of parts shorter than a step": Sequence(
        parts=[line(0.0, 1.0, Fraction(1, 3)), line(3.0, 2.0, Fraction(1, 3)), line(5.0, 4.0, Fraction(1, 3)), SAW]
    ),
    "sequence from previous": Sequence(
        parts=[
            Tanh(init_value=1.0, end_value=0.0, steps=50, lower=-1.0, upper=1.0),
            Constant(value=0.3, steps=5),
            Linear(init_value="previous", end_value=1.0, steps=20),
            Cosine(init_value="previous", end_value=0.1, steps=50, cycles=0.3),
            Geometric(init_value="previous", end_value=1e-3, steps=40),
        ]
    ),
    "sequence from previous inside": Sequence(
        parts=[
            PowerLaw(init_value=1.0, power=0.5, timescale=10, offset=10, steps=Fraction(99, 2)),
            Sequence(
                parts=[
                    Linear(init_value="previous", end_value=0.7, steps=10),
                    Rex(init_value="previous", end_value=0.1, steps=30),
                ]
            ),
            Stretch(
                part=Freeze(part=Exponential(init_value="previous", decay_rate=0.9, decay_period=3), steps=30),
                factor=2.5,
            ),
            Every(part=Polynomial(init_value="previous", end_value=0.0, steps=10, power=1.5), period=4),
        ]
    ),
    "sequence from a staircase": Sequence(
        parts=[
            Exponential(init_value=1.0, decay_rate=0.7, decay_period=7, staircase=True, steps=40),
            OneMinusPower(init_value="previous", end_value=0.0, steps=30, power=0.5),
        ]
    ),
    "sequence of global time": Sequence(
        parts=[line(0.0, 1.0, 40), PowerLaw(init_value=1.0, power=0.5, timescale=40)], time="global"
    ),
    "sequence of global time and stairs": Sequence(
        parts=[line(0.0, 1.0, 5), Freeze(part=STAIRS, steps=38), cosine(90, 0.5, 0.0, after="continue")], time="global"
    ),
    "sequence of global time from previous": Sequence(
        parts=[
            line(0.0, 1.0, Fraction(31, 2)),
            Cosine(init_value="previous", end_value=0.2, steps=70),
            Exponential(init_value="previous", decay_rate=0.5, decay_period=70),
        ],
        time="global",
    ),
    "sequence of a global sequence": Sequence(
        parts=[
            Constant(value=0.5, steps=7),
            Sequence(parts=[UP, DOWN], time="global"),
            Sequence(parts=[TRIANGLE, STAIRS], time="global"),
        ]
    ),
    "sequence of freezes and repeats": Sequence(
        parts=[
            Repeat(part=SAW, num_cycles=3),
            Freeze(part=THIRDS, steps=111),
            Shift(part=DOWN, by=-10),
            Repeat(part=TRIANGLE, num_cycles=2, peak_mult=0.5),
            Table(values=NOISE[:20]),
            Repeat(part=FALL, cycle_mult=2),
        ]
    ),
    "sequence of a freeze then error": Sequence(parts=[Freeze(part=UP, steps=9, after="error"), DOWN]),
    "sequence of a hole": Sequence(
        parts=[Minimum(parts=[line(1.0, 0.0, 10, after="error"), Constant(value=0.5, steps=20)]), DOWN]
    ),
}

POINTWISE: dict[str, Node] = {
    "product of warmup and decay": Product(parts=[line(0.0, 1.0, 50), cosine(400)]),
    "product of stairs and a line": Product(parts=[STAIRS, line(1.0, 0.2, 200)]),
    "product of stairs and an ended cosine": Product(parts=[cosine(33, 1.0, 0.3), THIRDS]),
    "product of stairs alone": Product(parts=[STAIRS, Constant(value=0.3)]),
    "product of equal stairs": Product(parts=[THIRDS, THIRDS]),
    "product of a repeat and a decay": Product(
        parts=[Freeze(part=Repeat(part=FALL), steps=1000), Exponential(init_value=1.0, decay_rate=0.5, decay_period=99)]
    ),
    "product of a repeat and an ended line": Product(parts=[line(0.0, 1.0, 77), Repeat(part=SAW)]),
    "product of equal repeats": Product(parts=[Repeat(part=SAW), Repeat(part=TRIANGLE, cycle_steps=12)]),
    "product then error": Product(parts=[line(1.0, 0.5, 30, after="error"), cosine(50)]),
    "product of three and of errors": Product(
        parts=[line(1.0, 0.5, 30), cosine(50, after="error"), Table(values=NOISE, after="error")]
    ),
    "product of huge and tiny": Product(parts=[Constant(value=1e30), line(1e-30, 1e-34, 500)]),
    "product below float32": Product(parts=[Constant(value=1e-20), line(1e-17, 1e-20, 900)]),
    "product of t5x": Product(
        parts=[
            Constant(value=0.5),
            line(0.0, 1.0, 100),
            Sequence(
                parts=[Constant(value=0.1, steps=100), PowerLaw(init_value=1.0, power=0.5, timescale=1)], time="global"
            ),
        ]
    ),
    "minimum of crossing lines": Minimum(parts=[line(0.0, 1.0, 100), line(1.0, 0.0, 77)]),
    "minimum of Noam": Minimum(
        parts=[line(0.0, 0.7, 40, after="continue"), PowerLaw(init_value=0.7, power=0.5, timescale=40, offset=0.001)]
    ),
    "minimum of a touching line": Minimum(
        parts=[Polynomial(init_value=1.0, end_value=0.0, steps=500, power=2, after="hold"), line(0.75, -0.25, 500)]
    ),
    "minimum of a double crossing": Minimum(parts=[cosine(1000, 1.0, 0.0), line(0.97, 0.03, 1000)]),
    "minimum of close crossings": Minimum(parts=[cosine(3000, 1.0, 0.0, cycles=1.0), Constant(value=1.2e-6)]),
    "minimum crossing early of a million": Minimum(
        parts=[line(0.0, 1.0, 10**6), Geometric(init_value=3e-6, end_value=1e-6, steps=10**6)]
    ),
    "maximum of many": Maximum(
        parts=[
            cosine(500, 1.0, 0.0),
            Exponential(init_value=0.9, decay_rate=0.5, decay_period=100),
            Constant(value=0.05),
            line(0.0, 0.06, 900),
        ]
    ),
    "maximum of stairs and a cosine": Maximum(parts=[Freeze(part=STAIRS, steps=100), cosine(90, 0.9, 0.0)]),
    "maximum of equal stairs": Maximum(
        parts=[STAIRS, InverseTime(init_value=0.9, decay_rate=0.3, decay_period=2.5, staircase=True)]
    ),
    "maximum of repeats": Maximum(parts=[Repeat(part=SAW), Constant(value=0.6)]),
    "maximum of noise": Maximum(parts=[Table(values=NOISE), line(-1.0, 1.0, 300)]),
    "maximum of equals": Maximum(parts=[DOWN, DOWN, Affine(part=DOWN)]),
    "minimum then error": Minimum(parts=[DOWN, line(1.0, 0.0, 70, after="error")]),
    "clamp of a line": Clamp(part=line(1.0, -1.0, 300), min_value=-0.3, max_value=0.7),
    "clamp of a decay": Clamp(
        part=Exponential(init_value=0.1, decay_rate=0.5, decay_period=100), min_value=0.0, max_value=0.05
    ),
    "clamp of waves": Clamp(part=cosine(220, cycles=5.5, after="continue", end=0.0), min_value=0.02, max_value=0.08),
    "clamp of stairs": Clamp(part=STAIRS, min_value=0.01),
    "clamp of a table": Clamp(part=Table(values=NOISE, period=1.5), min_value=-0.5, max_value=0.5),
    "clamp of nothing": Clamp(part=DOWN, min_value=-1.0, max_value=1.0),
    "clamp of everything": Clamp(part=DOWN, min_value=0.2),
    "affine": Affine(part=cosine(300, 1.0, 0.0), scale=0.09, offset=0.01),
    "affine negative": Affine(part=STAIRS, scale=-1.0, offset=1.0),
    "affine crossing zero": Affine(part=Exponential(init_value=1.0, decay_rate=0.5, decay_period=70), offset=-0.3),
    "affine of huge": Affine(part=line(1.0, 0.0, 100), scale=1e38, offset=1e-30),
    "affine of nothing": Affine(part=DOWN, scale=0.0, offset=0.25),
    "affine beyond float32 inside": Affine(part=Affine(part=line(1.0, 0.5, 50), scale=1e200), scale=1e-200),
}

TIMING: dict[str, Node] = {
    "shift by one": Shift(part=line(0.0, 1.0, 50), by=1),
    "shift back": Shift(part=line(0.0, 1.0, 50), by=-10),
    "shift by a fraction": Shift(part=cosine(90), by=Fraction(-31, 3)),
    "shift stairs by a fraction": Shift(part=Freeze(part=STAIRS, steps=300), by=Fraction(7, 6)),
    "shift stairs back": Shift(part=THIRDS, by=Fraction(-50, 3)),
    "shift stairs that end": Shift(part=replace(THIRDS, steps=300), by=Fraction(7, 6)),
    "shift stairs that meet the steps again": Shift(part=STAIRS, by=Fraction(7, 2)),
    "shift of a shift": Shift(part=Shift(part=DOWN, by=Fraction(5, 2)), by=-Fraction(11, 2)),
    "shift of a repeat": Shift(part=Repeat(part=SAW), by=5),
    "shift of a repeat by a fraction": Shift(part=Repeat(part=SAW), by=Fraction(5, 2)),
    "shift of a repeat back": Shift(part=Repeat(part=TRIANGLE), by=-7),
    "shift of a table": Shift(part=Table(values=NOISE, period=Fraction(5, 3), after="error"), by=Fraction(1, 3)),
    "shift of boundaries": Shift(part=PiecewiseConstant(boundaries=[3, 4, 9], values=[1, 2, 3, 4]), by=Fraction(7, 2)),
    "shift then error": Shift(part=line(1.0, 0.0, 20, after="error"), by=Fraction(-5, 2)),
    "freeze early": Freeze(part=DOWN, steps=40),
    "freeze at a fraction": Freeze(part=DOWN, steps=Fraction(81, 2)),
    "freeze late": Freeze(part=UP, steps=300),
    "freeze of stairs": Freeze(part=STAIRS, steps=Fraction(99, 2)),
    "freeze then error": Freeze(part=Repeat(part=SAW), steps=30, after="error"),
    "freeze of an end then error": Freeze(part=line(1.0, 0.0, 20, after="error"), steps=20),
    "freeze after an end then error": Freeze(
        part=Product(parts=[cosine(9, after="error"), Rex(init_value=1.0, end_value=0.5, steps=71)]), steps=18
    ),
    "freeze before an end then error": Freeze(part=line(1.0, 0.0, 20, after="error"), steps=Fraction(39, 2)),
    "every 7": Every(part=cosine(40), period=7),
    "every of a fraction": Every(part=cosine(40), period=Fraction(17, 5)),
    "every of an endless decay": Every(part=Exponential(init_value=1.0, decay_rate=0.9, decay_period=2.5), period=3),
    "every of stairs": Every(
        part=Exponential(init_value=1.0, decay_rate=0.9, decay_period=3, staircase=True), period=Fraction(5, 2)
    ),
    "every of fractional stairs": Every(part=Freeze(part=STAIRS, steps=60), period=4),
    "every of a repeat": Every(part=Repeat(part=SAW), period=5),
    "every of a fraction of a repeat": Every(part=Freeze(part=Repeat(part=SAW), steps=70), period=Fraction(7, 2)),
    "every of an every": Every(part=Every(part=DOWN, period=3), period=Fraction(4, 3)),
    "every of a sequence": Every(part=Sequence(parts=[UP, DOWN]), period=2),
    "every then error": Every(part=line(1.0, 0.0, Fraction(15, 2), after="error"), period=Fraction(7, 3)),
    "every of one": Every(part=DOWN, period=1),
    "every shifted by a fraction": Shift(part=Every(part=cosine(40), period=Fraction(5, 2)), by=Fraction(4, 3)),
    "stretch": Stretch(part=cosine(3), factor=100),
    "stretch to shorter": Stretch(part=cosine(1000), factor=Fraction(1, 3)),
    "stretch by a decimal": Stretch(part=Sequence(parts=[UP, DOWN]), factor=1.37),
    "stretch of stairs": Stretch(part=STAIRS, factor=4),
    "stretch of stairs to shorter": Stretch(part=Freeze(part=STAIRS, steps=100), factor=Fraction(1, 7)),
    "stretch of boundaries": Stretch(part=PiecewiseConstant(boundaries=[3, 4, 9], values=[1, 2, 3, 4]), factor=0.4),
    "stretch of a boundary to its end": Stretch(
        part=PiecewiseConstant(boundaries=[1], values=[0, 1], steps=2), factor=0.2
    ),
    "sequence with a boundary at the step of the end": Sequence(
        parts=[
            Constant(value=0.5, steps=Fraction(1, 2)),
            PiecewiseConstant(boundaries=[1], values=[0, 1], steps=Fraction(3, 2)),
        ]
    ),
    "stretch of a table": Stretch(part=Table(values=NOISE), factor=2.5),
    "stretch of a table to shorter": Stretch(part=Table(values=NOISE), factor=Fraction(2, 5)),
    "stretch of a long table to shorter": Stretch(
        part=Table(values=np.linspace(0.1, 0.9, 6000).tolist(), after="error"), factor=Fraction(3, 10)
    ),
    "stretch of a repeat": Stretch(part=Repeat(part=SAW), factor=Fraction(5, 2)),
    "stretch of a repeat to a fraction": Stretch(part=Repeat(part=SAW, num_cycles=9), factor=Fraction(11, 9)),
    "stretch of a continued cosine": Stretch(part=cosine(7, after="continue"), factor=Fraction(3, 2)),
    "stretch of a continued cosine by a decimal": Stretch(part=cosine(7, after="continue"), factor=1.3),
    "stretch of a shift": Stretch(part=Shift(part=DOWN, by=Fraction(-7, 2)), factor=Fraction(3, 7)),
    "stretch of an every": Stretch(part=Every(part=DOWN, period=Fraction(5, 2)), factor=3),
    "stretch then error": Stretch(part=line(1.0, 0.0, 10, after="error"), factor=1.25),
}

REPEATS: dict[str, Node] = {
    "repeat": Repeat(part=FALL),
    "repeat three times": Repeat(part=FALL, num_cycles=3),
    "repeat then error": Repeat(part=FALL, num_cycles=3, after="error"),
    "repeat a triangle": Repeat(part=TRIANGLE),
    "repeat a part of it": Repeat(part=FALL, cycle_steps=33),
    "repeat more than it": Repeat(part=SAW, cycle_steps=20),
    "repeat more than it then error": Repeat(part=line(1.0, 0.0, 12, after="error"), cycle_steps=20),
    "repeat what ends in an error": Repeat(part=line(1.0, 0.0, 12, after="error")),
    "repeat twice what ends in an error": Repeat(part=line(1.0, 0.0, 12, after="error"), num_cycles=2, peak_mult=0.5),
    "repeat a fraction": Repeat(part=cosine(Fraction(25, 2), 1.0, 0.1), num_cycles=20),
    "repeat a fraction for ever": Repeat(part=cosine(Fraction(25, 2), 1.0, 0.1)),
    "repeat a fraction of rounded cycles": Repeat(part=SAW, cycle_steps=Fraction(86, 3), cycle_rounding="ceil"),
    "repeat nothing until an error": Repeat(
        part=line(0.0, 0.0, 1, after="error"), cycle_steps=2, peak_mult=0.5, cycle_mult=1.5
    ),
    "repeat a table that grows": Repeat(
        part=Freeze(part=Table(values=[0.0, 0.25, 0.0, -0.4]), steps=391), cycle_steps=1, cycle_mult=2, peak_mult=0.5
    ),
    "repeat what has a hole": Repeat(
        part=Minimum(parts=[line(1.0, 0.0, 12, after="error"), Rex(init_value=1.0, end_value=0.5, steps=40)]),
        cycle_mult=2,
    ),
    "repeat stairs": Repeat(part=Freeze(part=STAIRS, steps=10)),
    "repeat stairs of a fraction": Repeat(part=Freeze(part=THIRDS, steps=70)),
    "repeat an every": Repeat(part=Every(part=SAW, period=3)),
    "repeat an every of a fraction": Repeat(part=Every(part=SAW, period=Fraction(5, 2))),
    "repeat a table": Repeat(part=Table(values=NOISE[:17])),
    "repeat a repeat": Repeat(part=Repeat(part=SAW, num_cycles=2, peak_mult=0.5)),
    "repeat a repeat of its own": Repeat(part=Freeze(part=Repeat(part=SAW), steps=30), num_cycles=4),
    "repeat double": Repeat(part=FALL, cycle_mult=2),
    "repeat growing": Repeat(part=cosine(50, 1.0, 0.1), cycle_mult=1.5, num_cycles=8),
    "repeat growing with floor": Repeat(part=cosine(50, 1.0, 0.1), cycle_mult=1.5, cycle_rounding="floor"),
    "repeat growing with ceil": Repeat(part=SAW, cycle_mult=1.1, cycle_rounding="ceil", num_cycles=30),
    "repeat growing stairs": Repeat(part=Freeze(part=STAIRS, steps=12), cycle_mult=1.5, num_cycles=6),
    "repeat growing from a fraction": Repeat(part=SAW, cycle_steps=Fraction(19, 2), cycle_mult=1.25, num_cycles=9),
    "repeat growing then error": Repeat(part=SAW, cycle_mult=1.3, num_cycles=5, after="error"),
    "repeat shrinking all": Repeat(part=cosine(50, 1.0, 0.1), peak_mult=0.5),
    "repeat shrinking height": Repeat(part=cosine(50, 1.0, 0.1), peak_mult=0.7, scaling="height", floor_value=0.1),
    "repeat shrinking peak": Repeat(
        part=cosine(50, 1.0, 0.1), peak_mult=0.7, scaling="peak", floor_value=0.1, peak_value=1.0, num_cycles=12
    ),
    "repeat shrinking height to zero": Repeat(part=FALL, peak_mult=0.1, scaling="height", cycle_mult=3),
    "repeat rising": Repeat(part=SAW, peak_mult=1.5, num_cycles=9),
    "repeat of a power": Repeat(part=SAW, peak_power=0.5, num_cycles=40),
    "repeat of a power and a factor": Repeat(
        part=SAW, peak_power=1.0, peak_mult=0.9, scaling="height", floor_value=0.25, num_cycles=25
    ),
    "repeat of one step": Repeat(part=line(1.0, 0.0, 1), num_cycles=50, peak_mult=0.9),
    "repeat a warmup and a decay": Repeat(part=Sequence(parts=[UP, DOWN]), peak_mult=0.8, num_cycles=6),
    "repeat an affine": Affine(part=Repeat(part=TRIANGLE, peak_mult=0.5), scale=0.5, offset=0.01),
    "repeat to the last step": Repeat(part=FALL, cycle_steps=3, num_cycles=2**29),
}

NESTED: dict[str, Node] = {
    "deep: warmup, product, clamp, shift": Sequence(
        parts=[
            Shift(part=line(0.0, 1.0, 20), by=1),
            Clamp(
                part=Product(
                    parts=[
                        Repeat(part=FALL, peak_mult=0.9, num_cycles=4),
                        Affine(part=Every(part=SAW, period=9), scale=2.0, offset=0.1),
                    ]
                ),
                min_value=0.05,
                max_value=1.5,
            ),
        ]
    ),
    "deep: stretch of a product of epochs": Stretch(
        part=Product(
            parts=[Every(part=replace(STAIRS, decay_period=2), period=1), Freeze(part=cosine(30, 1.0, 0.1), steps=25)]
        ),
        factor=Fraction(47, 5),
    ),
    "deep: repeat of a minimum": Repeat(
        part=Minimum(parts=[TRIANGLE, Shift(part=Repeat(part=SAW), by=3)]), num_cycles=5, cycle_mult=1.5
    ),
    "deep: every of a maximum of a repeat": Every(
        part=Maximum(parts=[Repeat(part=SAW, num_cycles=4), line(0.9, 0.3, 30), Table(values=NOISE[:40])]), period=3
    ),
    "deep: freeze of everything": Freeze(
        part=Affine(
            part=Shift(part=Stretch(part=Sequence(parts=[UP, Repeat(part=DOWN)]), factor=1.1), by=2), scale=3.0
        ),
        steps=700,
        after="error",
    ),
    "deep: global sequence of a product": Sequence(
        parts=[
            Freeze(part=Product(parts=[line(0.0, 1.0, 25), STAIRS]), steps=25),
            Freeze(part=Minimum(parts=[STAIRS, cosine(99, 0.01, 0.0)]), steps=60),
            Every(part=Rex(init_value="previous", end_value=0.0, steps=40), period=Fraction(5, 2)),
        ],
        time="global",
    ),
    "deep: thirty-two affines": DOWN,
}
for _ in range(31):
    NESTED["deep: thirty-two affines"] = Affine(part=NESTED["deep: thirty-two affines"], scale=0.99, offset=0.001)

LAST: dict[str, Node] = {
    "tanh to the last step": Tanh(init_value=1.0, end_value=0.0, steps=LAST_STEP, lower=-7.0, upper=3.0),
    "rex to the last step": Rex(init_value=1.0, end_value=0.0, steps=LAST_STEP),
    "logarithmic to the last step": Logarithmic(init_value=0.0, end_value=1.0, steps=LAST_STEP),
    "one_minus_power to the last step": OneMinusPower(init_value=1.0, end_value=0.0, steps=LAST_STEP, power=0.5),
    "cosine k_decay to the last step": cosine(LAST_STEP, k_decay=1.5),
    "clamp to the last step": Clamp(part=line(1.0, -1.0, LAST_STEP), min_value=-0.5, max_value=0.999_999),
    "minimum to the last step": Minimum(
        parts=[line(0.0, 1.0, LAST_STEP), PowerLaw(init_value=1.0, power=0.5, timescale=1, offset=1)]
    ),
    "product to the last step": Product(
        parts=[line(0.0, 1.0, 1000), Rex(init_value=1.0, end_value=0.0, steps=LAST_STEP)]
    ),
    "every to the last step": Every(part=line(1.0, 0.0, 100_000), period=21474.836),
    "stretch to the last step": Stretch(part=cosine(1), factor=LAST_STEP),
    "shift to the last step": Shift(part=cosine(LAST_STEP), by=-(10**9)),
}

KINDS: dict[str, Node] = LEAVES | SEQUENCES | POINTWISE | TIMING | REPEATS | NESTED | LAST
