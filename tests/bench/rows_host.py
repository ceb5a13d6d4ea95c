"""Rows of the host: importing, compiling, and values in Python and NumPy."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import lrspec
from bench.measure import Pair, Row
from lrspec import Cosine, Exponential, presets
from lrspec.compiler.compile import compile_node

MILLION = 1_000_000
COSINE = Cosine(init_value=0.1, end_value=0.0, steps=MILLION)

COMPILED: dict[str, Callable[[], lrspec.Node]] = {
    "constant": lambda: lrspec.Constant(value=0.1),
    "linear": lambda: lrspec.Linear(init_value=0.1, end_value=0.0, steps=MILLION),
    "polynomial 2": lambda: lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=MILLION, power=2),
    "polynomial 0.5": lambda: lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=MILLION, power=0.5),
    "cosine": lambda: COSINE,
    "geometric": lambda: lrspec.Geometric(init_value=1e-7, end_value=10.0, steps=MILLION),
    "one_minus_power 0.5": lambda: lrspec.OneMinusPower(init_value=0.1, end_value=0.0, steps=MILLION, power=0.5),
    "normalized_exponential": lambda: lrspec.NormalizedExponential(
        init_value=0.1, end_value=0.0, steps=MILLION, ratio=0.5
    ),
    "tanh": lambda: lrspec.Tanh(init_value=0.1, end_value=0.0, steps=MILLION, lower=-7.0, upper=3.0),
    "logarithmic": lambda: lrspec.Logarithmic(init_value=0.0, end_value=0.1, steps=MILLION),
    "rex": lambda: lrspec.Rex(init_value=0.1, end_value=0.0, steps=MILLION),
    "exponential": lambda: Exponential(init_value=0.1, decay_rate=0.96, decay_period=10_000, steps=MILLION),
    "exponential without end": lambda: Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000),
    "staircase without end": lambda: Exponential(init_value=0.1, decay_rate=0.96, decay_period=1000, staircase=True),
    "inverse_time": lambda: lrspec.InverseTime(init_value=0.1, decay_rate=0.5, decay_period=10_000, steps=MILLION),
    "power_law": lambda: lrspec.PowerLaw(init_value=0.1, power=0.5, timescale=10_000, offset=10_000, steps=MILLION),
    "piecewise_constant": lambda: lrspec.PiecewiseConstant(boundaries=[300_000, 600_000], values=[0.1, 0.01, 0.001]),
    "warmup_cosine": lambda: presets.warmup_cosine(peak_value=0.1, warmup_steps=10_000, decay_steps=990_000),
    "wsd": lambda: presets.wsd(peak_value=0.1, warmup_steps=10_000, stable_steps=790_000, decay_steps=200_000),
    "one_cycle": lambda: presets.one_cycle(peak_value=0.1, total_steps=MILLION),
    "noam, frozen at the end": lambda: lrspec.Freeze(
        part=presets.noam(model_size=512, warmup_steps=4000), steps=MILLION
    ),
    "triangular": lambda: presets.triangular(init_value=0.01, peak_value=0.1, up_steps=2000),
    "every epoch a cosine": lambda: lrspec.Every(part=Cosine(init_value=0.1, end_value=0.0, steps=300), period=3333),
    "restarts that grow by half, without end": lambda: presets.cosine_restarts(
        peak_value=0.1, cycle_steps=1000, cycle_mult=1.5
    ),
    "restarts that grow by a hundredth, without end": lambda: presets.cosine_restarts(
        peak_value=0.1, cycle_steps=1000, cycle_mult=1.01
    ),
    "product of three curves over 60 cycles": lambda: lrspec.Product(
        parts=[
            lrspec.Repeat(part=Cosine(init_value=1.0, end_value=0.1, steps=1000), num_cycles=60),
            lrspec.Geometric(init_value=1.0, end_value=0.01, steps=60_000),
            lrspec.Logarithmic(init_value=0.1, end_value=1.0, steps=60_000),
        ]
    ),
    "table of 65,536 values": lambda: lrspec.Table(
        values=np.random.default_rng(0).uniform(1e-4, 0.1, 65_536).astype(np.float32).tolist()
    ),
}
LONG = ("restarts", "product", "table", "exponential without", "staircase without")


def work() -> int:
    """Do the arithmetic of a compile, 200,000 products of integers of 224 bits: what compiling is set beside."""
    mask, a, b = (1 << 224) - 1, 3**141, 5**96
    for _ in range(200_000):
        a = (a * b >> 224) ^ a & mask
    return a


def compiling(make: Callable[[], lrspec.Node]) -> Pair:
    """Compile a node; the logarithms of its constants are warm, as in a second compile."""
    node = make()
    return Pair(partial(compile_node, node), work)


def importing() -> Pair:
    """Import the package in a fresh process, beside what it needs of others."""

    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    return Pair(partial(run, "import lrspec"), partial(run, "import yaml"))


def one_value() -> Pair:
    """One step at a time, beside the formula in Python."""
    schedule = presets.warmup_cosine(peak_value=0.1, warmup_steps=10_000, decay_steps=990_000)
    steps = list(range(0, MILLION, 997))
    schedule(0)

    def formula(step: int) -> float:
        if step < 10_000:
            return 0.1 * step / 10_000
        if step > MILLION:
            return 0.0
        return 0.05 * (1.0 + math.cos(math.pi * (step - 10_000) / 990_000))

    def over(function: Callable[[int], float]) -> None:
        for step in steps:
            function(step)

    return Pair(partial(over, schedule), partial(over, formula), per=len(steps))


def many_values() -> Pair:
    """A million steps, beside one expression of NumPy in float64."""
    COSINE.values(0, 10)

    def formula() -> Any:
        return (0.05 * (1 + np.cos(np.arange(MILLION) * (np.pi / MILLION)))).astype(np.float32)

    return Pair(lambda: COSINE.values(0, MILLION), formula)


ROWS = (
    Row("import", "import yaml", importing, unit="ms", budget=1.5),
    Row("schedule(step)", "the formula in Python", one_value, budget=5.0),
    Row("schedule.values(0, 1_000_000)", "one expression of NumPy", many_values, unit="ms"),
    *(
        Row(f"compile {name}", "products of integers", partial(compiling, make), unit="ms", repeats=_share, budget=5.0)
        for name, make in COMPILED.items()
        for _share in [0.3 if name.startswith(LONG) else 1.0]
    ),
)
