"""Optax and JAX, eagerly, compiled, and inside a real optimizer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lrspec.kinds import Constant, Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Sequence
from lrspec.probes import Mode, Native, Sampler, Values, is_common
from lrspec.schedule import Schedule
from lrspec.spec import Node

VERSION = f"{optax.__version__}, jax {jax.__version__}"


def modes() -> list[Mode]:
    """Return the ways to run, on JAX's default device, with x64 as the process has it."""
    device = jax.default_backend()
    ways: dict[str, tuple[Callable[[Schedule], Sampler], bool]] = {
        "eager": (_eager, True),
        "jit": (_jit, True),
        "vmap": (_vmap, False),
        "scan": (_scan, False),
        "sgd in scan": (_sgd, False),
    }
    return [
        Mode(name=name, device=device, sampler=way, slow=slow, builds=name != "eager")
        for name, (way, slow) in ways.items()
    ]


def _eager(schedule: Schedule) -> Sampler:
    function = schedule.to_optax()
    return lambda start, stop: np.array([function(jnp.asarray(step, jnp.int32)) for step in range(start, stop)])


def _jit(schedule: Schedule) -> Sampler:
    function = jax.jit(schedule.to_optax())
    return lambda start, stop: np.array([function(np.int32(step)) for step in range(start, stop)])


def _vmap(schedule: Schedule) -> Sampler:
    function = jax.jit(jax.vmap(schedule.to_optax()))
    return lambda start, stop: np.asarray(function(np.arange(start, stop, dtype=np.int32)))


def _scan(schedule: Schedule) -> Sampler:
    function = schedule.to_optax()

    def body(count: Any, _: None) -> tuple[Any, Any]:
        return optax.safe_increment(count), function(count)

    scan = jax.jit(lambda count, length: lax.scan(body, count, None, length=length)[1], static_argnums=1)
    return lambda start, stop: np.asarray(scan(np.int32(start), stop - start))


def _sgd(schedule: Schedule) -> Sampler:
    """Sample what SGD adds to a parameter of 0 whose gradient is -1: the rate itself, with no rounding."""
    optimizer = optax.sgd(learning_rate=schedule.to_optax())
    zero = jnp.zeros((), jnp.float32)
    fresh = optimizer.init(zero)

    def body(state: Any, _: None) -> tuple[Any, Any]:
        updates, state = optimizer.update(-jnp.ones((), jnp.float32), state, zero)
        return state, optax.apply_updates(zero, updates)

    scan = jax.jit(lambda state, length: lax.scan(body, state, None, length=length)[1], static_argnums=1)

    def sample(start: int, stop: int) -> Values:
        state = jax.tree.map(lambda leaf: jnp.asarray(start, leaf.dtype), fresh)
        return np.asarray(scan(state, stop - start))

    return sample


def native(node: Node) -> Native | None:
    """Return Optax' own schedule for a node, or None where it has none."""
    found = _native(node) if is_common(node) else None
    if found is None:
        return None
    name, schedule = found
    compiled = jax.jit(jax.vmap(schedule))
    return Native(name=name, sample=lambda a, b: np.asarray(compiled(np.arange(a, b, dtype=np.int32))), steps=1_000_000)


def _native(node: Node) -> tuple[str, Any] | None:
    match node:
        case Constant():
            return f"constant_schedule({node.value:g})", lambda count: jnp.full_like(count, node.value, jnp.float32)
        case Linear(after="hold"):
            args = (node.init_value, node.end_value, node.steps)
            return f"linear_schedule{args}", optax.linear_schedule(*args)
        case Polynomial(after="hold"):
            arguments = (node.init_value, node.end_value, node.power, node.steps)
            return f"polynomial_schedule{arguments}", optax.polynomial_schedule(*arguments)
        case Cosine(after="hold") if node.init_value != 0:
            alpha = node.end_value / node.init
            name = f"cosine_decay_schedule({node.init_value:g}, {node.steps}, {alpha:g})"
            return name, optax.cosine_decay_schedule(node.init_value, node.steps, alpha)
        case Exponential(steps=None):
            period = float(node.decay_period)
            name = (
                f"exponential_decay({node.init_value:g}, {period:g}, {node.decay_rate:g}, staircase={node.staircase})"
            )
            schedule = optax.exponential_decay(node.init_value, period, node.decay_rate, staircase=node.staircase)
            return name, schedule
        case PiecewiseConstant() if all(value > 0 for value in node.levels):
            scales = [b / a for a, b in zip(node.levels, node.levels[1:], strict=False)]
            pairs = dict(zip(node.boundaries, scales, strict=True))
            return "piecewise_constant_schedule(...)", optax.piecewise_constant_schedule(node.levels[0], pairs)
        case Sequence():
            parts = [_native(part) for part in node.parts]
            if any(part is None for part in parts):
                return None
            known = [part for part in parts if part is not None]
            boundaries = list(accumulate(part.length or 0 for part in node.parts[:-1]))
            name = f"join_schedules([{', '.join(name for name, _ in known)}], {boundaries})"
            return name, optax.join_schedules([schedule for _, schedule in known], boundaries)
    return None
