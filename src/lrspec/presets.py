"""The schedules that people know by name: functions that return a tree of nodes, and nothing more.

A document may use a preset by its name, `kind: warmup_cosine`, with the function's arguments as keys.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, ParamSpec

from lrspec.errors import SpecError
from lrspec.fields import Choice, Flag, ListOf, Number, Period, Rule, Steps, show
from lrspec.kinds import (
    Affine as _Affine,
    Constant,
    Cosine,
    Exponential,
    Freeze,
    Geometric,
    Linear,
    NormalizedExponential,
    OneMinusPower,
    PiecewiseConstant,
    Polynomial,
    PowerLaw,
    Product,
    Repeat,
    Sequence as _Sequence,
    Shift,
)
from lrspec.spec import Node

P = ParamSpec("P")
Warmup = Literal["k/W", "(k+1)/W", "(k+1)/(W+1)"]
"""The share of the way from `init_value` to `peak_value` at step k of a warmup of W steps."""
CooldownShape = Literal["linear", "cosine", "one_minus_sqrt", "exponential", "geometric"]
_WARMUPS = ("k/W", "(k+1)/W", "(k+1)/(W+1)")
_SHAPES = ("linear", "cosine", "one_minus_sqrt", "exponential", "geometric")
_VALUE, _FACTOR = Number(), Number(positive=True, float32=False)
_RULES: dict[str, Rule] = {
    **dict.fromkeys(("init_value", "peak_value", "end_value", "base_momentum", "max_momentum"), _VALUE),
    **dict.fromkeys(("warmup_steps", "stable_steps"), Steps(zero=True, fractional=True)),
    **dict.fromkeys(("decay_steps", "cycle_steps", "up_steps", "down_steps"), Steps(fractional=True)),
    "total_steps": Steps(),
    **dict.fromkeys(("decay_rate", "peak_mult", "div_factor", "final_div_factor", "factor", "power"), _FACTOR),
    "decay_period": Period(),
    "cycle_mult": Period(duration=False),
    **dict.fromkeys(("num_cycles", "model_size"), Steps(duration=False)),
    "pct_start": Number(positive=True, maximum=1.0, float32=False),
    "boundaries": ListOf(Steps(), increasing=True),
    **dict.fromkeys(("staircase", "three_phase"), Flag()),
    "warmup": Choice(_WARMUPS),
    "shape": Choice(_SHAPES),
}
"""What each argument may be, by its name: one name means one thing in every preset."""


def _preset(function: Callable[P, Node]) -> Callable[P, Node]:
    """Return a preset whose arguments are read by their rules first, so that an error names the preset's own."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Node:
        for name, value in kwargs.items():
            if name in defaults and value is not defaults[name]:
                kwargs[name] = _read(name, value)
        return function(*args, **kwargs)

    return checked


def _read(name: str, value: object) -> Any:
    try:
        return _RULES[name].read(value)
    except SpecError as error:
        raise error.within(name) from None


@dataclass(frozen=True)
class Preset:
    """A preset as a document uses it: the function, and what its arguments may be."""

    function: Callable[..., Node]

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rule of each argument."""
        return {name: _RULES[name] for name in inspect.signature(self.function).parameters}

    @cached_property
    def required(self) -> list[str]:
        """The arguments that have no default."""
        parameters = inspect.signature(self.function).parameters.values()
        return [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]

    def __call__(self, **arguments: Any) -> Node:
        """Return the tree; raise `SpecError` for an argument that is not as its rule says."""
        return self.function(**arguments)


def _ramp(init_value: float, peak_value: float, steps: int | Fraction, warmup: str) -> list[Node]:
    """Return the parts of a warmup of `steps` steps, of which there may be none."""
    if steps == 0:
        return []
    if warmup == "k/W":
        return [Linear(init_value=init_value, end_value=peak_value, steps=steps)]
    if warmup == "(k+1)/W" and steps <= 1:
        return [Constant(value=peak_value, steps=steps)]
    whole = steps if warmup == "(k+1)/W" else steps + 1
    return [
        Freeze(part=Shift(part=Linear(init_value=init_value, end_value=peak_value, steps=whole), by=1), steps=steps)
    ]


def _sequence(parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else _Sequence(parts=parts)


@_preset
def warmup_cosine(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_steps: int | Fraction,
    init_value: float = 0.0,
    end_value: float = 0.0,
    warmup: Warmup = "k/W",
) -> Node:
    """A linear warmup, then half a cosine from `peak_value` to `end_value`.

    Args:
        peak_value: Value at the end of the warmup.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        decay_steps: Length of the decay, in steps, without the warmup.
        init_value: Where the warmup starts.
        end_value: Value at the end of the decay, held after it.
        warmup: The share of the way at step k of the warmup: `k/W`, `(k+1)/W` or `(k+1)/(W+1)`.

    Example:
        >>> warmup_cosine(peak_value=1.0, warmup_steps=2, decay_steps=2).values(0, 6)
        array([0. , 0.5, 1. , 0.5, 0. , 0. ], dtype=float32)
    """
    decay = Cosine(init_value=peak_value, end_value=end_value, steps=decay_steps)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay])


@_preset
def warmup_linear(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_steps: int | Fraction,
    init_value: float = 0.0,
    end_value: float = 0.0,
    warmup: Warmup = "k/W",
) -> Node:
    """A linear warmup, then a straight line from `peak_value` to `end_value`: BERT's, Hugging Face's `linear`.

    The arguments are those of `warmup_cosine`.

    Example:
        >>> warmup_linear(peak_value=1.0, warmup_steps=2, decay_steps=4).values(0, 7)
        array([0.  , 0.5 , 1.  , 0.75, 0.5 , 0.25, 0.  ], dtype=float32)
    """
    decay = Linear(init_value=peak_value, end_value=end_value, steps=decay_steps)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay])


@_preset
def warmup_polynomial(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_steps: int | Fraction,
    power: float,
    init_value: float = 0.0,
    end_value: float = 0.0,
    warmup: Warmup = "k/W",
) -> Node:
    """A linear warmup, then a polynomial decay of exponent `power`: Hugging Face's and fairseq's `polynomial`.

    The other arguments are those of `warmup_cosine`.

    Example:
        >>> warmup_polynomial(peak_value=1.0, warmup_steps=0, decay_steps=2, power=2).values(0, 3)
        array([1.  , 0.25, 0.  ], dtype=float32)
    """
    decay = Polynomial(init_value=peak_value, end_value=end_value, steps=decay_steps, power=power)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay])


@_preset
def warmup_constant(
    *, peak_value: float, warmup_steps: int | Fraction, init_value: float = 0.0, warmup: Warmup = "k/W"
) -> Node:
    """A linear warmup, then `peak_value` without end.

    The arguments are those of `warmup_cosine`.

    Example:
        >>> warmup_constant(peak_value=1.0, warmup_steps=2, warmup="(k+1)/W").values(0, 4)
        array([0.5, 1. , 1. , 1. ], dtype=float32)
    """
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), Constant(value=peak_value)])


@_preset
def warmup_exponential(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_rate: float,
    decay_period: float,
    staircase: bool = False,
    init_value: float = 0.0,
    warmup: Warmup = "k/W",
) -> Node:
    """A linear warmup, then an exponential decay without end.

    Args:
        peak_value: Value at the end of the warmup.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        decay_rate: Factor per `decay_period` steps.
        decay_period: Steps, counted from the end of the warmup.
        staircase: Whether the value drops at once every `decay_period` steps.
        init_value: Where the warmup starts.
        warmup: As in `warmup_cosine`.

    Example:
        >>> warmup_exponential(peak_value=1.0, warmup_steps=2, decay_rate=0.5, decay_period=1).values(0, 5)
        array([0.  , 0.5 , 1.  , 0.5 , 0.25], dtype=float32)
    """
    decay = Exponential(init_value=peak_value, decay_rate=decay_rate, decay_period=decay_period, staircase=staircase)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay])


@_preset
def step(*, init_value: float, decay_period: float, decay_rate: float = 0.1) -> Node:
    """A staircase: the value is multiplied by `decay_rate` every `decay_period` steps. PyTorch's `StepLR`.

    Example:
        >>> step(init_value=1.0, decay_period=2, decay_rate=0.5).values(0, 5)
        array([1.  , 1.  , 0.5 , 0.5 , 0.25], dtype=float32)
    """
    return Exponential(init_value=init_value, decay_rate=decay_rate, decay_period=decay_period, staircase=True)


@_preset
def multi_step(*, init_value: float, boundaries: Sequence[int], decay_rate: float = 0.1) -> Node:
    """The value is multiplied by `decay_rate` at each boundary. PyTorch's `MultiStepLR`.

    The levels are `init_value * decay_rate ** i`, each rounded once to binary64.

    Example:
        >>> multi_step(init_value=1.0, boundaries=[2, 3], decay_rate=0.5).values(0, 4)
        array([1.  , 1.  , 0.5 , 0.25], dtype=float32)
    """
    return PiecewiseConstant(boundaries=boundaries, values=_levels(init_value, boundaries, decay_rate))


def _levels(init_value: float, boundaries: Sequence[int], decay_rate: float) -> list[float]:
    exact = [Fraction(init_value) * Fraction(decay_rate) ** i for i in range(len(boundaries) + 1)]
    return [float(level) for level in exact]


@_preset
def warmup_multi_step(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    boundaries: Sequence[int],
    decay_rate: float = 0.1,
    init_value: float = 0.0,
    warmup: Warmup = "k/W",
) -> Node:
    """A linear warmup, then `multi_step` whose boundaries count from step 0, as in detectron2.

    Example:
        >>> warmup_multi_step(peak_value=1.0, warmup_steps=2, boundaries=[4], decay_rate=0.5).values(0, 5)
        array([0. , 0.5, 1. , 1. , 0.5], dtype=float32)
    """
    steps = PiecewiseConstant(boundaries=boundaries, values=_levels(peak_value, boundaries, decay_rate))
    ramp = _ramp(init_value, peak_value, warmup_steps, warmup)
    return _Sequence(parts=[*ramp, steps], time="global") if ramp else steps


@_preset
def inverse_sqrt(
    *, peak_value: float, warmup_steps: int | Fraction, init_value: float = 0.0, warmup: Warmup = "k/W"
) -> Node:
    """A linear warmup of W steps, then `peak_value * sqrt(W / t)`. Fairseq's and Hugging Face's `inverse_sqrt`.

    Args:
        peak_value: Value at the end of the warmup.
        warmup_steps: Length of the warmup, in steps; at least 1.
        init_value: Where the warmup starts.
        warmup: As in `warmup_cosine`.

    Example:
        >>> inverse_sqrt(peak_value=1.0, warmup_steps=4).values(0, 17)[[0, 2, 4, 16]]
        array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    if warmup_steps == 0:
        raise SpecError("warmup_steps", found="0", expected="at least 1 step")
    decay = PowerLaw(init_value=peak_value, power=0.5, timescale=warmup_steps)
    return _Sequence(parts=[*_ramp(init_value, peak_value, warmup_steps, warmup), decay], time="global")


@_preset
def noam(*, model_size: int, warmup_steps: int | Fraction, factor: float = 1.0) -> Node:
    """`factor * model_size ** -0.5 * min(n ** -0.5, n * warmup_steps ** -1.5)`, with `n = t + 1`.

    Vaswani et al., 2017 (arXiv:1706.03762). The peak, `factor / sqrt(model_size * warmup_steps)`, is rounded to
    binary64.

    Example:
        >>> noam(model_size=512, warmup_steps=4000)(3999)
        0.0006987712695263326
    """
    if warmup_steps == 0:
        raise SpecError("warmup_steps", found="0", expected="at least 1 step")
    square = Fraction(factor) ** 2 / (model_size * warmup_steps)
    peak = float(Fraction(math.isqrt((square.numerator << 400) // square.denominator), 1 << 200))
    ramp = Linear(init_value=0.0, end_value=peak, steps=warmup_steps)
    decay = PowerLaw(init_value=peak, power=0.5, timescale=warmup_steps)
    return Shift(part=_Sequence(parts=[ramp, decay], time="global"), by=1)


def _cooldown(shape: str, init_value: float, end_value: float, steps: int | Fraction) -> Node:
    match shape:
        case "linear":
            return Linear(init_value=init_value, end_value=end_value, steps=steps)
        case "cosine":
            return Cosine(init_value=init_value, end_value=end_value, steps=steps)
        case "one_minus_sqrt":
            return OneMinusPower(init_value=init_value, end_value=end_value, steps=steps, power=0.5)
        case "exponential":
            return NormalizedExponential(init_value=init_value, end_value=end_value, steps=steps, ratio=0.5)
        case "geometric":
            return Geometric(init_value=init_value, end_value=end_value, steps=steps)
        case _:
            raise SpecError("shape", found=show(shape), expected=f"one of {', '.join(_SHAPES)}")


@_preset
def wsd(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    stable_steps: int | Fraction,
    decay_steps: int | Fraction,
    init_value: float = 0.0,
    end_value: float = 0.0,
    shape: CooldownShape = "linear",
    warmup: Warmup = "k/W",
) -> Node:
    """Warmup, stable, decay: a linear warmup, `peak_value` held, then a cooldown of the given shape.

    MiniCPM (arXiv:2404.06395) and Haegele et al., 2024 (arXiv:2405.18392).

    Args:
        peak_value: Value at the end of the warmup.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        stable_steps: Length of the stable phase, in steps; 0 for none.
        decay_steps: Length of the cooldown, in steps.
        init_value: Where the warmup starts.
        end_value: Value at the end, held after it.
        shape: `linear`, `cosine`, `one_minus_sqrt`, `exponential` (normalized, to a half) or `geometric`.
        warmup: As in `warmup_cosine`.

    Example:
        >>> wsd(peak_value=1.0, warmup_steps=2, stable_steps=2, decay_steps=2).values(0, 7)
        array([0. , 0.5, 1. , 1. , 1. , 0.5, 0. ], dtype=float32)
    """
    stable: list[Node] = [Constant(value=peak_value, steps=stable_steps)] if stable_steps else []
    decay = _cooldown(shape, peak_value, end_value, decay_steps)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), *stable, decay])


@_preset
def one_cycle(
    *,
    peak_value: float,
    total_steps: int,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    shape: CooldownShape = "cosine",
    three_phase: bool = False,
) -> Node:
    """The 1cycle policy, as `torch.optim.lr_scheduler.OneCycleLR` computes it, with its phases' real-valued ends.

    From `peak_value / div_factor` up to `peak_value`, at step `pct_start * total_steps - 1`, and down to the first
    value divided by `final_div_factor` at step `total_steps - 1`; that value is held after it, where PyTorch refuses.
    With three phases the second goes back to the first value in as many steps, at `2 * pct_start * total_steps - 2`.
    Smith and Topin, 2017 (arXiv:1708.07120).

    Args:
        peak_value: The largest value.
        total_steps: Steps of the whole.
        pct_start: The share of the steps that rise.
        div_factor: `peak_value` by the first value.
        final_div_factor: The first value by the last one.
        shape: `cosine` or `linear`.
        three_phase: Whether to go down to the first value before the last one.

    Example:
        >>> one_cycle(peak_value=1.0, total_steps=10).values(0, 10).round(3)
        array([0.04 , 0.52 , 1.   , 0.95 , 0.812, 0.611, 0.389, 0.188, 0.05 ,
               0.   ], dtype=float32)
    """
    first = peak_value / div_factor
    levels = [first, peak_value, *([first] if three_phase else []), first / final_div_factor]
    return _phases(levels, total_steps, pct_start, shape)


@_preset
def one_cycle_momentum(
    *,
    total_steps: int,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    pct_start: float = 0.3,
    shape: CooldownShape = "cosine",
    three_phase: bool = False,
) -> Node:
    """The momentum of `OneCycleLR`: from `max_momentum` down to `base_momentum` while the rate rises, and up again.

    Example:
        >>> one_cycle_momentum(total_steps=10)(0), one_cycle_momentum(total_steps=10)(2)
        (0.949999988079071, 0.8500000238418579)
    """
    levels = [max_momentum, base_momentum, max_momentum, *([max_momentum] if three_phase else [])]
    return _phases(levels, total_steps, pct_start, shape)


def _phases(levels: list[float], total_steps: int, pct_start: float, shape: str) -> Node:
    if shape not in ("cosine", "linear"):
        raise SpecError("shape", found=show(shape), expected="cosine or linear")
    three = len(levels) > 3
    ends = [pct_start * total_steps - 1, *([2 * pct_start * total_steps - 2] if three else []), total_steps - 1]
    parts: list[Node] = []
    start = Fraction(0)
    for init, end, at in zip(levels, levels[1:], ends, strict=False):
        length = Fraction(at) - start
        if length <= 0:
            raise SpecError("pct_start", found=show(pct_start), expected="phases of more than 0 steps each")
        parts.append(_cooldown(shape, init, end, length.numerator if length.denominator == 1 else length))
        start = Fraction(at)
    return _Sequence(parts=parts)


def _triangle(
    init_value: float, peak_value: float, up_steps: int | Fraction, down_steps: int | Fraction | None
) -> Node:
    up = Linear(init_value=init_value, end_value=peak_value, steps=up_steps)
    down = Linear(init_value=peak_value, end_value=init_value, steps=down_steps or up_steps)
    return _Sequence(parts=[up, down])


@_preset
def triangular(
    *, init_value: float, peak_value: float, up_steps: int | Fraction, down_steps: int | Fraction | None = None
) -> Node:
    """Up and down on straight lines, over and over. PyTorch's `CyclicLR` in mode `triangular`.

    Smith, 2015 (arXiv:1506.01186).

    Args:
        init_value: The smallest value.
        peak_value: The largest value.
        up_steps: Steps that rise.
        down_steps: Steps that fall; by default as many.

    Example:
        >>> triangular(init_value=0.0, peak_value=1.0, up_steps=2).values(0, 7)
        array([0. , 0.5, 1. , 0.5, 0. , 0.5, 1. ], dtype=float32)
    """
    return Repeat(part=_triangle(init_value, peak_value, up_steps, down_steps))


@_preset
def triangular2(
    *, init_value: float, peak_value: float, up_steps: int | Fraction, down_steps: int | Fraction | None = None
) -> Node:
    """`triangular` with half the height in each cycle. PyTorch's `CyclicLR` in mode `triangular2`.

    Example:
        >>> triangular2(init_value=0.0, peak_value=1.0, up_steps=1).values(0, 6)
        array([0.  , 1.  , 0.  , 0.5 , 0.  , 0.25], dtype=float32)
    """
    part = _triangle(init_value, peak_value, up_steps, down_steps)
    return Repeat(part=part, peak_mult=0.5, scaling="height", floor_value=init_value)


@_preset
def exp_range(
    *,
    init_value: float,
    peak_value: float,
    up_steps: int | Fraction,
    decay_rate: float,
    total_steps: int,
    down_steps: int | Fraction | None = None,
) -> Node:
    """`triangular` whose height is multiplied by `decay_rate` at every step. PyTorch's `CyclicLR`, mode `exp_range`.

    It has no short form without an end, and so it needs `total_steps`, after which the value is held.

    Example:
        >>> exp_range(init_value=0.0, peak_value=1.0, up_steps=1, decay_rate=0.5, total_steps=4).values(0, 4)
        array([0.   , 0.5  , 0.   , 0.125], dtype=float32)
    """
    cycles = Repeat(part=_triangle(0.0, 1.0, up_steps, down_steps))
    decay = Exponential(init_value=1.0, decay_rate=decay_rate, decay_period=1)
    product = Product(parts=[cycles, decay])
    return Freeze(part=_Affine(part=product, scale=peak_value - init_value, offset=init_value), steps=total_steps)


@_preset
def cosine_restarts(
    *,
    peak_value: float,
    cycle_steps: int | Fraction,
    end_value: float = 0.0,
    cycle_mult: float = 1,
    peak_mult: float = 1.0,
    num_cycles: int | None = None,
    warmup_steps: int | Fraction = 0,
    init_value: float = 0.0,
) -> Node:
    """Half cosines from `peak_value` to `end_value`, over and over: SGDR, Loshchilov and Hutter (arXiv:1608.03983).

    Args:
        peak_value: Value at the start of the first cycle.
        cycle_steps: Length of the first cycle, in steps.
        end_value: Value at the end of each cycle.
        cycle_mult: Factor from each cycle's length to the next one's; 1 or more.
        peak_mult: Factor from each cycle's peak to the next one's; `end_value` stays.
        num_cycles: How many cycles; by default without end.
        warmup_steps: Length of a linear warmup before the first cycle; 0 for none.
        init_value: Where the warmup starts.

    Example:
        >>> cosine_restarts(peak_value=1.0, cycle_steps=2, cycle_mult=2).values(0, 7).round(3)
        array([1.   , 0.5  , 1.   , 0.854, 0.5  , 0.146, 1.   ], dtype=float32)
    """
    cycle = Cosine(init_value=peak_value, end_value=end_value, steps=cycle_steps)
    if peak_mult == 1:
        cycles = Repeat(part=cycle, cycle_mult=cycle_mult, num_cycles=num_cycles)
    else:
        cycles = Repeat(
            part=cycle,
            cycle_mult=cycle_mult,
            num_cycles=num_cycles,
            peak_mult=peak_mult,
            scaling="peak",
            floor_value=end_value,
            peak_value=peak_value,
        )
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, "k/W"), cycles])


PRESETS: dict[str, Preset] = {
    function.__name__: Preset(function)
    for function in (
        warmup_cosine,
        warmup_linear,
        warmup_polynomial,
        warmup_constant,
        warmup_exponential,
        warmup_multi_step,
        step,
        multi_step,
        inverse_sqrt,
        noam,
        wsd,
        one_cycle,
        one_cycle_momentum,
        triangular,
        triangular2,
        exp_range,
        cosine_restarts,
    )
}
"""Every preset, by the word that a document uses for it."""
