"""Optax and JAX: a schedule as a pure function of the count, in integer operations that every transformation keeps.

Nothing here needs Optax itself: an `optax.Schedule` is any function from a count to a rate.
"""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lrspec.device import NumPyArrays, Table, binary_search, on_device
from lrspec.document import Document
from lrspec.evaluate import clamped_evaluator
from lrspec.program import Program
from lrspec.schedule import Schedule

_ALL_AT_ONCE = 1024


class OptaxSchedule:
    """`schedule(count)`: the rate as a float32 scalar array, for any optimizer of Optax.

    It works eagerly and under `jit`, `scan`, `vmap`, `cond` and `inject_hyperparams`, with x64 on and off. Two are
    equal, and hash alike, when their fingerprints are equal; pickling carries the schedule, not code.

    Args:
        schedule: The schedule or document.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, count: Any) -> jax.Array:
        """Return the rate that update `count` uses, elementwise for an array of counts.

        Raises:
            TypeError: `count` is not of integers.
        """
        return value(self.schedule.program, count)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OptaxSchedule) and self.schedule.fingerprint == other.schedule.fingerprint

    def __hash__(self) -> int:
        return hash(self.schedule.fingerprint)

    def __repr__(self) -> str:
        return f"OptaxSchedule({self.schedule!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"schedule": self.schedule}


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

    JAX computes them where the step is a tracer; else the host does, and JAX is handed the result.

    Raises:
        TypeError: `step` is not of integers.
    """
    if not isinstance(step, jax.core.Tracer):
        if np.ndim(step) == 0:
            return jnp.asarray(np.float32(clamped_evaluator(program)(operator.index(step))))
        return jnp.asarray(_in_numpy(program, np.asarray(step)))
    _check_integer(step.dtype)
    arrays = JaxArrays()

    def scalar(one: jax.Array) -> jax.Array:
        result: jax.Array = on_device(program, arrays.step(one), arrays).array
        return result

    return scalar(step) if step.ndim == 0 else jax.vmap(scalar)(step.reshape(-1)).reshape(step.shape)


def _in_numpy(program: Program, steps: np.ndarray[Any, Any]) -> Table:
    _check_integer(steps.dtype)
    arrays = NumPyArrays()
    result: Table = on_device(program, arrays.step(np.minimum(steps, 2**31 - 1)), arrays)
    return result


def _check_integer(dtype: Any) -> None:
    if not np.issubdtype(dtype, np.integer):
        raise TypeError(f"a step of {dtype}: expected integers")


class JaxArrays:
    """The operations of `lrspec.device.Arrays` on scalars, in `jax.lax`, which traces faster than `jax.numpy`."""

    def __init__(self) -> None:
        self.has_int64 = bool(jax.config.jax_enable_x64)
        self._integer = np.dtype(np.int64 if self.has_int64 else np.int32)

    def step(self, step: jax.Array) -> _Scalar:
        """Return a step as the integer that `on_device` takes."""
        if step.dtype == np.uint32 or step.dtype.itemsize > self._integer.itemsize:
            step = lax.min(step, np.asarray(2**31 - 1, step.dtype))
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
