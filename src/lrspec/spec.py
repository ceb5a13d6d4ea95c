"""What every kind of node shares: a node is a frozen dataclass, plain data with checked fields, and one formula.

The kinds stand in `kinds/`. In their formulas `t` is the step, from 0, counted from the start of the node. Values are
absolute; lengths are numbers of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

from lrspec.errors import SpecError
from lrspec.fields import Choice, InitValue, ListOf, Number, Rule, Steps, show
from lrspec.schedule import Schedule

if TYPE_CHECKING:
    from lrspec.compiler.formula import Clock, Formula

SPEC_VERSION = 1
"""The version of the spec that this package reads and writes: the value of the key `lrspec` in a document."""
MAX_DEPTH = 32
"""How deeply nodes may be nested."""

After: TypeAlias = Literal["hold", "continue", "error"]
"""What a schedule does from `step = steps` on: keep the value it has there, go on by its formula, or refuse."""


@dataclass(frozen=True)
class NodeRule:
    """The rule of a field that holds a node."""

    def read(self, value: Any) -> Node:
        """Return the node; raise `SpecError` for anything else."""
        if not isinstance(value, Node):
            raise SpecError("", found=show(value), expected="a schedule")
        return value

    def write(self, value: Node) -> Node:
        """Return the node; plain.py writes it."""
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the field."""
        return {"$ref": "#/$defs/node"}


def value_field(**options: Any) -> Any:
    """Return a field for a value of the schedule."""
    return field(metadata={"rule": Number(**options)})


def init_field() -> Any:
    """Return a field for the value at the start: a number, or `previous`."""
    return field(metadata={"rule": InitValue()})


def number_field(default: float | None = None, **options: Any) -> Any:
    """Return a field for a number of the formula, not bound to what float32 can hold."""
    metadata = {"rule": Number(float32=False, **options)}
    return field(metadata=metadata) if default is None else field(default=default, metadata=metadata)


def steps_field() -> Any:
    """Return a field for a required length."""
    return field(metadata={"rule": Steps(fractional=True)})


def optional_steps_field() -> Any:
    """Return a field for a length that may be missing."""
    return field(default=None, metadata={"rule": Steps(fractional=True)})


def after_field(*words: str) -> Any:
    """Return a field for the rule of what comes after the end."""
    return field(default="hold", metadata={"rule": Choice(words or get_args(After))})


def node_field() -> Any:
    """Return a field for one schedule."""
    return field(metadata={"rule": NodeRule()})


def nodes_field() -> Any:
    """Return a field for a list of schedules."""
    return field(metadata={"rule": ListOf(NodeRule())})


def rule_of(entry: Field[Any]) -> Rule:
    """Return the rule that a node's field follows."""
    rule: Rule = entry.metadata["rule"]
    return rule


def is_required(entry: Field[Any]) -> bool:
    """Tell whether a node's field has no default."""
    return entry.default is MISSING


class Node(Schedule):
    """The base of every kind of node."""

    kind: ClassVar[str]
    """The word that a document uses for it."""
    formula_text: ClassVar[str]
    """The formula in words, with the fields in braces."""

    @property
    def node(self) -> Node:
        """The node itself."""
        return self

    @property
    def length(self) -> int | Fraction | None:
        """The number of steps after which the node has ended, or None where it has no end."""
        raise NotImplementedError

    def formula(self, clock: Clock) -> Formula:
        """Return the exact meaning of the node over the times of a clock."""
        raise NotImplementedError

    def started_at(self, value: float) -> Node:  # noqa: ARG002 - a kind that can, overrides
        """Return the node with `value` in the place of an `init_value` of `previous`."""
        return self

    def lonely_previous(self, *, follows: bool = False) -> str | None:  # noqa: ARG002 - a kind that hands it on, overrides
        """Return where an `init_value` of `previous` has no part before it, as a path, or None.

        Args:
            follows: Whether this node is, or begins, a part of a sequence with another before it.
        """
        found = (f"{path}.{lonely}" for path, child in self.children() if (lonely := child.lonely_previous()))
        return next(found, None)

    def children(self) -> Iterator[tuple[str, Node]]:
        """Yield the nodes inside, each with its path."""
        for entry in fields(self):  # type: ignore[arg-type]  # every kind of node is a dataclass
            inside = getattr(self, entry.name)
            if isinstance(inside, Node):
                yield entry.name, inside
            elif isinstance(inside, tuple):
                yield from ((f"{entry.name}[{i}]", part) for i, part in enumerate(inside) if isinstance(part, Node))

    @property
    def listed(self) -> int:
        """How many values are listed here, with those of the nodes inside."""
        return len(getattr(self, "levels", ())) + sum(child.listed for _, child in self.children())

    @property
    def depth(self) -> int:
        """How many nodes are nested here, this one included."""
        return 1 + max((child.depth for _, child in self.children()), default=0)

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            given = getattr(self, entry.name)
            if given is None and entry.default is None:
                continue
            try:
                object.__setattr__(self, entry.name, rule_of(entry).read(given))
            except SpecError as error:
                raise error.within(entry.metadata.get("key", entry.name)) from None
        if self.depth > MAX_DEPTH + 1:
            raise SpecError("", found=f"schedules nested {self.depth - 1} deep", expected=f"at most {MAX_DEPTH}")
        self._check()

    def _check(self) -> None:
        """Raise `SpecError` where fields that are right by themselves do not fit together."""
