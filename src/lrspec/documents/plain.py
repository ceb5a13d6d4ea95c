"""Nodes as plain data and back: the dictionaries, lists, numbers and words that a document is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from lrspec.errors import SpecError
from lrspec.fields import MAX_ITEMS, ListOf, Rule, show
from lrspec.kinds import KINDS
from lrspec.kinds.combine import Sequence as SequenceNode, check_is_followed
from lrspec.presets import PRESETS
from lrspec.spec import MAX_DEPTH, Node, NodeRule, is_required, rule_of

_MAX_NESTED = 4 * MAX_DEPTH


def plain(data: Any, depth: int = 0) -> Any:
    """Return data with every mapping in it as a dict and every sequence as a list, such as those of OmegaConf.

    Raises:
        SpecError: It is nested too deeply to be a document, or stands within itself.

    Example:
        >>> from types import MappingProxyType
        >>> plain(MappingProxyType({"parts": (MappingProxyType({"kind": "constant"}),)}))
        {'parts': [{'kind': 'constant'}]}
    """
    if depth > _MAX_NESTED:
        raise SpecError("", found=f"data nested {depth} deep", expected=f"at most {_MAX_NESTED}")
    if isinstance(data, Mapping) or (hasattr(data, "keys") and hasattr(data, "__getitem__")):  # what `dict` takes
        return {key: plain(data[key], depth + 1) for key in data.keys()}  # noqa: SIM118 - see above
    if isinstance(data, Sequence) and not isinstance(data, str | bytes | bytearray):
        return [plain(item, depth + 1) for item in data]
    return data


def key_of(name: str, metadata: Mapping[Any, Any]) -> str:
    """Return the key that stands for a field in a document."""
    key: str = metadata.get("key", name)
    return key


def holds_nodes(rule: Rule) -> bool:
    """Tell whether a field's rule is that of a list of nodes."""
    return isinstance(rule, ListOf) and isinstance(rule.item, NodeRule)


def rules_of(data: object) -> dict[str, Rule] | None:
    """Return the rules of the keys of a node or preset that plain data stands for, or None where it is neither."""
    kind = data.get("kind") if isinstance(data, Mapping) else None
    return _rules(kind) if isinstance(kind, str) and (kind in KINDS or kind in PRESETS) else None


def _rules(kind: str) -> dict[str, Rule]:
    if kind in PRESETS:
        return PRESETS[kind].rules
    return {key_of(entry.name, entry.metadata): rule_of(entry) for entry in fields(KINDS[kind])}  # type: ignore[arg-type]


def _required(kind: str) -> list[str]:
    if kind in PRESETS:
        return PRESETS[kind].required
    entries = fields(KINDS[kind])  # type: ignore[arg-type]  # every kind of node is a dataclass
    return [key_of(entry.name, entry.metadata) for entry in entries if is_required(entry)]


def node_to_dict(node: Node) -> dict[str, Any]:
    """Return a node as plain data: its kind and every field that differs from its default."""
    data: dict[str, Any] = {"kind": node.kind}
    for entry in fields(node):  # type: ignore[arg-type]  # every kind of node is a dataclass
        value = getattr(node, entry.name)
        if is_required(entry) or value != entry.default:
            rule, key = rule_of(entry), key_of(entry.name, entry.metadata)
            if isinstance(rule, NodeRule):
                data[key] = node_to_dict(value)
            elif holds_nodes(rule):
                data[key] = [node_to_dict(part) for part in value]
            else:
                data[key] = rule.write(value)
    return data


def checked(data: object, path: str, depth: int = 0) -> dict[str, Any]:
    """Return the fields of a node or preset without its `kind`; raise `SpecError` for keys that it does not have."""
    if not isinstance(data, Mapping):
        raise SpecError(path, found=show(data), expected="a schedule: a mapping with a `kind`")
    if depth > MAX_DEPTH:
        raise SpecError(path, found=f"schedules nested {depth} deep", expected=f"at most {MAX_DEPTH}")
    kind = data.get("kind")
    rules = rules_of(data)
    if rules is None:
        found = show(kind) if "kind" in data else "nothing"
        raise SpecError(f"{path}.kind", found=found, expected=_kinds_like(kind))
    for key, value in data.items():
        if key != "kind" and key not in rules:
            where = f"{path}.{key}" if isinstance(key, str) else path
            found = "an unknown key" if isinstance(key, str) else f"the key {show(key)}"
            raise SpecError(where, found=found, expected=f"one of {', '.join(rules)}")
        if value is None:
            raise SpecError(f"{path}.{key}", found="null", expected="a value, or no such key")
    for key in _required(str(kind)):
        if key not in data:
            raise SpecError(f"{path}.{key}", found="nothing", expected=f"this key, which kind {kind} needs")
    return {key: value for key, value in data.items() if key != "kind"}


def _kinds_like(kind: object) -> str:
    """Return which kinds and presets there are, in words: those whose names are near, or the most usual ones."""
    names = (*KINDS, *PRESETS)
    near = get_close_matches(kind, names, n=3) if isinstance(kind, str) else []
    if near:
        return " or ".join(near)
    return f"one of the {len(names)} kinds and presets, such as constant, linear, cosine, sequence or warmup_cosine"


def check(data: object, path: str, open_paths: AbstractSet[str], depth: int = 0) -> None:
    """Check what can be checked of a node's plain data where durations in it need another quantity.

    Args:
        data: A mapping with a `kind`.
        path: Where it stands in its document.
        open_paths: The paths of such durations, and of all that they are in; what is not there is checked as a whole.
        depth: How many nodes are around it.

    Raises:
        SpecError: A key or a field is wrong, or a node that holds no such duration.
    """
    if path not in open_paths:
        node_from_dict(data, path, depth)
        return
    arguments, rules = checked(data, path, depth), rules_of(data) or {}
    for key, value in arguments.items():
        rule, where = rules[key], f"{path}.{key}"
        if isinstance(rule, NodeRule):
            check(value, where, open_paths, depth + 1)
        elif holds_nodes(rule) and isinstance(value, list | tuple):
            _check_parts(data, value, where, open_paths, depth + 1)
        elif where not in open_paths:
            _check_field(rule, value, where)
        elif isinstance(rule, ListOf):
            for i, item in enumerate(value):
                if f"{where}[{i}]" not in open_paths:
                    _check_field(rule.item, item, f"{where}[{i}]")


def _check_parts(data: object, parts: Sequence[object], path: str, open_paths: AbstractSet[str], depth: int) -> None:
    if not 1 <= len(parts) <= MAX_ITEMS:
        raise SpecError(path, found=f"{len(parts)} items", expected=f"1 to {MAX_ITEMS} items")
    is_sequence = isinstance(data, Mapping) and data.get("kind") == SequenceNode.kind
    for i, part in enumerate(parts):
        where = f"{path}[{i}]"
        check(part, where, open_paths, depth)
        if is_sequence and i < len(parts) - 1 and where not in open_paths:
            check_is_followed(node_from_dict(part, where, depth), where)


def _check_field(rule: Rule, value: object, path: str) -> None:
    try:
        rule.read(value)
    except SpecError as error:
        raise error.within(path) from None


def node_from_dict(data: object, path: str, depth: int = 0) -> Node:
    """Return the node that plain data stands for; a preset becomes the tree that it returns.

    Args:
        data: A mapping with a `kind`.
        path: Where `data` stands in its document, for errors.
        depth: How many nodes are around it.

    Raises:
        SpecError: The data is not one of a node.
    """
    arguments, rules = checked(data, path, depth), rules_of(data) or {}
    for key, value in arguments.items():
        rule, where = rules[key], f"{path}.{key}"
        if isinstance(rule, NodeRule):
            arguments[key] = node_from_dict(value, where, depth + 1)
        elif holds_nodes(rule) and isinstance(value, list | tuple):
            arguments[key] = [node_from_dict(part, f"{where}[{i}]", depth + 1) for i, part in enumerate(value)]
    kind = str(data["kind"])  # type: ignore[index]  # `checked` has seen a mapping
    try:
        node = PRESETS[kind](**arguments) if kind in PRESETS else KINDS[kind](**arguments)
    except SpecError as error:
        raise error.within(path) from None
    deep = depth + node.depth - 1 if kind in PRESETS else depth
    if deep > MAX_DEPTH:
        found = f"schedules nested {deep} deep, with those that {kind} stands for"
        raise SpecError(path, found=found, expected=f"at most {MAX_DEPTH}")
    return node
