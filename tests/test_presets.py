"""Each preset against its own closed formula, written here with mpmath and fractions from its source."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import lrspec
from lrspec import presets
from lrspec.presets import PRESETS
from oracle import CONTEXT, real, ulp_error

TOLERANCE = 0.5 + 2.0**-18
Formula = Callable[[int], Any]


def share_of_warmup(word: str, k: int, steps: int) -> Fraction:
    return {
        "k/W": Fraction(k, steps),
        "(k+1)/W": Fraction(k + 1, steps),
        "(k+1)/(W+1)": Fraction(k + 1, steps + 1),
        "k/(W-1)": Fraction(k, max(steps - 1, 1)),
    }[word]


def cosine(init: Any, end: Any, x: Any) -> Any:
    return end + (init - end) * (1 + CONTEXT.cospi(x)) / 2


def line(init: Any, end: Any, x: Any) -> Any:
    return init + (end - init) * x


def one_minus_sqrt(init: Any, end: Any, x: Any) -> Any:
    return end + (init - end) * (1 - CONTEXT.sqrt(x))


def to_a_half(init: Any, end: Any, x: Any) -> Any:
    return end + (init - end) * (CONTEXT.power(real(0.5), x) - real(0.5)) * 2


def geometric(init: Any, end: Any, x: Any) -> Any:
    return init * CONTEXT.power(end / init, x)


SHAPES = {
    "linear": line,
    "cosine": cosine,
    "one_minus_sqrt": one_minus_sqrt,
    "exponential": to_a_half,
    "geometric": geometric,
}


def warmed(init: float, peak: float, steps: int, word: str, after: Formula) -> Formula:
    """A warmup, and `after(steps since it)`."""

    def formula(t: int) -> Any:
        if t < steps:
            return line(real(init), real(peak), real(share_of_warmup(word, t, steps)))
        return after(t - steps)

    return formula


def decays(shape: str, peak: float, end: float, steps: int, stable: int = 0) -> Formula:
    def formula(u: int) -> Any:
        return SHAPES[shape](real(peak), real(end), real(Fraction(min(max(u - stable, 0), steps), steps)))

    return formula


def polynomial(peak: float, end: float, steps: int, power: float) -> Formula:
    def formula(u: int) -> Any:
        left = real(Fraction(steps - min(u, steps), steps))
        return real(end) + real(peak - end) * (CONTEXT.power(left, real(power)) if left else 0)

    return formula


def one_cycle(levels: list[float], ends: list[float], shape: str) -> Formula:
    """PyTorch's phases: each from one real-valued step to another."""

    def formula(t: int) -> Any:
        start = Fraction(0)
        for init, end, at in zip(levels, levels[1:], ends, strict=True):
            if t <= at or at == ends[-1]:
                x = min(Fraction(1), (t - start) / (Fraction(at) - start))
                return SHAPES[shape](real(init), real(end), real(x))
            start = Fraction(at)
        raise AssertionError

    return formula


def triangle(init: float, peak: float, up: int, down: int, factor: Callable[[int, int], Any]) -> Formula:
    def formula(t: int) -> Any:
        cycle, u = divmod(t, up + down)
        x = Fraction(u, up) if u < up else 1 - Fraction(u - up, down)
        return real(init) + real(peak - init) * real(x) * factor(t, cycle)

    return formula


def restarts(peak: float, end: float, steps: int, mult: Fraction, peak_mult: float, cycles: int | None) -> Formula:
    def formula(t: int) -> Any:
        start, length, i = Fraction(0), Fraction(steps), 0
        while t >= start + length:
            start, length, i = start + length, length * mult, i + 1
            if i == cycles:
                return real(end)
        return cosine(real(peak) * real(peak_mult) ** i, real(end), real((t - start) / length))

    return formula


def from_start(init: float, peak: float, steps: int, formula: Formula) -> Formula:
    """A warmup, and then what the formula gives over the time of the run."""
    return warmed(init, peak, steps, "k/W", lambda u: formula(u + steps))


def going_on(peak: float, end: float, steps: int) -> Formula:
    return lambda u: real(end) + real(peak - end) * (1 + CONTEXT.cospi(real(Fraction(u, steps)))) / 2


def restarts_with_warmups(t: int) -> Any:
    """Cycles of 20, 40, 80 steps, each with a line of 5 up from its end, which shrinks with its peak."""
    start, length, i = 0, 20, 0
    while t >= start + length:
        start, length, i = start + length, 2 * length, i + 1
        if i == 3:
            return real(0.05) * real(0.7) ** 2
    u = t - start
    share = Fraction(u, 5) if u < 5 else (1 + CONTEXT.cospi(real(Fraction(u - 5, length - 5)))) / 2
    return real(0.7) ** i * (real(0.05) + (real(0.3) - real(0.05)) * (real(share) if u < 5 else share))


def noam(first: Callable[[int], int]) -> Formula:
    def formula(t: int) -> Any:
        n = real(first(t))
        return min(n ** real(-0.5), n * real(400) ** real(-1.5)) / CONTEXT.sqrt(512) if n else real(0)

    return formula


ROWS: dict[str, tuple[str, dict[str, Any], Formula]] = {
    f"warmup_cosine {word}": (
        "warmup_cosine",
        {
            "peak_value": 0.3,
            "warmup_steps": 37,
            "decay_steps": 200,
            "init_value": 0.01,
            "end_value": 0.03,
            "warmup": word,
        },
        warmed(0.01, 0.3, 37, word, decays("cosine", 0.3, 0.03, 200)),
    )
    for word in ("k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)")
} | {
    "warmup_cosine without a warmup": (
        "warmup_cosine",
        {"peak_value": 0.3, "warmup_steps": 0, "decay_steps": 200},
        decays("cosine", 0.3, 0.0, 200),
    ),
    "warmup of one step": (
        "warmup_constant",
        {"peak_value": 0.3, "warmup_steps": 1, "warmup": "(k+1)/W"},
        lambda _: real(0.3),
    ),
    "warmup_linear": (
        "warmup_linear",
        {"peak_value": 1e-4, "warmup_steps": 100, "decay_steps": 900},
        warmed(0.0, 1e-4, 100, "k/W", decays("linear", 1e-4, 0.0, 900)),
    ),
    "warmup_polynomial": (
        "warmup_polynomial",
        {"peak_value": 0.5, "warmup_steps": 10, "decay_steps": 90, "power": 0.7, "end_value": 0.125},
        warmed(0.0, 0.5, 10, "k/W", polynomial(0.5, 0.125, 90, 0.7)),
    ),
    "warmup_constant": (
        "warmup_constant",
        {"peak_value": 0.3, "warmup_steps": 41, "warmup": "(k+1)/(W+1)"},
        warmed(0.0, 0.3, 41, "(k+1)/(W+1)", lambda _: real(0.3)),
    ),
    "warmup_exponential": (
        "warmup_exponential",
        {"peak_value": 0.3, "warmup_steps": 7, "decay_rate": 0.97, "decay_period": 2.4, "staircase": True},
        warmed(0.0, 0.3, 7, "k/W", lambda u: real(0.3) * real(0.97) ** int(u // Fraction("2.4"))),
    ),
    "warmup_multi_step": (
        "warmup_multi_step",
        {"peak_value": 0.02, "warmup_steps": 50, "boundaries": [100, 150], "init_value": 2e-5},
        warmed(
            2e-5, 0.02, 50, "k/W", lambda u: real(float(Fraction(0.02) * Fraction(0.1) ** ((u >= 50) + (u >= 100))))
        ),
    ),
    "step": (
        "step",
        {"init_value": 0.3, "decay_period": 41},
        lambda t: real(0.3) * real(0.1) ** (t // 41),
    ),
    "multi_step": (
        "multi_step",
        {"init_value": 0.3, "boundaries": [30, 60, 61], "decay_rate": 0.2},
        lambda t: real(float(Fraction(0.3) * Fraction(0.2) ** sum(t >= b for b in (30, 60, 61)))),
    ),
    "inverse_sqrt": (
        "inverse_sqrt",
        {"peak_value": 5e-4, "warmup_steps": 40, "init_value": 1e-7},
        warmed(1e-7, 5e-4, 40, "k/W", lambda u: real(5e-4) * CONTEXT.sqrt(real(Fraction(40, u + 40)))),
    ),
    "noam": ("noam", {"model_size": 512, "warmup_steps": 400}, noam(lambda t: t + 1)),
    "noam whose first two steps are one": (
        "noam",
        {"model_size": 512, "warmup_steps": 400, "n": "max(t,1)"},
        noam(lambda t: max(t, 1)),
    ),
    "noam from 0": ("noam", {"model_size": 512, "warmup_steps": 400, "n": "t"}, noam(lambda t: t)),
    "warmup of one step from numpy.linspace": (
        "warmup_constant",
        {"peak_value": 0.3, "init_value": 0.1, "warmup_steps": 1, "warmup": "k/(W-1)"},
        lambda t: real(0.1 if t == 0 else 0.3),
    ),
    "warmup_cosine from the start": (
        "warmup_cosine",
        {"peak_value": 0.3, "warmup_steps": 37, "decay_steps": 237, "end_value": 0.01, "decay_from": "start"},
        from_start(0.0, 0.3, 37, decays("cosine", 0.3, 0.01, 237)),
    ),
    "warmup_cosine that goes on": (
        "warmup_cosine",
        {"peak_value": 0.3, "warmup_steps": 37, "decay_steps": 100, "end_value": 0.01, "after": "continue"},
        warmed(0.0, 0.3, 37, "k/W", going_on(0.3, 0.01, 100)),
    ),
    "warmup_cosine from the start that goes on": (
        "warmup_cosine",
        {"peak_value": 0.3, "warmup_steps": 37, "decay_steps": 100, "decay_from": "start", "after": "continue"},
        from_start(0.0, 0.3, 37, going_on(0.3, 0.0, 100)),
    ),
    "BERT": (
        "warmup_linear",
        {"peak_value": 1e-4, "warmup_steps": 40, "decay_steps": 390, "decay_from": "start"},
        from_start(0.0, 1e-4, 40, decays("linear", 1e-4, 0.0, 390)),
    ),
    "warmup_polynomial from the start": (
        "warmup_polynomial",
        {"peak_value": 0.5, "warmup_steps": 10, "decay_steps": 90, "power": 0.7, "decay_from": "start"},
        from_start(0.0, 0.5, 10, polynomial(0.5, 0.0, 90, 0.7)),
    ),
    "EfficientNet": (
        "warmup_exponential",
        {
            "peak_value": 0.3,
            "warmup_steps": 7,
            "decay_rate": 0.97,
            "decay_period": 2.4,
            "staircase": True,
            "decay_from": "start",
        },
        from_start(0.0, 0.3, 7, lambda t: real(0.3) * real(0.97) ** int(t // Fraction("2.4"))),
    ),
    "warmup_multi_step from the end of the warmup": (
        "warmup_multi_step",
        {"peak_value": 0.5, "warmup_steps": 50, "boundaries": [100, 150], "decay_from": "warmup_end"},
        warmed(0.0, 0.5, 50, "k/W", lambda u: real(float(Fraction(0.5) * Fraction(0.1) ** ((u >= 100) + (u >= 150))))),
    ),
    "multi_step with a factor for each": (
        "multi_step",
        {"init_value": 0.3, "boundaries": [30, 60, 61], "decay_rates": [0.5, 0.1, 3.0]},
        lambda t: real(
            float(math.prod([Fraction(f) for b, f in ((30, 0.5), (60, 0.1), (61, 3.0)) if t >= b], start=Fraction(0.3)))
        ),
    ),
    "sigmoid": (
        "sigmoid",
        {"init_value": 0.01, "end_value": 0.3, "steps": 300, "steepness": 8.5},
        lambda t: (
            real(0.01)
            + (real(0.3) - real(0.01)) / (1 + CONTEXT.exp(-real(8.5) * (real(Fraction(min(t, 300), 300)) - real(0.5))))
        ),
    ),
    "cosine_restarts after warmups that are as long": (
        "cosine_restarts",
        {
            "peak_value": 0.3,
            "end_value": 0.05,
            "cycle_steps": 20,
            "cycle_mult": 2,
            "peak_mult": 0.7,
            "scaling": "all",
            "num_cycles": 3,
            "cycle_warmup_steps": 5,
        },
        restarts_with_warmups,
    ),
    "cosine_restarts from the start": (
        "cosine_restarts",
        {"peak_value": 0.3, "cycle_steps": 50, "warmup_steps": 20, "decay_from": "start"},
        from_start(0.0, 0.3, 20, restarts(0.3, 0.0, 50, Fraction(1), 1.0, None)),
    ),
    **{
        f"wsd {shape}": (
            "wsd",
            {
                "peak_value": 1e-2,
                "warmup_steps": 20,
                "stable_steps": 100,
                "decay_steps": 80,
                "end_value": 1e-4,
                "shape": shape,
            },
            warmed(0.0, 1e-2, 20, "k/W", decays(shape, 1e-2, 1e-4, 80, stable=100)),
        )
        for shape in SHAPES
    },
    **{
        f"one_cycle {shape}, {steps} steps": (
            "one_cycle",
            {"peak_value": 0.1, "total_steps": steps, "shape": shape},
            one_cycle([0.1 / 25, 0.1, 0.1 / 25 / 1e4], [0.3 * steps - 1, steps - 1], shape),
        )
        for shape in ("cosine", "linear")
        for steps in (100, 101, 333)
    },
    "one_cycle of three phases": (
        "one_cycle",
        {"peak_value": 0.1, "total_steps": 117, "three_phase": True, "pct_start": 0.37, "div_factor": 10.0},
        one_cycle([0.1 / 10, 0.1, 0.1 / 10, 0.1 / 10 / 1e4], [0.37 * 117 - 1, 2 * 0.37 * 117 - 2, 116], "cosine"),
    ),
    "one_cycle_momentum": (
        "one_cycle_momentum",
        {"total_steps": 101},
        one_cycle([0.95, 0.85, 0.95], [0.3 * 101 - 1, 100], "cosine"),
    ),
    "triangular": (
        "triangular",
        {"init_value": 0.001, "peak_value": 0.006, "up_steps": 20, "down_steps": 7},
        triangle(0.001, 0.006, 20, 7, lambda *_: 1),
    ),
    "triangular2": (
        "triangular2",
        {"init_value": 0.001, "peak_value": 0.006, "up_steps": 9},
        triangle(0.001, 0.006, 9, 9, lambda _, cycle: real(0.5) ** cycle),
    ),
    "exp_range": (
        "exp_range",
        {"init_value": 0.001, "peak_value": 0.006, "up_steps": 9, "decay_rate": 0.99, "total_steps": 400},
        triangle(0.001, 0.006, 9, 9, lambda t, _: real(0.99) ** t),
    ),
    "cosine_restarts": (
        "cosine_restarts",
        {"peak_value": 0.3, "cycle_steps": 50, "cycle_mult": 1.5},
        restarts(0.3, 0.0, 50, Fraction(3, 2), 1.0, None),
    ),
    "cosine_restarts that shrink and end": (
        "cosine_restarts",
        {
            "peak_value": 0.3,
            "end_value": 0.01,
            "cycle_steps": 40,
            "peak_mult": 0.7,
            "num_cycles": 4,
            "warmup_steps": 10,
        },
        warmed(0.0, 0.3, 10, "k/W", restarts(0.3, 0.01, 40, Fraction(1), 0.7, 4)),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_preset_is_its_closed_formula(name: str) -> None:
    preset, arguments, formula = ROWS[name]
    schedule = getattr(presets, preset)(**arguments)
    found = schedule.values(0, 400).tolist()
    errors = [ulp_error(found[step], formula(step)) for step in range(400)]
    worst = max(range(400), key=errors.__getitem__)
    assert errors[worst] <= TOLERANCE, f"step {worst}: {found[worst]!r}, {errors[worst]} units off"


@pytest.mark.parametrize("name", ROWS)
def test_a_document_may_use_it_by_name(name: str) -> None:
    preset, arguments, _ = ROWS[name]
    document = lrspec.from_dict({"lrspec": 1, "learning_rate": {"kind": preset, **arguments}})
    assert document.node == getattr(presets, preset)(**arguments)
    assert lrspec.loads(lrspec.dumps(document)) == document
    assert lrspec.loads(lrspec.dumps(document.node)) == document.node


def test_every_preset_is_here() -> None:
    assert {preset for preset, _, _ in ROWS.values()} == set(PRESETS)
