"""Strategies of hypothesis for schedules: what is drawn compiles, so a property needs no filter of its own.

Importing this imports hypothesis, which is no dependency of lrspec.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import reject, strategies as st

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
    Sum,
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


@st.composite
def leaves(draw: st.DrawFn, *, max_steps: int = 1000) -> Node:
    """Draw a curve, with a length and held after it.

    Args:
        draw: Given by hypothesis.
        max_steps: The largest length.
    """
    steps, some, any_rate = st.integers(1, max_steps), rates(zero=False), rates()
    ends = {"init_value": any_rate, "end_value": any_rate, "steps": steps}
    decay = {"init_value": some, "decay_rate": st.floats(0.125, 1.0, width=32), "decay_period": steps}
    stairs: dict[str, Any] = {**decay, "staircase": st.booleans(), "steps": steps}
    fields: dict[Callable[..., Node], dict[str, Any]] = {
        Constant: {"value": any_rate, "steps": steps},
        Linear: ends,
        Polynomial: {**ends, "power": st.integers(1, 4)},
        Cosine: ends,
        Geometric: {"init_value": some, "end_value": some, "steps": steps},
        Rex: ends,
        Exponential: stairs,
        InverseTime: stairs,
        Table: {"values": st.lists(any_rate, min_size=1, max_size=8)},
    }
    kind = draw(st.sampled_from([*fields, None]))
    if kind is None:
        return draw(_piecewise(steps))
    return _made(kind, {name: draw(one) for name, one in fields[kind].items()})


def _made(kind: Callable[..., Node], fields: dict[str, Any]) -> Node:
    """Return a node, or give up what was drawn where its own checks refuse it."""
    try:
        return kind(**fields)
    except SpecError:
        reject()


@st.composite
def _piecewise(draw: st.DrawFn, steps: st.SearchStrategy[int]) -> Node:
    boundaries = sorted(draw(st.sets(steps, min_size=1, max_size=4)))
    count = len(boundaries) + 1
    values = draw(st.lists(rates(), min_size=count, max_size=count))
    return PiecewiseConstant(boundaries=boundaries, values=values, steps=boundaries[-1] + draw(steps))


@st.composite
def nodes(draw: st.DrawFn, *, max_steps: int = 1000, max_leaves: int = 4) -> Node:
    """Draw a node of any form: a curve, or several put together; each compiles.

    Args:
        draw: Given by hypothesis.
        max_steps: The largest length of a curve.
        max_leaves: How many curves there are at most.

    Example:
        >>> from hypothesis import given
        >>> @given(nodes())
        ... def test_the_rate_is_never_negative(node):
        ...     assert node(0) >= 0
    """
    node = _tree(draw, max_steps, draw(st.integers(1, max_leaves)))
    try:
        node.program  # noqa: B018 - compiled here, to see whether it can be: some are too long, or leave float32
    except SpecError:
        reject()
    return node


def _tree(draw: st.DrawFn, max_steps: int, count: int) -> Node:
    """Draw a node of so many curves."""
    steps = st.integers(1, max_steps)
    if count > 1:
        first = draw(st.integers(1, count - 1))
        a, b = _tree(draw, max_steps, first), _tree(draw, max_steps, count - first)
        kind: Any = draw(st.sampled_from([Sequence, Product, Sum, Minimum, Maximum]))
        a = Freeze(part=a, steps=draw(steps)) if kind is Sequence else a
        return _made(kind, {"parts": [a, b]})
    part = draw(leaves(max_steps=max_steps))
    wrapped: dict[Any, dict[str, Any]] = {
        Affine: {"scale": rates(zero=False), "offset": rates()},
        Shift: {"by": steps},
        Repeat: {"cycle_steps": st.integers(2, max(2, max_steps)), "num_cycles": st.integers(1, 4)},
        Freeze: {"steps": steps},
    }
    kind = draw(st.sampled_from([None, None, None, None, *wrapped]))
    return (
        part if kind is None else _made(kind, {"part": part} | {name: draw(one) for name, one in wrapped[kind].items()})
    )


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
        reject()
    return document


def programs(*, max_steps: int = 1000, max_leaves: int = 4) -> st.SearchStrategy[Program]:
    """Return a strategy for compiled programs.

    Args:
        max_steps: The largest length of a curve.
        max_leaves: About how many curves there are at most.
    """
    return nodes(max_steps=max_steps, max_leaves=max_leaves).map(lambda node: node.program)
