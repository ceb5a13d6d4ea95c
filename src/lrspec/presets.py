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
from typing import Any, Literal, ParamSpec, get_args

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
    Tanh,
)
from lrspec.kinds.repeat import Scaling
from lrspec.spec import After, Node

P = ParamSpec("P")
Warmup = Literal["k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)"]
"""The share of the way from `init_value` to `peak_value` at step k of a warmup of W steps."""
DecayFrom = Literal["warmup_end", "start"]
"""Where the time of the decay begins, at the end of the warmup or at step 0."""
NoamStep = Literal["t+1", "max(t,1)", "t"]
"""The number of the update in Noam's formula, at step t."""
CooldownShape = Literal["linear", "cosine", "one_minus_sqrt", "exponential", "geometric"]
_SHAPES = get_args(CooldownShape)
_VALUE, _FACTOR = Number(), Number(positive=True, float32=False)
_RULES: dict[str, Rule] = {
    **dict.fromkeys(("init_value", "peak_value", "end_value", "base_momentum", "max_momentum"), _VALUE),
    **dict.fromkeys(("warmup_steps", "stable_steps", "cycle_warmup_steps"), Steps(zero=True, fractional=True)),
    **dict.fromkeys(("steps", "decay_steps", "cycle_steps", "up_steps", "down_steps"), Steps(fractional=True)),
    "total_steps": Steps(),
    **dict.fromkeys(("decay_rate", "peak_mult", "div_factor", "final_div_factor", "factor", "power"), _FACTOR),
    "decay_period": Period(),
    "cycle_mult": Period(duration=False),
    **dict.fromkeys(("num_cycles", "model_size"), Steps(duration=False)),
    "pct_start": Number(positive=True, maximum=1.0, float32=False),
    "boundaries": ListOf(Steps(), increasing=True),
    "decay_rates": ListOf(_FACTOR),
    "steepness": Number(positive=True, maximum=200.0, float32=False),
    **dict.fromkeys(("staircase", "three_phase"), Flag()),
    "warmup": Choice(get_args(Warmup)),
    "decay_from": Choice(get_args(DecayFrom)),
    "after": Choice(get_args(After)),
    "scaling": Choice(get_args(Scaling)),
    "n": Choice(get_args(NoamStep)),
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
    if warmup == "k/(W-1)":
        if steps <= 1:
            return [Constant(value=init_value, steps=steps)]
        return [Freeze(part=Linear(init_value=init_value, end_value=peak_value, steps=steps - 1), steps=steps)]
    if warmup == "(k+1)/W" and steps <= 1:
        return [Constant(value=peak_value, steps=steps)]
    whole = steps if warmup == "(k+1)/W" else steps + 1
    return [
        Freeze(part=Shift(part=Linear(init_value=init_value, end_value=peak_value, steps=whole), by=1), steps=steps)
    ]


def _sequence(parts: Sequence[Node], decay_from: DecayFrom = "warmup_end") -> Node:
    """Return the parts one after another; with `start` the last one has the time of the whole."""
    if len(parts) == 1:
        return parts[0]
    return _Sequence(parts=parts, time="global" if decay_from == "start" else "local")


@_preset
def warmup_cosine(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_steps: int | Fraction,
    init_value: float = 0.0,
    end_value: float = 0.0,
    warmup: Warmup = "k/W",
    decay_from: DecayFrom = "warmup_end",
    after: After = "hold",
) -> Node:
    """A linear warmup, then half a cosine from `peak_value` to `end_value`.

    With `decay_from: start`, DeiT's and timm's: the cosine counts from step 0, and the warmup takes the place of its
    first steps.

    Args:
        peak_value: Value at the end of the warmup; with `decay_from: start`, what the decay starts from at step 0.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        decay_steps: Length of the decay, in steps: without the warmup, or with it where the decay counts from step 0.
        init_value: Where the warmup starts.
        end_value: Value at the end of the decay.
        warmup: The share of the way at step k of the warmup of W steps: `k/W`, `(k+1)/W`, `(k+1)/(W+1)`, or `k/(W-1)`
            (`numpy.linspace`; the one step of a warmup of 1 has `init_value`).
        decay_from: `warmup_end`: the decay begins, at `peak_value`, where the warmup ends; `start`: its time counts
            from step 0, so that after the warmup it goes on as it would without one, from below `peak_value`.
        after: After the decay: `hold` its end, `continue` the curve, or `error`.

    Example:
        >>> warmup_cosine(peak_value=1.0, warmup_steps=2, decay_steps=2).values(0, 6)
        array([0. , 0.5, 1. , 0.5, 0. , 0. ], dtype=float32)
        >>> warmup_cosine(peak_value=1.0, warmup_steps=2, decay_steps=4, decay_from="start").values(0, 6).round(3)
        array([0.   , 0.5  , 0.5  , 0.146, 0.   , 0.   ], dtype=float32)
    """
    decay = Cosine(init_value=peak_value, end_value=end_value, steps=decay_steps, after=after)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay], decay_from)


@_preset
def warmup_linear(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    decay_steps: int | Fraction,
    init_value: float = 0.0,
    end_value: float = 0.0,
    warmup: Warmup = "k/W",
    decay_from: DecayFrom = "warmup_end",
    after: After = "hold",
) -> Node:
    """A linear warmup, then a straight line from `peak_value` to `end_value`: Hugging Face's `linear`.

    With `decay_from: start`, and all the run's steps as `decay_steps`, BERT's: the line counts from step 0, and the
    value jumps down where the warmup ends.

    The arguments are those of `warmup_cosine`.

    Example:
        >>> warmup_linear(peak_value=1.0, warmup_steps=2, decay_steps=4).values(0, 7)
        array([0.  , 0.5 , 1.  , 0.75, 0.5 , 0.25, 0.  ], dtype=float32)
        >>> warmup_linear(peak_value=1.0, warmup_steps=2, decay_steps=8, decay_from="start").values(0, 5)
        array([0.   , 0.5  , 0.75 , 0.625, 0.5  ], dtype=float32)
    """
    decay = Linear(init_value=peak_value, end_value=end_value, steps=decay_steps, after=after)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay], decay_from)


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
    decay_from: DecayFrom = "warmup_end",
    after: After = "hold",
) -> Node:
    """A linear warmup, then a polynomial decay of exponent `power`: Hugging Face's and fairseq's `polynomial`.

    The other arguments are those of `warmup_cosine`.

    Example:
        >>> warmup_polynomial(peak_value=1.0, warmup_steps=0, decay_steps=2, power=2).values(0, 3)
        array([1.  , 0.25, 0.  ], dtype=float32)
    """
    decay = Polynomial(init_value=peak_value, end_value=end_value, steps=decay_steps, power=power, after=after)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay], decay_from)


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
    decay_from: DecayFrom = "warmup_end",
) -> Node:
    """A linear warmup, then an exponential decay without end; EfficientNet's with `decay_from: start`.

    Args:
        peak_value: Value at the end of the warmup; with `decay_from: start`, what the decay starts from at step 0.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        decay_rate: Factor per `decay_period` steps.
        decay_period: Steps, counted from the end of the warmup, or from step 0.
        staircase: Whether the value drops at once every `decay_period` steps.
        init_value: Where the warmup starts.
        warmup: As in `warmup_cosine`.
        decay_from: As in `warmup_cosine`.

    Example:
        >>> warmup_exponential(peak_value=1.0, warmup_steps=2, decay_rate=0.5, decay_period=1).values(0, 5)
        array([0.  , 0.5 , 1.  , 0.5 , 0.25], dtype=float32)
    """
    decay = Exponential(init_value=peak_value, decay_rate=decay_rate, decay_period=decay_period, staircase=staircase)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), decay], decay_from)


@_preset
def step(*, init_value: float, decay_period: float, decay_rate: float = 0.1) -> Node:
    """A staircase: the value is multiplied by `decay_rate` every `decay_period` steps. PyTorch's `StepLR`.

    Example:
        >>> step(init_value=1.0, decay_period=2, decay_rate=0.5).values(0, 5)
        array([1.  , 1.  , 0.5 , 0.5 , 0.25], dtype=float32)
    """
    return Exponential(init_value=init_value, decay_rate=decay_rate, decay_period=decay_period, staircase=True)


@_preset
def multi_step(
    *,
    init_value: float,
    boundaries: Sequence[int],
    decay_rate: float | None = None,
    decay_rates: Sequence[float] | None = None,
) -> Node:
    """The value is multiplied by `decay_rate` at each boundary. PyTorch's `MultiStepLR`.

    With `decay_rates`, by a factor of its own at each: Optax' `piecewise_constant_schedule`. The levels are
    `init_value * decay_rate ** i`, or `init_value * decay_rates[0] * ... * decay_rates[i - 1]`, each rounded once to
    binary64.

    Args:
        init_value: Value at step 0.
        boundaries: Steps at which it changes.
        decay_rate: Factor at each boundary; 0.1 where it and `decay_rates` are left out.
        decay_rates: Factors, one for each boundary, instead of `decay_rate`.

    Example:
        >>> multi_step(init_value=1.0, boundaries=[2, 3], decay_rate=0.5).values(0, 4)
        array([1.  , 1.  , 0.5 , 0.25], dtype=float32)
        >>> multi_step(init_value=1.0, boundaries=[2, 3], decay_rates=[0.5, 0.1]).values(0, 4)
        array([1.  , 1.  , 0.5 , 0.05], dtype=float32)
    """
    return PiecewiseConstant(boundaries=boundaries, values=_levels(init_value, boundaries, decay_rate, decay_rates))


def _levels(
    init_value: float, boundaries: Sequence[int], decay_rate: float | None, decay_rates: Sequence[float] | None
) -> list[float]:
    """Return the values between boundaries, each rounded once."""
    if decay_rates is None:
        rates = [0.1 if decay_rate is None else decay_rate] * len(boundaries)
    elif decay_rate is not None:
        raise SpecError("decay_rates", found="both `decay_rate` and `decay_rates`", expected="one of them")
    elif len(decay_rates) != len(boundaries):
        found, expected = f"{len(decay_rates)} items", f"{len(boundaries)} items, one for each boundary"
        raise SpecError("decay_rates", found=found, expected=expected)
    else:
        rates = list(decay_rates)
    top, bottom = init_value.as_integer_ratio()
    levels = [init_value]
    for numerator, denominator in (rate.as_integer_ratio() for rate in rates):
        top, bottom = top * numerator, bottom * denominator
        beyond = top.bit_length() - bottom.bit_length() > _MOST_BITS
        levels.append(math.inf if beyond else top / bottom)
    return levels


_MOST_BITS = 1000
"""Quotients of more bits are beyond float32, and may be beyond binary64."""


@_preset
def warmup_multi_step(
    *,
    peak_value: float,
    warmup_steps: int | Fraction,
    boundaries: Sequence[int],
    decay_rate: float | None = None,
    decay_rates: Sequence[float] | None = None,
    init_value: float = 0.0,
    warmup: Warmup = "k/W",
    decay_from: DecayFrom = "start",
) -> Node:
    """A linear warmup, then `multi_step` whose boundaries count from step 0, as in detectron2.

    The other arguments are those of `warmup_cosine` and `multi_step`; with `decay_from: warmup_end` the boundaries
    count from the end of the warmup.

    Example:
        >>> warmup_multi_step(peak_value=1.0, warmup_steps=2, boundaries=[4], decay_rate=0.5).values(0, 5)
        array([0. , 0.5, 1. , 1. , 0.5], dtype=float32)
    """
    levels = _levels(peak_value, boundaries, decay_rate, decay_rates)
    steps = PiecewiseConstant(boundaries=boundaries, values=levels)
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), steps], decay_from)


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
def noam(*, model_size: int, warmup_steps: int | Fraction, factor: float = 1.0, n: NoamStep = "t+1") -> Node:
    """`factor * model_size ** -0.5 * min(n ** -0.5, n * warmup_steps ** -1.5)`, with `n = t + 1`.

    Vaswani et al., 2017 (arXiv:1706.03762). The peak, `factor / sqrt(model_size * warmup_steps)`, is rounded to
    binary64.

    Args:
        model_size: The width of the model.
        warmup_steps: Length of the warmup, in steps; at least 1.
        factor: What all is multiplied by.
        n: The number of the update at step t: `t+1`; `max(t,1)`, where steps 0 and 1 have the same value, as in code
            that replaces step 0 by 1; or `t`, where step 0 has the value 0.

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
    whole = _Sequence(parts=[ramp, decay], time="global")
    return whole if n == "t" else Shift(part=whole, by=1) if n == "t+1" else Shift(part=whole, by=0, min_time=1)


def _cooldown(shape: str, init_value: float, end_value: float, steps: int | Fraction, after: After = "hold") -> Node:
    ends: dict[str, Any] = {"init_value": init_value, "end_value": end_value, "steps": steps, "after": after}
    match shape:
        case "linear":
            return Linear(**ends)
        case "cosine":
            return Cosine(**ends)
        case "one_minus_sqrt":
            return OneMinusPower(**ends, power=0.5)
        case "exponential":
            return NormalizedExponential(**ends, ratio=0.5)
        case "geometric":
            return Geometric(**ends)
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
    after: After = "hold",
) -> Node:
    """Warmup, stable, decay: a linear warmup, `peak_value` held, then a cooldown of the given shape.

    With straight lines down to 0, a trapezoid.
    MiniCPM (arXiv:2404.06395) and Haegele et al., 2024 (arXiv:2405.18392).

    Args:
        peak_value: Value at the end of the warmup.
        warmup_steps: Length of the warmup, in steps; 0 for none.
        stable_steps: Length of the stable phase, in steps; 0 for none.
        decay_steps: Length of the cooldown, in steps.
        init_value: Where the warmup starts.
        end_value: Value at the end.
        shape: `linear`, `cosine`, `one_minus_sqrt`, `exponential` (normalized, to a half) or `geometric`.
        warmup: As in `warmup_cosine`.
        after: After the cooldown: `hold` its end, `continue` the curve (not `one_minus_sqrt`), or `error`.

    Example:
        >>> wsd(peak_value=1.0, warmup_steps=2, stable_steps=2, decay_steps=2).values(0, 7)
        array([0. , 0.5, 1. , 1. , 1. , 0.5, 0. ], dtype=float32)
    """
    stable: list[Node] = [Constant(value=peak_value, steps=stable_steps)] if stable_steps else []
    decay = _cooldown(shape, peak_value, end_value, decay_steps, after)
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
    after: After = "hold",
) -> Node:
    """The 1cycle policy, as `torch.optim.lr_scheduler.OneCycleLR` computes it, with its phases' real-valued ends.

    From `peak_value / div_factor` up to `peak_value`, at step `pct_start * total_steps - 1`, and down to the first
    value divided by `final_div_factor` at step `total_steps - 1`; that value is held after it, where PyTorch refuses
    (`after: error`).
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
        after: From step `total_steps - 1` on: `hold` the value there, `continue` the curve, or `error`.

    Example:
        >>> one_cycle(peak_value=1.0, total_steps=10).values(0, 10).round(3)
        array([0.04 , 0.52 , 1.   , 0.95 , 0.812, 0.611, 0.389, 0.188, 0.05 ,
               0.   ], dtype=float32)
    """
    first = peak_value / div_factor
    levels = [first, peak_value, *([first] if three_phase else []), first / final_div_factor]
    return _phases(levels, total_steps, pct_start, shape, after)


@_preset
def one_cycle_momentum(
    *,
    total_steps: int,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    pct_start: float = 0.3,
    shape: CooldownShape = "cosine",
    three_phase: bool = False,
    after: After = "hold",
) -> Node:
    """The momentum of `OneCycleLR`: from `max_momentum` down to `base_momentum` while the rate rises, and up again.

    Example:
        >>> one_cycle_momentum(total_steps=10)(0), one_cycle_momentum(total_steps=10)(2)
        (0.949999988079071, 0.8500000238418579)
    """
    levels = [max_momentum, base_momentum, max_momentum, *([max_momentum] if three_phase else [])]
    return _phases(levels, total_steps, pct_start, shape, after)


def _phases(levels: list[float], total_steps: int, pct_start: float, shape: str, after: After) -> Node:
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
        steps = length.numerator if length.denominator == 1 else length
        parts.append(_cooldown(shape, init, end, steps, after if at == ends[-1] else "hold"))
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
def sigmoid(
    *, init_value: float, end_value: float, steps: int | Fraction, steepness: float = 10.0, after: After = "hold"
) -> Node:
    """A sigmoid ramp: `init_value + (end_value - init_value) / (1 + exp(-steepness * (x - 1/2)))`, `x = t / steps`.

    For the weight of a KL term, a temperature, or a ramp-up. The ends are near `init_value` and `end_value`, but not
    equal to them: 0.7 % of the way off with a steepness of 10.

    Args:
        init_value: Value far before the start.
        end_value: Value far after the end.
        steps: Length, in steps.
        steepness: How often e divides the odds, over all the steps; above 0, at most 200.
        after: From step `steps` on: `hold` the value there, `continue` the curve, or `error`.

    Example:
        >>> sigmoid(init_value=0.0, end_value=1.0, steps=4).values(0, 5).round(3)
        array([0.007, 0.076, 0.5  , 0.924, 0.993], dtype=float32)
    """
    half = steepness / 4
    return Tanh(init_value=init_value, end_value=end_value, steps=steps, lower=-half, upper=half, after=after)


@_preset
def cosine_restarts(
    *,
    peak_value: float,
    cycle_steps: int | Fraction,
    end_value: float = 0.0,
    cycle_mult: float = 1,
    peak_mult: float = 1.0,
    scaling: Scaling = "peak",
    num_cycles: int | None = None,
    cycle_warmup_steps: int | Fraction = 0,
    warmup_steps: int | Fraction = 0,
    init_value: float = 0.0,
    warmup: Warmup = "k/W",
    decay_from: DecayFrom = "warmup_end",
) -> Node:
    """Half cosines from `peak_value` to `end_value`, over and over: SGDR, Loshchilov and Hutter (arXiv:1608.03983).

    Args:
        peak_value: Value at the start of the first cycle.
        cycle_steps: Length of the first cycle, in steps.
        end_value: Value at the end of each cycle.
        cycle_mult: Factor from each cycle's length to the next one's; 1 or more.
        peak_mult: Factor from each cycle's peak to the next one's.
        scaling: What `peak_mult` shrinks: the `peak` alone; the `height` above `end_value`; or `all`, `end_value` too.
        num_cycles: How many cycles; by default without end.
        cycle_warmup_steps: Length of a linear warmup from `end_value` at the start of each cycle, the same in all of
            them and part of the cycle; 0 for none.
        warmup_steps: Length of a linear warmup before the first cycle; 0 for none.
        init_value: Where the warmup starts.
        warmup: As in `warmup_cosine`.
        decay_from: As in `warmup_cosine`: with `start` the cycles count from step 0.

    Example:
        >>> cosine_restarts(peak_value=1.0, cycle_steps=2, cycle_mult=2).values(0, 7).round(3)
        array([1.   , 0.5  , 1.   , 0.854, 0.5  , 0.146, 1.   ], dtype=float32)
        >>> cosine_restarts(peak_value=1.0, cycle_steps=4, cycle_mult=2, cycle_warmup_steps=2).values(0, 9).round(3)
        array([0.   , 0.5  , 1.   , 0.5  , 0.   , 0.5  , 1.   , 0.933, 0.75 ],
              dtype=float32)
    """
    if cycle_warmup_steps >= cycle_steps:
        expected = f"less than `cycle_steps`, {show(cycle_steps)}"
        raise SpecError("cycle_warmup_steps", found=show(cycle_warmup_steps), expected=expected)
    fall = Cosine(init_value=peak_value, end_value=end_value, steps=cycle_steps - cycle_warmup_steps)
    cycles = Repeat(
        part=_sequence([*_ramp(end_value, peak_value, cycle_warmup_steps, "k/W"), fall]),
        cycle_mult=cycle_mult,
        fixed_steps=cycle_warmup_steps,
        num_cycles=num_cycles,
        **({} if peak_mult == 1 else _shrinking(peak_mult, scaling, peak_value, end_value)),
    )
    return _sequence([*_ramp(init_value, peak_value, warmup_steps, warmup), cycles], decay_from)


def _shrinking(peak_mult: float, scaling: Scaling, peak_value: float, end_value: float) -> dict[str, Any]:
    """Return what makes cycles shrink, as fields of a `Repeat`."""
    floor = {} if scaling == "all" else {"floor_value": end_value}
    peak = {"peak_value": peak_value} if scaling == "peak" else {}
    return {"peak_mult": peak_mult, "scaling": scaling, **floor, **peak}


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
        sigmoid,
        cosine_restarts,
    )
}
"""Every preset, by the word that a document uses for it."""
