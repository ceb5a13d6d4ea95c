"""What MMEngine's configs are made of, and how it merges one into its bases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrspec.errors import SpecError
from lrspec.readers.files.lenient import Unread

MAX_WORK = 500_000
"""How many nodes and items may be looked at in one file and its bases."""
_DELETE = "_delete_"


class ConfigDict(dict[Any, Any]):
    """A mapping of a base file: `update` changes the mappings in it, and `merge` heeds `_delete_`."""


class Imported(str):
    """The full name of something that is imported, such as a class that stands as a `type`."""

    __slots__ = ()


class Budget:
    """How much work is left, for a file and its bases together."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def spend(self, amount: int) -> None:
        """Count some work.

        Raises:
            SpecError: There was too much.
        """
        self.left -= amount
        if self.left < 0:
            raise SpecError("", found="a config that computes too much", expected=f"at most {MAX_WORK:,} values")


def configured(value: Any, budget: Budget) -> Any:
    """Return a value as it stands in a mapping of a base file: its own mappings are copied into such ones."""
    budget.spend(1)
    if isinstance(value, dict) and not isinstance(value, ConfigDict):
        return ConfigDict({key: configured(one, budget) for key, one in value.items()})
    if isinstance(value, list | tuple):
        return type(value)(configured(one, budget) for one in value)
    return value


def update(whole: dict[Any, Any], more: Mapping[Any, Any], budget: Budget) -> None:
    """Put values into a mapping, and those of mappings in it into these."""
    for key, value in more.items():
        budget.spend(1)
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            update(whole[key], value, budget)
        else:
            whole[key] = configured(value, budget)


def merged(base: Mapping[Any, Any], child: Mapping[Any, Any], budget: Budget, path: str = "") -> ConfigDict:
    """Return a base with the values of a child: mappings are merged, unless the child says `_delete_`; lists are not.

    Raises:
        SpecError: A mapping stands in the child where the base has none.
    """
    found = ConfigDict(base)
    for key, value in child.items():
        budget.spend(1)
        where = f"{path}.{key}" if path else str(key)
        if not isinstance(value, dict) or key not in base:
            found[key] = value
            continue
        rest = ConfigDict({name: one for name, one in value.items() if name != _DELETE})
        delete, before = value.get(_DELETE, False), base[key]
        if isinstance(delete, Unread) or isinstance(before, Unread):
            found[key] = delete if isinstance(delete, Unread) else before
        elif delete:
            found[key] = rest
        elif isinstance(before, dict):
            found[key] = merged(before, rest, budget, where)
        else:
            what = f"a mapping, where the base has a {type(before).__name__}"
            raise SpecError(where, found=what, expected=f"{_DELETE}=True in it, or no mapping")
    return found
