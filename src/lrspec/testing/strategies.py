"""Strategies of hypothesis for schedules: what is drawn compiles, so a property needs no filter of its own.

Importing this imports hypothesis, which is no dependency of lrspec.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import assume, strategies as st

from lrspec.document import Document
from lrspec.documents.plain import node_to_dict
from lrspec.errors import SpecError
from lrspec.kinds import (
    Affine,
    Constant,
    Cosine,
    Exponential,
    Freeze,
    Geometric,
    InverseTime,
    Linear,
    Maximum,
    Minimum,
    PiecewiseConstant,
    Polynomial,
    Product,
    Repeat,
    Rex,
    Sequence,
    Shift,
    Table,
)
from lrspec.program import Program
from lrspec.spec import SPEC_VERSION, Node

__all__ = ["documents", "leaves", "nodes", "programs", "rates"]


def rates(*, zero: bool = True) -> st.SearchStrategy[float]:
    """Return a strategy for rates: 0, and float32 numbers from 2^-26 to 10, which are never subnormal.

    Args:
        zero: Whether 0 is one.
    """
    positive = st.floats(2.0**-26, 10.0, width=32)
    return st.one_of(st.just(0.0), positive) if zero else positive


def leaves(*, max_steps: int = 1000) -> st.SearchStrategy[Node]:
    """Return a strategy for curves, each with a length and held after it.

    Args:
        max_steps: The largest length.
    """
    steps, some, any_rate = st.integers(1, max_steps), rates(zero=False), rates()
    ends = {"init_value": any_rate, "end_value": any_rate, "steps": steps}
    decay = {"init_value": some, "decay_rate": st.floats(0.125, 1.0, width=32), "decay_period": steps}
    stairs: dict[str, Any] = {**decay, "staircase": st.booleans(), "steps": steps}
    return st.one_of(
        _built(Constant, value=any_rate, steps=steps),
        _built(Linear, **ends),
        _built(Polynomial, **ends, power=st.integers(1, 4)),
        _built(Cosine, **ends),
        _built(Geometric, init_value=some, end_value=some, steps=steps),
        _built(Rex, **ends),
        _built(Exponential, **stairs),
        _built(InverseTime, **stairs),
        _piecewise(steps),
        _built(Table, values=st.lists(any_rate, min_size=1, max_size=8)),
    )


def _built(kind: Callable[..., Node], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    """Return a strategy for one kind, without what its own checks refuse."""

    def made(fields: dict[str, Any]) -> Node | None:
        try:
            return kind(**fields)
        except SpecError:
            return None

    found: st.SearchStrategy[Any] = st.fixed_dictionaries(given).map(made)
    return found.filter(lambda node: node is not None)


def _sequence(first: list[Node], last: Node) -> Node:
    return Sequence(parts=[*first, last])


@st.composite
def _piecewise(draw: st.DrawFn, steps: st.SearchStrategy[int]) -> Node:
    boundaries = sorted(draw(st.sets(steps, min_size=1, max_size=4)))
    count = len(boundaries) + 1
    values = draw(st.lists(rates(), min_size=count, max_size=count))
    return PiecewiseConstant(boundaries=boundaries, values=values, steps=boundaries[-1] + draw(steps))


def nodes(*, max_steps: int = 1000, max_leaves: int = 4) -> st.SearchStrategy[Node]:
    """Return a strategy for nodes of all forms: curves, and ways to put them together; each compiles.

    Args:
        max_steps: The largest length of a curve.
        max_leaves: About how many curves there are at most.

    Example:
        >>> from hypothesis import given
        >>> @given(nodes())
        ... def test_the_rate_is_never_negative(node):
        ...     assert node(0) >= 0
    """
    trees = st.recursive(leaves(max_steps=max_steps), lambda parts: _joined(parts, max_steps), max_leaves=max_leaves)
    return trees.filter(_compiles)


def _joined(parts: st.SearchStrategy[Node], max_steps: int) -> st.SearchStrategy[Node]:
    steps = st.integers(1, max_steps)
    ended = _built(Freeze, part=parts, steps=steps)
    both: list[Callable[..., Node]] = [Product, Minimum, Maximum]
    return st.one_of(
        _built(_sequence, first=st.lists(ended, min_size=1, max_size=3), last=parts),
        *(_built(one, parts=st.lists(parts, min_size=2, max_size=3)) for one in both),
        _built(Affine, part=parts, scale=rates(zero=False), offset=rates()),
        _built(Shift, part=parts, by=steps),
        _built(Repeat, part=parts, cycle_steps=st.integers(2, max_steps), num_cycles=st.integers(1, 4)),
        ended,
    )


def _compiles(node: Node) -> bool:
    """Tell whether a node has a program: some are too long, or leave the range of float32."""
    try:
        node.program  # noqa: B018 - compiled here, to see whether it can be
    except SpecError:
        return False
    return True


@st.composite
def documents(draw: st.DrawFn, *, max_steps: int = 1000, max_leaves: int = 4, only_rate: bool = False) -> Document:
    """Draw a document with a learning rate, and at times momentum, weight decay or a parameter group.

    Args:
        draw: Given by hypothesis.
        max_steps: The largest length of a curve.
        max_leaves: About how many curves a schedule has at most.
        only_rate: Whether it has a learning rate and nothing else, as Keras and Optax take it.
    """
    one = nodes(max_steps=max_steps, max_leaves=max_leaves)
    data: dict[str, Any] = {"lrspec": SPEC_VERSION, "learning_rate": node_to_dict(draw(one))}
    if not only_rate:
        for name in draw(st.sets(st.sampled_from(["momentum", "weight_decay"]))):
            data[name] = node_to_dict(draw(leaves(max_steps=max_steps)))
        if draw(st.booleans()):
            data["groups"] = {"head": {"scale": draw(st.floats(0.125, 4.0, width=32))}}
    document = Document(data)
    try:
        document.fingerprint  # noqa: B018 - compiled here, to see whether it can be
    except SpecError:
        assume(False)  # noqa: FBT003 - its own argument
    return document


def programs(*, max_steps: int = 1000, max_leaves: int = 4) -> st.SearchStrategy[Program]:
    """Return a strategy for compiled programs.

    Args:
        max_steps: The largest length of a curve.
        max_leaves: About how many curves there are at most.
    """
    return nodes(max_steps=max_steps, max_leaves=max_leaves).map(lambda node: node.program)
