"""The `_BASE_` of fvcore's configs: files over the files that they name, each read and none executed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrspec.errors import SpecError, UnsupportedError
from lrspec.fields import show
from lrspec.readers.files.lenient import Unread

if TYPE_CHECKING:
    from lrspec.readers.files import ConfigFile

BASE = "_BASE_"
MOST = 64
"""How many files may be merged into one."""
_NO_RELATIVE_PATH = re.compile(r"[\w+.-]+:|[/\\~$]")


def with_bases(file: ConfigFile, load: Callable[[Path], ConfigFile]) -> ConfigFile:
    """Return a file over the files that its `_BASE_` names, and these over theirs; of several the later goes before.

    Args:
        file: The file; where it names no base, it is returned as it is.
        load: What reads a file alone.

    Raises:
        SpecError: A base is not there, does not go together with the file, or is its own base.
        UnsupportedError: A base is an address, an absolute path, or a name of a catalog.
    """
    if BASE not in file.data or file.path is None:
        return file
    chain = _Chain(load, folder=file.path.parent)
    data = chain.merged(file, file.path, (file.path.resolve(),))
    return replace(file, data=data, files=tuple(chain.names), warnings=(*file.warnings, *chain.warnings))


@dataclass
class _Chain:
    """The files that are merged into one, so far."""

    load: Callable[[Path], ConfigFile]
    folder: Path
    names: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def merged(self, file: ConfigFile, path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
        """Return the data of a file over its bases; `above` are the files whose base it is."""
        data: dict[str, Any] = {}
        for name in _named(file):
            base = path.parent / name
            if base.resolve() in above:
                raise SpecError(BASE, found=f"{name} in {path}, which is a base of itself", expected="no circle")
            if len(self.names) == MOST:
                raise SpecError(BASE, found=f"{name} in {path}", expected=f"at most {MOST} files that are merged")
            found = self._loaded(base, name, path)
            self.names.append(Path(os.path.relpath(base, self.folder)).as_posix())
            self.warnings += [f"{self.names[-1]}: {warning}" for warning in found.warnings]
            _merge(self.merged(found, base, (*above, base.resolve())), data, str(base))
        _merge({name: value for name, value in file.data.items() if name != BASE}, data, str(path))
        return data

    def _loaded(self, base: Path, name: str, path: Path) -> ConfigFile:
        try:
            return self.load(base)
        except OSError as error:
            found = f"{name} in {path}, which cannot be read ({error.strerror})"
            raise SpecError(BASE, found=found, expected="a file at this path, seen from that file") from None


def _named(file: ConfigFile) -> list[str]:
    """Return the bases that a file names, none where it names none."""
    named = file.data.get(BASE)
    listed = list(named) if isinstance(named, list | tuple) else [] if named is None else [named]
    for name in listed:
        if isinstance(name, Unread):
            raise name.at(BASE)
        if not isinstance(name, str) or not name:
            raise SpecError(BASE, found=show(name), expected="a path relative to the file, or a list of such")
        if _NO_RELATIVE_PATH.match(name):
            reason = "only a path relative to the file is followed; write one, or dump the whole config"
            raise UnsupportedError("config", f"{BASE}: {name}", reason)
    return listed


def _merge(over: Mapping[str, Any], under: dict[str, Any], name: str) -> None:
    """Merge a mapping, of a file of this name, into another: mappings key by key, and anything else is replaced."""
    for key, value in over.items():
        if not isinstance(value, Mapping) or key not in under:
            under[key] = value
            continue
        if isinstance(under[key], Unread):
            continue
        if not isinstance(under[key], Mapping):
            found = f"a mapping in {name} over {show(under[key])}"
            raise SpecError(str(key), found=found, expected="a mapping in the base too")
        inner = dict(under[key])
        try:
            _merge(value, inner, name)
        except SpecError as error:
            raise error.within(str(key)) from None
        under[key] = inner
