"""The conditions of a shell script that its own variables decide: `[ "$X" = a ]`, `case $X in`."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from typing import TypeGuard

from lrspec.readers.files.shell import syntax

_TESTS = frozenset({"[", "[[", "test", "true", "false", ":"})
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "=": str.__eq__,
    "==": str.__eq__,
    "!=": str.__ne__,
    "-eq": lambda a, b: int(a) == int(b),
    "-ne": lambda a, b: int(a) != int(b),
    "-lt": lambda a, b: int(a) < int(b),
    "-le": lambda a, b: int(a) <= int(b),
    "-gt": lambda a, b: int(a) > int(b),
    "-ge": lambda a, b: int(a) >= int(b),
}
_PATTERN = frozenset("*?[\\")


def is_test(statement: syntax.Statement) -> TypeGuard[syntax.Command]:
    """Tell whether a statement is a condition, and nothing more."""
    if not isinstance(statement, syntax.Command) or statement.assignments or not statement.words:
        return False
    return syntax.plain(statement.words[0]) in _TESTS


def holds(words: Sequence[str | None]) -> bool | None:
    """Return whether a condition holds, or None where that is not known.

    Args:
        words: Its words, None for one that is not known.
    """
    if words[0] in {"true", ":", "false"}:
        return words[0] != "false"
    inner = list(words[1:-1] if words[0] == "[" else words[1:])
    negated = bool(inner) and inner[0] == "!"
    verdict = _plain(inner[1:] if negated else inner, patterns=words[0] == "[[")
    return verdict if verdict is None else verdict != negated


def _plain(words: Sequence[str | None], *, patterns: bool) -> bool | None:
    if not all(word is not None and len(word) < 1000 for word in words):
        return None
    match [str(word) for word in words]:
        case [only]:
            return only != ""
        case ["-z", text]:
            return text == ""
        case ["-n", text]:
            return text != ""
        case [left, operator, right] if operator in _COMPARED:
            if patterns and not operator.startswith("-") and not _PATTERN.isdisjoint(right):
                return None
            try:
                return _COMPARED[operator](left, right)
            except ValueError:  # numbers that are none
                return None
    return None


def matches(word: str | None, patterns: Sequence[str | None]) -> bool | None:
    """Return whether a word is one of the patterns of a `case`, or None where that is not known."""
    if "*" in patterns:
        return True
    if word is None or len(word) > 1000:
        return None
    verdicts = [_fits(word, pattern) for pattern in patterns]
    return True if True in verdicts else (None if None in verdicts else False)


def _fits(word: str, pattern: str | None) -> bool | None:
    if pattern is None or "\\" in pattern or "(" in pattern or pattern.count("*") > 2:
        return None
    return fnmatch.fnmatchcase(word, pattern)
