"""Integer arithmetic of a shell, `$((A * B))`, worked out here: bounded, and None for what is not this."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+)|\$?(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))|(\*\*|[-+*/%()]))")
_NUMBER = re.compile(r"\s*-?(0[xX][0-9a-fA-F]+|0|[1-9][0-9]{0,18})\s*")
_MAX_LENGTH = 400


def evaluate(text: str, value: Callable[[str], str | None]) -> int | None:
    """Return the value of an expression of + - * / % ** and parentheses.

    Args:
        text: The expression.
        value: The text of a variable, or None where it is not known.

    Returns:
        The value, or None where the expression is another, has an unknown variable, or leaves 64 bits.
    """
    if len(text) > _MAX_LENGTH:
        return None
    tokens: list[int | str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        name = match[2] or match[3]
        number = match[1] if name is None else value(name)
        if match[4] is None and (number is None or not _NUMBER.fullmatch(number)):
            return None
        tokens.append(match[4] or int(number or "0", 0))
    try:
        result = _Sum(tokens).whole()
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):  # not an expression, or out of range
        return None
    return result


class _Sum:
    """A recursive descent through the tokens."""

    def __init__(self, tokens: list[int | str]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> int:
        result = self._sum()
        if self._at != len(self._tokens):
            raise ValueError
        return result

    def _next(self) -> int | str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> int | str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sum(self) -> int:
        total = self._product()
        while self._next() in {"+", "-"}:
            sign = 1 if self._take() == "+" else -1
            total = _bounded(total + sign * self._product())
        return total

    def _product(self) -> int:
        total = self._power()
        while self._next() in {"*", "/", "%"}:
            operator, other = self._take(), self._power()
            if operator == "*":
                total = _bounded(total * other)
                continue
            quotient = abs(total) // abs(other) * (1 if (total < 0) == (other < 0) else -1)
            total = quotient if operator == "/" else total - other * quotient
        return total

    def _power(self) -> int:
        base = self._unary()
        if self._next() != "**":
            return base
        self._take()
        exponent = self._power()
        if not 0 <= exponent < 64:
            raise ValueError
        return _bounded(base**exponent)

    def _unary(self) -> int:
        token = self._take()
        if token == "-":
            return -self._unary()
        if token == "+":
            return self._unary()
        if token == "(":
            inside = self._sum()
            if self._take() != ")":
                raise ValueError
            return inside
        if not isinstance(token, int):
            raise TypeError
        return token


def _bounded(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError
    return value
