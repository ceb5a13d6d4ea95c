"""Decays that have no end of their own: exponential, inverse in time, and a power law; the first two in stairs too."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal

from lrspec.compiler import near as nearly
from lrspec.compiler.formula import Clock, Curve, Time
from lrspec.errors import SpecError
from lrspec.fields import PREVIOUS, Flag, Period, show
from lrspec.kinds.curves import LOG_BITS, log2_of, times_exp2, times_power
from lrspec.kinds.leaf import Leaf, check_stair
from lrspec.spec import After, after_field, init_field, number_field, optional_steps_field


class _Decay(Leaf):
    """A decay per `decay_period` steps, smooth or in stairs."""

    init_value: float | Literal["previous"]
    decay_period: float | Fraction
    staircase: bool

    @property
    def init(self) -> float:
        """The value at time 0, as a number."""
        if isinstance(self.init_value, str):
            raise SpecError("init_value", found=PREVIOUS, expected="a number, because no part comes before")
        return self.init_value

    @property
    def stair(self) -> Time | None:
        """The decay period where there is a staircase."""
        if not self.staircase:
            return None
        return self.decay_period if isinstance(self.decay_period, int) else Fraction(self.decay_period)

    def _check(self) -> None:
        super()._check()
        if self.staircase:
            check_stair(self.decay_period, "decay_period", "at least 1 step for a staircase")  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Exponential(_Decay):
    """Exponential decay: `lr(t) = init_value * decay_rate ** (t / decay_period)`.

    With `staircase` the exponent is `floor(t / decay_period)`, an integer division: each drop comes at the first step
    `t >= k * decay_period`. As `keras.optimizers.schedules.ExponentialDecay` (where the period is called
    `decay_steps`), `torch.optim.lr_scheduler.ExponentialLR` (period 1) and `StepLR` (staircase) document it.

    Args:
        init_value: Value at step 0, or `previous`.
        decay_rate: Factor per `decay_period` steps; above 0; above 1 it grows.
        decay_period: Steps per application of the rate; above 0, at least 1 for a staircase; it need not be whole
            and is kept as the decimal that is written, so that 1501.32 means 150132/100.
        staircase: Whether the value drops at once every `decay_period` steps, rather than a little at every step.
        steps: Length, in steps; none by default: without end.
        after: From step `steps` on: `hold` the value reached, `continue` the decay, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> schedule = Exponential(init_value=0.1, decay_rate=0.96, decay_period=100_000, staircase=True)
        >>> schedule(99_999), schedule(100_000)
        (0.10000000149011612, 0.09600000083446503)
    """

    kind: ClassVar[str] = "exponential"
    formula_text: ClassVar[str] = "{init_value} * {decay_rate} ** (t / {decay_period})"
    init_value: float | Literal["previous"] = init_field()
    decay_rate: float = number_field(positive=True)
    decay_period: float | Fraction = field(metadata={"rule": Period()})
    staircase: bool = field(default=False, metadata={"rule": Flag()})
    steps: int | Fraction | None = optional_steps_field()
    after: After = after_field()

    @property
    def fades(self) -> bool:
        """Whether it decays."""
        return self.decay_rate < 1

    def curve(self) -> Curve:
        """`init_value * decay_rate ** (t / period)`; in stairs, of the number of stairs."""
        init, period = Fraction(self.init), Fraction(1) if self.staircase else Fraction(self.decay_period)
        log = log2_of(self.decay_rate)

        def curve(t: Time, precision: int) -> int:
            if isinstance(t, int):
                return times_exp2(init, log * t * period.denominator // period.numerator, precision)
            share = t / period
            return times_exp2(init, log * share.numerator // share.denominator, precision)

        return curve

    def near(self, clock: Clock) -> nearly.Near:
        """The same."""
        period = Fraction(1) if self.staircase else Fraction(self.decay_period)
        log = Fraction(log2_of(self.decay_rate), 1 << LOG_BITS)
        return nearly.exponential(clock.line(log / period), Fraction(self.init))


@dataclass(frozen=True, kw_only=True)
class InverseTime(_Decay):
    """Inverse time decay: `lr(t) = init_value / (1 + decay_rate * t / decay_period)`.

    With `staircase` it is `floor(t / decay_period)`, as in `keras.optimizers.schedules.InverseTimeDecay`.

    Args:
        init_value: Value at step 0, or `previous`.
        decay_rate: What the divisor grows by in `decay_period` steps; above 0.
        decay_period: Steps; above 0, at least 1 for a staircase; not necessarily whole.
        staircase: Whether the value drops at once every `decay_period` steps.
        steps: Length, in steps; none by default: without end.
        after: From step `steps` on: `hold` the value reached, `continue` the decay, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> InverseTime(init_value=1.0, decay_rate=0.5, decay_period=1).values(0, 4)
        array([1.       , 0.6666667, 0.5      , 0.4      ], dtype=float32)
    """

    kind: ClassVar[str] = "inverse_time"
    formula_text: ClassVar[str] = "{init_value} / (1 + {decay_rate} * t / {decay_period})"
    init_value: float | Literal["previous"] = init_field()
    decay_rate: float = number_field(positive=True)
    decay_period: float | Fraction = field(metadata={"rule": Period()})
    staircase: bool = field(default=False, metadata={"rule": Flag()})
    steps: int | Fraction | None = optional_steps_field()
    after: After = after_field()

    @property
    def fades(self) -> bool:
        """It does."""
        return True

    def curve(self) -> Curve:
        """`init_value / (1 + decay_rate * t / period)`; in stairs, of the number of stairs."""
        init, period = Fraction(self.init), Fraction(1) if self.staircase else Fraction(self.decay_period)
        growth = Fraction(self.decay_rate) / period
        top, bottom = init.numerator * growth.denominator, init.denominator

        def curve(t: Time, precision: int) -> int:
            divisor = growth.denominator * t.denominator + growth.numerator * t.numerator
            return (top * t.denominator << precision) // (bottom * divisor)

        return curve


@dataclass(frozen=True, kw_only=True)
class PowerLaw(Leaf):
    """A power law: `lr(t) = init_value * (timescale / (t + offset)) ** power`.

    With power 0.5 the inverse square root of Vaswani et al., 2017 (arXiv:1706.03762). Over the global time of a
    sequence it needs no offset; at t = 0 `t + offset` must be above 0.

    Args:
        init_value: Value at `t + offset = timescale`.
        power: Exponent; above 0, at most 100; 0.5 for the inverse square root.
        timescale: Steps; above 0, not necessarily whole.
        offset: Steps that are added to the time; 0 or above, not necessarily whole.
        steps: Length, in steps; none by default: without end.
        after: From step `steps` on: `hold` the value reached, `continue` the decay, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> PowerLaw(init_value=1.0, power=0.5, timescale=4, offset=4).values(0, 100)[[0, 12, 96]]
        array([1. , 0.5, 0.2], dtype=float32)
    """

    kind: ClassVar[str] = "power_law"
    formula_text: ClassVar[str] = "{init_value} * ({timescale} / (t + {offset})) ** {power}"
    init_value: float | Literal["previous"] = init_field()
    power: float = number_field(positive=True, maximum=100.0)
    timescale: float | Fraction = field(metadata={"rule": Period()})
    offset: float | Fraction = field(default=0, metadata={"rule": Period(signed=True)})
    steps: int | Fraction | None = optional_steps_field()
    after: After = after_field()

    @property
    def fades(self) -> bool:
        """It does."""
        return True

    def curve(self) -> Curve:
        """`init_value * (timescale / (t + offset)) ** power`."""
        if isinstance(self.init_value, str):
            raise SpecError("init_value", found=PREVIOUS, expected="a number, because no part comes before")
        init, power = Fraction(self.init_value), Fraction(self.power)
        scale, offset = Fraction(self.timescale), Fraction(self.offset)

        def curve(t: Time, precision: int) -> int:
            late = t + offset
            if late <= 0:
                raise SpecError(
                    "offset", found=f"a time of {t} + {offset}", expected="t + offset above 0 at every step"
                )
            return times_power(init, (scale / late).as_integer_ratio(), power, precision)

        return curve

    def near(self, clock: Clock) -> nearly.Near | None:
        """The same."""
        scale, offset = Fraction(self.timescale), Fraction(self.offset)
        late = clock.line(1 / scale, offset / scale)
        return nearly.inverse_power(late, Fraction(self.power), Fraction(self.init_value))

    def _check(self) -> None:
        super()._check()
        if self.offset < 0:
            raise SpecError("offset", found=show(self.offset), expected="0 or more steps")
