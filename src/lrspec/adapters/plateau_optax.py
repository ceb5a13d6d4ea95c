"""Optax: the rate of a plateau controller, written into the state of an optimizer with injected hyperparameters."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lrspec.errors import UnsupportedError

_WIDE_ENOUGH = ("float32", "float64")


def with_rate(state: Any, rate: float, *, name: str = "learning_rate") -> Any:
    """Return the state of `optax.inject_hyperparams(...)` with another rate, which the next update uses.

    Args:
        state: The optimizer's state; the state of a link where the optimizer is a chain.
        rate: The rate, such as `controller.rate(0.1)` or `controller.rate(schedule(step))`.
        name: The hyperparameter.

    Raises:
        TypeError: The state holds the rate in fewer than 32 bits.
        UnsupportedError: The state has no such hyperparameter, or takes it from a schedule, which would overwrite it.
    """
    hyperparams = getattr(state, "hyperparams", None)
    if hyperparams is None or name not in hyperparams:
        reason = f"no `{name}` is injected; wrap the optimizer in optax.inject_hyperparams"
        raise UnsupportedError("optax", type(state).__name__, reason)
    if name in getattr(state, "hyperparams_states", {}):
        reason = "a schedule would overwrite it; inject a number and pass the schedule's value through the controller"
        raise UnsupportedError("optax", f"a scheduled `{name}`", reason)
    dtype = jnp.asarray(hyperparams[name]).dtype
    if dtype.name not in _WIDE_ENOUGH:
        raise TypeError(f"a learning rate of {dtype.name}: expected float32 or float64")
    return state._replace(hyperparams={**hyperparams, name: jnp.asarray(rate, dtype)})
