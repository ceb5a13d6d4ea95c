"""Files over the files that they name as their bases: relative paths, each file read and none executed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show

if TYPE_CHECKING:
    from lrspec.readers.files import ConfigFile

_MOST = 64
"""How many files a chain of bases may have."""


def with_bases(file: ConfigFile, load: Callable[[Path], ConfigFile], key: str) -> ConfigFile:
    """Return a file over the files that it names as its bases, and these over theirs; the later of several goes before.

    Mappings are merged key by key, and anything else is replaced, as fvcore does.

    Args:
        file: The file; where it names no base, it is returned as it is.
        load: What reads a file alone.
        key: The key that names a base, or a list of them, relative to the file.

    Raises:
        SpecError: A base is not there, or has something else where the file has a mapping; or a file is its own base.
        UnsupportedError: A base is an address, an absolute path, or a name of a catalog.
    """
    if key not in file.data or file.path is None:
        return file
    names: list[str] = []
    warnings: list[str] = []
    folder = file.path.parent

    def whole(one: ConfigFile, path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name in _bases(one, key):
            base = path.parent / name
            if base.resolve() in above or len(names) == _MOST:
                raise SpecError(key, found=f"{name} in {path}, a base of itself", expected=f"{_MOST} files at most")
            found = _loaded(base, name, path, load, key)
            names.append(Path(os.path.relpath(base, folder)).as_posix())
            warnings.extend(f"{name}: {warning}" for warning in found.warnings)
            _merge(whole(found, base, (*above, base.resolve())), data, name)
        _merge({name: value for name, value in one.data.items() if name != key}, data, str(path))
        return data

    data = whole(file, file.path, (file.path.resolve(),))
    return replace(file, data=data, files=tuple(names), warnings=(*file.warnings, *warnings))


def _bases(file: ConfigFile, key: str) -> list[str]:
    """Return the bases that a file names, none where it names none."""
    named = file.data.get(key)
    listed = named if isinstance(named, list | tuple) else [] if named is None else [named]
    for name in listed:
        if not isinstance(name, str) or not name:
            raise SpecError(key, found=show(name), expected="a path relative to the file, or a list of such")
        if re.match(r"[\w+.-]+:|[/\\~$]", name):
            reason = "only a path relative to the file is followed; write one, or dump the whole config"
            raise UnsupportedError("config", f"{key}: {name}", reason)
    return list(listed)


def _loaded(base: Path, name: str, path: Path, load: Callable[[Path], ConfigFile], key: str) -> ConfigFile:
    try:
        return load(base)
    except OSError as error:
        found = f"{name} in {path}, which is not there ({error.strerror})"
        raise SpecError(key, found=found, expected="a file at this path, from the folder of the file on") from None


def _merge(over: Mapping[str, Any], under: dict[str, Any], name: str, path: str = "") -> None:
    """Merge a mapping into another, in place."""
    for key, value in over.items():
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping) and key in under:
            if not isinstance(under[key], Mapping):
                found = f"a mapping in {name} over {show(under[key])}"
                raise SpecError(where, found=found, expected="a mapping in the base too")
            inner = dict(under[key])
            _merge(value, inner, name, where)
            under[key] = inner
        else:
            under[key] = value
