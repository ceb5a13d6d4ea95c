"""JSON text as plain data, quickly: where it is what the reader of YAML would read.

JSON is a subset of the YAML that documents are written in, and PyYAML takes seconds for what `json` reads in
milliseconds. Whatever is not plain in this sense is left to the reader of YAML, which then says what is wrong.
"""

from __future__ import annotations

import json
from typing import Any

from yaml.reader import Reader

from lrspec.fields import is_unicode

_MOST_VALUES = 100_000
_MOST_NESTED = 100
_LONGEST_NUMBER = 400
_LONGEST_KEY = 1000
_BREAKS = {"\x85", "\u2028", "\u2029"}
"""Which are line breaks to PyYAML."""


class _NotPlainError(ValueError):
    """What the reader of YAML must look at."""


def from_json(text: str) -> dict[str, Any] | None:
    """Return the mapping that a JSON text holds, or None where the text is to be read as YAML.

    Args:
        text: A text of bounded length.

    Example:
        >>> from_json('{"lrspec": 1}'), from_json('lrspec: 1'), from_json('{"a": 1, "a": 2}')
        ({'lrspec': 1}, None, None)
    """
    if not text.lstrip().startswith("{") or Reader.NON_PRINTABLE.search(text) or _BREAKS & set(text):
        return None
    try:
        data = json.loads(
            text,
            object_pairs_hook=_mapping,
            parse_int=lambda literal: int(_short(literal)),
            parse_float=lambda literal: float(_short(literal)),
            parse_constant=_short,
        )
        size = _size(data, 0)
    except (ValueError, RecursionError):
        return None
    return data if size <= _MOST_VALUES and isinstance(data, dict) else None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs) or any(len(key) > _LONGEST_KEY for key in mapping):
        raise _NotPlainError
    return mapping


def _short(literal: str) -> str:
    if len(literal) > _LONGEST_NUMBER or literal in {"NaN", "Infinity", "-Infinity"}:
        raise _NotPlainError
    return literal


def _size(data: Any, depth: int) -> int:
    """Return how many values there are, keys and mappings and lists themselves too."""
    if isinstance(data, str) and not is_unicode(data):
        raise _NotPlainError
    if not isinstance(data, dict | list):
        return 1
    if depth >= _MOST_NESTED:
        raise _NotPlainError
    if isinstance(data, list):
        return 1 + sum(_size(item, depth + 1) for item in data)
    return 1 + sum(_size(key, depth + 1) + _size(value, depth + 1) for key, value in data.items())
