"""Config files as plain data: JSON, YAML, TOML, and arguments of a command line. Nothing is executed."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrspec.documents import yaml as text
from lrspec.errors import SpecError, UnsupportedError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def load(path: Path) -> Mapping[str, Any]:
    """Return the plain data of a file.

    Raises:
        OSError: The file cannot be read.
        SpecError: The file is malformed, or too large.
    """
    with path.open("rb") as file:
        content = file.read(text.MAX_BYTES + 1)
    if len(content) > text.MAX_BYTES:
        raise SpecError(str(path), found="a longer file", expected=f"at most {text.MAX_BYTES} bytes")
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(str(path), found=f"a byte that is not UTF-8 at {error.start}", expected="UTF-8") from None
    data = _data(source, path.suffix.lower(), str(path))
    if not isinstance(data, Mapping):
        raise SpecError(str(path), found=f"a {type(data).__name__}", expected="a mapping")
    return data


def _data(source: str, suffix: str, path: str) -> Any:
    if suffix in {".yaml", ".yml"}:
        return text.parse(source)
    if suffix in {".py", ".pkl", ".pt", ".pth", ".bin"}:
        raise UnsupportedError(
            "config", path, "code or a pickle, which is not executed; dump the config as JSON or YAML"
        )
    kind, parse = _PARSERS.get(suffix, ("arguments of the form --flag value", _words))
    try:
        parsed = parse(source)
    except SpecError:
        raise
    except (ValueError, RecursionError) as error:  # malformed, a number of too many digits, or nested too deeply
        raise SpecError(path, found=f"malformed {kind}: {error}", expected=kind) from None
    return parsed if suffix in _PARSERS else arguments(parsed, path)


def _words(source: str) -> list[str]:
    return shlex.split(source.replace("\\\n", " "), comments=True)


def _json(source: str) -> Any:
    return json.loads(source, object_pairs_hook=_once)


_PARSERS: dict[str, tuple[str, Callable[[str], Any]]] = {".json": ("JSON", _json), ".toml": ("TOML", tomllib.loads)}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
        raise SpecError(twice, found="the key a second time", expected="each key once")
    return found


def arguments(words: list[str], path: str) -> dict[str, Any]:
    """Return `--flag value` arguments as a mapping: dashes become underscores, and a flag alone is true.

    Raises:
        SpecError: A flag stands twice, or a word is before the first flag.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for word in words:
        flag = re.fullmatch(r"--([A-Za-z][\w-]*)(?:=(.*))?", word)
        if flag is None:
            if not name:
                raise SpecError(path, found=repr(word), expected="arguments of the form --flag value")
            found[name].append(word)
            continue
        name = flag[1].replace("-", "_")
        if name in found:
            raise SpecError(f"--{flag[1]}", found="the flag a second time", expected="each flag once")
        found[name] = [] if flag[2] is None else [flag[2]]
    return {name: _value(values) for name, values in found.items()}


def _value(values: list[str]) -> Any:
    if not values:
        return True
    return values[0] if len(values) == 1 else values
