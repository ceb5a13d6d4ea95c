"""OLMo's schedulers, from their lengths: `W` is the warmup and `T` the end, in steps that need not be whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lrspec.compiler.formula import Time
from lrspec.kinds import Affine, Cosine, Linear, Maximum, PowerLaw, Product
from lrspec.readers.build import constant
from lrspec.readers.keys import joined
from lrspec.spec import Node


@dataclass(frozen=True, kw_only=True)
class Values:
    """What a scheduler is made with.

    Args:
        peak: The optimizer's `learning_rate`.
        start: Where the warmup begins.
        low: Where the decay ends: `alpha_f` of the peak.
        warmup: The steps of the warmup.
        end: The step at which the decay has ended, from step 0 on; the warmup is not cut to it.
    """

    peak: float
    start: float = 0.0
    low: float = 0.0
    warmup: Time = 0
    end: Time = 0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One scheduler.

    Args:
        node: The schedule, from its values.
        warms: Whether it has a warmup.
        decays: Whether it has an end, and a value there.
        is_inverse: Whether it is an inverse square root, whose timescale is the warmup.
    """

    node: Callable[[Values], Node]
    warms: bool = True
    decays: bool = False
    is_inverse: bool = False


def _warmed(values: Values, *after: Node) -> Node:
    if values.warmup == 0:
        return joined(*after)
    return joined(Linear(init_value=values.start, end_value=values.peak, steps=values.warmup), *after)


def _decayed(values: Values, decay: Callable[[Time], Node]) -> Node:
    """Return a warmup, and a decay over what is left; where nothing is, the value at its end."""
    left = values.end - values.warmup
    return _warmed(values, decay(left) if left > 0 else constant(values.low))


def _cosine(values: Values) -> Node:
    return _decayed(values, lambda left: Cosine(init_value=values.peak, end_value=values.low, steps=left))


def _linear(values: Values) -> Node:
    return _decayed(values, lambda left: Linear(init_value=values.peak, end_value=values.low, steps=left))


def _inverse_sqrt(values: Values) -> Node:
    decay = PowerLaw(init_value=values.peak, power=0.5, timescale=values.warmup, offset=values.warmup)
    return _warmed(values, decay)


def _greatest(values: Values) -> Node:
    return Maximum(parts=[_cosine(values), _inverse_sqrt(values)])


def _envelope(values: Values) -> Node:
    """Give a cosine times a line, both to 0, above the value at the end."""
    height = values.peak - values.low

    def decay(left: Time) -> Node:
        line = Linear(init_value=1.0, end_value=0.0, steps=left)
        return Affine(
            part=Product(parts=[line, Cosine(init_value=height, end_value=0.0, steps=left)]), offset=values.low
        )

    return _decayed(values, decay)


SHAPES = {
    "cosine_with_warmup": Shape(node=_cosine, decays=True),
    "linear_with_warmup": Shape(node=_linear, decays=True),
    "inverse_sqrt_with_warmup": Shape(node=_inverse_sqrt, is_inverse=True),
    "max_scheduler": Shape(node=_greatest, decays=True, is_inverse=True),
    "constant": Shape(node=lambda values: constant(values.peak), warms=False),
    "cosine_linear_envelope": Shape(node=_envelope, decays=True),
    "constant_with_warmup": Shape(node=lambda values: _warmed(values, constant(values.peak))),
}
"""The schedulers by the names that a config gives them."""
