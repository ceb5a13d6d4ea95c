"""JAX: programs on its arrays, in `jax.lax`, in 32 bits whether x64 is on or off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lrspec.device import Table, binary_search, on_device
from lrspec.fields import LAST_STEP
from lrspec.program import Program

_ALL_AT_ONCE = 1024
_ZERO = np.zeros((), np.int32)
_ONE = np.ones((), np.int32)


def as_int32(steps: jax.Array) -> jax.Array:
    """Return steps of any type of integers as int32, clamped where that cannot hold them."""
    if jnp.iinfo(steps.dtype).max > LAST_STEP:
        steps = lax.clamp(np.zeros((), steps.dtype), steps, np.asarray(LAST_STEP, steps.dtype))
    return lax.convert_element_type(steps, np.int32)


def in_lax(program: Program, steps: jax.Array) -> jax.Array:
    """Return the values of a program at int32 steps of any shape."""
    arrays = JaxArrays()

    def scalar(step: jax.Array) -> jax.Array:
        result: jax.Array = on_device(program, Scalar(step), arrays).array
        return result

    function = partial(_sharded_alike, scalar)
    for _ in range(steps.ndim):
        function = jax.vmap(function)
    return function(steps)


def _sharded_alike(function: Callable[[jax.Array], jax.Array], step: jax.Array) -> jax.Array:
    """Return `function(step)`, sharded like `step`; on an explicit mesh JAX does not find out how a lookup is."""
    if not hasattr(jax.sharding, "auto_axes"):  # a JAX without explicit meshes
        return function(step)
    sharding = jax.typeof(step).sharding
    kinds = zip(sharding.mesh.axis_names, sharding.mesh.axis_types, strict=True)
    axes = tuple(name for name, kind in kinds if kind == jax.sharding.AxisType.Explicit)
    return jax.sharding.auto_axes(function, axes=axes, out_sharding=sharding)(step) if axes else function(step)


class JaxArrays:
    """The operations of `lrspec.device.Arrays` on scalars, in `jax.lax`, which traces faster than `jax.numpy`."""

    has_int64 = False

    def row(self, table: Table, index: Scalar) -> list[Scalar]:
        """Return the columns of `table[index]`."""
        if table.shape[1] == 1:
            place = lax.convert_element_type(index.array, np.uint32)  # which JAX does not count from the end
            return [Scalar(lax.squeeze(lax.dynamic_slice(table[:, 0], (place,), (1,)), (0,)))]
        row = lax.dynamic_slice(table, (index.array, _ZERO), (1, table.shape[1]))
        return [Scalar(lax.squeeze(lax.slice(row, (0, k), (1, k + 1)), (0, 1))) for k in range(table.shape[1])]

    def search(self, starts: Table, index: Scalar) -> Scalar:
        """Return the number of the last row that starts at or before `index`: all compared at once, a short program."""
        if len(starts) > _ALL_AT_ONCE:
            found: Scalar = binary_search(self, starts, index)
            return found
        column = jnp.asarray(starts[:, 0])
        passed = lax.ge(lax.broadcast(index.array, (len(starts),)), column)
        count = lax.reduce(lax.convert_element_type(passed, np.int32), _ZERO, lax.add, (0,))
        return Scalar(lax.sub(count, _ONE))

    def where(self, condition: jax.Array, a: Any, b: Any) -> Scalar:
        """Return `a` where the condition holds, else `b`."""
        a, b = (n.array if isinstance(n, Scalar) else np.asarray(n, np.int32) for n in (a, b))
        return Scalar(lax.select(condition, a, b))

    def clamp(self, a: Scalar, low: int, high: int) -> Scalar:
        """Return an integer, where it is below `low` or above `high` that one."""
        return Scalar(lax.clamp(np.int32(low), a.array, np.int32(high)))

    def float32(self, a: Scalar) -> Scalar:
        """Return an integer as float32."""
        return Scalar(lax.convert_element_type(a.array, np.float32))


class Scalar:
    """A JAX scalar whose operators are `jax.lax` primitives, with Python numbers cast to its own type."""

    __slots__ = ("array",)

    def __init__(self, array: jax.Array) -> None:
        self.array = array

    def _like(self, other: Any) -> Any:
        return other.array if isinstance(other, Scalar) else np.asarray(other, self.array.dtype)

    def __add__(self, other: Any) -> Scalar:
        return Scalar(lax.add(self.array, self._like(other)))

    def __sub__(self, other: Any) -> Scalar:
        return Scalar(lax.sub(self.array, self._like(other)))

    def __mul__(self, other: Any) -> Scalar:
        return Scalar(lax.mul(self.array, self._like(other)))

    def __floordiv__(self, other: Any) -> Scalar:
        return Scalar(lax.div(self.array, self._like(other)))

    def __lshift__(self, other: Any) -> Scalar:
        return Scalar(lax.shift_left(self.array, self._like(other)))

    def __rshift__(self, other: Any) -> Scalar:
        return Scalar(lax.shift_right_arithmetic(self.array, self._like(other)))

    def __and__(self, other: Any) -> Scalar:
        return Scalar(lax.bitwise_and(self.array, self._like(other)))

    def __ge__(self, other: Any) -> jax.Array:
        return lax.ge(self.array, self._like(other))
