"""States without values, as in a trace, and counters of small types: an error of ours that says what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest

import lrspec

ASK: list[Callable[[Any], Any]] = [lrspec.position, lrspec.check_clock, lambda state: lrspec.set_position(state, 3)]
OPTIMIZER = optax.adam(lrspec.Linear(init_value=1.0, end_value=0.0, steps=100).to_optax())
WORDS = "without a value: a position is read on the host"


@pytest.mark.parametrize("ask", ASK)
def test_an_abstract_state_is_refused(ask: Callable[[Any], Any]) -> None:
    state = jax.eval_shape(OPTIMIZER.init, jnp.zeros(3))
    with pytest.raises(lrspec.LrspecError, match=rf"\[0\]\.count is a ShapeDtypeStruct {WORDS}"):
        ask(state)


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("transform", [jax.jit, jax.vmap, jax.make_jaxpr])
def test_a_traced_state_is_refused(transform: Callable[..., Any], ask: Callable[[Any], Any]) -> None:
    def traced(state: Any) -> Any:
        with pytest.raises(lrspec.LrspecError, match=f"Tracer {WORDS}"):
            ask(state)
        return state

    transform(traced)(jax.tree.map(lambda leaf: jnp.stack([leaf] * 2), OPTIMIZER.init(jnp.zeros(3))))


@pytest.mark.parametrize("ask", ASK)
def test_a_state_that_was_given_away_is_refused(ask: Callable[[Any], Any]) -> None:
    state = jax.tree.map(jnp.copy, OPTIMIZER.init(jnp.zeros(3)))
    state[0].count.delete()
    with pytest.raises(lrspec.LrspecError, match=WORDS):
        ask(state)


@pytest.mark.parametrize("dtype", [jnp.int8, jnp.uint8, jnp.int16, jnp.uint16])
def test_counters_of_small_types(dtype: Any) -> None:
    """`optax.safe_increment` stops at the largest number of a type."""
    last = int(jnp.iinfo(dtype).max)
    state = {"count": jnp.asarray(last - 1, dtype)}
    assert lrspec.position(state).updates == last - 1
    for _ in range(3):
        state = {"count": optax.safe_increment(state["count"])}
        assert int(state["count"]) == last
        with pytest.raises(lrspec.AmbiguousPositionError, match="stands still"):
            lrspec.position(state)
    moved = lrspec.set_position(state, 100)["count"]
    assert (int(moved), moved.dtype) == (100, dtype)
    with pytest.raises(lrspec.LrspecError, match=f"goes up to {last}: found step {last + 1}"):
        lrspec.set_position(state, last + 1)
