"""Optax and JAX: a schedule as a pure function of the count, in integer operations that every transformation keeps.

Nothing here needs Optax itself: an `optax.Schedule` is any function from a count to a rate.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lrspec.device import NumPyArrays, Table, binary_search, on_device
from lrspec.document import Document
from lrspec.errors import UnsupportedError
from lrspec.evaluate import clamped_evaluator
from lrspec.fields import LAST_STEP, is_integer
from lrspec.program import Program
from lrspec.schedule import Schedule

_ALL_AT_ONCE = 1024


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
    arrays = JaxArrays()

    def scalar(step: jax.Array) -> jax.Array:
        result: jax.Array = on_device(program, arrays.step(step), arrays).array
        return result

    function = partial(_sharded_alike, scalar)
    for _ in range(steps.ndim):
        function = jax.vmap(function)
    return function(steps)


_compiled = jax.jit(_traced, static_argnums=0)


def _sharded_alike(function: Callable[[jax.Array], jax.Array], step: jax.Array) -> jax.Array:
    """Return `function(step)`, sharded like `step`; on an explicit mesh JAX does not find out how a lookup is."""
    if not hasattr(jax.sharding, "auto_axes"):  # a JAX without explicit meshes
        return function(step)
    sharding = jax.typeof(step).sharding
    kinds = zip(sharding.mesh.axis_names, sharding.mesh.axis_types, strict=True)
    axes = tuple(name for name, kind in kinds if kind == jax.sharding.AxisType.Explicit)
    return jax.sharding.auto_axes(function, axes=axes, out_sharding=sharding)(step) if axes else function(step)


def _is_in_kernel() -> bool:
    """Tell whether a kernel of Pallas is traced; where a version of JAX does not say, its own error comes later."""
    pallas = sys.modules.get("jax._src.pallas.core")
    return getattr(getattr(pallas, "_pallas_tracing_env", None), "grid_context", None) is not None


def check_integer(dtype: Any) -> None:
    """Refuse a step that is not of integers."""
    if not jnp.issubdtype(dtype, jnp.integer):
        raise TypeError(f"a step of {dtype}: expected integers, such as Optax' counts; jnp.int32(step) makes one")


class JaxArrays:
    """The operations of `lrspec.device.Arrays` on scalars, in `jax.lax`, which traces faster than `jax.numpy`."""

    def __init__(self) -> None:
        self.has_int64 = bool(jax.config.jax_enable_x64)
        self._integer = np.dtype(np.int64 if self.has_int64 else np.int32)

    def step(self, step: jax.Array) -> _Scalar:
        """Return a step as the integer that `on_device` takes, clamped where that cannot hold it."""
        if jnp.iinfo(step.dtype).max > jnp.iinfo(self._integer).max:
            step = lax.clamp(np.zeros((), step.dtype), step, np.asarray(LAST_STEP, step.dtype))
        return _Scalar(lax.convert_element_type(step, self._integer))

    def row(self, table: Table, index: _Scalar) -> list[_Scalar]:
        """Return the columns of `table[index]`."""
        zero = np.zeros((), self._integer)
        rows = jnp.asarray(table)
        row = lax.dynamic_slice(rows, (index.array, zero), (1, table.shape[1]))
        return [_Scalar(lax.squeeze(lax.slice(row, (0, k), (1, k + 1)), (0, 1))) for k in range(table.shape[1])]

    def search(self, starts: Table, index: _Scalar) -> _Scalar:
        """Return the number of the last row that starts at or before `index`: all compared at once, a short program."""
        if len(starts) > _ALL_AT_ONCE:
            found: _Scalar = binary_search(self, starts, index)
            return found
        column = jnp.asarray(starts[:, 0])
        passed = lax.ge(lax.broadcast(index.array, (len(starts),)), column)
        one = np.ones((), self._integer)
        count = lax.reduce(lax.convert_element_type(passed, self._integer), one - one, lax.add, (0,))
        return _Scalar(lax.sub(count, one))

    def where(self, condition: jax.Array, a: Any, b: Any) -> _Scalar:
        """Return `a` where the condition holds, else `b`."""
        a, b = (n.array if isinstance(n, _Scalar) else jnp.asarray(n, self._integer) for n in (a, b))
        return _Scalar(lax.select(condition, a, b))

    def float32(self, a: _Scalar) -> _Scalar:
        """Return an integer as float32."""
        return _Scalar(lax.convert_element_type(a.array, np.float32))


class _Scalar:
    """A JAX scalar whose operators are `jax.lax` primitives, with Python numbers cast to its own type."""

    __slots__ = ("array",)

    def __init__(self, array: jax.Array) -> None:
        self.array = array

    def _like(self, other: Any) -> Any:
        return other.array if isinstance(other, _Scalar) else np.asarray(other, self.array.dtype)

    def __add__(self, other: Any) -> _Scalar:
        return _Scalar(lax.add(self.array, self._like(other)))

    def __sub__(self, other: Any) -> _Scalar:
        return _Scalar(lax.sub(self.array, self._like(other)))

    def __mul__(self, other: Any) -> _Scalar:
        return _Scalar(lax.mul(self.array, self._like(other)))

    def __floordiv__(self, other: Any) -> _Scalar:
        return _Scalar(lax.div(self.array, self._like(other)))

    def __lshift__(self, other: Any) -> _Scalar:
        return _Scalar(lax.shift_left(self.array, self._like(other)))

    def __rshift__(self, other: Any) -> _Scalar:
        return _Scalar(lax.shift_right_arithmetic(self.array, self._like(other)))

    def __and__(self, other: Any) -> _Scalar:
        return _Scalar(lax.bitwise_and(self.array, self._like(other)))

    def __ge__(self, other: Any) -> jax.Array:
        return lax.ge(self.array, self._like(other))
