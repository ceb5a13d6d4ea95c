"""YAML and JSON text as plain data: safe, with exact rules for numbers, and bounded in size.

JSON is a subset of what is read here. The scalars are those of YAML 1.2's core schema, so that `1e-3`, `1.0e-3` and
`.001` are numbers, while `yes`, `1_000`, `0o17` and `12:30:00`, on which YAML readers disagree, stay text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Hashable
from typing import Any, Literal

import yaml

from lrspec.documents.json import from_json
from lrspec.errors import SpecError
from lrspec.fields import is_unicode

MAX_BYTES = 1 << 21
"""The largest document, in bytes."""
MAX_NODES = 100_000
"""The largest number of values in a document, each alias counted with everything that it stands for."""
MAX_NESTING = 100
"""How deeply lists and mappings may be nested."""
_MAX_DIGITS = 400
_LARGEST_KEY = 1 << 60
"""Larger integers may all have one hash, so that a mapping of them takes a time that grows as their square."""
MERGE = re.compile(r"(?:<<)\Z")
"""The key whose mapping is merged, in the files of others."""


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the core schema's scalars and no duplicate keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own shape

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """Return a mapping whose keys stand once each."""
        seen: dict[Any, yaml.Node] = {}
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, Hashable):
                raise SpecError(line(key), found="a list or mapping as a key", expected="a word")
            if isinstance(name, int) and abs(name) > _LARGEST_KEY:
                raise SpecError(line(key), found="a very large integer as a key", expected="a word")
            if isinstance(name, float) and math.isnan(name):
                name = math.nan  # one object: no other NaN equals it
            if name in seen:
                raise SpecError(line(key), found=f"the key {name!r} a second time", expected="each key once")
            seen[name] = key
        return super().construct_mapping(node, deep=deep)

    def construct_text(self, node: yaml.ScalarNode) -> str:
        """Return a text in which JSON's two escapes for a character beyond U+FFFF are that character."""
        text = str(node.value)
        return text if is_unicode(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """Return a number of a bounded length."""
        literal = str(node.value)
        if len(literal) > _MAX_DIGITS:
            raise SpecError(
                line(node), found=f"a number of {len(literal)} characters", expected=f"at most {_MAX_DIGITS}"
            )
        if node.tag.endswith(":int"):
            return int(literal)
        return float(literal.lower().replace(".inf", "inf").replace(".nan", "nan"))


def line(where: yaml.Node | yaml.Event) -> str:
    """Return which line something stands in, in words."""
    mark = where.start_mark
    return f"line {mark.line + 1}" if mark else ""


def _quick() -> type[Any] | None:
    """Return what composes nodes with libyaml, or None where PyYAML has none; the constructor is `Loader`'s."""
    if not yaml.__with_libyaml__:
        return None
    return type("Quick", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": Loader.yaml_implicit_resolvers})


_Quick = _quick()
for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), _first)
Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_number)
Loader.add_constructor("tag:yaml.org,2002:float", Loader.construct_number)
Loader.add_constructor("tag:yaml.org,2002:str", Loader.construct_text)


def parse(source: str | bytes, loader_of: Callable[[str], Loader] = Loader, *, tags: bool = False) -> Any:
    """Return the plain data of a YAML or JSON text.

    Args:
        source: The text, in UTF-8.
        loader_of: What loads it.
        tags: Whether it may have tags, which the loader then treats.

    Raises:
        SpecError: The text is malformed, has a duplicate key, or is too large; the path names the line.
    """
    decoded = _decoded(source)
    if loader_of is Loader and (quick := from_json(decoded)) is not None:
        return quick
    try:
        loader = loader_of(decoded)
        node = _composed(decoded, loader, tags=tags)
        _check_size(node)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = re.sub(r"^(but )?found ", "", error.problem or "malformed YAML")
        raise SpecError(where, found=problem, expected="a YAML or JSON document") from None
    except SpecError:
        raise
    except (ValueError, OverflowError):  # PyYAML's scanner, on an impossible escape or version
        raise SpecError("", found="malformed YAML", expected="a YAML or JSON document") from None
    except yaml.YAMLError as error:
        raise SpecError("", found=str(error).splitlines()[0], expected="a YAML or JSON document") from None
    if data is None:
        raise SpecError("", found="null", expected="a document: a mapping with the key `lrspec`")
    return data


def _decoded(source: str | bytes) -> str:
    """Return a text of bounded length; without tabs where it begins as JSON does."""
    try:
        encoded = source if isinstance(source, bytes) else source.encode()
        decoded = encoded.decode("utf-8-sig")
    except UnicodeError:
        raise SpecError("", found="text that is not UTF-8", expected="a document in UTF-8") from None
    if len(encoded) > MAX_BYTES:
        raise SpecError("", found=f"more than {MAX_BYTES} bytes", expected="a smaller document")
    if decoded.lstrip().startswith("{"):
        decoded = decoded.replace("\t", " ")  # JSON may be indented with tabs, and has none inside its strings
    return decoded


def _composed(source: str, loader: Loader, *, tags: bool) -> yaml.Node | None:
    """Return the node that a text stands for."""
    quick = _composed_quickly(source) if type(loader) is Loader else None
    if quick is not None:
        return quick
    _check_events(source, tags=tags)
    node: yaml.Node | None = loader.get_single_node()
    return node


def _composed_quickly(source: str) -> yaml.Node | None:
    """Return the node of a long and plain text by libyaml, ten times as fast; None where PyYAML's code is to read it.

    That is any text with more than words, numbers, lists and mappings in it, and whatever libyaml does not take, so
    that errors are the same with and without it.

    Raises:
        SpecError: There are too many values, or too deep a nesting.
    """
    if _Quick is None or len(source) < _LONG or not _PLAIN_TEXT.fullmatch(source) or _MARKERS.search(source):
        return None
    try:
        _check_events(source, _Quick)
        node: yaml.Node | None = _Quick(source).get_single_node()
    except yaml.YAMLError:
        return None
    return node


_LONG = 4096
_PLAIN_TEXT = re.compile(r"[\n A-Za-z0-9_.,:+/()\[\]{}\"#=-]*")
_MARKERS = re.compile(r"^(?:---|\.\.\.)", re.MULTILINE)


def _check_events(source: str, loader: type[Any] = yaml.SafeLoader, *, tags: bool = False) -> None:
    """Refuse too many values, nesting too deep for the recursive composer, and tags such as `!!python/object`."""
    depth = size = 0
    for event in yaml.parse(source, Loader=loader):
        tag = getattr(event, "tag", None)
        if tag is not None and not tags:
            raise SpecError(line(event), found=f"the tag {tag}", expected="a value without a tag")
        size += isinstance(event, yaml.NodeEvent)
        if size > MAX_NODES:
            raise SpecError(line(event), found=f"more than {MAX_NODES} values", expected="fewer")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_NESTING:
            raise SpecError(line(event), found=f"more than {MAX_NESTING} levels of nesting", expected="fewer")


def _check_size(root: yaml.Node | None) -> None:
    """Refuse aliases that stand for too many values, too deep a nesting, or themselves."""
    if root is None:
        raise SpecError("", found="an empty text", expected="a document")
    measured: dict[int, tuple[int, int]] = {}
    open_nodes: set[int] = set()

    def measure(node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node stands for, and how deeply they are nested."""
        if id(node) in measured:
            return measured[id(node)]
        if id(node) in open_nodes:
            raise SpecError(line(node), found="an alias inside what it stands for", expected="no such circle")
        open_nodes.add(id(node))
        inner = list(node.value) if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            inner = [item for pair in node.value for item in pair]
        found = [measure(item) for item in inner]
        open_nodes.remove(id(node))
        size, depth = 1 + sum(size for size, _ in found), 1 + max((depth for _, depth in found), default=0)
        if depth > MAX_NESTING + 1:
            raise SpecError(line(node), found=f"more than {MAX_NESTING} levels of nesting", expected="fewer")
        measured[id(node)] = size, depth
        return size, depth

    size, _ = measure(root)
    if size > MAX_NODES:
        raise SpecError("", found=f"a document that stands for {size} values", expected=f"at most {MAX_NODES}")


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper without aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the parent's signature
        return True


def render(data: dict[str, Any], format: Literal["yaml", "json"]) -> str:  # noqa: A002 - the word for it
    """Return plain data as text; JSON in one line where it would be too long to be read again.

    Raises:
        SpecError: It is too long to be read again.
    """
    if format == "json":
        text = json.dumps(data, indent=2, allow_nan=False) + "\n"
        return text if len(text) <= MAX_BYTES else _checked(json.dumps(data, allow_nan=False) + "\n")
    if format == "yaml":
        return _checked(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
    raise ValueError(f"format {format!r}: expected yaml or json")


def _checked(text: str) -> str:
    size = len(text.encode())
    if size > MAX_BYTES:
        expected = f"at most {MAX_BYTES}: values with fewer digits, fewer of them, or JSON"
        raise SpecError("", found=f"a document of {size} bytes", expected=expected)
    return text
