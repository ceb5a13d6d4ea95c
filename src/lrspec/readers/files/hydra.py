"""Hydra's defaults lists: the files beside a config that it is made of, merged as Hydra composes them.

Nothing is executed: what only a command line or an installed package fills in leaves the list in place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lrspec.errors import SpecError
from lrspec.readers.files.lenient import Unread

Parse = Callable[[str, Path], Mapping[str, Any]]
_HEADER = re.compile(r"\A(?:[ \t]*(?:#.*)?\n)*?#\s*@package\s+(\S+)")
_DEEP, _MOST = 32, 256


class Composed(NamedTuple):
    """A config, composed: its data, and the files that it was merged from."""

    data: dict[str, Any]
    files: tuple[str, ...]


class _Default(NamedTuple):
    """An entry of a defaults list: the folder of a file, its name, and the package that its keys go into."""

    folder: str
    name: str
    relative: str = ""
    """The folder as the entry says it, which is the package where nothing else says one."""
    package: str | None = None
    is_optional: bool = False

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}".lstrip("/")


class _Unclear(Exception):  # noqa: N818 - never seen outside
    """An entry that says what is not beside the file."""


def composed(data: Mapping[str, Any], path: Path, text_of: Callable[[Path], str], parse: Parse) -> Composed | None:
    """Return a config with the files of its defaults list merged into it.

    Args:
        data: The config, with a `defaults` list.
        path: Where it is; groups are folders beside it.
        text_of: Reads a file.
        parse: Returns the data of a text.

    Returns:
        The config; its `defaults` are an `Unread` where an entry names what is not beside the file. None where the list
        is no defaults list of Hydra.

    Raises:
        OSError: A file cannot be read.
        SpecError: A file is malformed.
    """
    if not _is_list(data.get("defaults")):
        return None
    composer = _Composer(path.parent, path.suffix, text_of, parse)
    try:
        composer.add(data, _Default("", path.stem), "", 0)
    except _Unclear as error:
        return Composed({**data, "defaults": Unread(str(error), "the defaults list", "a file beside this one")}, ())
    return Composed(composer.data, tuple(composer.files))


def _is_list(value: Any) -> bool:
    """Tell whether a value has the form of a defaults list: names, and mappings of a group to a name."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(one, str) or (isinstance(one, Mapping) and len(one) == 1) for one in value)


class _Composer:
    """The config so far."""

    def __init__(self, root: Path, suffix: str, text_of: Callable[[Path], str], parse: Parse) -> None:
        self.root, self.suffix, self.text_of, self.parse = root, suffix, text_of, parse
        self.data: dict[str, Any] = {}
        self.files: list[str] = []

    def add(self, data: Mapping[str, Any], own: _Default, package: str, depth: int) -> None:
        """Merge a file's data, and the files of its defaults list, into the package."""
        if depth > _DEEP or len(self.files) > _MOST:
            raise _Unclear(f"{own.path}, nested more than {_DEEP} deep, or with more than {_MOST} files")
        listed = data.get("defaults")
        is_listed = _is_list(listed)
        entries = [*(listed or ())] if is_listed else []
        if "_self_" not in entries:
            entries.append("_self_")
        for entry in entries:
            if entry == "_self_":
                rest = {name: value for name, value in data.items() if name != "defaults" or not is_listed}
                self.data = _merged(self.data, _within(package, rest))
                continue
            for default in _defaults(entry, own):
                self._file(default, package, depth)

    def _file(self, default: _Default, package: str, depth: int) -> None:
        path = self.root / f"{default.path}{self.suffix}"
        inside = path.resolve().is_relative_to(self.root.resolve())
        if not inside or not path.is_file():
            if default.is_optional:
                return
            raise _Unclear(f"{default.path}{self.suffix}, which is not there")
        source = self.text_of(path)
        try:
            data = self.parse(source, path) if re.search(r"(?m)^\s*[^#\s]", source) else {}
        except SpecError as error:
            raise error.within(default.path) from None
        self.files.append(f"{default.path}{self.suffix}")
        header = _HEADER.match(source)
        self.add(data, default, _package(default, package, header[1] if header else None), depth + 1)


def _defaults(entry: str | Mapping[str, Any], parent: _Default) -> Iterator[_Default]:
    """Yield what an entry names; nothing where it names nothing, or what is Hydra's own.

    Raises:
        _Unclear: It is filled in elsewhere.
    """
    key, value = next(iter(entry.items())) if isinstance(entry, Mapping) else (entry, None)
    *flags, words = str(key).split() or [""]
    name, _, package = words.partition("@")
    relative = name.lstrip("/")
    if relative.startswith("hydra/") or (value is None and not isinstance(entry, str)):
        return
    if "override" in flags:
        raise _Unclear(f"{key}: {value}, which changes a choice of another file")
    options: list[Any] = value if isinstance(value, list) else [value]
    if isinstance(entry, str):
        relative, _, own = relative.rpartition("/")
        options = [own]
    folder = relative if name.startswith("/") else f"{parent.folder}/{relative}".strip("/")
    for option in options:
        if not isinstance(option, str) or "${" in option or option == "???":
            raise _Unclear(f"{key}: {option}, which a command line fills in")
        yield _Default(folder, option.removesuffix(".yaml"), relative, package or None, "optional" in flags)


def _package(default: _Default, parent: str, header: str | None) -> str:
    """Return the package of a file: that of the entry, else that of the file's header, else its folder."""
    if default.package is None and header is not None and header != "_group_":
        return header.removeprefix("_global_").lstrip(".")
    package = default.relative.replace("/", ".") if default.package is None else default.package
    if package.startswith("_global_"):
        return package.removeprefix("_global_").lstrip(".")
    return ".".join(part for part in (parent, package) if part and part != "_here_")


def _within(package: str, data: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(data)
    for name in reversed(package.split(".") if package else []):
        found = {name: found}
    return found


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        found[name] = _merged(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return found
