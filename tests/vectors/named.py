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


def ramp(init_value: float, peak_value: float, steps: Fraction, warmup: str = "k/W") -> list[Plain]:
    """Return `WARMUP`: W steps, whose share of the way at step k is `warmup`; nothing for 0 steps."""
    if steps == 0:
        return []
    if warmup == "k/W":
        return [linear(init_value, peak_value, steps)]
    if steps <= 1 and warmup != "(k+1)/(W+1)":
        return [{"kind": "constant", "value": init_value if warmup == "k/(W-1)" else peak_value, "steps": text(steps)}]
    line = linear(init_value, peak_value, steps + {"(k+1)/W": 0, "(k+1)/(W+1)": 1, "k/(W-1)": -1}[warmup])
    part = line if warmup == "k/(W-1)" else {"kind": "shift", "part": line, "by": 1}
    return [{"kind": "freeze", "part": part, "steps": text(steps)}]


def warmup_then(
    units: Units, decay: Plain, *, peak_value: float, warmup_steps: Any, init_value: float = 0.0, warmup: str = "k/W", decay_from: str = "warmup_end",
    after: str | None = None,
) -> Plain:  # fmt: skip
    tail = decay if after is None else {**decay, "after": after}
    time = "global" if decay_from == "start" else "local"
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), warmup), tail], time)


def warmup_cosine(units: Units, *, decay_steps: Any, end_value: float = 0.0, **rest: Any) -> Plain:
    return warmup_then(units, cosine(rest["peak_value"], end_value, units.length(decay_steps)), **rest)


def warmup_linear(units: Units, *, decay_steps: Any, end_value: float = 0.0, **rest: Any) -> Plain:
    return warmup_then(units, linear(rest["peak_value"], end_value, units.length(decay_steps)), **rest)


def warmup_polynomial(units: Units, *, decay_steps: Any, power: float, end_value: float = 0.0, **rest: Any) -> Plain:
    decay = {**linear(rest["peak_value"], end_value, units.length(decay_steps)), "kind": "polynomial", "power": power}
    return warmup_then(units, decay, **rest)


def warmup_constant(units: Units, **rest: Any) -> Plain:
    return warmup_then(units, {"kind": "constant", "value": rest["peak_value"]}, **rest)


def warmup_exponential(
    units: Units, *, decay_rate: float, decay_period: Any, staircase: bool = False, **rest: Any
) -> Plain:
    decay = {
        "kind": "exponential",
        "init_value": rest["peak_value"],
        "decay_rate": decay_rate,
        "decay_period": decay_period,
        "staircase": staircase,
    }
    return warmup_then(units, decay, **rest)


def step(_: Units, *, init_value: float, decay_period: Any, decay_rate: float = 0.1) -> Plain:
    return {
        "kind": "exponential",
        "init_value": init_value,
        "decay_rate": decay_rate,
        "decay_period": decay_period,
        "staircase": True,
    }


def multi_step(
    _: Units,
    *,
    init_value: float,
    boundaries: list[Any],
    decay_rate: float = 0.1,
    decay_rates: list[float] | None = None,
) -> Plain:
    """The levels are the exact products, each rounded once to binary64."""
    levels = [Fraction(init_value)]
    for rate in [decay_rate] * len(boundaries) if decay_rates is None else decay_rates:
        levels.append(levels[-1] * Fraction(rate))
    return {"kind": "piecewise_constant", "boundaries": boundaries, "values": [float(level) for level in levels]}


def warmup_multi_step(
    units: Units, *, boundaries: list[Any], decay_rate: float = 0.1, decay_rates: list[float] | None = None, decay_from: str = "start", **rest: Any
) -> Plain:  # fmt: skip
    levels = multi_step(
        units, init_value=rest["peak_value"], boundaries=boundaries, decay_rate=decay_rate, decay_rates=decay_rates
    )
    return warmup_then(units, levels, decay_from=decay_from, **rest)


def inverse_sqrt(
    units: Units, *, peak_value: float, warmup_steps: Any, init_value: float = 0.0, warmup: str = "k/W"
) -> Plain:
    steps = units.length(warmup_steps)
    decay = {"kind": "power_law", "init_value": peak_value, "power": 0.5, "timescale": text(steps)}
    return sequence([*ramp(init_value, peak_value, steps, warmup), decay], "global")


def noam(units: Units, *, model_size: int, warmup_steps: Any, factor: float = 1.0, n: str = "t+1") -> Plain:
    """The peak is the binary64 number nearest to `factor / sqrt(model_size * warmup_steps)`."""
    steps = units.length(warmup_steps)
    square = Fraction(factor) ** 2 / (model_size * steps)
    peak = float(Fraction(math.isqrt(square.numerator * 4**200 // square.denominator), 2**200))
    decay = {"kind": "power_law", "init_value": peak, "power": 0.5, "timescale": text(steps)}
    part = sequence([linear(0.0, peak, steps), decay], "global")
    around = {"t+1": {"by": 1}, "max(t,1)": {"by": 0, "min_time": 1}}.get(n)
    return part if around is None else {"kind": "shift", "part": part, **around}


def cooldown(shape: str, init_value: float, end_value: float, steps: Fraction) -> Plain:
    ends = linear(init_value, end_value, steps)
    if shape == "one_minus_sqrt":
        return {**ends, "kind": "one_minus_power", "power": 0.5}
    return (
        {**ends, "kind": "normalized_exponential", "ratio": 0.5} if shape == "exponential" else {**ends, "kind": shape}
    )


def wsd(
    units: Units, *, peak_value: float, warmup_steps: Any, stable_steps: Any, decay_steps: Any, init_value: float = 0.0, end_value: float = 0.0,
    shape: str = "linear", warmup: str = "k/W", after: str = "hold",
) -> Plain:  # fmt: skip
    stable = units.length(stable_steps)
    flat = [{"kind": "constant", "value": peak_value, "steps": text(stable)}] if stable else []
    decay = {**cooldown(shape, peak_value, end_value, units.length(decay_steps)), "after": after}
    return sequence([*ramp(init_value, peak_value, units.length(warmup_steps), warmup), *flat, decay])


def one_cycle(
    units: Units, *, peak_value: float, total_steps: Any, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4,
    shape: str = "cosine", three_phase: bool = False, after: str = "hold",
) -> Plain:  # fmt: skip
    """The values and the ends of the phases are quotients and products of binary64, rounded as PyTorch rounds them."""
    first = float(peak_value) / float(div_factor)
    last = first / float(final_div_factor)
    levels = [first, peak_value, first, last] if three_phase else [first, peak_value, last]
    return _phases(levels, int(units.length(total_steps)), pct_start, shape, after)


def one_cycle_momentum(
    units: Units, *, total_steps: Any, base_momentum: float = 0.85, max_momentum: float = 0.95, pct_start: float = 0.3, shape: str = "cosine",
    three_phase: bool = False, after: str = "hold",
) -> Plain:  # fmt: skip
    levels = [max_momentum, base_momentum, *([max_momentum] * (2 if three_phase else 1))]
    return _phases(levels, int(units.length(total_steps)), pct_start, shape, after)


def _phases(levels: list[float], total: int, pct_start: float, shape: str, after: str) -> Plain:
    ends = [pct_start * total - 1, *([2 * pct_start * total - 2] if len(levels) == 4 else []), total - 1]
    starts = [Fraction(0), *map(Fraction, ends)]
    parts = [cooldown(shape, levels[i], levels[i + 1], starts[i + 1] - starts[i]) for i in range(len(ends))]
    return sequence([*parts[:-1], {**parts[-1], "after": after}])


def _triangle(units: Units, init_value: float, peak_value: float, up_steps: Any, down_steps: Any) -> Plain:
    up, down = units.length(up_steps), units.length(up_steps if down_steps is None else down_steps)
    return sequence([linear(init_value, peak_value, up), linear(peak_value, init_value, down)])


def triangular(units: Units, *, init_value: float, peak_value: float, up_steps: Any, down_steps: Any = None) -> Plain:
    return {"kind": "repeat", "part": _triangle(units, init_value, peak_value, up_steps, down_steps)}


def triangular2(units: Units, *, init_value: float, peak_value: float, up_steps: Any, down_steps: Any = None) -> Plain:
    part = _triangle(units, init_value, peak_value, up_steps, down_steps)
    return {"kind": "repeat", "part": part, "peak_mult": 0.5, "scaling": "height", "floor_value": init_value}


def exp_range(
    units: Units,
    *,
    init_value: float,
    peak_value: float,
    up_steps: Any,
    decay_rate: float,
    total_steps: Any,
    down_steps: Any = None,
) -> Plain:
    """`peak_value - init_value` is rounded to binary64."""
    cycles = {"kind": "repeat", "part": _triangle(units, 0.0, 1.0, up_steps, down_steps)}
    decay = {"kind": "exponential", "init_value": 1.0, "decay_rate": decay_rate, "decay_period": 1}
    scale = float(peak_value) - float(init_value)
    around = {
        "kind": "affine",
        "part": {"kind": "product", "parts": [cycles, decay]},
        "scale": scale,
        "offset": init_value,
    }
    return {"kind": "freeze", "part": around, "steps": text(units.length(total_steps))}


def sigmoid(
    units: Units, *, init_value: float, end_value: float, steps: Any, steepness: float = 10.0, after: str = "hold"
) -> Plain:
    quarter = float(steepness) / 4
    ends = linear(init_value, end_value, units.length(steps))
    return {**ends, "kind": "tanh", "lower": -quarter, "upper": quarter, "after": after}


def cosine_restarts(
    units: Units, *, peak_value: float, cycle_steps: Any, end_value: float = 0.0, cycle_mult: Any = 1, peak_mult: float = 1.0, scaling: str = "peak",
    num_cycles: int | None = None, cycle_warmup_steps: Any = 0, **rest: Any,
) -> Plain:  # fmt: skip
    fixed = units.length(cycle_warmup_steps)
    decay = cosine(peak_value, end_value, units.length(cycle_steps) - fixed)
    part = sequence([*ramp(end_value, peak_value, fixed), decay])
    cycles = {"kind": "repeat", "part": part, "cycle_mult": cycle_mult, "fixed_steps": text(fixed)}
    if num_cycles is not None:
        cycles["num_cycles"] = num_cycles
    if peak_mult != 1:
        ends = {"floor_value": end_value} if scaling != "all" else {}
        ends |= {"peak_value": peak_value} if scaling == "peak" else {}
        cycles |= {"peak_mult": peak_mult, "scaling": scaling, **ends}
    return warmup_then(units, cycles, peak_value=peak_value, warmup_steps=rest.pop("warmup_steps", 0), **rest)


NAMED: dict[str, Callable[..., Plain]] = {
    function.__name__: function
    for function in (
        warmup_cosine, warmup_linear, warmup_polynomial, warmup_constant, warmup_exponential, warmup_multi_step, step, multi_step, inverse_sqrt,
        noam, wsd, one_cycle, one_cycle_momentum, triangular, triangular2, exp_range, sigmoid, cosine_restarts,
    )
}  # fmt: skip
