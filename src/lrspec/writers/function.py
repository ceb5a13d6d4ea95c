"""The formula of a schedule as an expression of the step, in plain Python or in a framework's array functions.

The arithmetic on steps stays in integers where it decides which value holds: a stair or a cycle is found by `//` and
`%`, and a boundary by a comparison. All else is the formula of docs/spec.md, in floating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from lrspec.kinds import Sequence
from lrspec.spec import Node
from lrspec.writers.dialects import Dialect, TimeText, Writer
from lrspec.writers.formulas import NODES, texts_of
from lrspec.writers.parts import Part, parts_of
from lrspec.writers.result import NoMatch


@dataclass(frozen=True, kw_only=True)
class Code:
    """The formula of a schedule in one dialect.

    Args:
        constants: Lines that name lists of numbers.
        statements: Lines that stand before the pieces.
        pieces: The value before each of some steps, and after them, as expressions of `step`.
        stops: Those steps.
    """

    constants: list[str]
    statements: list[str]
    pieces: list[str]
    stops: list[int]

    def uses(self, name: str) -> bool:
        """Tell whether a name stands in it."""
        return any(name in text for text in (*self.statements, *self.pieces))


def formula(node: Node, dialect: Dialect, until: int | None = None) -> Code:
    """Return the formula of a schedule.

    Args:
        node: The schedule.
        dialect: How a framework writes it.
        until: The number of steps of the run, where nothing is asked of those after it.

    Raises:
        NoMatch: A kind has no formula here; the message names it.
    """
    writer, step = Writer(dialect, NODES), TimeText("step")
    try:
        parts = parts_of(node, until)
    except NoMatch:
        if not isinstance(node, Sequence):
            starts, pieces = [0], [writer.node(node, step)]
        else:
            starts, pieces = [ceil(start) for start in node.starts], texts_of(writer, node, step, cut=False)
    else:
        starts = [part.start for part in parts]
        pieces = [writer.node(part.node, step.plus(-part.start), _lasts(part)) for part in parts]
    constants = [f"{name} = {numbers!r}" for name, numbers in writer.constants.items()]
    return Code(constants=constants, statements=writer.statements, pieces=pieces, stops=starts[1:])


def _lasts(part: Part) -> bool:
    """Tell whether a part stops before its node ends, or as it does, so that the formula needs no end of its own."""
    return part.stop is not None and not part.free and (part.node.length is None or part.node.length >= part.steps)


def assigned(code: Code, dialect: Dialect) -> list[str]:
    """Return lines that assign the value to `rate`, in array functions: the last piece, and the others over it."""
    found = [*code.statements, f"rate = {code.pieces[-1]}"]
    for stop, piece in reversed(list(zip(code.stops, code.pieces, strict=False))):
        found.append(f"rate = {dialect.choose.format(f'step < {stop}', piece, 'rate')}")
    return found
