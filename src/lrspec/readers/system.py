"""What a system is to the readers: the marks of its files, its reader, and the release whose defaults are filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lrspec.readers.files import ConfigFile, Unread
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What only one system's files have: they are its own where all of this holds.

    Args:
        keys: Keys that are there with a value, each as a path: `SOLVER.LR_SCHEDULER_NAME`; `param_scheduler[].type` for
            any item of a list; `*.sched` for any key, `**.sched` at any depth, in lists too; `VERSION=2` where the
            value's text matches a regular expression; `blr|lr0` for either of two.
        absent: Paths that are not there.
        program: A regular expression of the name of the script that a launch script runs.
        text: A regular expression to search in the text of a file of a form that is not parsed.

    Example:
        >>> mark = Mark(keys=("SOLVER.MAX_ITER", "VERSION=[12]"), absent=("SOLVER.MAX_EPOCHS",))
        >>> mark.holds(ConfigFile(data={"VERSION": 2, "SOLVER": {"MAX_ITER": 100}}, form="YAML"))
        True
        >>> mark.holds(ConfigFile(data={"VERSION": 3, "SOLVER": {"MAX_ITER": 100}}, form="YAML"))
        False
    """

    keys: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    program: str = ""
    text: str = ""

    def holds(self, file: ConfigFile) -> bool:
        """Tell whether a file has this mark.

        Args:
            file: The file.
        """
        return (
            all(_stands(file.data, path) for path in self.keys)
            and not any(_stands(file.data, path) for path in self.absent)
            and (not self.program or re.fullmatch(self.program, file.program or "") is not None)
            and (not self.text or re.search(self.text, file.text, re.MULTILINE) is not None)
        )

    def __str__(self) -> str:
        parts = [f"`{path}`" for path in self.keys]
        if self.program:
            parts.append(f"a script `{self.program}`")
        if self.text:
            parts.append(f"the text `{self.text}`")
        without = f", without {' and '.join(f'`{path}`' for path in self.absent)}" if self.absent else ""
        return " and ".join(parts) + without


@dataclass(frozen=True, kw_only=True)
class System:
    """One system whose objects or files are read, or are recognised and refused.

    Args:
        name: Its short name, as `--system` takes it.
        title: Its name in a sentence.
        marks: What only its config files have; a file with any of them is its own.
        read: The reader of its config files; None for a system of objects alone. A system that is only known by name
            has one that always refuses, with the document to start from.
        version: The release whose defaults are filled in.
        defaults: Its defaults, by the paths of their keys; those that depend on more are the reader's own.
        shapes: The names of the schedules that its config files can ask for.
        refused: What is refused, and why.
        knows: Whether a live object is its own; None for a system of config files alone.
        read_object: The reader of its objects: of the object, its name, and `sample`.
        is_read: False for a system that is only known by name.
    """

    name: str
    title: str
    marks: tuple[Mark, ...] = ()
    read: Callable[[Keys], Reading] | None = None
    version: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    shapes: tuple[str, ...] = ()
    refused: Mapping[str, str] | None = None
    knows: Callable[[Any], bool] | None = None
    read_object: Callable[[Any, str, int | None], Reading] | None = None
    is_read: bool = True

    def owns(self, file: ConfigFile) -> bool:
        """Tell whether a file has one of the system's marks.

        Args:
            file: The file.
        """
        return self.read is not None and any(mark.holds(file) for mark in self.marks)


def _stands(data: Any, path: str) -> bool:
    """Tell whether something stands at one of the paths, with a text that matches where one is asked for."""
    paths, asks, pattern = path.partition("=")
    either = paths.split("|")
    found = [value for one in either for value in _values(data, one.split(".")) if value is not None]
    if not asks:
        return bool(found)
    texts = (str(value) for value in found if isinstance(value, str | int | float))
    return any(re.fullmatch(pattern, text) for text in texts)


def _values(data: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield data
        return
    if names[0] == "**":
        yield from _values(data, names[1:])
        inside = data.values() if isinstance(data, Mapping) else data if isinstance(data, list | tuple) else ()
        for value in inside:
            yield from _values(value, names)
        return
    if not isinstance(data, Mapping) or isinstance(data, Unread):
        return
    name, items = names[0].removesuffix("[]"), names[0].endswith("[]")
    for value in data.values() if name == "*" else [data.get(name)]:
        listed = value if items and isinstance(value, list | tuple) else [] if items else [value]
        for one in listed:
            yield from _values(one, names[1:])
