"""Optax and JAX: a schedule as a pure function of the count, in integer operations that every transformation keeps.

Nothing here needs Optax itself: an `optax.Schedule` is any function from a count to a rate.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrspec.adapters import primitive_jax
from lrspec.adapters.arrays_jax import as_int32, in_lax
from lrspec.device import NumPyArrays, on_device
from lrspec.document import Document
from lrspec.errors import UnsupportedError
from lrspec.evaluate import clamped_evaluator
from lrspec.fields import LAST_STEP, is_integer
from lrspec.program import Program
from lrspec.schedule import Schedule


class OptaxSchedule:
    """`schedule(count)`: the rate as a float32 scalar array, for any optimizer of Optax.

    It works eagerly and under `jit`, `scan`, `vmap`, `cond` and `inject_hyperparams`, with x64 on and off, for
    counts of any integer type, spread over a mesh or not. Two are equal, and hash alike, when their fingerprints are
    equal; pickling carries the schedule, not code.

    Args:
        schedule: The schedule or document.
    """

    __name__: str

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.__name__ = "schedule"  # the name of Optax' own, for what asks a function for one

    def __call__(self, count: Any) -> jax.Array:
        """Return the rate that update `count` uses, elementwise for an array of counts.

        Raises:
            TypeError: `count` is not of integers.
            UnsupportedError: It is called inside a kernel of Pallas.
        """
        return value(self.schedule.program, count)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OptaxSchedule) and self.schedule.fingerprint == other.schedule.fingerprint

    def __hash__(self) -> int:
        return hash(self.schedule.fingerprint)

    def __repr__(self) -> str:
        return f"OptaxSchedule({self.schedule!r})"


def to_optax(schedule: Schedule) -> OptaxSchedule:
    """Return `schedule` as a function for Optax.

    Raises:
        UnsupportedError: The document schedules more than one learning rate.
    """
    if isinstance(schedule, Document):
        instead = "use lrspec.adapters.groups_optax.grouped, or document['learning_rate'].to_optax() for the rate alone"
        schedule.require_one_rate("optax", instead)
    return OptaxSchedule(schedule)


def value(program: Program, step: Any) -> jax.Array:
    """Return the float32 values at `step`, an integer, array or tracer.

    JAX computes them where the step is a tracer, or an array on several devices; else the host does, and JAX is handed
    the result.

    Raises:
        TypeError: `step` is not of integers.
        UnsupportedError: `step` is traced inside a kernel of Pallas.
    """
    if not isinstance(step, jax.Array) and hasattr(step, "__jax_array__"):  # such as a variable of Flax
        step = step.__jax_array__()
    if isinstance(step, jax.core.Tracer):
        return _traced(program, step)
    if isinstance(step, jax.Array) and step.ndim and len(step.sharding.device_set) > 1:
        spread: jax.Array = _compiled(program, step)
        return spread
    return jnp.asarray(_on_host(program, step))


def _on_host(program: Program, step: Any) -> Any:
    """Return the values at a step, or array of steps, of the host, or that the host can read."""
    if is_integer(step):
        return np.float32(clamped_evaluator(program)(int(step)))
    steps = np.asarray(step)
    if not jnp.issubdtype(steps.dtype, jnp.integer):
        check_integer(jnp.asarray(steps).dtype)
    if steps.ndim == 0:
        return np.float32(clamped_evaluator(program)(int(steps)))
    arrays = NumPyArrays()
    return on_device(program, arrays.step(np.minimum(steps, LAST_STEP) if steps.dtype == np.uint64 else steps), arrays)


def _traced(program: Program, steps: jax.Array) -> jax.Array:
    """Return the values at traced steps."""
    check_integer(steps.dtype)
    if _is_in_kernel():
        reason = "its tables are constants, which a kernel cannot hold; call it outside and give the kernel the rate"
        raise UnsupportedError("pallas", "a schedule inside a kernel", reason)
    steps = as_int32(steps)
    return primitive_jax.values(program, steps) if primitive_jax.IS_SUPPORTED else in_lax(program, steps)


_compiled = jax.jit(_traced, static_argnums=0)


def _is_in_kernel() -> bool:
    """Tell whether a kernel of Pallas is traced; where a version of JAX does not say, its own error comes later."""
    pallas = sys.modules.get("jax._src.pallas.core")
    return getattr(getattr(pallas, "_pallas_tracing_env", None), "grid_context", None) is not None


def check_integer(dtype: Any) -> None:
    """Refuse a step that is not of integers."""
    if not jnp.issubdtype(dtype, jnp.integer):
        raise TypeError(f"a step of {dtype}: expected integers, such as Optax' counts; jnp.int32(step) makes one")
