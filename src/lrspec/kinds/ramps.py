"""Curves from one value to another: `end_value + (init_value - end_value) * share(t / steps)`.

The share goes from 1 to 0, so that the digits of a small end are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import atan, ceil, copysign, cos, floor, inf, isfinite, pi, sin, sqrt
from typing import ClassVar, Literal, TypeAlias

from lrspec.compiler import fixedpoint, near as nearly
from lrspec.compiler.formula import Changes, Clock, Curve, Formula, Time, changes_of, plain, total
from lrspec.errors import SpecError
from lrspec.fields import PREVIOUS
from lrspec.kinds.curves import ONE, RATIONAL_POWER, constant, fixed, ratio, times_power
from lrspec.kinds.leaf import Leaf
from lrspec.spec import After, after_field, init_field, number_field, optional_steps_field, steps_field, value_field

Share: TypeAlias = Callable[[Fraction, Time, int], int]
"""`share(span, t, precision)`: the share at time t, times `span`, in fixed point."""


_BITS_OF_WAVE = 64
_CUSP = 0.5
"""Up to this exponent the cosine's lowest points are cusps, between which it is concave."""


@dataclass(frozen=True, kw_only=True)
class Constant(Leaf):
    """One value: `lr(t) = value`.

    Args:
        value: The value; a finite number.
        steps: Length, in steps; none by default: without end. A part of a sequence needs it, unless it is the last.
        after: What follows `steps`: `hold`, `continue` (the same here) or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Constant(value=0.1)(1_000_000)
        0.10000000149011612
    """

    kind: ClassVar[str] = "constant"
    formula_text: ClassVar[str] = "{value}"
    ends_flat: ClassVar[bool] = True
    value: float = value_field()
    steps: int | Fraction | None = optional_steps_field()
    after: After = after_field()

    def curve(self) -> Curve:
        """`value`."""
        return constant(self.value)

    def shape(self, clock: Clock) -> Formula:  # noqa: ARG002 - the same at any time
        """Return the one value."""
        return plain([self.end()])


class Ramp(Leaf):
    """A curve from one value to another."""

    init_value: float | Literal["previous"]
    end_value: float
    steps: int | Fraction

    @property
    def begins_at_init(self) -> bool:
        """Whether the value at time 0 is taken from `init_value`, because the share there is not computed as 1."""
        return False

    def share(self) -> Share:
        """Return the share of `init_value - end_value` that is left, times a factor."""
        raise NotImplementedError

    def curve(self) -> Curve:
        """`end_value + (init_value - end_value) * share`."""
        end, span, share, is_rational = self.end_value, self.span, self.share(), self.is_rational
        init = self.init if self.begins_at_init else None

        def curve(t: Time, precision: int) -> int:
            if t == 0 and init is not None:
                return fixed(init, precision)
            terms = fixed(end, precision), share(span, t, precision)
            return sum(terms) if is_rational or t == 0 else total(*terms)

        return curve

    def near(self, clock: Clock) -> nearly.Near | None:
        """The same."""
        share = self.near_share(clock)
        return None if share is None else nearly.plus(share, Fraction(self.end_value))

    def near_share(self, clock: Clock) -> nearly.Near | None:  # noqa: ARG002 - a curve need not have it
        """Return the share times `span` nearly."""
        return None

    @property
    def is_rational(self) -> bool:
        """Whether the share is a fraction, so that no sum with it hides in an error."""
        return False

    @property
    def init(self) -> float:
        """The value at time 0, as a number."""
        if isinstance(self.init_value, str):
            raise SpecError("init_value", found=PREVIOUS, expected="a number, because no part comes before")
        return self.init_value

    @property
    def span(self) -> Fraction:
        """`init_value - end_value`, exactly."""
        return Fraction(self.init) - Fraction(self.end_value)


@dataclass(frozen=True, kw_only=True)
class Linear(Ramp):
    """A straight line: `lr(t) = init_value + (end_value - init_value) * t / steps` for `t < steps`.

    Step 0 uses `init_value`; step `steps` is the first with `end_value`.

    Args:
        init_value: Value at step 0, or `previous`: the value that the part before in a sequence has at its end.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the end value, `continue` the line, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Linear(init_value=0.0, end_value=1.0, steps=4).values(0, 6)
        array([0.  , 0.25, 0.5 , 0.75, 1.  , 1.  ], dtype=float32)
    """

    kind: ClassVar[str] = "linear"
    formula_text: ClassVar[str] = "{init_value} + ({end_value} - {init_value}) * t / {steps}"
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    after: After = after_field()

    @property
    def is_rational(self) -> bool:
        """It is."""
        return True

    def share(self) -> Share:
        """`1 - t / steps`."""
        steps = self.steps
        return lambda span, t, precision: times_power(span, ratio(steps - t, steps), ONE, precision)

    def near_share(self, clock: Clock) -> nearly.Near | None:
        """The same."""
        return nearly.power_of(clock.line(-1 / Fraction(self.steps), ONE), ONE, self.span)


@dataclass(frozen=True, kw_only=True)
class Polynomial(Ramp):
    """A power of the remaining share: `lr(t) = end_value + (init_value - end_value) * (1 - x) ** power`.

    Steep at first and level at its end, downwards and upwards: a quadratic decay with power 2. The rise `x ** p` that
    begins level (an ease-in, a quadratic warmup) is `one_minus_power`.

    `x = (t / steps) ** k_decay`, with `k_decay` 1 by default. As `keras.optimizers.schedules.PolynomialDecay` (with
    `cycle=False`), `optax.polynomial_schedule` and timm's `PolyLRScheduler` (with `k_decay`) have it.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        power: Exponent; above 0, at most 100.
        k_decay: Exponent of the time; above 0, at most 100.
        after: From step `steps` on: `hold` the end value, `continue` the polynomial (whole powers only), or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Polynomial(init_value=1.0, end_value=0.0, steps=4, power=2).values(0, 5)
        array([1.    , 0.5625, 0.25  , 0.0625, 0.    ], dtype=float32)
    """

    kind: ClassVar[str] = "polynomial"
    formula_text: ClassVar[str] = (
        "{end_value} + ({init_value} - {end_value}) * (1 - (t / {steps}) ** {k_decay}) ** {power}"
    )
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    power: float = number_field(positive=True, maximum=100.0)
    k_decay: float = number_field(1.0, positive=True, maximum=100.0)
    after: After = after_field()

    @property
    def is_rational(self) -> bool:
        """Whether the powers are whole ones."""
        return self.k_decay == 1 and self.power.is_integer() and self.power <= RATIONAL_POWER

    def share(self) -> Share:
        """`(1 - x) ** power`."""
        steps, power = self.steps, Fraction(self.power)
        if self.k_decay == 1:
            return lambda span, t, precision: times_power(span, ratio(steps - t, steps), power, precision)
        warp = Fraction(self.k_decay)

        def share(span: Fraction, t: Time, precision: int) -> int:
            left = (1 << precision) - times_power(ONE, ratio(t, steps), warp, precision)
            return times_power(span, (max(left, 0), 1 << precision), power, precision)

        return share

    def near_share(self, clock: Clock) -> nearly.Near | None:
        """The same, where there is no `k_decay`."""
        if self.k_decay != 1:
            return None
        return nearly.power_of(clock.line(-1 / Fraction(self.steps), ONE), Fraction(self.power), self.span)

    def bends(self, first: Time, last: Time) -> Iterable[float]:  # noqa: ARG002 - there is one at most
        """Yield the end, where an odd power goes on, and the bend that `k_decay` makes."""
        yield float(self.steps)
        warp, power = self.k_decay, self.power
        whole = (warp - 1) + (power - 1) * warp
        if whole and 0 < (warp - 1) / whole < 1:
            yield float(self.steps) * ((warp - 1) / whole) ** (1 / warp)

    def _check(self) -> None:
        super()._check()
        if self.after == "continue" and not (self.power.is_integer() and self.k_decay == 1):
            found = f"'continue' with power {self.power}" + (f", k_decay {self.k_decay}" if self.k_decay != 1 else "")
            raise SpecError("after", found=found, expected="hold or error, or a whole power")


@dataclass(frozen=True, kw_only=True)
class Sine(Ramp):
    """A quarter of a sine: `lr(t) = init_value + (end_value - init_value) * sin(pi / 2 * t / steps)`.

    Steep at first and level at its end: a warmup that eases into its peak. The quarter that is level at its start,
    `1 - sin(pi / 2 * (1 - x))` of the way, is a `cosine` with `exponent: 0.5`.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`.
        steps: Length, in steps; a positive integer or fraction.
        after: From step `steps` on: `hold` the end value, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Sine(init_value=0.0, end_value=1.0, steps=3).values(0, 4).round(3)
        array([0.   , 0.5  , 0.866, 1.   ], dtype=float32)
    """

    kind: ClassVar[str] = "sine"
    formula_text: ClassVar[str] = "{init_value} + ({end_value} - {init_value}) * sin(pi / 2 * t / {steps})"
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    after: After = after_field("hold", "error")

    def share(self) -> Share:
        """`1 - cos(pi / 2 * (1 - x))`, which is `1 - sin(pi / 2 * x)`."""
        steps = self.steps

        def share(span: Fraction, t: Time, precision: int) -> int:
            left, whole = ratio(steps - t, steps)
            angle = fixedpoint.pi(precision + 16) * left // (whole << 17)
            return fixedpoint.versine(angle, precision) * span.numerator // span.denominator

        return share


@dataclass(frozen=True, kw_only=True)
class Cosine(Ramp):
    """A cosine: `lr(t) = end_value + (init_value - end_value) * ((1 + cos(2 pi * cycles * x)) / 2) ** exponent`.

    `x = (t / steps) ** k_decay`. With the defaults it is half a period, `cos(pi * t / steps)`: SGDR, Loshchilov and
    Hutter, 2016 (arXiv:1608.03983), without the restarts. `cycles` is Hugging Face's `num_cycles`, `exponent` is
    Optax', `k_decay` timm's (arXiv:2004.05909). With `exponent: 0.5` it is `|cos(pi * cycles * x)|`: by default a
    quarter of a cosine, level at its start (a sine ease-in); `sine` is the one that is level at its end.

    Args:
        init_value: Value at step 0, or `previous`.
        end_value: Value at step `steps`; absolute, where Keras and Optax take a ratio `alpha`.
        steps: Length, in steps; a positive integer or fraction.
        cycles: Periods of the cosine in `steps`; above 0, at most 10,000.
        exponent: Exponent of the share; above 0, at most 100.
        k_decay: Exponent of the time; above 0, at most 100.
        after: From step `steps` on: `hold` the value there (Keras, Optax), `continue` the cosine, which rises again
            (PyTorch's `CosineAnnealingLR`), or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> Cosine(init_value=1.0, end_value=0.0, steps=2, after="continue").values(0, 5)
        array([1. , 0.5, 0. , 0.5, 1. ], dtype=float32)
    """

    kind: ClassVar[str] = "cosine"
    formula_text: ClassVar[str] = (
        "{end_value} + ({init_value} - {end_value}) * "
        "((1 + cos(2 pi * {cycles} * (t / {steps}) ** {k_decay})) / 2) ** {exponent}"
    )
    init_value: float | Literal["previous"] = init_field()
    end_value: float = value_field()
    steps: int | Fraction = steps_field()
    cycles: float = number_field(0.5, positive=True, maximum=10_000.0)
    exponent: float = number_field(1.0, positive=True, maximum=100.0)
    k_decay: float = number_field(1.0, positive=True, maximum=100.0)
    after: After = after_field()

    @property
    def repeats(self) -> Time | None:
        """The period of the cosine."""
        period = Fraction(self.steps) / Fraction(self.cycles)
        return period if self.k_decay == 1 else None

    @property
    def wave(self) -> Time | None:
        """Half a period of the cosine; with `k_decay`, where it is shortest: at the end, or at the start."""
        if self.cycles <= 0.5 and self.after != "continue":
            return None
        turns, warp = 2 * Fraction(self.cycles), Fraction(self.k_decay)
        if warp >= 1:
            return Fraction(self.steps) / turns / warp
        return Fraction(times_power(Fraction(self.steps), ratio(1, turns), 1 / warp, _BITS_OF_WAVE), 1 << _BITS_OF_WAVE)

    @property
    def begins_at_init(self) -> bool:
        """Whether the share is computed by a logarithm."""
        return self.exponent != 1

    def share(self) -> Share:
        """`((1 + cos(2 pi * cycles * x)) / 2) ** exponent`, by the versine of the way to the nearest lowest point."""
        half_turns, steps, exponent = 2 * Fraction(self.cycles), self.steps, Fraction(self.exponent)
        simple, warp = self.cycles == 0.5, Fraction(self.k_decay)

        def way(t: Time, precision: int) -> int:
            """Return `pi * |1 - (half turns mod 2)|` in fixed point."""
            if warp != 1:
                turns = times_power(half_turns, ratio(t, steps), warp, precision + 16) % (2 << precision + 16)
                return fixedpoint.pi(precision) * abs((1 << precision + 16) - turns) >> (precision + 16)
            if simple and t <= steps:
                left, whole = ratio(steps - t, steps)
            else:
                turns_left = abs(1 - half_turns * t / steps % 2)
                left, whole = turns_left.numerator, turns_left.denominator
            return fixedpoint.pi(precision + 16) * left // (whole << 16)

        def share(span: Fraction, t: Time, precision: int) -> int:
            versine = fixedpoint.versine(way(t, precision), precision)
            if exponent != 1:
                return times_power(span, (versine, 2 << precision), exponent, precision)
            return versine * span.numerator // (2 * span.denominator)

        return share

    def near_share(self, clock: Clock) -> nearly.Near | None:
        """The same, where there is no `k_decay`."""
        if self.k_decay != 1:
            return None
        way = clock.line(2 * Fraction(self.cycles) / Fraction(self.steps))
        return nearly.cosine(way, Fraction(self.exponent), self.span)

    def bends(self, first: Time, last: Time) -> Iterable[float]:
        """Yield where the share's second derivative is 0, or where it has a cusp: so far from each lowest point."""
        half = float(self.steps) / (2 * self.cycles)  # of a period, from the highest to the lowest point
        away = 1 - 2 * atan(1 / sqrt(2 * self.exponent - 1)) / pi if self.exponent > _CUSP else 0.0
        cycle, margin = int(float(first) / (2 * half)) - 1, 1e-9 * (abs(float(last)) + half)
        while (2 * cycle - 1) * half < float(last):
            for turn in {(2 * cycle + 1 - away) * half, (2 * cycle + 1 + away) * half}:
                if float(first) - margin <= turn <= float(last) + margin:
                    yield turn
            cycle += 1

    def changes(self, clock: Clock, curve: Curve) -> Changes:
        """Return bounds of the changes; with `k_decay`, those of the slope over the warped time."""
        return super().changes(clock, curve) if self.k_decay == 1 else self._warped_changes(clock, curve)

    def _warped_changes(self, clock: Clock, curve: Curve) -> Changes:
        """Return bounds of the slope: of the cosine over the warped time, times that of the warped time.

        They are in floating point, with a margin beyond its rounding: they say where to look, not what is there.
        """
        steps, warp, exponent, speed = float(self.steps), self.k_decay, self.exponent, 2 * pi * self.cycles
        plain = Cosine(init_value=1.0, end_value=0.0, steps=1, cycles=self.cycles, exponent=exponent)
        scale = float(self.span) * float(clock.rate)

        def slope(y: float) -> float:
            cosine = cos(speed * y / 2)
            size = abs(cosine) ** (2 * exponent - 1) if cosine or exponent > _CUSP else inf
            return -exponent * speed * copysign(size, cosine) * sin(speed * y / 2)

        def changes(first: int, count: int, precision: int) -> tuple[int, int] | None:
            if count == 1:
                return changes_of(curve)(first, 1, precision)
            shares = [max(float(clock.at(k)) / steps, 0.0) for k in (first, first + count)]
            ends = [share**warp for share in shares]
            bends = list(islice(plain.bends(Fraction(ends[0]), Fraction(ends[1])), 9))
            if len(bends) > (8 if exponent > _CUSP else 0) or (warp < 1 and not shares[0]):
                return None
            slopes = [slope(min(max(y, ends[0]), ends[1])) for y in (*ends, *bends)]
            times = [warp * share ** (warp - 1) / steps for share in shares]
            products = [scale * a * b for a in slopes for b in times]
            margin = max(map(abs, products)) * 1e-9
            if not isfinite(margin):
                return None
            low, high = Fraction(min(products) - margin), Fraction(max(products) + margin)
            return floor(low * (1 << precision)) - 16, ceil(high * (1 << precision)) + 16

        return changes

    def _check(self) -> None:
        super()._check()
        if self.after == "continue" and (self.repeats is None or Fraction(self.repeats).denominator != 1):
            found = f"'continue' with cycles {self.cycles:g}, k_decay {self.k_decay:g}"
            raise SpecError("after", found=found, expected="hold or error, or a period that is a whole number of steps")
