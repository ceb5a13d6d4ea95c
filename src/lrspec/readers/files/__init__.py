"""Config files as plain data: JSON, YAML, TOML, Python, and arguments of a command line. Nothing is executed."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrspec.documents import yaml
from lrspec.errors import SpecError, UnsupportedError
from lrspec.readers.files.bases import BASE, Bases, plain_names
from lrspec.readers.files.lenient import Unread as Unread, pairs_once, parse_yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A config file as plain data; a value that is none is an `Unread`, which refuses when a reader asks for it.

    Args:
        data: The file's keys.
        form: What it is written in, such as YAML.
        path: Where it is, if it is a file.
        files: The files that were merged into it, by the names that they are given in it.
        program: The script that a launch script runs.
        text: The text of a file whose form is not parsed.
        warnings: What is odd about the file, in words.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    form: str = "a mapping"
    path: Path | None = None
    files: tuple[str, ...] = ()
    program: str | None = None
    text: str = ""
    warnings: tuple[str, ...] = ()


def load(path: Path) -> ConfigFile:
    """Return a file as plain data, by the ending of its name; any other ending is arguments of a command line.

    The files that it names as `_base_` are read and merged, if they are beside it.

    Raises:
        OSError: The file cannot be read.
        SpecError: The file is malformed, or too large.
        UnsupportedError: The file is a pickle.
    """
    found = _parsed(path)
    return _python("", path) if BASE in found.data and found.form in {"JSON", "YAML"} else found


def _parsed(path: Path) -> ConfigFile:
    source = text_of(path)
    suffix = path.suffix.lower()
    if suffix in {".pkl", ".pt", ".pth", ".bin"}:
        raise UnsupportedError("config", str(path), "a pickle, which is not read; dump the config as JSON or YAML")
    form, parse = _FORMS.get(suffix, ("arguments of the form --flag value", _arguments))
    try:
        found = parse(source, path)
    except SpecError:
        raise
    except (ValueError, RecursionError) as error:  # malformed, a number of too many digits, or nested too deeply
        raise SpecError(str(path), found=f"malformed {form}: {error}", expected=form) from None
    if not isinstance(found.data, Mapping):
        raise SpecError(str(path), found=f"a {type(found.data).__name__}", expected="a mapping")
    return found


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        OSError: The file cannot be read.
        SpecError: It is too large, or not UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(yaml.MAX_BYTES + 1)
    if len(content) > yaml.MAX_BYTES:
        raise SpecError(str(path), found="a longer file", expected=f"at most {yaml.MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(str(path), found=f"a byte that is not UTF-8 at {error.start}", expected="UTF-8") from None


def _yaml(source: str, path: Path) -> ConfigFile:
    data, warnings = parse_yaml(source)
    return ConfigFile(data=data, form="YAML", path=path, warnings=warnings)


def _json(source: str, path: Path) -> ConfigFile:
    warnings: list[str] = []
    data = json.loads(source, object_pairs_hook=lambda pairs: pairs_once(pairs, warnings))
    return ConfigFile(data=data, form="JSON", path=path, warnings=tuple(warnings))


def _toml(source: str, path: Path) -> ConfigFile:
    return ConfigFile(data=tomllib.loads(source), form="TOML", path=path)


def _arguments(source: str, path: Path) -> ConfigFile:
    words = shlex.split(source.replace("\\\n", " "), comments=True)
    return ConfigFile(data=arguments(words, str(path)), form="arguments", path=path)


def _python(source: str, path: Path) -> ConfigFile:
    bases = Bases(text_of, lambda base: _parsed(base).data)
    data = plain_names(bases.load(path), path.name)
    form = "Python" if source else "a config with bases"
    return ConfigFile(data=data, form=form, path=path, files=tuple(bases.files))


def _not_parsed(source: str, path: Path) -> ConfigFile:
    return ConfigFile(form="text", path=path, text=source)


_FORMS: dict[str, tuple[str, Callable[[str, Path], ConfigFile]]] = {
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
    ".json": ("JSON", _json),
    ".toml": ("TOML", _toml),
    ".py": ("Python", _python),
    ".prototxt": ("text", _not_parsed),
    ".config": ("text", _not_parsed),
    ".cfg": ("text", _not_parsed),
}
"""The forms by the endings of names, each with its name in words."""


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
