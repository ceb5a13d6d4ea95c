"""Documents: a schedule for each hyperparameter, as YAML or JSON text, checked on the way in.

    text --documents/yaml.py--> plain data --documents/durations.py, plain.py--> nodes

A document says which version of the spec it follows and gives a schedule for each hyperparameter it names:

    lrspec: 1
    learning_rate:
      kind: cosine
      init_value: 0.1
      end_value: 0.0
      steps: 90 epochs
    steps_per_epoch: 1252
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from lrspec.documents import yaml as text
from lrspec.documents.durations import QUANTITIES, Units
from lrspec.documents.layout import HYPERPARAMETERS, UNIT_KEYS, checked_keys, entries, groups, scales
from lrspec.documents.plain import check, node_from_dict, node_to_dict, plain
from lrspec.errors import SpecError, UnsupportedError, argument
from lrspec.fields import Flag, Number, Rule, show
from lrspec.kinds import Affine
from lrspec.program import Program
from lrspec.schedule import Schedule
from lrspec.spec import MAX_DEPTH, SPEC_VERSION, Node

_SUFFIXES: dict[str, Literal["yaml", "json"]] = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class Document(Schedule):
    """A document: a schedule per hyperparameter, which acts as its learning-rate schedule, where it has one.

    Args:
        data: The document as plain data, or in mappings such as those of OmegaConf and ml_collections: `lrspec`,
            `learning_rate`, and where wanted, or instead, `momentum`, `weight_decay`, `other` (any names), `groups`
            (scales and schedules of parameter groups), `relative`, and the quantities that turn units into steps.

    Raises:
        SpecError: The data is not a document of this version.

    Example:
        >>> document = loads("{lrspec: 1, learning_rate: {kind: constant, value: 0.5}}")
        >>> document(0), document["learning_rate"], list(document)
        (0.5, Constant(value=0.5, steps=None, after='hold'), ['learning_rate'])
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = checked_keys(plain(data))
        self._units = Units(self._data)
        self.relative: bool = _read(Flag(), self._data.get("relative", False), "relative")
        base = self._data.get("base_value")
        self.base_value: float | None = None if base is None else _read(Number(), base, "base_value")
        self._scales = scales(self._data)
        self._nodes: dict[str | int | None, dict[str, Node]] = {None: {}, **{name: {} for name in groups(self._data)}}
        resolved = [
            entry._replace(source=self._units.resolve(entry.source, entry.path)) for entry in entries(self._data)
        ]
        open_paths = self._units.open_paths
        for group, name, path, source in resolved:
            if self.missing:
                check(source, path, open_paths)
            else:
                self._nodes[group][name] = self._checked(node_from_dict(source, path), name, path)

    def _checked(self, node: Node, name: str, path: str) -> Node:
        """Return a node.

        Raises:
            SpecError: A `previous` in it has no part before it, or the document's factors nest it too deeply.
        """
        lonely = node.lonely_previous()
        if lonely is not None:
            expected = "a number, because no part of a sequence comes before"
            raise SpecError(f"{path}.{lonely}", found="previous", expected=expected)
        factors = self.relative + any(scale != 1 for scale in self._scales.values()) if name == "learning_rate" else 0
        if node.depth - 1 + factors > MAX_DEPTH:
            found = f"schedules nested {node.depth - 1 + factors} deep, with `base_value` and `scale`"
            raise SpecError(path, found=found, expected=f"at most {MAX_DEPTH}")
        return node

    @property
    def missing(self) -> dict[str, str]:
        """The names of the quantities that the document does not have, by the paths of the durations that need them."""
        return {path: quantity for path, (_, quantity) in self._units.missing.items()}

    def resolve(self, **quantities: Any) -> Document:
        """Return the document with more quantities, or others.

        Args:
            quantities: `steps_per_epoch`, `batch_size` (samples per step), `tokens_per_step`, `total_steps`,
                `rounding`, `at_least_one`, `base_value`: as the keys of a document.

        Raises:
            SpecError: A quantity is unknown, or not as it should be.

        Example:
            >>> document = loads("{lrspec: 1, learning_rate: {kind: constant, value: 1, steps: 2 epochs}}")
            >>> document.missing
            {'learning_rate.steps': 'steps_per_epoch'}
            >>> document.resolve(steps_per_epoch=100).node.length
            200
        """
        allowed = (*UNIT_KEYS, "base_value")
        for key in quantities:
            if key not in allowed:
                raise SpecError(key, found="an unknown quantity", expected=f"one of {', '.join(allowed)}")
        return Document({**self._data, **quantities})

    @property
    def quantities(self) -> dict[str, Any]:
        """The quantities that the document has, as exact numbers."""
        return {name: self._units[name] for name in QUANTITIES if self._units[name] is not None}

    @property
    def total_steps(self) -> int | None:
        """The number of steps of the whole, where the document says it."""
        total: int | None = self._units["total_steps"]
        return total

    @property
    def node(self) -> Node:
        """The node of the learning rate, with every duration in steps.

        Raises:
            SpecError: The document schedules no learning rate.
        """
        if "learning_rate" not in self:
            there = ", ".join(self)
            expected = f"a learning rate: the document schedules {there}; document[{next(iter(self))!r}] is one of them"
            raise SpecError("learning_rate", found="nothing", expected=expected)
        return self["learning_rate"]

    @cached_property
    def program(self) -> Program:
        """The program of the learning rate."""
        node = self.node
        try:
            return node.program
        except SpecError as error:
            raise error.within("learning_rate") from None

    def exact(self, step: int) -> float:
        """Return the exact formula of the learning rate at `step`, rounded once to float64."""
        node = self.node
        try:
            return node.exact(step)
        except SpecError as error:
            raise error.within("learning_rate") from None

    @cached_property
    def fingerprint(self) -> str:
        """`sha256:` and the SHA-256 of the programs: of the learning rate's alone where it is the only schedule."""
        if list(self) == ["learning_rate"] and not self.groups:
            return self.program.fingerprint
        lines = [f"{json.dumps(name)} {self[name].fingerprint}\n" for name in sorted(self)]
        for group in self.groups:
            schedules = sorted(self.group(group).items())
            lines += [f"{json.dumps(group)} {json.dumps(name)} {node.fingerprint}\n" for name, node in schedules]
        return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()

    def __getitem__(self, name: str) -> Node:
        self._require_quantities()
        return self._absolute(name, self._nodes[None][name])

    def _absolute(self, name: str, node: Node) -> Node:
        if not self.relative or name != "learning_rate":
            return node
        if self.base_value is None:
            given = argument("base_value", of="resolve")
            expected = f"the rate that the values are relative to: in the document, or {given}"
            raise SpecError("base_value", found="nothing", expected=expected)
        return Affine(part=node, scale=self.base_value)

    def _require_quantities(self) -> None:
        for path, (found, quantity) in self._units.missing.items():
            more = len(self._units.missing) - 1
            also = f" ({more} more durations need quantities)" if more else ""
            expected = f"`{quantity}` in the document, or {argument(quantity, of='resolve')}{also}"
            raise SpecError(path, found=show(found), expected=expected)

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in HYPERPARAMETERS if name in self._data)
        yield from self._data.get("other", ())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    @property
    def groups(self) -> list[str | int]:
        """The names of the parameter groups, or their places where the document lists them."""
        return [name for name in self._nodes if name is not None]

    def group(self, name: str | int | None) -> dict[str, Node]:
        """Return the schedules of a parameter group: its own, and the document's for the rest, scaled where it says.

        Args:
            name: One of `groups`; any other, or None, has the document's own schedules.

        Raises:
            SpecError: A quantity is missing.

        Example:
            >>> document = loads('''{lrspec: 1, learning_rate: {kind: constant, value: 0.5},
            ...     groups: {backbone: {scale: 0.5}}}''')
            >>> document.group("backbone")["learning_rate"](0), document.group("head")["learning_rate"](0)
            (0.25, 0.5)
        """
        self._require_quantities()
        nodes = self._nodes[None] | self._nodes.get(name, {})
        schedules = {hyperparameter: self._absolute(hyperparameter, node) for hyperparameter, node in nodes.items()}
        scale = self._scales.get(name, 1.0) if name is not None else 1.0
        if scale != 1:
            schedules["learning_rate"] = Affine(part=schedules["learning_rate"], scale=scale)
        return schedules

    def require_one_rate(self, framework: str, instead: str) -> None:
        """Refuse a document that says other than one learning rate, where a framework's object can hold only that.

        Args:
            framework: The framework's name.
            instead: What to do instead.

        Raises:
            UnsupportedError: The document schedules another hyperparameter, parameter groups, or no learning rate.
        """
        self.require_rate(framework)
        others = [*(name for name in self if name != "learning_rate"), *(f"the group {name}" for name in self.groups)]
        if others:
            reason = f"its schedules hold a learning rate alone; {instead}"
            raise UnsupportedError(framework, " and ".join(others), reason)

    def require_rate(self, framework: str) -> None:
        """Refuse a document without a learning rate, where a framework's object needs one.

        Raises:
            UnsupportedError: The document schedules no learning rate.
        """
        if "learning_rate" not in self:
            first = next(iter(self))
            reason = f"it has no learning rate; document[{first!r}] is a schedule of its own"
            raise UnsupportedError(framework, f"a document of {', '.join(self)}", reason)

    def _repr_svg_(self) -> str | None:  # type: ignore[override]  # a notebook then shows the text
        return super()._repr_svg_() if "learning_rate" in self else None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Document):
            return self._state() == other._state()
        if isinstance(other, Node):
            return not self.missing and self._nodes == {None: {"learning_rate": other}} and not self.relative
        return NotImplemented

    def _state(self) -> tuple[Any, ...]:
        return self._nodes, self._scales, self.relative, self.base_value, self._data if self.missing else None

    def __hash__(self) -> int:
        return hash(self._nodes[None].get("learning_rate"))

    def __repr__(self) -> str:
        return f"Document({self._data!r})"

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain data, as it was written: durations in the units that the user chose."""
        return copy.deepcopy(self._data)


def _read(rule: Rule, value: Any, path: str) -> Any:
    try:
        return rule.read(value)
    except SpecError as error:
        raise error.within(path) from None


def from_dict(data: Mapping[str, Any]) -> Document:
    """Return the document that plain data stands for.

    Args:
        data: Plain data, as `to_dict` or a JSON reader returns it.

    Raises:
        SpecError: The data is not a document; the error says where, what was found and what was expected.

    Example:
        >>> from_dict({"lrspec": 1, "learning_rate": {"kind": "constant", "value": "fast"}})
        Traceback (most recent call last):
        ...
        lrspec.errors.SpecError: learning_rate.value: found 'fast', expected a number
    """
    return Document(data)


def to_dict(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule or document as plain data, ready for `json.dumps`.

    Args:
        schedule: A document, returned as it was written, or a node, which becomes its learning rate.

    Example:
        >>> from lrspec import Constant
        >>> to_dict(Constant(value=0.1))
        {'lrspec': 1, 'learning_rate': {'kind': 'constant', 'value': 0.1}}
    """
    if isinstance(schedule, Document):
        return schedule.to_dict()
    return {"lrspec": SPEC_VERSION, "learning_rate": node_to_dict(schedule.node)}


def loads(source: str | bytes) -> Document:
    r"""Return the document that a text holds, YAML or JSON.

    Args:
        source: The text; bytes are UTF-8. JSON is read as the YAML that it is.

    Raises:
        SpecError: The text is not a document.

    Example:
        >>> loads("lrspec: 1\nlearning_rate: {kind: constant, value: 1e-3}")(0)
        0.0010000000474974513
    """
    return Document(text.parse(source))


def load(path: str | Path) -> Document:
    """Return the document in a file, YAML or JSON.

    Args:
        path: The file.

    Raises:
        OSError: The file cannot be read.
        SpecError: The file does not hold a document.
    """
    with Path(path).open("rb") as file:
        return loads(file.read(text.MAX_BYTES + 1))


def dumps(schedule: Schedule, *, format: Literal["yaml", "json"] = "yaml") -> str:  # noqa: A002 - the word for it
    """Return a schedule or document as text.

    Args:
        schedule: What to write; a node becomes the learning rate of a document.
        format: `yaml` or `json`.

    Raises:
        SpecError: The text would be too long to be read again.

    Example:
        >>> from lrspec import Constant
        >>> print(dumps(Constant(value=1e-3)), end="")
        lrspec: 1
        learning_rate:
          kind: constant
          value: 0.001
    """
    return text.render(to_dict(schedule), format)


def dump(schedule: Schedule, path: str | Path) -> None:
    """Write a schedule or document to a file, as JSON where its name ends in `.json`, as YAML in `.yaml` or `.yml`.

    Args:
        schedule: What to write.
        path: The file; replaced where it exists.

    Raises:
        ValueError: The file's name has another ending.
        OSError: The file cannot be written.
    """
    path = Path(path)
    if path.suffix not in _SUFFIXES:
        raise ValueError(f"{path}: expected a name that ends in {', '.join(_SUFFIXES)}")
    path.write_text(dumps(schedule, format=_SUFFIXES[path.suffix]), encoding="utf-8")
