"""Kinds that put a schedule's values through a function: a power, and an exponential."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import ClassVar

from lrspec.compiler import fixedpoint
from lrspec.compiler.arithmetic import Bounds, composed, each_span
from lrspec.compiler.formula import BEYOND, Clock, Formula, Span, Time, is_beyond, nothing, saturated
from lrspec.errors import SpecError
from lrspec.fields import Number, show
from lrspec.kinds.combine import Affine, Product, Sum
from lrspec.kinds.curves import LOG_BITS, ONE, log2_of, times_exp2, times_power
from lrspec.kinds.repeat import Repeat
from lrspec.spec import Node, node_field, number_field

_LEAST_EXPONENT = 0.01
_FEW_BITS = 160
_NOISE = 64
_GUARD = 64
_EXPONENT_BITS = 208
_MOST_BITS = 1000
LARGEST_TERM = 2.0**32
"""The largest numbers that may be added in what is an exponent: the error of a sum is relative to them."""


@dataclass(frozen=True, kw_only=True)
class Power(Node):
    """A schedule raised to a power: `lr(t) = part(t) ** exponent`.

    Args:
        part: The schedule; its values must not be negative, unless the exponent is a whole number, and not 0 where
            it is negative.
        exponent: The exponent, of a size from 0.01 to 100; 2 squares, 0.5 is the square root, -1 the reciprocal.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Power(part=Linear(init_value=0.0, end_value=1.0, steps=4), exponent=2).values(0, 5)
        array([0.    , 0.0625, 0.25  , 0.5625, 1.    ], dtype=float32)
    """

    kind: ClassVar[str] = "power"
    formula_text: ClassVar[str] = "part ** {exponent}"
    part: Node = node_field()
    exponent: float = number_field(minimum=-100.0, maximum=100.0)

    @property
    def length(self) -> int | Fraction | None:
        """The length of the part."""
        return self.part.length

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula with its values raised to the power."""
        return each_span(self.part.formula(clock), partial(_raised_span, exponent=Fraction(self.exponent)))

    def _check(self) -> None:
        if abs(self.exponent) < _LEAST_EXPONENT:
            raise SpecError("exponent", found=show(self.exponent), expected=f"a size from {_LEAST_EXPONENT} to 100")


def _raised_span(span: Span, exponent: Fraction) -> Span:
    if exponent == 1:
        return span
    hidden = None
    if span.hidden is not None:
        if span.curve is not nothing or exponent < 0:
            raise SpecError("part", found="a sum with what fades below 2^-256", expected="an end of what fades")
        hidden = math.ceil(span.hidden * exponent)
    size = abs(exponent)

    def curve(k: Time, precision: int) -> int:
        work = precision + _GUARD
        value = span.curve(k, work)
        if abs(value) >> _FEW_BITS == 0:
            work += _FEW_BITS + max(0, math.ceil((precision if exponent > 0 else BEYOND) / size) - precision)
            value = span.curve(k, work)
            value = value if abs(value) > _NOISE else 0
        return raised(value, work, exponent, precision)

    return composed(
        span,
        nothing if span.curve is nothing else curve,
        partial(_slopes_of_power, exponent=exponent),
        hidden=hidden,
        fades=span.fades and exponent > 0,
    )


def raised(value: int, work: int, exponent: Fraction, precision: int) -> int:
    """Return `value ** exponent`, of a value with `work` fraction bits, with `precision` fraction bits.

    Raises:
        SpecError: It is not a number, or too large to say.
    """
    if value < 0 and exponent.denominator > 1:
        found = f"a value of {value / (1 << work):.6g} to the power of {float(exponent):g}"
        raise SpecError("exponent", found=found, expected="values from 0 on, or a whole exponent")
    if value == 0 and exponent < 0:
        raise SpecError("exponent", found=f"0 to the power of {float(exponent):g}", expected="values other than 0")
    if is_beyond(value, work):
        if exponent < 1:
            found = f"a value above 2^{BEYOND} to the power of {float(exponent):g}"
            raise SpecError("exponent", found=found, expected="an end of the growth")
        return saturated(-1 if value < 0 and exponent % 2 else 1, precision)
    if exponent > 0:
        return times_power(ONE, (value, 1 << work), exponent, precision)
    return times_power(ONE, (-(1 << work) if value < 0 else 1 << work, abs(value)), -exponent, precision)


def _slopes_of_power(low: int, high: int, precision: int, *, exponent: Fraction) -> Bounds | None:
    """Return bounds of `exponent * v ** (exponent - 1)` for v from low to high."""
    if exponent.denominator > 1:
        low, high = max(low, 0), max(high, 0)
    if exponent < 1 and low <= 0 <= high:
        return None
    values = [low, high, *([0] if low < 0 < high else [])]
    found = [_slope_of_power(value, precision, exponent) for value in values]
    known = [slope for slope in found if slope is not None]
    return (min(known) - 1, max(known) + 1) if len(known) == len(found) else None


def _slope_of_power(value: int, precision: int, exponent: Fraction) -> int | None:
    if value == 0:
        return 0
    slope = raised(value, precision, exponent - 1, precision) * exponent.numerator // exponent.denominator
    return None if abs(slope).bit_length() > precision + BEYOND // 2 else slope


@dataclass(frozen=True, kw_only=True)
class Exp(Node):
    """An exponential of a schedule: `lr(t) = base ** part(t)`.

    With a line between two logarithms as the part, an interpolation in logarithms; with a polynomial, the ramp-up
    `exp(-5 * (1 - x) ** 2)` of the weights of consistency losses.

    Args:
        part: The schedule, which is the exponent. The numbers that are added in it are at most 2^32 in size.
        base: The base, above 0; e, the base of the natural logarithm, by default.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> Exp(part=Linear(init_value=-2.0, end_value=0.0, steps=2), base=10.0).values(0, 4)
        array([0.01, 0.1 , 1.  , 1.  ], dtype=float32)
    """

    kind: ClassVar[str] = "exp"
    formula_text: ClassVar[str] = "{base} ** part"
    part: Node = node_field()
    base: float | None = field(default=None, metadata={"rule": Number(positive=True, float32=False)})

    @property
    def length(self) -> int | Fraction | None:
        """The length of the part."""
        return self.part.length

    def formula(self, clock: Clock) -> Formula:
        """Return the part's formula with its values as exponents."""
        log = _log2_of_e() if self.base is None else log2_of(self.base)
        return each_span(self.part.formula(clock), partial(_exponential_span, log=log))

    def _check(self) -> None:
        largest = largest_term(self.part)
        if not largest <= LARGEST_TERM:  # nor where it is infinite times 0
            found = f"an exponent in which {largest:.3g} is added"
            raise SpecError("part", found=found, expected=f"numbers up to {LARGEST_TERM:.0f} in size")


def _log2_of_e() -> int:
    """Return log2 of e with `LOG_BITS` fraction bits."""
    return (1 << 2 * LOG_BITS + _GUARD) // fixedpoint.ln2(LOG_BITS + _GUARD)


def _exponential_span(span: Span, log: int) -> Span:
    old = span.curve

    def curve(k: Time, precision: int) -> int:
        return _power_of_base(old(k, _EXPONENT_BITS), log, precision)

    def slopes(low: int, high: int, precision: int) -> Bounds | None:
        logarithm = log * fixedpoint.ln2(LOG_BITS) >> LOG_BITS
        down = precision - _EXPONENT_BITS
        values = [value >> down if down >= 0 else value << -down for value in (low, high + (1 << max(down, 0)))]
        found = [_power_of_base(value, log, precision) for value in values]
        if any(value.bit_length() > precision + BEYOND // 2 for value in found):
            return None
        slopes = [value * logarithm >> LOG_BITS for value in found]
        return min(slopes) - 1, max(slopes) + 1

    return composed(span, curve, slopes)


def _power_of_base(value: int, log: int, precision: int) -> int:
    """Return the base to the power of a value that has `_EXPONENT_BITS` fraction bits."""
    return times_exp2(ONE, value * log >> _EXPONENT_BITS, precision)


def largest_term(node: Node) -> float:
    """Return a number no smaller than all that are added in a schedule's values; infinite where unknown."""
    inside = [largest_term(child) for _, child in node.children()]
    if isinstance(node, Product):
        return math.prod(inside)
    if isinstance(node, Sum):
        return math.fsum(inside)
    if isinstance(node, Affine):
        return abs(node.scale) * inside[0] + abs(node.offset)
    if isinstance(node, Power):
        bits = math.log2(max(inside[0], 1.0)) * node.exponent if node.exponent > 0 else 0.0
        return math.inf if bits > _MOST_BITS else math.pow(2.0, bits)
    if isinstance(node, Exp):
        return 1.0
    own = [abs(value) for name in _VALUES if isinstance(value := getattr(node, name, None), float)]
    own += [abs(level) for level in getattr(node, "levels", ())]
    if isinstance(node, Repeat) and node.scaling != "all":
        height = abs(node.peak_value - node.floor_value) if node.peak_value is not None else 1.0
        return math.inf if node.peak_mult > 1 else max(own) + max(inside) * max(1.0, max(own) / height)
    return max([0.0, *own, *inside])


_VALUES = ("value", "init_value", "end_value", "floor_value", "peak_value")
