"""Configs that name classes, as a tree: where the classes stand, and OmegaConf's references to other keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lrspec.errors import SpecError
from lrspec.fields import show
from lrspec.readers.files import Unread
from lrspec.readers.keys import Context

TARGETS = ("_target_", "class_path", "_component_")
"""The keys that name a class: Hydra's, Lightning's and torchtune's."""
_REFERENCE = re.compile(r"\$\{(\.*)([A-Za-z_][\w]*(?:\.\w+|\[\w+\])*)\}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SETTINGS = {*TARGETS, "_partial_", "_recursive_", "_convert_", "init_args", "dict_kwargs", "optimizer"}
_DEEP = 32


class Place(NamedTuple):
    """A mapping in the tree, and the names of the keys that lead to it."""

    data: Mapping[str, Any]
    names: tuple[str | int, ...]

    @property
    def path(self) -> str:
        """The place in words, such as `model.schedulers[1]`."""
        return path_of(self.names)

    @property
    def target(self) -> str | None:
        """The class that is named here."""
        found = next((self.data[key] for key in TARGETS if isinstance(self.data.get(key), str)), None)
        return found if found is None else str(found)


def path_of(names: tuple[str | int, ...]) -> str:
    """Return the names of keys as a path."""
    joined = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names)
    return joined.removeprefix(".")


class Tree:
    """A config that names classes.

    Args:
        data: The whole.
        context: What all keys of the config share; what is asked for is remembered in it.
    """

    def __init__(self, data: Mapping[str, Any], context: Context) -> None:
        self.root, self.context = data, context

    def places(self, data: Any = None, names: tuple[str | int, ...] = ()) -> Iterator[Place]:
        """Yield the mappings that name a class, and those in them but for the arguments of a scheduler's class."""
        data = self.root if not names else data
        if isinstance(data, Mapping):
            here = Place(data, names)
            if here.target is not None:
                yield here
            for name, value in data.items():
                if name != "schedulers":
                    yield from self.places(value, (*names, name))
        elif isinstance(data, list | tuple):
            for i, value in enumerate(data):
                yield from self.places(value, (*names, i))

    def at(self, names: tuple[str | int, ...]) -> Any:
        """Return what stands at a path of keys; None where nothing does."""
        found: Any = self.root
        for name in names:
            if isinstance(found, Mapping):
                found = found.get(name)
            elif isinstance(found, list | tuple) and str(name).isdigit() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found

    def arguments(self, place: Place) -> dict[str, Any]:
        """Return the arguments of a class by name, with numbers for texts that are some, and references followed.

        Raises:
            SpecError: Something there is no plain value.
        """
        if "class_path" in place.data:
            found: dict[str, Any] = {}
            for section in ("init_args", "dict_kwargs"):
                inside = self.value((*place.names, section))
                if inside is not None and not isinstance(inside, Mapping):
                    raise SpecError(f"{place.path}.{section}", found=show(inside), expected="a mapping")
                found |= {name: self.value((*place.names, section, name)) for name in inside or {}}
        else:
            names = [name for name in place.data if name not in _SETTINGS and name != "_args_"]
            if place.data.get("_args_"):
                raise SpecError(f"{place.path}._args_", found=show(place.data["_args_"]), expected="arguments by name")
            found = {name: self.value((*place.names, name)) for name in names}
        found.pop("optimizer", None)
        return found

    def value(self, names: tuple[str | int, ...], depth: int = 0) -> Any:
        """Return what stands at a path of keys, with references followed; what was read is remembered.

        Raises:
            SpecError: It is no plain value, or a reference that leads nowhere, or to what only code computes.
        """
        value, path = self.at(names), path_of(names)
        if isinstance(value, Unread):
            raise value.at(path)
        if isinstance(value, str) and "${" in value:
            value = self._followed(value, names, depth)
        if value == "???":
            raise SpecError(path, found="???, which is to be given", expected="a value")
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value) if value.isdigit() else float(value)
        if isinstance(value, list | tuple):
            value = [self.value((*names, i), depth) for i in range(len(value))]
        if value is not None and not isinstance(value, Mapping):
            self.context.found[path] = value
        return value

    def _followed(self, text: str, names: tuple[str | int, ...], depth: int) -> Any:
        """Return what a reference leads to: from the root, or with dots from the mapping that it stands in."""
        found = _REFERENCE.fullmatch(text.strip())
        if found is None or depth > _DEEP:
            expected = "a plain value, or a reference to one key, such as ${trainer.max_epochs}"
            raise SpecError(path_of(names), found=show(text), expected=expected)
        up = len(found[1])
        start = names[: len(names) - up] if up else ()
        keys = tuple(re.findall(r"\w+", found[2]))
        if up > len(names) or self.at((*start, *keys)) is None:
            raise SpecError(path_of(names), found=show(text), expected="a key that stands in this file")
        return self.value((*start, *keys), depth + 1)
