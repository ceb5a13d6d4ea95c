"""The shapes of Megatron's OptimizerParamScheduler: of the rate by lr-decay-style, and of the weight decay."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrspec.kinds import (
    Clamp,
    Constant,
    Cosine,
    Freeze,
    Linear,
    NormalizedExponential,
    OneMinusPower,
    PowerLaw,
    Sequence,
)
from lrspec.readers.keys import joined
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What the rate's shape is made of, with lengths in updates; `cooldown` and its shape are those of WSD."""

    first: float
    peak: float
    low: float
    warmup: Fraction
    decay: Fraction
    cooldown: Fraction = Fraction(0)
    cooldown_shape: str = "exponential"


def rate(style: str, of: Rate) -> Node:
    """Return the rate of a style, from its first update.

    Args:
        style: One of `STYLES`.
        of: Its numbers.
    """
    rise: list[Node] = [Linear(init_value=of.first, end_value=of.peak, steps=of.warmup)] if of.warmup else []
    return STYLES[style](rise, of)


def weight_decay(style: str, first: float, last: float, total: Fraction) -> Node:
    """Return a weight decay that grows, linear or cosine.

    Args:
        style: Which of the two.
        first: Its value at the first update.
        last: Its value after the last.
        total: The updates of the training.
    """
    kind = Linear if style == "linear" else Cosine
    return kind(init_value=first, end_value=last, steps=total)


def _constant(rise: list[Node], of: Rate) -> Node:
    return joined(*rise, Constant(value=of.peak))


def _linear(rise: list[Node], of: Rate) -> Node:
    return joined(*rise, Linear(init_value=of.peak, end_value=of.low, steps=of.decay - of.warmup))


def _cosine(rise: list[Node], of: Rate) -> Node:
    return joined(*rise, Cosine(init_value=of.peak, end_value=of.low, steps=of.decay - of.warmup))


def _inverse_square_root(rise: list[Node], of: Rate) -> Node:
    """Return the law, which drops to the lowest rate after its end."""
    law: Node = PowerLaw(init_value=of.peak, power=0.5, timescale=of.warmup)
    law = Clamp(part=law, min_value=of.low) if of.low else law
    parts = [*rise, Freeze(part=law, steps=math.floor(of.decay) + 1), Constant(value=of.low)]
    return Sequence(parts=parts, time="global")


def _wsd(rise: list[Node], of: Rate) -> Node:
    stable = of.decay - of.warmup - of.cooldown
    held = [Constant(value=of.peak, steps=stable)] if stable else []
    return joined(*rise, *held, COOLDOWNS[of.cooldown_shape](of.peak, of.low, of.cooldown))


STYLES: dict[str, Callable[[list[Node], Rate], Node]] = {
    "linear": _linear,
    "cosine": _cosine,
    "constant": _constant,
    "inverse-square-root": _inverse_square_root,
    "WSD": _wsd,
}
"""The shape of each lr-decay-style."""
COOLDOWNS: dict[str, Callable[[float, float, Fraction], Node]] = {
    "exponential": lambda peak, low, n: NormalizedExponential(init_value=peak, end_value=low, steps=n, ratio=0.5),
    "linear": lambda peak, low, n: Linear(init_value=peak, end_value=low, steps=n),
    "cosine": lambda peak, low, n: Cosine(init_value=peak, end_value=low, steps=n),
    "minus_sqrt": lambda peak, low, n: OneMinusPower(init_value=peak, end_value=low, steps=n, power=0.5),
}
"""The shape of each lr-wsd-decay-style."""
