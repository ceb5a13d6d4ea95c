"""JAX: many schedules as one tree of arrays, for `jax.vmap`: a sweep or a population in one compiled step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrspec.adapters.arrays_jax import JaxArrays, Scalar, as_int32
from lrspec.adapters.optax import check_integer
from lrspec.batched import Tables, checked, evaluate, search, stacked
from lrspec.fields import is_integer
from lrspec.schedule import Schedule

_ALL_AT_ONCE = 1024


@jax.tree_util.register_pytree_node_class
class OptaxBatch:
    """`batch(count)`: the rate of each schedule of a batch at `count`, as a float32 array; or one of them, for Optax.

    It is a pytree whose leaves have the batch as their first axis. So `jax.vmap` over it gives a function one schedule
    at a time, which is an `optax.Schedule`; it is an argument of a compiled function, not a constant in it: another
    batch of the same shape is not compiled again; and `jax.device_put` spreads it over a mesh.

    Args:
        tables: The arrays. `batch` makes them from schedules.

    Example:
        >>> import jax, lrspec, lrspec.optax
        >>> lines = [lrspec.Linear(init_value=peak, end_value=0.0, steps=4) for peak in (0.5, 1.0)]
        >>> batch = lrspec.optax.batch(lines)
        >>> jax.jit(lambda batch, count: batch(count))(batch, 1).tolist()
        [0.375, 0.75]
        >>> jax.vmap(lambda schedule, count: schedule(count), in_axes=(0, None))(batch, 2).tolist()
        [0.25, 0.5]
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def tree_flatten(self) -> tuple[tuple[Any, ...], None]:
        """Return the arrays, for JAX."""
        return tuple(self._tables), None

    @classmethod
    def tree_unflatten(cls, _: None, arrays: Iterable[Any]) -> OptaxBatch:
        """Return the batch of such arrays, for JAX."""
        return cls(Tables(*arrays))

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of the batch: `(n,)`; `()` of one schedule, as `jax.vmap` gives it to a function."""
        shape: tuple[int, ...] = self._tables.segments.shape[:-2]
        return shape

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of one schedule")
        return self.shape[0]

    def __getitem__(self, index: Any) -> OptaxBatch:
        """Return some of the schedules, or one, by an index of the batch's axes.

        Raises:
            IndexError: There is no such schedule.
        """
        if is_integer(index) and not -len(self) <= index < len(self):
            raise IndexError(f"schedule {index} of a batch of {len(self)}")
        tree: OptaxBatch = jax.tree_util.tree_map(lambda leaf: leaf[index], self)
        return tree

    def __iter__(self) -> Iterator[OptaxBatch]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"OptaxBatch of {self.shape}"

    def __call__(self, count: Any) -> jax.Array:
        """Return the rate of each schedule at `count`, clamped below 0 and above 2^31 - 1.

        Args:
            count: One count for all of them, or an array of the batch's shape: one for each.

        Raises:
            TypeError: `count` is not of integers.
            ValueError: It has another shape; `jax.vmap(batch)` takes an array of counts for all schedules.
        """
        if not isinstance(count, jax.Array) and hasattr(count, "__jax_array__"):  # such as a variable of Flax
            count = count.__jax_array__()
        count = _clamped(count)
        if count.ndim and count.shape != self.shape and self.shape:
            found = f"counts of shape {count.shape} for schedules of shape {self.shape}"
            raise ValueError(f"{found}: expected one count, or one for each; jax.vmap(batch) takes counts for all")
        result: jax.Array = _values(self._tables, count)
        return result


def batch(schedules: Iterable[Schedule]) -> OptaxBatch:
    """Return schedules as one tree of arrays, padded to the largest of them.

    Args:
        schedules: The schedules or documents, at least one.

    Raises:
        SpecError: There is none.
        TypeError: One of them is something else.
        UnsupportedError: A document schedules more than a learning rate.
    """
    programs = [schedule.program for schedule in checked(schedules, "optax")]
    return OptaxBatch(Tables(*map(jnp.asarray, stacked(programs, wide=False))))


def _clamped(count: Any) -> jax.Array:
    """Return counts as int32, those that it cannot hold as the nearest that it can."""
    if is_integer(count):
        return jnp.asarray(min(max(int(count), 0), np.iinfo(np.int32).max), np.int32)
    if isinstance(count, np.ndarray | np.generic) and count.dtype.kind in "iu":  # of 64 bits, where JAX has 32
        return jnp.asarray(np.clip(count, 0, np.iinfo(np.int32).max).astype(np.int32))
    count = jnp.asarray(count)
    check_integer(count.dtype)
    return as_int32(count)


class _One(JaxArrays):
    """The operations on one schedule of a batch."""

    def search(self, starts: Any, index: Any) -> Any:
        """Return the number of the last row that starts at or before `index`: all compared at once where few."""
        return search(self, starts, index) if len(starts) > _ALL_AT_ONCE else super().search(starts, index)


@partial(jax.jit, inline=True)
def _values(tables: Tables, count: jax.Array) -> jax.Array:
    """Return the rate of each schedule at one count, or at its own; or of one schedule at each of some counts."""
    axes, function = tables.segments.ndim - 2, _value
    for _ in range(axes):
        function = jax.vmap(function, in_axes=(0, 0 if count.ndim else None))
    for _ in range(0 if axes else count.ndim):
        function = jax.vmap(function, in_axes=(None, 0))
    return function(tables, count)


def _value(tables: Tables, count: jax.Array) -> jax.Array:
    """Return the rate of one schedule at a count."""
    result: jax.Array = evaluate(tables, Scalar(count), _One()).array
    return result
