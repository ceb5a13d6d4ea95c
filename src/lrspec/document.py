"""Documents: a schedule as YAML or JSON text, checked on the way in.

    text --text.py--> plain data --units.py, plain.py--> nodes

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
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from lrspec import text
from lrspec.errors import SpecError
from lrspec.fields import Period, is_integer, show
from lrspec.plain import node_from_dict, node_to_dict
from lrspec.program import Program
from lrspec.schedule import Schedule
from lrspec.spec import SPEC_VERSION, Node
from lrspec.units import resolve

HYPERPARAMETERS = ("learning_rate", "momentum", "weight_decay")
"""What a document may schedule; `learning_rate` is required."""
_KEYS = ("lrspec", *HYPERPARAMETERS, "steps_per_epoch")
_SUFFIXES: dict[str, Literal["yaml", "json"]] = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class Document(Schedule):
    """A document: a schedule per hyperparameter, which acts as its learning-rate schedule.

    Args:
        data: The document as plain data, with the keys `lrspec`, `learning_rate`, and where wanted `momentum`,
            `weight_decay` and `steps_per_epoch`.

    Raises:
        SpecError: The data is not a document of this version.

    Example:
        >>> document = loads("{lrspec: 1, learning_rate: {kind: constant, value: 0.5}}")
        >>> document(0), document["learning_rate"], list(document)
        (0.5, Constant(value=0.5, steps=None, after='hold'), ['learning_rate'])
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = copy.deepcopy(_checked_keys(data))
        epoch = self._data.get("steps_per_epoch")
        self.steps_per_epoch: int | Fraction | None = None
        if epoch is not None:
            try:
                self.steps_per_epoch = Period().read(epoch)
            except SpecError as error:
                raise error.within("steps_per_epoch") from None
        self._nodes = {
            name: node_from_dict(resolve(self._data[name], name, self.steps_per_epoch), name)
            for name in HYPERPARAMETERS
            if name in self._data
        }

    @property
    def node(self) -> Node:
        """The node of the learning rate, with every duration in steps."""
        return self._nodes["learning_rate"]

    @cached_property
    def program(self) -> Program:
        """The program of the learning rate."""
        try:
            return self.node.program
        except SpecError as error:
            raise error.within("learning_rate") from None

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Document):
            return self._nodes == other._nodes
        if isinstance(other, Node):
            return self._nodes == {"learning_rate": other}
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.node)

    def __repr__(self) -> str:
        return f"Document({self._data!r})"

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain data, as it was written: durations in the units that the user chose."""
        return copy.deepcopy(self._data)


def _checked_keys(data: object) -> dict[str, Any]:
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
    for key in data:
        if key not in _KEYS:
            where = key if isinstance(key, str) else ""
            found = "an unknown key" if isinstance(key, str) else f"the key {show(key)}"
            raise SpecError(where, found=found, expected=f"one of {', '.join(_KEYS)}")
    if "learning_rate" not in data:
        raise SpecError("learning_rate", found="nothing", expected="a schedule")
    for key, value in data.items():
        if value is None:
            raise SpecError(key, found="null", expected="a value, or no such key")
    return dict(data)


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
