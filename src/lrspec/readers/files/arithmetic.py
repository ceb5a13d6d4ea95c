"""The arithmetic and functions of config files, on values of no more than some size."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

MAX_ITEMS = 100_000
"""The longest text, list or tuple that an operation makes."""
_MAX_BITS = 1024
_MAX_DIGITS = 100


def small(value: Any) -> Any:
    """Return a value that is of no more than some size.

    Args:
        value: The value.

    Raises:
        ValueError: It is larger.
    """
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ValueError("a very large number")
    if isinstance(value, str | list | tuple) and len(value) > MAX_ITEMS:
        raise ValueError(f"more than {MAX_ITEMS:,} items")
    return value


def numbers(*given: Any) -> None:
    """Refuse what is no number.

    Args:
        given: The values.

    Raises:
        TypeError: One is none.
    """
    if not all(isinstance(one, int | float) for one in given):
        raise TypeError("no number")


def _on_numbers(function: Callable[..., Any], *, most: int = 1) -> Callable[..., Any]:
    def of(*given: Any) -> Any:
        listed = given[0] if most > 1 and len(given) == 1 and isinstance(given[0], list | tuple) else given
        numbers(*list(listed))
        if len(given) > most:
            raise TypeError("too many arguments")
        return small(function(*given))

    return of


def _sequence(kind: Callable[[Any], Any]) -> Callable[..., Any]:
    def of(given: Any = ()) -> Any:
        if not isinstance(given, list | tuple):
            raise TypeError("no list")
        return kind(given)

    return of


def _round(number: Any, digits: Any = None) -> Any:
    if digits is not None and abs(digits) > _MAX_DIGITS:
        raise ValueError("very many digits")
    return round(number, digits)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "list": _sequence(list),
    "tuple": _sequence(tuple),
    "len": _sequence(len),
    "int": _on_numbers(int),
    "float": _on_numbers(float),
    "round": _on_numbers(_round, most=2),
    "abs": _on_numbers(abs),
    "min": _on_numbers(min, most=MAX_ITEMS),
    "max": _on_numbers(max, most=MAX_ITEMS),
}
"""The functions that are computed, where the file gives their names no other value."""


def _power(base: Any, exponent: Any) -> Any:
    numbers(base, exponent)
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > _MAX_BITS:
        raise ValueError("a very large number")
    return base**exponent


def _plus(one: Any, other: Any) -> Any:
    if not (isinstance(one, str | list | tuple) and type(one) is type(other)):
        numbers(one, other)
    elif len(one) + len(other) > MAX_ITEMS:
        raise ValueError(f"more than {MAX_ITEMS:,} items")
    return operator.add(one, other)


def _times(one: Any, other: Any) -> Any:
    if isinstance(other, str | list | tuple):
        one, other = other, one
    if isinstance(one, str | list | tuple) and isinstance(other, int):
        if len(one) * max(other, 0) > MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS:,} items")
        return one * other
    numbers(one, other)
    return one * other


OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _plus,
    ast.Sub: _on_numbers(operator.sub, most=2),
    ast.Mult: _times,
    ast.Div: _on_numbers(operator.truediv, most=2),
    ast.FloorDiv: _on_numbers(operator.floordiv, most=2),
    ast.Mod: _on_numbers(operator.mod, most=2),
    ast.Pow: _power,
}
"""The arithmetic of two values, which fails where it is not that of config files, or too large."""
