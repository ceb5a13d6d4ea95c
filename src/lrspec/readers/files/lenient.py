"""YAML and JSON of other systems: what has no meaning here refuses only where a reader asks for it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml as pyyaml

from lrspec.documents import yaml
from lrspec.errors import SpecError

_MERGE, _OCTAL = "tag:yaml.org,2002:merge", "tag:lrspec,octal"


@dataclass(frozen=True)
class Unread:
    """A value of a config that is no plain data: a tag, a call, a variable that nothing sets.

    Args:
        found: What stands there, in words.
        where: Where, such as `line 7`.
        expected: What is read instead, in words.
        argument: Of a call with one plain argument, such as an enum that `yaml.dump` wrote: the argument.
    """

    found: str
    where: str = ""
    expected: str = "a plain value"
    argument: Any = None

    def at(self, path: str) -> SpecError:
        """Return the error of a reader that asks for it.

        Args:
            path: The path of the key.
        """
        where = f" ({self.where})" if self.where else ""
        return SpecError(path, found=f"{self.found}{where}", expected=self.expected)


_Pair: TypeAlias = tuple[pyyaml.Node, pyyaml.Node]


class _Loader(yaml.Loader):
    """The documents' loader, with merge keys; tags and keys that stand twice become `Unread`."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.warnings: list[str] = []
        self._disputed: set[int] = set()

    def flatten_mapping(self, node: pyyaml.MappingNode) -> None:
        """Put what is merged in front; of several mappings that differ, releases of PyYAML take different ones."""
        merged: dict[str, _Pair] = {}
        own: list[_Pair] = []
        for key, value in node.value:
            if key.tag != _MERGE:
                own.append((key, value))
                continue
            for one in value.value if isinstance(value, pyyaml.SequenceNode) else [value]:
                if not isinstance(one, pyyaml.MappingNode):
                    raise SpecError(
                        yaml.line(one), found="a merge of no mapping", expected="a mapping, or a list of them"
                    )
                self.flatten_mapping(one)
                for name, pair in self._by_name(one.value).items():
                    self._dispute(merged.setdefault(name, pair), pair)
        mine = self._by_name(own)
        node.value = [*(pair for name, pair in merged.items() if name not in mine), *own]

    def _by_name(self, pairs: list[_Pair]) -> dict[str, _Pair]:
        found: dict[str, _Pair] = {}
        for pair in pairs:
            if isinstance(pair[0].value, str):
                self._dispute(pair, found.get(pair[0].value, pair))
                found[pair[0].value] = pair
        return found

    def _dispute(self, used: _Pair, other: _Pair) -> None:
        """Remember a key that has two values, of which one is used."""
        if used[1] is not other[1] and not self._are_equal(used[1], other[1]):
            self._disputed.add(id(used[0]))

    def _are_equal(self, one: pyyaml.Node, other: pyyaml.Node) -> bool:
        return bool(self.construct_object(one, deep=True) == self.construct_object(other, deep=True))

    def construct_mapping(self, node: pyyaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002, FBT001, FBT002
        own = list(node.value)
        self.flatten_mapping(node)
        found: dict[Hashable, Any] = {}
        mine = {id(key) for key, _ in own}
        written: set[Hashable] = set()
        for key, value in node.value:
            name = key.value if key.tag == _OCTAL else self.construct_object(key, deep=True)
            if not isinstance(name, Hashable):
                raise SpecError(yaml.line(key), found="a list or mapping as a key", expected="a word")
            again = self.construct_object(value, deep=True)
            if id(key) in mine:
                if name in written:
                    self.warnings.append(f"{yaml.line(key)}: the key {name!r} stands a second time")
                    if found[name] != again:
                        again = Unread(f"the key {name!r} a second time, with another value", yaml.line(key), "it once")
                written.add(name)
            elif id(key) in self._disputed:
                again = Unread(f"{name!r} with several values, merged from several places", yaml.line(key), "one value")
            found[name] = again
        return found

    def construct_octal(self, node: pyyaml.ScalarNode) -> Unread:
        return Unread(f"{node.value}, octal in YAML 1.1, and decimal in 1.2", yaml.line(node), "no zero in front")

    def construct_tagged(self, tag: str, node: pyyaml.Node) -> Any:
        if tag.endswith(":python/tuple") and isinstance(node, pyyaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        called = ":python/object/apply:" in tag and isinstance(node, pyyaml.SequenceNode) and len(node.value) == 1
        argument = node.value[0].value if called and isinstance(node.value[0], pyyaml.ScalarNode) else None
        return Unread(f"the tag {tag}", yaml.line(node), "a value without a tag", argument)


_Loader.add_implicit_resolver(_MERGE, yaml.MERGE, ["<"])
_Loader.add_implicit_resolver(_OCTAL, re.compile(r"[-+]?0[0-7_]*[0-7][0-7_]*\Z"), list("-+0"))
_Loader.add_constructor(_OCTAL, _Loader.construct_octal)
_Loader.add_multi_constructor("", _Loader.construct_tagged)


def parse_yaml(source: str) -> tuple[Any, tuple[str, ...]]:
    """Return the data of a YAML text, and what is odd about it.

    Raises:
        SpecError: The text is malformed, or too large; the path names the line.
    """
    loaders: list[_Loader] = []

    def made(text: str) -> _Loader:
        loaders.append(_Loader(text))
        return loaders[-1]

    data = yaml.parse(source, made, tags=True)
    return data, tuple(loaders[0].warnings)


def pairs_once(pairs: list[tuple[str, Any]], warnings: list[str]) -> dict[str, Any]:
    """Return the pairs of a JSON object; a key that stands twice with two values is `Unread`."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            warnings.append(f"the key {name!r} stands a second time")
            if found[name] != value:
                found[name] = Unread(f"the key {name!r} a second time, with another value", expected="it once")
                continue
        found[name] = value
    return found
