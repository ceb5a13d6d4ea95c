"""The tree of nodes that each preset stands for, as plain data, written from the formulas in docs/presets.md."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

Plain = dict[str, Any]
Units = Any


def text(length: Fraction) -> int | str:
    """Return a length as a document writes it."""
    return length.numerator if length.denominator == 1 else f"{length.numerator}/{length.denominator}"


def linear(init_value: float, end_value: float, steps: Fraction) -> Plain:
    return {"kind": "linear", "init_value": init_value, "end_value": end_value, "steps": text(steps)}


def cosine(init_value: float, end_value: float, steps: Fraction) -> Plain:
    return {"kind": "cosine", "init_value": init_value, "end_value": end_value, "steps": text(steps)}


def sequence(parts: list[Plain], time: str = "local") -> Plain:
    return parts[0] if len(parts) == 1 else {"kind": "sequence", "parts": parts, "time": time}


def ramp(init_value: float, peak_value: float, steps: Fraction, warmup: str) -> list[Plain]:
    """Return the warmup of W steps whose share of the way at step k is `warmup`; nothing for 0 steps."""
    if steps == 0:
        return []
    if warmup == "k/W":
        return [linear(init_value, peak_value, steps)]
    if warmup == "(k+1)/W" and steps <= 1:
        return [{"kind": "constant", "value": peak_value, "steps": text(steps)}]
    line = linear(init_value, peak_value, steps if warmup == "(k+1)/W" else steps + 1)
    return [{"kind": "freeze", "part": {"kind": "shift", "part": line, "by": 1}, "steps": text(steps)}]


def warmup_then(units: Units, decay: Plain | None, peak_value: float, warmup_steps: Any, init_value: float = 0.0, warmup: str = "k/W") -> Plain:
    tail = {"kind": "constant", "value": peak_value} if decay is None else decay
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), warmup), tail])


def warmup_cosine(units: Units, *, peak_value: float, decay_steps: Any, end_value: float = 0.0, **rest: Any) -> Plain:
    return warmup_then(units, cosine(peak_value, end_value, units.length(decay_steps)), peak_value, **rest)


def warmup_linear(units: Units, *, peak_value: float, decay_steps: Any, end_value: float = 0.0, **rest: Any) -> Plain:
    return warmup_then(units, linear(peak_value, end_value, units.length(decay_steps)), peak_value, **rest)


def warmup_polynomial(units: Units, *, peak_value: float, decay_steps: Any, power: float, end_value: float = 0.0, **rest: Any) -> Plain:
    decay = {**linear(peak_value, end_value, units.length(decay_steps)), "kind": "polynomial", "power": power}
    return warmup_then(units, decay, peak_value, **rest)


def warmup_constant(units: Units, *, peak_value: float, **rest: Any) -> Plain:
    return warmup_then(units, None, peak_value, **rest)


def warmup_exponential(units: Units, *, peak_value: float, decay_rate: float, decay_period: Any, staircase: bool = False, **rest: Any) -> Plain:
    decay = {"kind": "exponential", "init_value": peak_value, "decay_rate": decay_rate, "decay_period": decay_period, "staircase": staircase}
    return warmup_then(units, decay, peak_value, **rest)


def step(_: Units, *, init_value: float, decay_period: Any, decay_rate: float = 0.1) -> Plain:
    return {"kind": "exponential", "init_value": init_value, "decay_rate": decay_rate, "decay_period": decay_period, "staircase": True}


def multi_step(_: Units, *, init_value: float, boundaries: list[Any], decay_rate: float = 0.1) -> Plain:
    """The levels are the exact products, each rounded once to binary64."""
    values = [float(Fraction(init_value) * Fraction(decay_rate) ** i) for i in range(len(boundaries) + 1)]
    return {"kind": "piecewise_constant", "boundaries": boundaries, "values": values}


def warmup_multi_step(
    units: Units, *, peak_value: float, warmup_steps: Any, boundaries: list[Any], decay_rate: float = 0.1, init_value: float = 0.0, warmup: str = "k/W"
) -> Plain:
    """The boundaries count from step 0."""
    levels = multi_step(units, init_value=peak_value, boundaries=boundaries, decay_rate=decay_rate)
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), warmup), levels], "global")


def inverse_sqrt(units: Units, *, peak_value: float, warmup_steps: Any, init_value: float = 0.0, warmup: str = "k/W") -> Plain:
    steps = units.length(warmup_steps)
    decay = {"kind": "power_law", "init_value": peak_value, "power": 0.5, "timescale": text(steps)}
    return sequence([*ramp(init_value, peak_value, steps, warmup), decay], "global")


def noam(units: Units, *, model_size: int, warmup_steps: Any, factor: float = 1.0) -> Plain:
    """The peak is the binary64 number nearest to `factor / sqrt(model_size * warmup_steps)`."""
    steps = units.length(warmup_steps)
    square = Fraction(factor) ** 2 / (model_size * steps)
    peak = float(Fraction(math.isqrt(square.numerator * 4**400 // square.denominator), 2**400))
    decay = {"kind": "power_law", "init_value": peak, "power": 0.5, "timescale": text(steps)}
    return {"kind": "shift", "by": 1, "part": sequence([linear(0.0, peak, steps), decay], "global")}


def cooldown(shape: str, init_value: float, end_value: float, steps: Fraction) -> Plain:
    ends = linear(init_value, end_value, steps)
    if shape == "one_minus_sqrt":
        return {**ends, "kind": "one_minus_power", "power": 0.5}
    return {**ends, "kind": "normalized_exponential", "ratio": 0.5} if shape == "exponential" else {**ends, "kind": shape}


def wsd(
    units: Units, *, peak_value: float, warmup_steps: Any, stable_steps: Any, decay_steps: Any, init_value: float = 0.0, end_value: float = 0.0,
    shape: str = "linear", warmup: str = "k/W",
) -> Plain:  # fmt: skip
    stable = units.length(stable_steps)
    flat = [{"kind": "constant", "value": peak_value, "steps": text(stable)}] if stable else []
    decay = cooldown(shape, peak_value, end_value, units.length(decay_steps))
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), warmup), *flat, decay])


def one_cycle(
    units: Units, *, peak_value: float, total_steps: Any, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4,
    shape: str = "cosine", three_phase: bool = False,
) -> Plain:  # fmt: skip
    """The values and the ends of the phases are quotients and products of binary64, rounded as PyTorch rounds them."""
    first = float(peak_value) / float(div_factor)
    last = first / float(final_div_factor)
    levels = [first, peak_value, first, last] if three_phase else [first, peak_value, last]
    return _phases(levels, int(units.length(total_steps)), pct_start, shape)


def one_cycle_momentum(
    units: Units, *, total_steps: Any, base_momentum: float = 0.85, max_momentum: float = 0.95, pct_start: float = 0.3, shape: str = "cosine",
    three_phase: bool = False,
) -> Plain:  # fmt: skip
    levels = [max_momentum, base_momentum, *([max_momentum] * (2 if three_phase else 1))]
    return _phases(levels, int(units.length(total_steps)), pct_start, shape)


def _phases(levels: list[float], total: int, pct_start: float, shape: str) -> Plain:
    ends = [pct_start * total - 1, *([2 * pct_start * total - 2] if len(levels) == 4 else []), total - 1]
    starts = [Fraction(0), *map(Fraction, ends)]
    return sequence([cooldown(shape, levels[i], levels[i + 1], starts[i + 1] - starts[i]) for i in range(len(ends))])


def _triangle(units: Units, init_value: float, peak_value: float, up_steps: Any, down_steps: Any) -> Plain:
    up, down = units.length(up_steps), units.length(up_steps if down_steps is None else down_steps)
    return sequence([linear(init_value, peak_value, up), linear(peak_value, init_value, down)])


def triangular(units: Units, *, init_value: float, peak_value: float, up_steps: Any, down_steps: Any = None) -> Plain:
    return {"kind": "repeat", "part": _triangle(units, init_value, peak_value, up_steps, down_steps)}


def triangular2(units: Units, *, init_value: float, peak_value: float, up_steps: Any, down_steps: Any = None) -> Plain:
    part = _triangle(units, init_value, peak_value, up_steps, down_steps)
    return {"kind": "repeat", "part": part, "peak_mult": 0.5, "scaling": "height", "floor_value": init_value}


def exp_range(
    units: Units, *, init_value: float, peak_value: float, up_steps: Any, decay_rate: float, total_steps: Any, down_steps: Any = None
) -> Plain:
    """`peak_value - init_value` is rounded to binary64."""
    cycles = {"kind": "repeat", "part": _triangle(units, 0.0, 1.0, up_steps, down_steps)}
    decay = {"kind": "exponential", "init_value": 1.0, "decay_rate": decay_rate, "decay_period": 1}
    scale = float(peak_value) - float(init_value)
    around = {"kind": "affine", "part": {"kind": "product", "parts": [cycles, decay]}, "scale": scale, "offset": init_value}
    return {"kind": "freeze", "part": around, "steps": text(units.length(total_steps))}


def cosine_restarts(
    units: Units, *, peak_value: float, cycle_steps: Any, end_value: float = 0.0, cycle_mult: Any = 1, peak_mult: float = 1.0,
    num_cycles: int | None = None, warmup_steps: Any = 0, init_value: float = 0.0,
) -> Plain:  # fmt: skip
    cycles = {"kind": "repeat", "part": cosine(peak_value, end_value, units.length(cycle_steps)), "cycle_mult": cycle_mult}
    if num_cycles is not None:
        cycles["num_cycles"] = num_cycles
    if peak_mult != 1:
        cycles |= {"peak_mult": peak_mult, "scaling": "peak", "floor_value": end_value, "peak_value": peak_value}
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), "k/W"), cycles])


NAMED: dict[str, Callable[..., Plain]] = {
    function.__name__: function
    for function in (
        warmup_cosine, warmup_linear, warmup_polynomial, warmup_constant, warmup_exponential, warmup_multi_step, step, multi_step, inverse_sqrt,
        noam, wsd, one_cycle, one_cycle_momentum, triangular, triangular2, exp_range, cosine_restarts,
    )
}  # fmt: skip
