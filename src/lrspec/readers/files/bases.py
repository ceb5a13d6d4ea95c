"""Configs of Python, and those of OpenMMLab with bases: relative paths beside the file, read and merged as data."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrspec.errors import SpecError
from lrspec.readers.files.code import parsed
from lrspec.readers.files.lenient import Unread
from lrspec.readers.files.merging import Budget, ConfigDict, Imported, configured, merged
from lrspec.readers.files.python import evaluated

BASE = "_base_"
"""The key of the files that a config is merged into."""
_MOST = 100
Text = Callable[[Path], str]
Data = Callable[[Path], Mapping[str, Any]]


class Bases:
    """One config with its bases.

    Args:
        text: What returns the text of a file.
        data: What returns the data of a file that is not of Python.
    """

    def __init__(self, text: Text, data: Data) -> None:
        self.text = text
        self.data = data
        self.budget = Budget()
        self.files: list[str] = []
        self._chain: list[Path] = []

    def load(self, path: Path, name: str = "") -> dict[str, Any]:
        """Return the data of a config with that of its bases.

        Args:
            path: The file.
            name: What it is called from the config on, where it is a base.

        Raises:
            OSError: The file cannot be read.
            SpecError: It or a base is malformed, or not to be found beside the file.
        """
        own = path.resolve()
        if own in self._chain:
            raise SpecError(str(path), found="a base that has itself as a base", expected="bases without a circle")
        if len(self.files) > _MOST:
            raise SpecError(str(path), found=f"more than {_MOST} bases", expected="fewer")
        self._chain.append(own)
        is_python = path.suffix.lower() == ".py"
        found = self._python(path, name) if is_python else self._merged(self.data(path), path, name)
        self._chain.pop()
        return found

    def _python(self, path: Path, name: str) -> dict[str, Any]:
        shown = name or path.name
        tree = parsed(self.text(path), shown)
        listed = [one for one in tree.body if _assigns_base(one)]
        if not listed:
            return evaluated(tree, shown, self.budget, imports=lambda *module: self._imported(path, name, *module))
        first = ast.Module(body=listed[:1], type_ignores=[])
        bases = evaluated(first, shown, self.budget)[BASE]
        tree.body = [one for one in tree.body if not _assigns_base(one)]
        given = {BASE: self._bases(bases, path, name)}
        names = evaluated(tree, shown, self.budget, given)
        base = names.pop(BASE)
        if not isinstance(base, dict):
            raise SpecError(shown, found=str(base), expected=f"a {BASE} that code does not change")
        return merged(base, names, self.budget)

    def _merged(self, data: Mapping[str, Any], path: Path, name: str) -> dict[str, Any]:
        """Return plain data, merged into its bases where it names any."""
        own: dict[str, Any] = configured(dict(data), self.budget)
        if BASE not in own:
            return own
        return merged(self._bases(own.pop(BASE), path, name), own, self.budget)

    def _bases(self, listed: Any, path: Path, name: str) -> ConfigDict:
        """Return what the bases of a file have together.

        Raises:
            SpecError: They are no relative paths, or two give one key a value.
        """
        shown, found = name or path.name, ConfigDict()
        if isinstance(listed, Unread):
            raise listed.at(f"{shown}: {BASE}")
        for one in listed if isinstance(listed, list | tuple) else [listed]:
            if not isinstance(one, str) or "::" in one or Path(one).is_absolute():
                raise SpecError(f"{shown}: {BASE}", found=repr(one), expected="a relative path beside the file")
            read = self._beside(path, name, one, f"{shown}: {BASE}")
            more = {key: value for key, value in read.items() if not isinstance(value, Imported)}
            twice = ", ".join(sorted(found.keys() & more.keys()))
            if twice:
                raise SpecError(f"{shown}: {BASE}", found=f"{twice} in more than one base", expected="each in one")
            found.update(configured(more, self.budget))
        return found

    def _imported(self, path: Path, name: str, module: str, level: int, line: int) -> Mapping[str, Any]:
        """Return what a base has that is read with `read_base()`."""
        where = f"{name or path.name}, line {line}"
        if not level or not module:
            expected = "a relative module beside the file, such as `from .._base_.schedule import *`"
            raise SpecError(where, found=f"`from {'.' * level}{module} import`", expected=expected)
        relative = posixpath.join(*[".."] * (level - 1), *module.split(".")) + ".py"
        return self._beside(path, name, relative, where)

    def _beside(self, path: Path, name: str, relative: str, where: str) -> dict[str, Any]:
        beside = path.parent / relative
        if not beside.is_file():
            raise SpecError(where, found=f"no file {relative}", expected="the base, beside the file")
        called = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative.replace("\\", "/")))
        self.files.append(called)
        return self.load(beside, called)


def _assigns_base(statement: ast.stmt) -> bool:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return isinstance(target, ast.Name) and target.id == BASE


def plain_names(names: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a config as plain data: a class that stands as a `type` is its full name, and other imports are unread."""
    return {key: _plain(value, path) for key, value in names.items() if not isinstance(value, Imported)}


def _plain(value: Any, path: str, key: str = "") -> Any:
    if isinstance(value, Imported) and key != "type":
        return Unread(f"{value}, which is imported", path, "a literal")
    if isinstance(value, Imported):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(one, path, str(name)) for name, one in value.items()}
    return [_plain(one, path) for one in value] if isinstance(value, list | tuple) else value
