"""Schedules whose source is written, run and compared: each with the steps to look at, and the form to be expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import lrspec
from lrspec import presets
from lrspec.writers import NativeSource, native_source

PAST = 50
"""Steps to look at after the end."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A schedule, its length or how far to look, and the forms of torch, Keras, Optax and transformers."""

    schedule: lrspec.Schedule
    stop: int
    forms: str

    def form(self, framework: str) -> str:
        letter = self.forms[("torch", "keras", "optax", "transformers").index(framework)]
        return {"n": "native", "f": "function", "t": "table"}[letter]


def case(schedule: lrspec.Schedule, stop: int, forms: str) -> Case:
    return Case(schedule=schedule, stop=stop, forms=forms)


def ramp(init: float, end: float, steps: Any, **more: Any) -> lrspec.Linear:
    return lrspec.Linear(init_value=init, end_value=end, steps=steps, **more)


def cosine(init: Any, end: float, steps: Any, **more: Any) -> lrspec.Cosine:
    return lrspec.Cosine(init_value=init, end_value=end, steps=steps, **more)


def exponential(rate: float, period: Any, **more: Any) -> lrspec.Exponential:
    return lrspec.Exponential(init_value=0.1, decay_rate=rate, decay_period=period, **more)


def sequence(*parts: Any, **more: Any) -> lrspec.Sequence:
    return lrspec.Sequence(parts=list(parts), **more)


def warm(**more: Any) -> dict[str, Any]:
    return {"peak_value": 0.1, "warmup_steps": 10, "decay_steps": 70, **more}


CYCLE = cosine(0.1, 0.0, 10)
RISING = cosine(0.1, 0.0, 70, after="continue")
GROWN = presets.cosine_restarts(peak_value=0.1, cycle_steps=10, cycle_mult=2, end_value=0.01)
CASES: dict[str, Case] = {
    "constant": case(lrspec.Constant(value=0.1), 5, "nnnn"),
    "constant 0": case(lrspec.Constant(value=0.0), 5, "nnnn"),
    "linear up": case(ramp(0.01, 0.1, 30), 30, "nnnn"),
    "linear up from 0": case(ramp(0.0, 0.1, 30), 30, "fnnn"),
    "linear down": case(ramp(0.1, 0.0, 30), 30, "nnnn"),
    "linear down, not whole": case(ramp(0.1, 0.02, Fraction(61, 2)), 31, "fnnf"),
    "linear that goes on": case(ramp(0.1, 0.05, 30, after="continue"), 30, "ffff"),
    "linear with an end": case(ramp(0.1, 0.02, 30, after="error"), 30, "nnnn"),
    "cosine": case(cosine(0.1, 0.001, 40), 40, "nnnn"),
    "cosine to 0": case(cosine(0.1, 0.0, 40), 40, "nnnn"),
    "cosine that rises again": case(cosine(0.1, 0.001, 40, after="continue"), 170, "nffn"),
    "cosine upwards": case(cosine(0.01, 0.1, 40), 40, "nnnn"),
    "cosine, three waves": case(cosine(0.1, 0.001, 60, cycles=1.5), 60, "ffff"),
    "cosine, exponent": case(cosine(0.1, 0.001, 60, exponent=1.5), 60, "ffnf"),
    "cosine, k_decay": case(cosine(0.1, 0.001, 60, k_decay=1.5), 60, "ffff"),
    "exponential": case(exponential(0.97, 1), 200, "nnnn"),
    "exponential, long period": case(exponential(0.5, 40), 200, "fnnf"),
    "exponential, ended": case(exponential(0.97, 1, steps=60), 60, "nfnn"),
    "exponential stairs": case(exponential(0.5, 10, staircase=True), 90, "nnnn"),
    "exponential stairs, not whole": case(exponential(0.5, 12.5, staircase=True), 90, "fnnf"),
    "polynomial": case(lrspec.Polynomial(init_value=0.1, end_value=0.0, steps=40, power=2), 40, "nnnn"),
    "polynomial to above 0": case(lrspec.Polynomial(init_value=0.1, end_value=0.02, steps=40, power=0.9), 40, "fffn"),
    "polynomial over a power of 2": case(
        lrspec.Polynomial(init_value=0.1, end_value=0.02, steps=64, power=0.5), 64, "fnnn"
    ),
    "polynomial, k_decay": case(
        lrspec.Polynomial(init_value=0.1, end_value=0.02, steps=41, power=0.5, k_decay=1.5), 41, "ffff"
    ),
    "inverse time": case(lrspec.InverseTime(init_value=0.1, decay_rate=0.5, decay_period=10), 90, "fnff"),
    "inverse time stairs": case(
        lrspec.InverseTime(init_value=0.1, decay_rate=0.5, decay_period=10, staircase=True), 90, "fnff"
    ),
    "piecewise": case(lrspec.PiecewiseConstant(boundaries=[3, 9, 20], values=[0.1, 0.05, 0.2, 0.01]), 20, "fnnf"),
    "piecewise to 0 and back": case(lrspec.PiecewiseConstant(boundaries=[3, 9], values=[0.1, 0.0, 0.2]), 20, "fnff"),
    "step": case(presets.step(init_value=0.1, decay_period=7), 40, "nnnn"),
    "multi_step": case(presets.multi_step(init_value=0.1, boundaries=[7, 30, 31]), 40, "nnnn"),
    "warmup_cosine": case(presets.warmup_cosine(**warm()), 80, "fnnn"),
    "warmup_cosine from above 0": case(presets.warmup_cosine(**warm(init_value=0.01, end_value=0.001)), 80, "nnnn"),
    "warmup_cosine, (k+1)/W": case(presets.warmup_cosine(**warm(warmup="(k+1)/W")), 80, "nfnn"),
    "warmup_cosine, (k+1)/(W+1)": case(presets.warmup_cosine(**warm(warmup="(k+1)/(W+1)")), 80, "nnnn"),
    "warmup_linear": case(presets.warmup_linear(**warm()), 80, "ffnn"),
    "warmup_linear from above 0": case(presets.warmup_linear(**warm(init_value=0.02, end_value=0.01)), 80, "nfnn"),
    "warmup_polynomial": case(presets.warmup_polynomial(**warm(power=2.0, end_value=0.01)), 80, "ffnn"),
    "warmup_constant": case(presets.warmup_constant(peak_value=0.1, warmup_steps=10), 20, "fnnn"),
    "warmup_exponential": case(
        presets.warmup_exponential(peak_value=0.1, warmup_steps=10, decay_rate=0.5, decay_period=20, init_value=0.01),
        90,
        "ffnf",
    ),
    "warmup_multi_step": case(
        presets.warmup_multi_step(peak_value=0.1, warmup_steps=10, boundaries=[20, 30], init_value=0.01), 40, "nfnn"
    ),
    "warmup_multi_step, a boundary in the warmup": case(
        presets.warmup_multi_step(peak_value=0.1, warmup_steps=10, boundaries=[5, 20, 30], init_value=0.01), 40, "ffnf"
    ),
    "one_cycle": case(presets.one_cycle(peak_value=0.1, total_steps=100), 100, "nfnn"),
    "one_cycle in three lines": case(
        presets.one_cycle(peak_value=0.1, total_steps=77, shape="linear", three_phase=True, pct_start=0.25), 77, "nffn"
    ),
    "cosine_restarts": case(presets.cosine_restarts(peak_value=0.1, cycle_steps=10), 60, "nnfn"),
    "cosine_restarts, growing": case(GROWN, 160, "nnfn"),
    "cosine_restarts, three": case(presets.cosine_restarts(peak_value=0.1, cycle_steps=10, num_cycles=3), 30, "nfnn"),
    "cosine_restarts, three after a warmup": case(
        presets.cosine_restarts(peak_value=0.1, cycle_steps=10, num_cycles=3, warmup_steps=5), 35, "ffnn"
    ),
    "cosine_restarts, smaller": case(
        presets.cosine_restarts(peak_value=0.1, cycle_steps=10, cycle_mult=2, peak_mult=0.5), 160, "fnff"
    ),
    "cosine_restarts, smaller, from above a floor": case(
        presets.cosine_restarts(peak_value=0.1, end_value=0.01, cycle_steps=10, peak_mult=0.5, num_cycles=6), 60, "ffff"
    ),
    "cycles that are not whole": case(
        presets.cosine_restarts(peak_value=0.1, cycle_steps=9, cycle_mult=1.5, peak_mult=0.5), 160, "fnff"
    ),
    "cycles that grow after a warmup": case(
        sequence(ramp(0.0, 0.1, 5), lrspec.Repeat(part=CYCLE, cycle_mult=2)), 160, "ffff"
    ),
    "a power of a time below 1": case(
        sequence(ramp(0.0, 0.1, Fraction(15, 2)), lrspec.PowerLaw(init_value=0.1, power=0.5, timescale=5)), 30, "ffff"
    ),
    "levels over a time that is not whole": case(
        sequence(
            ramp(0.0, 0.1, Fraction(15, 2)),
            lrspec.PiecewiseConstant(boundaries=[1, 14, 19, 23], values=[0.1, 0.01, 0.0, 0.05, 0.1]),
        ),
        40,
        "ffff",
    ),
    "wsd": case(presets.wsd(peak_value=0.1, warmup_steps=10, stable_steps=30, decay_steps=20), 60, "ffnn"),
    "wsd, all above 0": case(
        presets.wsd(peak_value=0.1, warmup_steps=10, stable_steps=30, decay_steps=20, init_value=0.01, end_value=0.01),
        60,
        "nfnn",
    ),
    "wsd, one_minus_sqrt": case(
        presets.wsd(peak_value=0.1, warmup_steps=10, stable_steps=30, decay_steps=20, shape="one_minus_sqrt"),
        60,
        "fffn",
    ),
    "wsd, geometric": case(
        presets.wsd(
            peak_value=0.1, warmup_steps=10, stable_steps=30, decay_steps=20, shape="geometric", end_value=0.001
        ),
        60,
        "ffff",
    ),
    "wsd, exponential": case(
        presets.wsd(peak_value=0.1, warmup_steps=10, stable_steps=30, decay_steps=20, shape="exponential"), 60, "ffff"
    ),
    "inverse_sqrt": case(presets.inverse_sqrt(peak_value=0.1, warmup_steps=16), 200, "fffn"),
    "noam": case(presets.noam(model_size=512, warmup_steps=40), 200, "ffff"),
    "triangular": case(presets.triangular(init_value=0.01, peak_value=0.1, up_steps=5, down_steps=8), 60, "ffff"),
    "triangular2": case(presets.triangular2(init_value=0.01, peak_value=0.1, up_steps=5), 60, "ffff"),
    "exp_range": case(
        presets.exp_range(init_value=0.01, peak_value=0.1, up_steps=5, decay_rate=0.99, total_steps=60), 60, "ffff"
    ),
    "tanh": case(lrspec.Tanh(init_value=0.1, end_value=0.0, steps=40, lower=-7.0, upper=3.0), 40, "ffff"),
    "rex": case(lrspec.Rex(init_value=0.1, end_value=0.01, steps=40), 40, "ffff"),
    "logarithmic": case(lrspec.Logarithmic(init_value=0.0, end_value=0.1, steps=40), 40, "ffff"),
    "every": case(lrspec.Every(part=CYCLE, period=4), 40, "ffff"),
    "stretch": case(lrspec.Stretch(part=CYCLE, factor=4.5), 45, "ffff"),
    "clamped and scaled": case(
        lrspec.Clamp(part=lrspec.Affine(part=CYCLE, scale=2.0, offset=0.01), min_value=0.05, max_value=0.15), 12, "ffff"
    ),
    "the least and the greatest": case(
        lrspec.Maximum(parts=[lrspec.Minimum(parts=[ramp(0.0, 0.1, 20), CYCLE]), lrspec.Constant(value=0.01)]),
        20,
        "ffff",
    ),
    "frozen": case(lrspec.Freeze(part=exponential(0.9, 1), steps=20), 20, "nfnn"),
    "warmup that holds before the decay": case(
        sequence(lrspec.Freeze(part=ramp(0.01, 0.1, 5), steps=12), cosine(0.1, 0.0, 20)), 32, "nfnn"
    ),
    "root that holds before a cycle": case(
        sequence(
            lrspec.Freeze(part=lrspec.Polynomial(init_value=0.1, end_value=0.02, steps=5, power=0.5), steps=12),
            presets.triangular(init_value=0.01, peak_value=0.1, up_steps=4),
        ),
        60,
        "ffff",
    ),
    "frozen past its end": case(
        lrspec.Freeze(part=lrspec.NormalizedExponential(init_value=0.1, end_value=0.01, steps=1, ratio=0.01), steps=5),
        8,
        "ffff",
    ),
    "shifted": case(lrspec.Shift(part=CYCLE, by=-5), 15, "ffff"),
    "table": case(lrspec.Table(values=[0.1, 0.1, 0.3, 0.2]), 4, "tttt"),
    "table in a product": case(
        lrspec.Product(parts=[lrspec.Table(values=[0.5, 1.0, 1.5, 1.0]), ramp(0.1, 0.0, 30)]), 30, "tttt"
    ),
    "warmup, and a cosine that rises again": case(sequence(ramp(0.0, 0.1, 10), RISING), 80, "fffn"),
    "a scaled group": case(lrspec.Affine(part=presets.warmup_cosine(**warm(end_value=0.001)), scale=0.1), 80, "fnnf"),
    "a scaled and moved line": case(lrspec.Affine(part=ramp(0.7, 0.1, 30), scale=0.1, offset=0.2), 30, "nnnn"),
    "scaled decays": case(lrspec.Affine(part=sequence(ramp(0.0, 0.1, 5), exponential(0.97, 1)), scale=0.3), 90, "ffnf"),
    "scaled cycles": case(lrspec.Affine(part=lrspec.Repeat(part=CYCLE, cycle_mult=2), scale=0.3), 160, "nnfn"),
    "a root that is scaled and moved": case(
        lrspec.Affine(part=lrspec.PowerLaw(init_value=0.1, power=0.5, timescale=5, offset=5), scale=0.5, offset=0.01),
        40,
        "ffff",
    ),
    "a scaled root": case(
        lrspec.Affine(part=presets.inverse_sqrt(peak_value=0.1, warmup_steps=16), scale=0.3), 200, "fffn"
    ),
    "parts that start from the one before": case(
        sequence(ramp(0.02, 0.1, 10), cosine("previous", 0.01, 30), lrspec.Constant(value=0.005)), 40, "nfnn"
    ),
}


def run(made: Case, framework: str, name: str) -> Any:
    """Return what the code of a case defines under a name, and check its form."""
    found = native_source(made.schedule, framework)
    assert found.form == made.form(framework), found.code
    return defined(found, name)


def defined(source: NativeSource, name: str) -> Any:
    """Return what code defines under a name."""
    assert "lrspec" not in "\n".join(line for line in source.code.splitlines() if not line.startswith("#"))
    namespace: dict[str, Any] = {"__name__": "a_script"}
    exec(compile(source.code, "source", "exec"), namespace)  # noqa: S102 - what is tested
    return namespace[name]


def cut(framework: str) -> list[tuple[str, NativeSource]]:
    """Return the code that is a schedule up to an end alone, and the name of its case: in the middle, at its end."""
    sources = []
    for name, made in CASES.items():
        for until in (max(1, made.stop // 2), made.stop):
            source = native_source(made.schedule, framework, until=until)
            if source.until is not None:
                assert source.until == until
                sources.append((name, source))
    return sources


def assert_same_until(found: Callable[[int], float], name: str, source: NativeSource, tolerance: float) -> None:
    """Compare a value at every step of the run, and what is said of the steps after it."""
    made, until = CASES[name], source.until
    assert until is not None
    tolerance = max(tolerance, 2**-24) if source.form == "table" else tolerance
    wanted = expected(made.schedule, until)
    scale = max(map(abs, wanted)) or 1.0
    wrong = [step for step, value in enumerate(wanted) if not abs(found(step) - value) <= tolerance * scale]
    assert not wrong, source.code
    told = source.afterwards or ""
    assert told.startswith(f"The schedule at steps 0 to {until - 1}, the {until} updates of the run")
    if "After them" not in told:
        later = (until, until + 1, until + until // 2, 2 * until)
        wanted = expected(made.schedule, 2 * until + 1)
        assert all(abs(found(step) - wanted[step]) <= 1e-5 * scale for step in later), told
    for step, schedule, code in re.findall(r"at step (\d+) the schedule has ([^,;]+), this ([^;]+?)(?=[;]|\.$)", told):
        values = expected(made.schedule, int(step) + 1)
        assert abs(values[-1] - float(schedule)) <= 1e-5 * max(map(abs, values))
        assert abs(found(int(step)) - float(code)) <= 1e-5 * max(map(abs, values))


def expected(schedule: lrspec.Schedule, stop: int) -> list[float]:
    """Return the exact value of each step; after an end at which the schedule refuses, its last one."""
    from lrspec.compiler.formula import formula_of, rounded

    found = formula_of(schedule.node)
    return [rounded(found, step) for step in range(stop)]


def assert_near(found: Callable[[int], float], made: Case, tolerance: float) -> None:
    """Compare a value at every step, relative to the largest; a table has float32 values."""
    wanted = expected(made.schedule, made.stop + PAST)
    tolerance = max(tolerance, 2**-24) if "t" in made.forms else tolerance
    scale = max(map(abs, wanted)) or 1.0
    wrong = {
        step: (found(step), value)
        for step, value in enumerate(wanted)
        if not abs(found(step) - value) <= tolerance * scale
    }
    assert not wrong
