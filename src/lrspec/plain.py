"""Nodes as plain data and back: the dictionaries, lists, numbers and words that a document is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lrspec.errors import SpecError
from lrspec.fields import ListOf, Rule, show
from lrspec.kinds import KINDS
from lrspec.spec import MAX_DEPTH, Node, NodeRule, is_required, rule_of


def key_of(name: str, metadata: Mapping[Any, Any]) -> str:
    """Return the key that stands for a field in a document."""
    key: str = metadata.get("key", name)
    return key


def holds_nodes(rule: Rule) -> bool:
    """Tell whether a field's rule is that of a list of nodes."""
    return isinstance(rule, ListOf) and isinstance(rule.item, NodeRule)


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


def node_from_dict(data: object, path: str, depth: int = 0) -> Node:  # noqa: C901 - one check after another
    """Return the node that plain data stands for.

    Args:
        data: A mapping with a `kind`.
        path: Where `data` stands in its document, for errors.
        depth: How many nodes are around it.

    Raises:
        SpecError: The data is not one of a node.
    """
    if not isinstance(data, Mapping):
        raise SpecError(path, found=show(data), expected="a schedule: a mapping with a `kind`")
    if depth > MAX_DEPTH:
        raise SpecError(path, found=f"schedules nested {depth} deep", expected=f"at most {MAX_DEPTH}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        found = show(kind) if "kind" in data else "nothing"
        raise SpecError(f"{path}.kind", found=found, expected=f"one of {', '.join(KINDS)}")
    node = KINDS[kind]
    entries = {key_of(entry.name, entry.metadata): entry for entry in fields(node)}  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for key, value in data.items():
        if key == "kind":
            continue
        if key not in entries:
            where = f"{path}.{key}" if isinstance(key, str) else path
            found = "an unknown key" if isinstance(key, str) else f"the key {show(key)}"
            raise SpecError(where, found=found, expected=f"one of {', '.join(entries)}")
        if value is None:
            raise SpecError(f"{path}.{key}", found="null", expected="a value, or no such key")
        arguments[key] = value
    for key, entry in entries.items():
        if is_required(entry) and key not in arguments:
            raise SpecError(f"{path}.{key}", found="nothing", expected=f"this key, which kind {kind} needs")
    for key, value in arguments.items():
        rule = rule_of(entries[key])
        if isinstance(rule, NodeRule):
            arguments[key] = node_from_dict(value, f"{path}.{key}", depth + 1)
        elif holds_nodes(rule) and isinstance(value, list | tuple):
            arguments[key] = [node_from_dict(part, f"{path}.{key}[{i}]", depth + 1) for i, part in enumerate(value)]
    try:
        return node(**arguments)
    except SpecError as error:
        raise error.within(path) from None
