"""Where things stand in a document: its keys, and every schedule in it with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lrspec.documents.durations import QUANTITIES
from lrspec.errors import SpecError
from lrspec.fields import Number, is_integer, is_unicode, show
from lrspec.spec import SPEC_VERSION

HYPERPARAMETERS = ("learning_rate", "momentum", "weight_decay")
"""What a document may schedule by name. Others stand under `other`."""
UNIT_KEYS = (*QUANTITIES, "rounding", "at_least_one")
"""The keys that turn durations into steps."""
KEYS = ("lrspec", *HYPERPARAMETERS, "other", "groups", "relative", "base_value", *UNIT_KEYS)
"""The keys of a document."""
GROUP_KEYS = (*HYPERPARAMETERS, "other", "scale")
"""The keys of a parameter group."""
MAX_GROUPS = 1024
"""The largest number of parameter groups, and of names under `other`."""


class Entry(NamedTuple):
    """A schedule of a document: of which group, which hyperparameter, where it stands, and its plain data."""

    group: str | int | None
    name: str
    path: str
    source: Any


def checked_keys(data: object) -> dict[str, Any]:
    """Return a document's plain data; raise `SpecError` where its keys or its version are not of this spec."""
    if not isinstance(data, Mapping):
        raise SpecError("", found=show(data), expected="a document: a mapping with the key `lrspec`")
    if "lrspec" not in data:
        raise SpecError("lrspec", found="nothing", expected=f"the version of the spec, {SPEC_VERSION}")
    version = data["lrspec"]
    if not is_integer(version) or version < 1:
        raise SpecError("lrspec", found=show(version), expected=f"the version of the spec, {SPEC_VERSION}")
    if version > SPEC_VERSION:
        expected = f"version {SPEC_VERSION} or older; a newer lrspec reads this document"
        raise SpecError("lrspec", found=f"version {show(version)}", expected=expected)
    _check_keys(data, KEYS, "")
    if not any(name in data for name in HYPERPARAMETERS) and not data.get("other"):
        raise SpecError("learning_rate", found="nothing", expected="a schedule")
    if "learning_rate" not in data:
        _check_without_rate(data)
    return dict(data)


def _check_without_rate(data: Mapping[str, Any]) -> None:
    """Raise `SpecError` where a document without a learning rate has what needs one."""
    needing = ["relative"] if data.get("relative") else []
    needing += ["base_value"] if "base_value" in data else []
    for name, group in groups(data).items():
        needing += [f"{group_path(name)}.{key}" for key in ("learning_rate", "scale") if key in group]
    if needing:
        raise SpecError("learning_rate", found="nothing", expected=f"a schedule, because of `{needing[0]}`")


def _check_keys(data: Mapping[Any, Any], allowed: tuple[str, ...], path: str) -> None:
    prefix = f"{path}." if path else ""
    for key, value in data.items():
        if key not in allowed:
            where = f"{prefix}{key}" if isinstance(key, str) else path
            found = "an unknown key" if isinstance(key, str) else f"the key {show(key)}"
            raise SpecError(where, found=found, expected=f"one of {', '.join(allowed)}")
        if value is None:
            raise SpecError(f"{prefix}{key}", found="null", expected="a value, or no such key")


def entries(data: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield every schedule of a document.

    Raises:
        SpecError: `other` or `groups` is not laid out as it should be.
    """
    yield from _entries(data, None, "")
    for name, group in groups(data).items():
        yield from _entries(group, name, group_path(name))


def _entries(data: Mapping[str, Any], group: str | int | None, path: str) -> Iterator[Entry]:
    prefix = f"{path}." if path else ""
    yield from (Entry(group, name, f"{prefix}{name}", data[name]) for name in HYPERPARAMETERS if name in data)
    for name, source in _mapping(data.get("other", {}), f"{prefix}other", "names and their schedules").items():
        if name in HYPERPARAMETERS:
            raise SpecError(f"{prefix}other.{name}", found="a name of its own", expected=f"`{name}` outside of `other`")
        yield Entry(group, name, f"{prefix}other.{name}", source)


def groups(data: Mapping[str, Any]) -> dict[str | int, Mapping[str, Any]]:
    """Return the parameter groups of a document, by name, or by place where it lists them.

    Raises:
        SpecError: They are not laid out as they should be.
    """
    given = data.get("groups", {})
    if isinstance(given, list | tuple):
        if not given:
            raise SpecError("groups", found="0 items", expected=f"1 to {MAX_GROUPS} items, or no such key")
        _check_count(given, "groups")
        named: dict[str | int, Any] = dict(enumerate(given))
    else:
        named = {}
        named.update(_mapping(given, "groups", "parameter groups, by name or as a list"))
    for name, group in named.items():
        path = group_path(name)
        if not isinstance(group, Mapping):
            raise SpecError(path, found=show(group), expected=f"a mapping with some of {', '.join(GROUP_KEYS)}")
        _check_keys(group, GROUP_KEYS, path)
    return named


def scales(data: Mapping[str, Any]) -> dict[str | int, float]:
    """Return the scale of each parameter group that has one."""
    found = {}
    for name, group in groups(data).items():
        if "scale" in group:
            try:
                found[name] = Number(float32=False).read(group["scale"])
            except SpecError as error:
                raise error.within(f"{group_path(name)}.scale") from None
    return found


def group_path(name: str | int) -> str:
    """Return the path of a parameter group."""
    return f"groups[{name}]" if isinstance(name, int) else f"groups.{name}"


def _mapping(data: Any, path: str, expected: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise SpecError(path, found=show(data), expected=f"a mapping of {expected}")
    _check_count(data, path)
    for name in data:
        if not isinstance(name, str) or not name:
            raise SpecError(path, found=f"the name {show(name)}", expected="a text")
        if not is_unicode(name):
            raise SpecError(path, found=f"the name {ascii(name)[:60]}", expected="a text without lone surrogates")
    return data


def _check_count(data: Any, path: str) -> None:
    if len(data) > MAX_GROUPS:
        raise SpecError(path, found=f"{len(data)} items", expected=f"at most {MAX_GROUPS}")
