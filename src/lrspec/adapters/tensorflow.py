"""TensorFlow: programs on its tensors, eagerly, in graphs and under XLA. Keras' TensorFlow backend uses it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from lrspec.device import Table, on_device
from lrspec.evaluate import clamped_evaluator
from lrspec.program import Program


@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]  # tensorflow is untyped
def value(program: Program, step: Any) -> Any:
    """Return the float32 values at `step`, an integer tensor.

    A single step outside a graph is evaluated on the host.

    Raises:
        TypeError: `step` is not an integer tensor.
    """
    step = tf.convert_to_tensor(step)
    if not step.dtype.is_integer:
        raise TypeError(f"a step of {step.dtype.name}: expected an integer tensor")
    if tf.executing_eagerly() and step.shape.rank == 0:
        return tf.constant(clamped_evaluator(program)(int(step)), tf.float32)
    wide = tf.cast(step, tf.int64)
    if step.dtype == tf.uint64:
        wide = tf.where(wide < 0, tf.int64.max, wide)  # above 2^63
    return on_device(program, _Integers(wide), TensorFlowArrays())


class TensorFlowArrays:
    """The integer operations of `lrspec.device.Arrays`, in int64."""

    has_int64 = True

    def row(self, table: Table, index: _Integers) -> list[Any]:
        """Return the columns of `table[index]`: wrapped integers, or plain float32 tensors."""
        if table.shape[1] == 1:
            column = tf.gather(tf.constant(table[:, 0]), index.tensor)
            return [column if column.dtype == tf.float32 else _Integers(column)]
        rows = tf.gather(tf.constant(table), index.tensor)
        columns = tf.unstack(rows, axis=-1, num=table.shape[1])
        return list(columns) if rows.dtype == tf.float32 else [_Integers(column) for column in columns]

    def search(self, starts: Table, index: Any) -> Any:
        """Return the number of the last row that starts at or before `index`, in a few operations of any size."""
        if len(starts) == 1:
            return _Integers(tf.zeros_like(index.tensor))
        later = tf.constant(starts[None, 1:, 0])
        shape = index.tensor.shape if index.tensor.shape.is_fully_defined() else tf.shape(index.tensor)
        row = tf.reshape(index.tensor, [1, -1])  # the operation takes matrices
        found = tf.raw_ops.UpperBound(sorted_inputs=later, values=row, out_type=tf.int64)
        return _Integers(tf.reshape(found, shape))

    def where(self, condition: Any, a: Any, b: Any) -> _Integers:
        """Return `a` where the condition holds, else `b`."""
        a, b = (n.tensor if isinstance(n, _Integers) else tf.constant(n, tf.int64) for n in (a, b))
        return _Integers(tf.where(condition, a, b))

    def clamp(self, a: _Integers, low: int, high: int) -> _Integers:
        """Return integers, where they are below `low` or above `high` these."""
        return _Integers(tf.clip_by_value(a.tensor, low, high))

    def float32(self, a: _Integers) -> Any:
        """Return integers as float32."""
        return tf.cast(a.tensor, tf.float32)


class _Integers:
    """An int64 tensor with the shift operators that TensorFlow's tensors lack."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def _like(self, other: Any) -> Any:
        return other.tensor if isinstance(other, _Integers) else tf.constant(other, tf.int64)

    def __add__(self, other: Any) -> _Integers:
        return _Integers(self.tensor + self._like(other))

    def __sub__(self, other: Any) -> _Integers:
        return _Integers(self.tensor - self._like(other))

    def __mul__(self, other: Any) -> _Integers:
        return _Integers(self.tensor * self._like(other))

    def __floordiv__(self, other: Any) -> _Integers:
        return _Integers(self.tensor // self._like(other))

    def __lshift__(self, other: Any) -> _Integers:
        return _Integers(tf.bitwise.left_shift(self.tensor, self._like(other)))

    def __rshift__(self, other: Any) -> _Integers:
        return _Integers(tf.bitwise.right_shift(self.tensor, self._like(other)))

    def __and__(self, other: Any) -> _Integers:
        return _Integers(tf.bitwise.bitwise_and(self.tensor, self._like(other)))

    def __ge__(self, other: Any) -> Any:
        return self.tensor >= self._like(other)
