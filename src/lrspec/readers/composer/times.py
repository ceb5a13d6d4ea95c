"""Composer's times, such as `10ba` or `0.1dur`, as numbers of updates. It truncates what it converts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrspec.compiler.formula import Time, simple

TIME = r"[0-9][0-9_]{0,40}(?:\.[0-9]{0,40})?(?:e[-+]?[0-9]{1,3})? *(?:ba|ep|tok|sp|dur)"
"""What a time is, as a regular expression, whatever the case."""
_PARTS = re.compile(TIME.replace("(?:ba", "(ba"), re.IGNORECASE)


@dataclass(frozen=True)
class Moment:
    """A time as Composer holds it.

    Args:
        value: The number; a whole one, but for shares of the run.
        unit: `ba`, batches, which are updates; `ep`, epochs; `sp`, samples; `tok`, tokens; `dur`, shares of the run.
    """

    value: int | float
    unit: str


def parsed(text: str) -> Moment | None:
    """Return the time that a text stands for; None where it is none, as with a part of a batch or an epoch.

    Args:
        text: The text.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return None
    unit = found[1].lower()
    value = float(text.strip()[: found.start(1)])
    if unit == "dur":
        return Moment(value, unit)
    return Moment(int(value), unit) if value.is_integer() else None


@dataclass(frozen=True)
class Length:
    """A time that was converted.

    Args:
        count: How many of the unit it is.
        unit: What Composer compares it in: `ba`, `sp` or `tok`.
        per_update: How many of the unit an update has.
    """

    count: int
    unit: str
    per_update: Fraction

    @property
    def updates(self) -> Time:
        """The number of updates."""
        return simple(self.count / self.per_update)


@dataclass(frozen=True)
class Run:
    """What a run makes of times.

    Args:
        duration: Its `max_duration`.
        per: How many batches an epoch has, and how many samples and tokens an update, by `ep`, `sp` and `tok`; it
            raises where that is not known.
    """

    duration: Moment
    per: Callable[[str], Fraction]

    def length(self, moment: Moment) -> Length:
        """Return a time in what Composer converts it to.

        Args:
            moment: The time.
        """
        if moment.unit != "dur":
            return self._of(int(moment.value), moment.unit)
        whole, unit = self.duration.value, self.duration.unit
        if unit == "ep":  # the products are Composer's own, in float64, and from left to right
            return self._of(int(moment.value * int(self.per("ep")) * whole), "ba")
        return self._of(int(moment.value * whole), unit)

    def _of(self, count: int, unit: str) -> Length:
        if unit == "ep":
            return Length(count * int(self.per("ep")), "ba", Fraction(1))
        return Length(count, unit, Fraction(1) if unit == "ba" else self.per(unit))
