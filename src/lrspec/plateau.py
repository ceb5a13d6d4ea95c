"""Reduce on plateau: one controller on the host, whose rule states every convention on which frameworks differ.

It is no schedule: what it does depends on a metric. It stands beside one, and lowers the rate that the schedule gives.
The rule is in plateau_rule.py.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, SupportsFloat

from lrspec.errors import LrspecError, SpecError
from lrspec.fields import Number, Steps, show
from lrspec.plateau_rule import PlateauRule

__all__ = ["PlateauRule", "ReduceOnPlateau"]

_COUNT = Steps(zero=True)
_FINITE = Number(float32=False)
_WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_KEYS = ("fingerprint", "best", "count", "cooldown", "reductions", "averaged", "mean")
_SMALLEST = 2.0**-126


class ReduceOnPlateau:
    """Lowers a rate where a metric stops improving: the state machine behind every preset.

    Args:
        rule: The conventions.

    Example:
        >>> controller = ReduceOnPlateau(PlateauRule.torch(patience=1, factor=0.5))
        >>> [controller.update(loss) for loss in (3.0, 2.0, 2.0, 2.0)]
        [1.0, 1.0, 1.0, 0.5]
        >>> controller.rate(0.25)
        0.125
    """

    def __init__(self, rule: PlateauRule) -> None:
        self.rule = rule
        self._best: float | None = None
        self._count = self._cooldown = self._reductions = self._averaged = 0
        self._mean = 0.0

    @property
    def reductions(self) -> int:
        """How often it has reduced."""
        return self._reductions

    @property
    def scale(self) -> float:
        """`factor`, `reductions` times over, and with `reduces: scale` not below `floor`: 1 before the first."""
        return self._reduced(1.0, bounded=self.rule.reduces == "scale")

    def rate(self, value: float) -> float:
        """Return the rate to apply where `value` is scheduled: a Python float that holds a float32 number exactly.

        With `reduces: scale` it is the float32 number nearest to `value * scale`. With `reduces: rate` it is the
        float32 number nearest to what `value` becomes when it is reduced `reductions` times, one after the other,
        each time to `max(rate * factor, floor)`, and only where that lowers it by more than `min_change`. So a floor
        stops reductions; it never raises a rate. A result below 2^-126 is 0.

        Args:
            value: The scheduled rate, a finite number.

        Raises:
            SpecError: `value` is not a number that float32 can hold.
        """
        value = _scheduled(value)
        if self.rule.reduces == "rate":
            return _narrow(self._reduced(value))
        return _nearest(Fraction(self._round(value)) * Fraction(self.scale))

    def update(self, metric: SupportsFloat, value: float | None = None) -> float:
        """Take in one metric, and return the scale.

        Args:
            metric: What is watched, such as the validation loss.
            value: The rate that is scheduled now. A reduction that cannot lower it, because of `floor` or
                `min_change`, is not counted. Without it every reduction counts, which gives a constant rate the same
                numbers.

        Raises:
            SpecError: `metric` is not a number, or a NaN where the rule has `nan: error`. The state is as before.
        """
        if isinstance(metric, bool) or not hasattr(metric, "__float__"):
            raise SpecError("metric", found=show(metric), expected="a number")
        scheduled = None if value is None else _scheduled(value)
        number = float(metric)
        if math.isnan(number) and self.rule.nan == "error":
            raise SpecError("metric", found="nan", expected="a number, as the rule has nan: error")
        if self.rule.arithmetic == "float32":
            number = _narrow(number)
        mean = self._multiply_add(self._mean, self._averaged, number) / (self._averaged + 1)
        self._mean = _narrow(mean) if self.rule.arithmetic == "float32" else mean
        self._averaged += 1
        if self._averaged == self.rule.average:
            judged, self._averaged, self._mean = self._mean, 0, 0.0
            self._judge(judged, scheduled)
        return self.scale

    def _judge(self, metric: float, value: float | None) -> None:
        cooling = self._cooldown > 0
        if cooling:
            self._cooldown -= 1
            self._count = 0
            cooling = self._cooldown > 0 or not self.rule.last_cooldown_counts
        if self._improves(metric):
            self._best = metric
            self._count = 0
        elif not cooling:
            self._count += 1
        if not cooling and self._is_full():
            self._reduce(value)

    def _improves(self, metric: float) -> bool:
        rule, best = self.rule, self._best
        if best is None:
            if rule.first == "accept":
                return rule.nan == "best_if_first" or not math.isnan(metric)
            best = math.inf if rule.mode == "min" else -math.inf
        sign = -1.0 if rule.mode == "min" else 1.0
        if rule.threshold_on == "best":
            best = self._multiply_add(best, 1.0 + sign * rule.relative, sign * rule.absolute)
        else:
            metric = self._multiply_add(metric, 1.0, -sign * rule.absolute)
        if rule.arithmetic != "rates":
            metric, best = self._round(metric), self._round(best)
        return metric < best if rule.mode == "min" else metric > best

    def _is_full(self) -> bool:
        count, patience = self._count, self.rule.patience
        if self.rule.patience_test == ">":
            return count > patience
        if self.rule.patience_test == "==":
            return count == patience
        return count >= max(patience, 1)

    def _reduce(self, value: float | None) -> None:
        can = self._can_reduce(value)
        if can:
            self._reductions += 1
        if can or self.rule.at_floor == "restart":
            self._count = 0
            self._cooldown = self.rule.cooldown

    def _can_reduce(self, value: float | None) -> bool:
        if self.rule.reduces == "scale":
            return self._lowered(self.scale) < self.scale
        if value is None:
            return True
        rate = self._reduced(value)
        if self.rule.at_floor == "wait":
            return rate > self._round(self.rule.floor)
        return self._lowered(rate) < rate

    def _lowered(self, rate: float, *, bounded: bool = True) -> float:
        """Return a rate, or scale, after one more reduction."""
        rule = self.rule
        lower = rate * (_narrow(rule.factor) if rule.arithmetic == "float32" else rule.factor)
        if not bounded:
            return self._round(lower)
        lower = self._round(max(lower, rule.floor))
        return lower if rate - lower > rule.min_change else rate

    def _reduced(self, rate: float, *, bounded: bool = True) -> float:
        """Return a rate, or scale, after all reductions: the number that the native object of a preset holds."""
        rate = self._round(rate)
        for _ in range(self._reductions):
            lower = self._lowered(rate, bounded=bounded)
            if lower == rate:
                break
            rate = lower
        return rate

    def _round(self, number: float) -> float:
        return number if self.rule.arithmetic == "float64" else _narrow(number)

    def _multiply_add(self, a: float, b: float, c: float) -> float:
        """Return `a * b + c`: in float32 rounded once, as XLA's fused operation does, else twice."""
        if self.rule.arithmetic != "float32":
            return a * b + c
        a, b, c = _narrow(a), _narrow(b), _narrow(c)
        if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
            return a * b + c
        return _nearest(Fraction(a) * Fraction(b) + Fraction(c))

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state as plain JSON data, with the fingerprint of the rule."""
        return {
            "fingerprint": self.rule.fingerprint,
            "best": None if self._best is None else _plain(self._best),
            "count": self._count,
            "cooldown": self._cooldown,
            "reductions": self._reductions,
            "averaged": self._averaged,
            "mean": _plain(self._mean),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; an error leaves the one before.

        Raises:
            LrspecError: The state is of another rule.
            SpecError: It is not a state.
        """
        if not isinstance(state, Mapping) or set(state) != set(_KEYS):
            found = f"the keys {show(sorted(map(str, state)))}" if isinstance(state, Mapping) else show(state)
            raise SpecError("state", found=found, expected=f"the keys {', '.join(_KEYS)}")
        if state["fingerprint"] != self.rule.fingerprint:
            found = str(state["fingerprint"])[:80]
            raise LrspecError(f"a checkpoint of plateau rule {found}: expected one of rule {self.rule.fingerprint}")
        best = None if state["best"] is None else _checked(state, "best", _number)
        mean = _checked(state, "mean", _number)
        count, cooldown, reductions, averaged = (_checked(state, key, _COUNT.read) for key in _KEYS[2:6])
        if cooldown > self.rule.cooldown:
            raise SpecError("state.cooldown", found=str(cooldown), expected=f"up to {self.rule.cooldown}")
        if averaged >= self.rule.average:
            raise SpecError("state.averaged", found=str(averaged), expected=f"less than {self.rule.average}")
        self._best, self._count, self._cooldown, self._reductions = best, count, cooldown, reductions
        self._averaged, self._mean = averaged, mean


def _checked(state: Mapping[str, Any], key: str, read: Callable[[Any], Any]) -> Any:
    try:
        return read(state[key])
    except SpecError as error:
        raise error.within(f"state.{key}") from None


def _plain(number: float) -> float | str:
    """Return a number as JSON can hold it: an infinity or NaN as a word."""
    return number if math.isfinite(number) else repr(number)


def _number(value: Any) -> float:
    return _WORDS[value] if isinstance(value, str) and value in _WORDS else _FINITE.read(value)


def _scheduled(value: float) -> float:
    try:
        number = _FINITE.read(value)
    except SpecError as error:
        raise error.within("value") from None
    if math.isinf(_narrow(number)):
        raise SpecError("value", found=show(value), expected="a number that float32 can hold")
    return number


def _narrow(number: float) -> float:
    """Return the nearest float32 number, or an infinity; 0 where that is below 2^-126 in size."""
    try:
        narrow: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)
    return 0.0 if abs(narrow) < _SMALLEST else narrow


def _nearest(exact: Fraction) -> float:
    """Return the float32 number nearest to an exact one, rounded once: by way of the float64 rounded to odd."""
    number = float(exact)
    if Fraction(number) != exact and not struct.pack("<d", number)[0] & 1:
        number = math.nextafter(number, math.inf if exact > number else -math.inf)
    return _narrow(number)
