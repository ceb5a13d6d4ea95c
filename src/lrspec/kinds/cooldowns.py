"""Ramps by powers, exponentials and logarithms: the shapes of most cooldowns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from lrspec.compiler import fixedpoint
from lrspec.compiler.formula import Curve, Time
from lrspec.errors import SpecError
from lrspec.fields import show
from lrspec.kinds.curves import LOG_BITS, ONE, fixed, log2, log2_of, ratio, times_exp2, times_power
from lrspec.kinds.ramps import Ramp, Share
from lrspec.spec import After, after_field, init_field, number_field, steps_field, value_field


@dataclass(frozen=True, kw_only=True)
class Geometric(Ramp):
    """A straight line on a logarithmic scale: `lr(t) = init_value * (end_value / init_value) ** (t / steps)`.

    As learning-rate range tests, tri-stage decay and log-linear interpolation have it.

    Args:
        init_value: Value at step 0, or `previous`; not 0.
        end_value: Value at step `steps`; not 0, of the sign of `init_value`.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the end value, `continue` the curve, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Geometric(init_value=1.0, end_value=0.01, steps=2).values(0, 4)
        array([1.  , 0.1 , 0.01, 0.01], dtype=float32)
    """

    kind: ClassVar[str] = "geometric"
    formula_text: ClassVar[str] = "{init_value} * ({end_value} / {init_value}) ** (t / {steps})"
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    after: After = after_field()

    def curve(self) -> Curve:
        """`init_value * (end_value / init_value) ** (t / steps)`."""
        init, end, steps = Fraction(self.init), Fraction(self.end_value), self.steps
        log = log2_of(end / init)

        def curve(t: Time, precision: int) -> int:
            if t == steps:
                return fixed(end, precision)
            numerator, denominator = ratio(t, steps)
            return times_exp2(init, log * numerator // denominator, precision)

        return curve

    def _check(self) -> None:
        super()._check()
        if self.end_value == 0:
            raise SpecError("end_value", found="0.0", expected="a value other than 0")
        if not isinstance(self.init_value, str) and self.init_value * self.end_value <= 0:
            raise SpecError("init_value", found=show(self.init_value), expected="a value of the sign of `end_value`")


@dataclass(frozen=True, kw_only=True)
class OneMinusPower(Ramp):
    """One less a power of the time: `lr(t) = end_value + (init_value - end_value) * (1 - (t / steps) ** power)`.

    With power 0.5 the "1-sqrt" cooldown of warmup-stable-decay (arXiv:2405.18392). Upwards, from an `init_value` below
    `end_value`, it is the rise `(t / steps) ** power`: a square-root warmup with 0.5, a quadratic one with 2.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        power: Exponent of the time; above 0, at most 100.
        after: From step `steps` on: `hold` the end value, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> OneMinusPower(init_value=1.0, end_value=0.0, steps=4, power=0.5).values(0, 5).round(3)
        array([1.   , 0.5  , 0.293, 0.134, 0.   ], dtype=float32)
    """

    kind: ClassVar[str] = "one_minus_power"
    formula_text: ClassVar[str] = "{end_value} + ({init_value} - {end_value}) * (1 - (t / {steps}) ** {power})"
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    power: float = number_field(positive=True, maximum=100.0)
    after: After = after_field("hold", "error")

    def share(self) -> Share:
        """`1 - (t / steps) ** power`."""
        steps, power = self.steps, Fraction(self.power)

        def share(span: Fraction, t: Time, precision: int) -> int:
            if t == steps:
                return 0
            return fixed(span, precision) - times_power(span, ratio(t, steps), power, precision)

        return share


@dataclass(frozen=True, kw_only=True)
class NormalizedExponential(Ramp):
    """An exponential stretched to end at 0: `lr(t) = end_value + (init_value - end_value) * (r ** x - r) / (1 - r)`.

    `x = t / steps`, `r = ratio`. The exponential cooldown of Megatron (ratio 0.5) and timm.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        ratio: What the exponential itself falls to; above 0, below 1.
        after: From step `steps` on: `hold` the end value, `continue` the curve, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> NormalizedExponential(init_value=1.0, end_value=0.0, steps=2, ratio=0.25).values(0, 3)
        array([1.        , 0.33333334, 0.        ], dtype=float32)
    """

    kind: ClassVar[str] = "normalized_exponential"
    formula_text: ClassVar[str] = (
        "{end_value} + ({init_value} - {end_value}) * ({ratio} ** (t / {steps}) - {ratio}) / (1 - {ratio})"
    )
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    ratio: float = number_field(positive=True, maximum=1 - 2.0**-20)
    after: After = after_field()

    def share(self) -> Share:
        """`(ratio ** x - ratio) / (1 - ratio)`."""
        steps, r = self.steps, Fraction(self.ratio)
        log = log2_of(r)

        def share(span: Fraction, t: Time, precision: int) -> int:
            if t == steps:
                return 0
            numerator, denominator = ratio(t, steps)
            factor = span / (1 - r)
            return times_exp2(factor, log * numerator // denominator, precision) - fixed(factor * r, precision)

        return share


@dataclass(frozen=True, kw_only=True)
class Tanh(Ramp):
    """A hyperbolic tangent: `lr(t) = end_value + (init_value - end_value) * (1 - tanh(y)) / 2`.

    `y = lower * (1 - t / steps) + upper * t / steps`. The ends are near `init_value` and `end_value` but not equal to
    them. Hsueh et al., 2019 (arXiv:1806.01593), and timm's `TanhLRScheduler`. A sigmoid,
    `1 / (1 + exp(-k * (x - 1/2)))` of the way, has `lower: -k/4` and `upper: k/4`: the preset `sigmoid`. From
    `lower: 0`, with `init_value: -1` and `end_value: 1`, `2 / (1 + exp(-2 * upper * x)) - 1`: the ramp-up of
    domain-adversarial training.

    Args:
        init_value: Value far before the start, or `previous`.
        end_value: Value far after the end.
        steps: Length, in steps; a positive integer or fraction.
        lower: Where on the tangent it starts; -100 to 100, below `upper`.
        upper: Where it ends; -100 to 100.
        after: From step `steps` on: `hold` the value there, `continue` the curve, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Tanh(init_value=1.0, end_value=0.0, steps=2, lower=-1.0, upper=1.0).values(0, 3).round(3)
        array([0.881, 0.5  , 0.119], dtype=float32)
    """

    kind: ClassVar[str] = "tanh"
    formula_text: ClassVar[str] = (
        "{end_value} + ({init_value} - {end_value}) * "
        "(1 - tanh({lower} * (1 - t / {steps}) + {upper} * t / {steps})) / 2"
    )
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    lower: float = number_field(minimum=-100.0, maximum=100.0)
    upper: float = number_field(minimum=-100.0, maximum=100.0)
    after: After = after_field()

    def share(self) -> Share:
        """`1 / (1 + exp(2 y))`."""
        steps, lower, upper = self.steps, Fraction(self.lower), Fraction(self.upper)
        two_by_ln2 = (2 << 2 * LOG_BITS) // fixedpoint.ln2(LOG_BITS)

        def share(span: Fraction, t: Time, precision: int) -> int:
            y = lower + (upper - lower) * t / steps
            log = two_by_ln2 * y.numerator // y.denominator
            grown = times_exp2(ONE, log, precision)
            return (span.numerator << 2 * precision) // (span.denominator * (grown + (1 << precision)))

        return share

    def bends(self, first: Time, last: Time) -> Iterable[float]:  # noqa: ARG002 - there is one
        """Yield the time of the middle, where y is 0."""
        yield float(-self.steps * Fraction(self.lower) / (Fraction(self.upper) - Fraction(self.lower)))

    def _check(self) -> None:
        super()._check()
        if self.lower >= self.upper:
            raise SpecError("upper", found=show(self.upper), expected="a number above `lower`")


@dataclass(frozen=True, kw_only=True)
class Logarithmic(Ramp):
    """A logarithm: `lr(t) = init_value + (end_value - init_value) * ln(1 + t) / ln(1 + steps)`.

    The warmup of DeepSpeed's `WarmupLR`, where `steps` is one less than its `warmup_num_steps`.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the end value, `continue` the curve, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Logarithmic(init_value=0.0, end_value=1.0, steps=7).values(0, 9).round(3)
        array([0.   , 0.333, 0.528, 0.667, 0.774, 0.862, 0.936, 1.   , 1.   ],
              dtype=float32)
    """

    kind: ClassVar[str] = "logarithmic"
    formula_text: ClassVar[str] = "{init_value} + ({end_value} - {init_value}) * ln(1 + t) / ln(1 + {steps})"
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    after: After = after_field()

    def share(self) -> Share:
        """`ln((1 + steps) / (1 + t)) / ln(1 + steps)`."""
        steps = self.steps
        whole = log2_of(Fraction(1 + steps))

        def share(span: Fraction, t: Time, precision: int) -> int:
            left = log2(*ratio(1 + steps, 1 + t))
            return (left * span.numerator << precision) // (whole * span.denominator)

        return share


@dataclass(frozen=True, kw_only=True)
class Rex(Ramp):
    """Reflected exponential: `lr(t) = end_value + (init_value - end_value) * (1 - x) / (1 - x / 2)`, `x = t / steps`.

    Chen et al., 2021 (arXiv:2107.04197).

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the end value, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Rex(init_value=1.0, end_value=0.0, steps=2).values(0, 3)
        array([1.       , 0.6666667, 0.       ], dtype=float32)
    """

    kind: ClassVar[str] = "rex"
    formula_text: ClassVar[str] = (
        "{end_value} + ({init_value} - {end_value}) * (1 - t / {steps}) / (1 - t / {steps} / 2)"
    )
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    after: After = after_field("hold", "error")

    @property
    def is_rational(self) -> bool:
        """It is."""
        return True

    def share(self) -> Share:
        """`2 (steps - t) / (2 steps - t)`."""
        steps = self.steps
        return lambda span, t, precision: times_power(2 * span, ratio(steps - t, 2 * steps - t), ONE, precision)
