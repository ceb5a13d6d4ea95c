"""Integer arithmetic of a shell, `$((A * B))`, worked out here: bounded, and None for what is not this."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

_EXPRESSION = re.compile(r"[\w\s$+*/%(){}-]{1,400}")
_NUMBER = re.compile(r"\s*-?(0[xX][0-9a-fA-F]{1,15}|0|[1-9][0-9]{0,18})\s*")


def evaluate(text: str, value: Callable[[str], str | None]) -> int | None:
    """Return the value of an expression of + - * / % ** and parentheses.

    Args:
        text: The expression.
        value: The text of a variable, or None where it is not known.

    Returns:
        The value, or None where the expression is another, has an unknown variable, or leaves 64 bits.
    """
    plain = re.sub(r"\$(?:\{(\w+)\}|(\w))", lambda match: match[1] or match[2], text).strip()
    if not _EXPRESSION.fullmatch(plain) or re.search(r"//|\+\+|--|-[^-+*/%()]*\*\*|_[0-9]|[0-9]_", plain):
        return None
    try:
        return _value(ast.parse(plain.replace("\n", " "), mode="eval").body, value)
    except (
        SyntaxError,
        ValueError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ):  # not an expression, or out of range
        return None


def _value(node: ast.expr, value: Callable[[str], str | None]) -> int:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return _bounded(number)
        case ast.Name(id=name):
            found = value(name)
            if found is None or not _NUMBER.fullmatch(found):
                raise ValueError(name)
            return int(found, 0)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, value)
        case ast.BinOp(left=left, op=operator, right=right):
            return _bounded(_operated(operator, _value(left, value), _value(right, value)))
    raise ValueError(ast.dump(node)[:40])


def _operated(operator: ast.operator, left: int, right: int) -> int:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Pow() if 0 <= right < 64:
            return int(left**right)
        case ast.Div() | ast.Mod():
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)  # towards zero
            return quotient if isinstance(operator, ast.Div) else left - right * quotient
    raise ValueError(operator)


def _bounded(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError
    return value
