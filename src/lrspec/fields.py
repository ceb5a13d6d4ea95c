"""What a field of a node may hold: a rule per sort of field, which checks a value and describes itself in JSON Schema.

A rule's `read` returns the value in its one stored form or raises a `SpecError` whose path is relative to the field.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any, Protocol

from lrspec.errors import SpecError

LAST_STEP = 2**31 - 1
"""The last step that any schedule has."""
MAX_ITEMS = 4096
"""The largest number of items in a list: values, boundaries, parts."""
_SMALLEST, _LARGEST = 2.0**-126, (2 - 2**-23) * 2.0**127
_MAX_DIGITS = 4000


class Rule(Protocol):
    """How one field is checked, written and described."""

    def read(self, value: Any) -> Any:
        """Return `value` in its stored form; raise `SpecError` when it is not allowed."""

    def write(self, value: Any) -> Any:
        """Return the stored value as plain JSON data."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the field."""


def show(value: object) -> str:
    """Return a short text of what was found, for an error message."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**30:
        return "a very large integer"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def in_steps(count: float | Fraction, form: str = "") -> str:
    """Return a number of steps in words.

    Example:
        >>> in_steps(1), in_steps(1000, ",")
        ('1 step', '1,000 steps')
    """
    return f"{count:{form}} {'step' if count == 1 else 'steps'}"


def whole_step(step: Any) -> int:
    """Return a step as an integer.

    Raises:
        TypeError: It is none, such as a float or a tracer.
    """
    try:
        return operator.index(step)
    except TypeError:
        expected = "an integer; to_keras() and to_optax() take arrays and tracers of them"
        raise TypeError(f"a step of {show(step)}: expected {expected}") from None


def is_integer(value: object) -> bool:
    """Tell whether `value` is an integer; a bool is not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written in UTF-8: it has no half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A finite binary64 number; with `float32`, one that float32 can also hold without overflow or underflow."""

    positive: bool = False
    minimum: float | None = None
    maximum: float | None = None
    float32: bool = True

    def read(self, value: Any) -> float:
        number = self._float(value)
        if not math.isfinite(number):
            raise SpecError("", found=show(value), expected="a finite number")
        if self.positive and number <= 0:
            raise SpecError("", found=show(value), expected="a number above 0")
        if self.minimum is not None and number < self.minimum:
            raise SpecError("", found=show(value), expected=f"a number from {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise SpecError("", found=show(value), expected=f"a number up to {self.maximum:g}")
        if self.float32 and number != 0 and not _SMALLEST <= abs(number) <= _LARGEST:
            expected = "0 or a number that float32 can hold, of size 1.18e-38 to 3.40e+38"
            raise SpecError("", found=show(value), expected=expected)
        return number + 0.0  # -0.0 becomes 0.0

    @staticmethod
    def _float(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise SpecError("", found=show(value), expected="a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if isinstance(value, Rational) and (math.isinf(number) or number != value):
            raise SpecError("", found=show(value), expected="a number that binary64 holds exactly")
        return number

    def write(self, value: float) -> float:
        return value

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if self.positive:
            schema["exclusiveMinimum"] = 0
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        elif self.float32:
            schema |= {"minimum": -_LARGEST, "maximum": _LARGEST}
        return schema


PREVIOUS = "previous"
"""The word for the value that the part before has at its end."""


@dataclass(frozen=True)
class InitValue:
    """A value of the schedule, or the word `previous`."""

    def read(self, value: Any) -> float | str:
        return PREVIOUS if isinstance(value, str) and value == PREVIOUS else Number().read(value)

    def write(self, value: float | str) -> float | str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"oneOf": [Number().schema(), {"const": PREVIOUS}]}


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A whole number of steps, 1 to 2^31 - 1, or 0 too; with `fractional`, an exact fraction such as 59/2 too."""

    fractional: bool = False
    zero: bool = False
    duration: bool = True
    """Whether a text such as `5 epochs` may stand for the number."""

    def read(self, value: Any) -> int | Fraction:
        if self.fractional and isinstance(value, Fraction | str) and not is_integer(value):
            return Period().read(value)
        if not is_integer(value):
            expected = "a whole number of steps" if self.zero else "a positive whole number of steps"
            raise SpecError("", found=show(value), expected=expected)
        if not (0 if self.zero else 1) <= value <= LAST_STEP:
            expected = f"a whole number of steps from {0 if self.zero else 1} to {LAST_STEP}"
            raise SpecError("", found=show(value), expected=expected)
        return int(value)

    def write(self, value: int | Fraction) -> int | str:
        return value if isinstance(value, int) else f"{value.numerator}/{value.denominator}"

    def schema(self) -> dict[str, Any]:
        if not self.duration:
            return {"type": "integer", "minimum": 0 if self.zero else 1, "maximum": LAST_STEP}
        return {"$ref": f"#/$defs/{'length' if self.fractional else 'steps'}{'_or_none' if self.zero else ''}"}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A positive length in steps that need not be whole, kept as the exact decimal or fraction that was written.

    With `signed` it may be 0 or negative, such as a shift; without `duration` it is a factor, not a length.
    """

    signed: bool = False
    duration: bool = True

    def read(self, value: Any) -> int | Fraction:
        if isinstance(value, bool) or not isinstance(value, Real | str):
            raise SpecError("", found=show(value), expected="a positive number of steps")
        if not isinstance(value, str) and not math.isfinite(value):
            raise SpecError("", found=show(value), expected="a finite number of steps")
        exact = self._fraction(value)
        low = -LAST_STEP - 1 if self.signed else 0
        if not low < exact <= LAST_STEP or exact.denominator >= 2**63:
            expected = f"a {'' if self.signed else 'positive '}number of steps up to {LAST_STEP}"
            raise SpecError("", found=show(value), expected=expected)
        return exact.numerator if exact.denominator == 1 else exact

    def _fraction(self, value: Any) -> Fraction:
        if isinstance(value, Rational):
            return Fraction(int(value.numerator), int(value.denominator))
        if isinstance(value, str):
            numerator, slash, denominator = value.partition("/")
            digits = numerator.removeprefix("-") if self.signed else numerator
            if not (slash and _is_digits(digits) and _is_digits(denominator) and int(denominator)):
                expected = "a number of steps, or a fraction such as '1000/3'"
                raise SpecError("", found=show(value), expected=expected)
            return Fraction(int(numerator), int(denominator))
        return Fraction(repr(float(value)))

    def write(self, value: int | Fraction) -> int | float | str:
        if isinstance(value, int):
            return value
        number = value.numerator / value.denominator
        return number if Fraction(repr(number)) == value else f"{value.numerator}/{value.denominator}"

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{'any_steps' if self.signed else 'period' if self.duration else 'factor'}"}


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


@dataclass(frozen=True, kw_only=True)
class Flag:
    """True or false."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SpecError("", found=show(value), expected="true or false")
        return value

    def write(self, value: bool) -> bool:  # noqa: FBT001 - the one argument of every rule's write
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, kw_only=True)
class Text:
    """Words for people."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > _MAX_DIGITS:
            raise SpecError("", found=show(value), expected=f"a text of up to {_MAX_DIGITS} characters")
        if not is_unicode(value):
            raise SpecError("", found=ascii(value)[:60], expected="a text without lone surrogates")
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": _MAX_DIGITS}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise SpecError("", found=show(value), expected=f"one of {', '.join(self.words)}")
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class ListOf:
    """A list of 1 to `most` items that each follow one rule; with `increasing`, each above the one before it."""

    item: Rule
    increasing: bool = False
    most: int = MAX_ITEMS

    def read(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise SpecError("", found=show(value), expected="a list")
        if not 1 <= len(value) <= self.most:
            raise SpecError("", found=f"{len(value)} items", expected=f"1 to {self.most} items")
        items = []
        for i, element in enumerate(value):
            try:
                items.append(self.item.read(element))
            except SpecError as error:
                raise error.within(f"[{i}]") from None
            if self.increasing and i and items[i] <= items[i - 1]:
                raise SpecError(f"[{i}]", found=show(element), expected=f"more than {items[i - 1]}, the one before")
        return tuple(items)

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.write(element) for element in value]

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), "minItems": 1, "maxItems": self.most}
