"""`repeat`: cycles of one schedule, of equal or growing length and of equal or changing height."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import ClassVar, Literal, get_args

from lrspec.compiler.formula import MAX_SPANS, Clock, Formula, Run, Span, Time, check_spans, joined, plain, simple
from lrspec.compiler.pointwise import flat
from lrspec.errors import SpecError
from lrspec.fields import LAST_STEP, Choice, Number, Period, Steps, show
from lrspec.kinds.combine import mapped
from lrspec.kinds.curves import ONE, constant, times_power
from lrspec.kinds.timing import value_formula
from lrspec.spec import After, Node, after_field, node_field, number_field, optional_steps_field

Scaling = Literal["all", "height", "peak"]
CycleRounding = Literal["none", "floor", "ceil"]
_BITS = 320
_MAX_LENGTH_BITS = 16_384
"""How long the exact length of a cycle may become, as a fraction."""
_NEGLIGIBLE = Fraction(1, 2**110)
_UNDERFLOW = Fraction(1, 2**128)


@dataclass(frozen=True, kw_only=True)
class Repeat(Node):
    """A schedule over and over: `lr(t) = scaled[i](part((t - start[i]) * cycle_steps / length[i]))` in cycle i.

    With `fixed_steps: F`, where `u = t - start[i]`, the part's time is `u` up to F, and
    `F + (u - F) * (cycle_steps - F) / (length[i] - F)` from there on.

    `length[0] = cycle_steps`, `length[i + 1] = cycle_mult * length[i]`, and `start[i]` is the sum of the lengths before
    it. With `f = peak_mult ** i * (i + 1) ** -peak_power`, the value v of the part becomes

    - `scaling: all`: `f * v`;
    - `scaling: height`: `floor_value + f * (v - floor_value)`;
    - `scaling: peak`: `floor_value + (f * peak_value - floor_value) / (peak_value - floor_value) * (v - floor_value)`:
      what was the peak becomes f times the peak, and the floor stays.

    SGDR (arXiv:1608.03983), and the restarts of PyTorch, Keras, timm, MMEngine and fairseq.

    Args:
        part: The schedule of the first cycle.
        cycle_steps: Length of the first cycle; by default the part's own.
        num_cycles: How many cycles; none by default: without end.
        cycle_mult: Factor from each cycle's length to the next one's; 1 or more, not necessarily whole.
        fixed_steps: How many steps of each cycle, its first, are not stretched where the cycles grow: those of a warmup
            that is as long in each of them. Below `cycle_steps`, and 0 by default; not necessarily whole.
        cycle_rounding: Whether each length that has grown is kept as it is (`none`), or rounded with `floor` or `ceil`.
        peak_mult: Factor of the values from each cycle to the next; above 0.
        peak_power: Power of the cycle's number, counted from 1, by which the values are divided; 0 or more.
        scaling: What the factor changes: `all`, `height` or `peak`.
        floor_value: What stays with `height` and `peak`.
        peak_value: What becomes f times itself with `peak`.
        after: After the last cycle: `hold` the value at its end, or `error`.

    Raises:
        SpecError: A field is not as described.

    Example:
        >>> from lrspec import Linear
        >>> saw = Linear(init_value=1.0, end_value=0.0, steps=2)
        >>> Repeat(part=saw, cycle_mult=2, peak_mult=0.5).values(0, 7)
        array([1.   , 0.5  , 0.5  , 0.375, 0.25 , 0.125, 0.25 ], dtype=float32)
    """

    kind: ClassVar[str] = "repeat"
    formula_text: ClassVar[str] = "over and over, cycles of {cycle_steps} * {cycle_mult} ** i steps"
    part: Node = node_field()
    cycle_steps: int | Fraction | None = optional_steps_field()
    num_cycles: int | None = field(default=None, metadata={"rule": Steps(duration=False)})
    cycle_mult: float | Fraction = field(default=1, metadata={"rule": Period(duration=False)})
    cycle_rounding: CycleRounding = field(default="none", metadata={"rule": Choice(get_args(CycleRounding))})
    fixed_steps: int | Fraction = field(default=0, metadata={"rule": Steps(zero=True, fractional=True)})
    peak_mult: float = number_field(1.0, positive=True)
    peak_power: float = number_field(0.0, minimum=0.0, maximum=100.0)
    scaling: Scaling = field(default="all", metadata={"rule": Choice(get_args(Scaling))})
    floor_value: float = field(default=0.0, metadata={"rule": Number()})
    peak_value: float | None = field(default=None, metadata={"rule": Number()})
    after: After = after_field("hold", "error")

    @property
    def length(self) -> int | Fraction | None:
        """The sum of the cycles' lengths, or None where they go on for ever."""
        if self.num_cycles is None:
            return None
        if self.cycle_mult == 1:
            return simple(self._first_length * self.num_cycles)
        total: Time = 0
        for i, (start, steps) in enumerate(self._cycles()):
            total = start + steps
            if i + 1 == self.num_cycles or total > 2**40:
                break
        return simple(total)

    @property
    def _first_length(self) -> Time:
        length = self.part.length if self.cycle_steps is None else self.cycle_steps
        if length is None:
            raise SpecError("cycle_steps", found="nothing", expected="a length, because the part has none")
        return length

    def _cycles(self, first: int = 0) -> Iterator[tuple[Time, Time]]:
        """Yield the start and the length of each cycle from the `first` on, which is 0 where the lengths grow."""
        steps = self._first_length
        start: Time = first * steps
        while True:
            yield start, steps
            start = simple(start + steps)
            if self.cycle_mult == 1:
                continue
            grown = steps * Fraction(self.cycle_mult)
            rounded = {"none": grown, "floor": Fraction(math.floor(grown)), "ceil": Fraction(math.ceil(grown))}
            steps = simple(rounded[self.cycle_rounding])
            if steps.denominator.bit_length() > _MAX_LENGTH_BITS:
                found = show(Period().write(Fraction(self.cycle_mult)))
                raise SpecError("cycle_mult", found=found, expected="fewer digits, fewer cycles, or a `cycle_rounding`")

    def formula(self, clock: Clock) -> Formula:
        """Return the cycles' formulas, one after another, or one with a modulo where all are alike."""
        several = (Fraction(self._first_length) / clock.rate).denominator
        if self._is_alike and self.num_cycles is None and 1 < several <= MAX_SPANS:  # which are a whole number of steps
            together = self._first_length * several
            if together <= LAST_STEP:
                return replace(self, part=replace(self, num_cycles=several), cycle_steps=together).formula(clock)
        end = clock.stop if self.length is None else clock.first(self.length)
        parts = list(self._cycle_formulas(replace(clock, stop=end))) if end else []
        if end < clock.stop:
            parts.append((end, self._last_value()))
        whole = joined(parts)
        return replace(whole, last_step=min(whole.last_step, end - 1)) if self.after == "error" else whole

    def _last_value(self) -> Formula:
        last = (self.num_cycles or 1) - 1
        return self._scaled(value_formula(self.part, self._first_length), last)

    def _cycle_formulas(self, clock: Clock) -> Iterator[tuple[int, Formula]]:
        cycles = list(islice(self._cycles_within(clock), MAX_SPANS + 1))
        check_spans(len(cycles))
        count = 0
        for i, start, length in cycles:
            begins, inner = clock.first(start), clock.since(start, start + length)
            if self._goes_on_alike(clock, start, length):
                yield begins, self._periodic(inner)
            elif i > cycles[0][0] and self._is_negligible(i):
                level = self.floor_value if self.scaling == "height" else 0.0
                yield begins, plain([Span(start=0, curve=constant(level), constant=True)])
            elif inner.stop:
                found = self._scaled(joined(self._stretched(inner, length)), i)
                count += sum(len(run.spans) for run in found.runs)
                check_spans(count)
                yield begins, found
                if found.last_step < inner.stop - 1:
                    yield begins + inner.stop, self._scaled(value_formula(self.part, self._first_length), i)
                    return

    def _stretched(self, clock: Clock, length: Time) -> Iterator[tuple[int, Formula]]:
        """Yield the part's formulas in a cycle: over the steps that are not stretched, and over those that are."""
        fixed = self.fixed_steps if length != self._first_length else 0
        begins = clock.first(fixed) if fixed else 0
        if begins:
            yield 0, self.part.formula(replace(clock, stop=begins))
        if begins < clock.stop:
            ratio = (Fraction(self._first_length) - fixed) / (Fraction(length) - fixed)
            offset = fixed + (clock.at(begins) - fixed) * ratio
            local = Clock(offset=simple(offset), rate=simple(clock.rate * ratio), stop=clock.stop - begins)
            yield begins, self.part.formula(local)

    def _cycles_within(self, clock: Clock) -> Iterator[tuple[int, Time, Time]]:
        """Yield number, start and length of each cycle up to one that stands for all that follow."""
        first = int(clock.offset // self._first_length) if self.cycle_mult == 1 else 0
        for i, (start, length) in enumerate(self._cycles(first), start=first):
            if clock.first(start) == clock.stop:
                return
            yield i, start, length
            if self._goes_on_alike(clock, start, length) or (i > first and self._is_negligible(i)):
                return

    @property
    def _is_alike(self) -> bool:
        return self.cycle_mult == 1 and self.peak_mult == 1 and self.peak_power == 0

    def _goes_on_alike(self, clock: Clock, start: Time, length: Time) -> bool:
        """Tell whether a cycle is one whole number of steps, as all that follow it."""
        steps = clock.first(start + length) - clock.first(start)
        return self._is_alike and Fraction(length) / clock.rate == steps < clock.stop - clock.first(start)

    def _periodic(self, cycle: Clock) -> Formula:
        """Return the formula of equal cycles, each of the clock's number of steps."""
        found = self.part.formula(cycle)
        if found.last_step < cycle.stop - 1:
            return joined([(0, found), (cycle.stop, value_formula(self.part, self._first_length))])
        if len(found.runs) == 1 and not found.runs[0].period:
            return Formula(runs=(replace(found.runs[0], period=cycle.stop),))
        ends = [*(run.start for run in found.runs[1:]), cycle.stop]
        spans = [
            replace(span, start=run.start + span.start)
            for run, end in zip(found.runs, ends, strict=True)
            for span in flat(run, end - run.start)
        ]
        return Formula(runs=(Run(start=0, spans=tuple(spans), period=cycle.stop),))

    def _factor(self, i: int) -> Fraction:
        """Return `peak_mult ** i * (i + 1) ** -peak_power`, to 320 bits."""
        factor = _power(Fraction(self.peak_mult), i)
        if self.peak_power:
            factor *= Fraction(times_power(ONE, (1, i + 1), Fraction(self.peak_power), _BITS), 1 << _BITS)
        return factor

    def _scaled(self, formula: Formula, i: int) -> Formula:
        factor, floor = self._factor(i), Fraction(self.floor_value)
        if self.scaling == "all":
            return mapped(formula, factor, Fraction(0))
        if self.scaling == "peak" and self.peak_value is not None:
            factor = (factor * Fraction(self.peak_value) - floor) / (Fraction(self.peak_value) - floor)
        return mapped(formula, factor, floor * (1 - factor))

    def _is_negligible(self, i: int) -> bool:
        """Tell whether the part no longer shows: smaller than float32 can hold, or than 2**-110 of the floor."""
        if self.scaling == "peak" or self.peak_mult >= 1:
            return False
        floor = abs(Fraction(self.floor_value)) if self.scaling == "height" else Fraction(0)
        limit = floor * _NEGLIGIBLE if floor else _UNDERFLOW
        return self._factor(i) * (self._bound + floor) < limit

    @cached_property
    def _bound(self) -> Fraction:
        """A number well above the size of the part's values, from some of them."""
        sample = self.part.formula(Clock(rate=Fraction(self._first_length) / 64, stop=65))
        return 4 * max(Fraction(abs(sample.at(k, 200)), 1 << 200) for k in range(65))

    def _check(self) -> None:
        if self._first_length < 1:
            raise SpecError("cycle_steps", found=show(self.cycle_steps), expected="at least 1 step")
        if self.fixed_steps >= self._first_length:
            expected = f"less than a cycle, {show(Period().write(self._first_length))}"
            raise SpecError("fixed_steps", found=show(Steps().write(self.fixed_steps)), expected=expected)
        if self.cycle_mult < 1:
            raise SpecError("cycle_mult", found=show(Period().write(Fraction(self.cycle_mult))), expected="1 or more")
        if self.after != "hold" and self.num_cycles is None:
            raise SpecError("after", found=show(self.after), expected="no `after` where there are no `num_cycles`")
        if self.scaling == "all" and self.floor_value:
            raise SpecError("floor_value", found=show(self.floor_value), expected="no such key with `scaling: all`")
        if (self.scaling == "peak") != (self.peak_value is not None):
            expected = "a value, because `scaling` is peak" if self.scaling == "peak" else "no such key without it"
            raise SpecError("peak_value", found=show(self.peak_value), expected=expected)
        if self.scaling == "peak" and self.peak_value == self.floor_value:
            raise SpecError("peak_value", found=show(self.peak_value), expected="another value than `floor_value`")


def _power(base: Fraction, exponent: int) -> Fraction:
    """Return `base ** exponent`, cut off below 320 bits after each multiplication."""
    result, square = Fraction(1), base
    while exponent:
        if exponent & 1:
            result = _short(result * square)
        square = _short(square * square)
        exponent >>= 1
    return result


def _short(number: Fraction) -> Fraction:
    excess = max(number.numerator.bit_length(), number.denominator.bit_length()) - 2 * _BITS
    if excess <= 0:
        return number
    shift = _BITS - number.numerator.bit_length() + number.denominator.bit_length()
    digits = (number.numerator << shift if shift > 0 else number.numerator >> -shift) // number.denominator
    return Fraction(digits, 1 << shift) if shift > 0 else Fraction(digits << -shift)
