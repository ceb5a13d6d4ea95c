"""What each kind of node means: its formula in exact arithmetic, cut into smooth pieces.

`formula_of(node)` lists, in order, the stretches of steps on which one smooth curve holds. A `Curve` is the formula
itself: `curve(k, precision)` is the value at index k as a fixed-point integer (see fixedpoint.py). This is the one
place where a kind's mathematics stands; program.py turns the pieces into integers without knowing any kind.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from lrspec import fixedpoint
from lrspec.errors import StepError
from lrspec.fields import LAST_STEP
from lrspec.spec import Constant, Cosine, Exponential, Linear, Node, PiecewiseConstant, Polynomial, Sequence

Curve: TypeAlias = Callable[[int, int], int]
"""`curve(k, precision)`: the value at index k >= 0, times `2**precision`.

To within a few units, or to within 2**-120 of the larger of the terms that are added, whichever is the larger.
"""

HORIZON = LAST_STEP + 1
_RATIONAL_POWER = 16
_EXP_BITS = 128
_LOG_BITS = _EXP_BITS + 64  # an index has up to 31 bits, and a period may be as short as 2**-31 steps
_HUGE = 4096  # log2 of a number that is past the end of float32 and of float64 by far


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The steps from `start` on, up to the next piece, on which the value is `curve(k)`.

    The index is `k = floor(u / stride)` with `u = step - start`, or `u = (step - start) mod period` in a piece that
    repeats itself. A constant piece has `curve(0)` at every step.
    """

    start: int
    curve: Curve
    constant: bool = False
    stride: int | Fraction = 1
    period: int | None = None

    def index(self, step: int) -> int:
        """Return the index of the curve that `step` uses."""
        if self.constant:
            return 0
        offset = step - self.start
        if self.period is not None:
            offset %= self.period
        return offset if self.stride == 1 else int(offset // self.stride)


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A schedule's pieces, in the order of their starts, and the last step at which it has a value."""

    pieces: tuple[Piece, ...]
    last_step: int


def formula_of(node: Node) -> Formula:
    """Return the exact meaning of `node`."""
    pieces = tuple(_pieces(node, 0, HORIZON))
    return Formula(pieces=pieces, last_step=_last_step(node, 0))


def exact(node: Node, step: int) -> float:
    """Return the formula of `node` at `step`, correctly rounded to float64.

    Raises:
        StepError: `step` has no value.
        OverflowError: The value is beyond float64.
    """
    step = operator.index(step)
    formula = formula_of(node)
    if not 0 <= step <= formula.last_step:
        raise StepError(f"step {step}: expected a step from 0 to {formula.last_step}")
    piece = next(piece for piece in reversed(formula.pieces) if piece.start <= step)
    index = piece.index(step)
    value = 0
    for precision in (192, 448, 1344):  # until at least 100 of the bits are bits of the value
        value = piece.curve(index, precision)
        if abs(value) >> 100:
            break
    return value / (1 << precision)


def _last_step(node: Node, start: int) -> int:
    if isinstance(node, Sequence):
        return _last_step(node.parts[-1], start + sum(part.length or 0 for part in node.parts[:-1]))
    if getattr(node, "after", "hold") == "error" and node.length is not None:
        return min(LAST_STEP, start + node.length - 1)
    return LAST_STEP


def _pieces(node: Node, start: int, stop: int) -> Iterator[Piece]:  # noqa: C901, PLR0912 - one case per kind
    """Yield the pieces of `node`, begun at step `start`, up to step `stop`."""
    match node:
        case Sequence():
            for part in node.parts[:-1]:
                end = min(stop, start + (part.length or 0))
                if start < end:
                    yield from _pieces(part, start, end)
                start = end
            if start < stop:
                yield from _pieces(node.parts[-1], start, stop)
        case Constant():
            yield Piece(start=start, curve=_constant(node.value), constant=True)
        case PiecewiseConstant():
            for boundary, value in zip((0, *node.boundaries), node.levels, strict=True):
                if start + boundary < stop:
                    yield Piece(start=start + boundary, curve=_constant(value), constant=True)
        case Exponential(staircase=True):
            yield from _ending(node, Piece(start=start, curve=_exponential(node, 1), stride=_stride(node)), stop)
        case Exponential():
            yield from _ending(node, Piece(start=start, curve=_exponential(node, node.decay_period)), stop)
        case Linear():
            yield from _ending(node, Piece(start=start, curve=_polynomial(node, Fraction(1))), stop)
        case Polynomial():
            yield from _ending(node, Piece(start=start, curve=_polynomial(node, Fraction(node.power))), stop)
        case Cosine(after="continue"):
            yield Piece(start=start, curve=_cosine(node), period=2 * node.steps)
        case Cosine():
            yield from _ending(node, Piece(start=start, curve=_cosine(node)), stop)
        case _:
            raise TypeError(f"{type(node).__name__} has no formula")


def _ending(node: Linear | Polynomial | Cosine | Exponential, piece: Piece, stop: int) -> Iterator[Piece]:
    """Yield `piece`, and after the node's steps the value that it holds."""
    yield piece
    if node.steps is not None and node.after != "continue" and piece.start + node.steps < stop:
        end = piece.index(piece.start + node.steps)

        def held(_: int, precision: int, curve: Curve = piece.curve) -> int:
            return curve(end, precision)

        yield Piece(start=piece.start + node.steps, curve=held, constant=True)


def _fixed(value: float, precision: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (numerator << precision) // denominator


def _constant(value: float) -> Curve:
    """`value`."""
    return lambda _, precision: _fixed(value, precision)


def _polynomial(node: Linear | Polynomial, power: Fraction) -> Curve:
    """`end_value + (init_value - end_value) * ((steps - k) / steps) ** power`."""
    rational = power.denominator == 1 and power <= _RATIONAL_POWER
    exponent: int = power.numerator
    steps = node.steps
    end, span = node.end_value, Fraction(node.init_value) - Fraction(node.end_value)

    def curve(k: int, precision: int) -> int:
        left = steps - k
        if rational:
            share = int(left**exponent) * span.numerator << precision
            return _fixed(end, precision) + share // (int(steps**exponent) * span.denominator)
        if left == 0:
            return _fixed(end, precision)
        log = fixedpoint.log2(left, steps, _LOG_BITS) * power.numerator // power.denominator
        return _fixed(end, precision) + _times_exp2(span, log, precision)

    return curve


def _cosine(node: Cosine) -> Curve:
    """`end_value + (init_value - end_value) * (1 + cos(pi * k / steps)) / 2`, by the versine of the steps left."""
    steps = node.steps
    end, span = node.end_value, Fraction(node.init_value) - Fraction(node.end_value)

    def curve(k: int, precision: int) -> int:
        left = abs(steps - k)
        theta = fixedpoint.pi(precision + 16) * left // (steps << 16)
        share = fixedpoint.versine(theta, precision) * span.numerator
        return _fixed(end, precision) + share // (2 * span.denominator)

    return curve


def _exponential(node: Exponential, period: float | Fraction) -> Curve:
    """`init_value * decay_rate ** (k / period)`."""
    init, rate, period = Fraction(node.init_value), Fraction(node.decay_rate), Fraction(period)

    log = fixedpoint.log2(rate.numerator, rate.denominator, _LOG_BITS)

    def curve(k: int, precision: int) -> int:
        return _times_exp2(init, log * k * period.denominator // period.numerator, precision)

    return curve


def _times_exp2(factor: Fraction, log: int, precision: int) -> int:
    """Return `factor * 2**log`, where `log` has `_LOG_BITS` fraction bits, with `precision` fraction bits."""
    mantissa, exponent = fixedpoint.exp2(log >> (_LOG_BITS - _EXP_BITS), _EXP_BITS)
    shift = min(exponent, _HUGE) + precision - _EXP_BITS
    scaled = mantissa * factor.numerator
    if shift >= 0:
        return (scaled << shift) // factor.denominator
    return scaled // (factor.denominator << min(-shift, 8 * _HUGE))


def _stride(node: Exponential) -> int | Fraction:
    return node.decay_period if isinstance(node.decay_period, int) else Fraction(node.decay_period)
