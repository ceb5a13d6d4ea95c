"""JAX: a program as one primitive, whose StableHLO computes in int64, whether x64 is on or off.

To JAX it is one operation from int32 to float32, element by element, so that no transformation meets a type which the
process has turned off. Operations of `jax.lax` would need the mode of x64 switched while they are traced, and are again
under every transformation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.extend.core import Primitive
from jax.extend.mlir.dialects import stablehlo
from jax.interpreters import ad, batching, mlir

from lrspec.adapters.arrays_jax import in_lax
from lrspec.device import Table, on_device
from lrspec.fields import LAST_STEP
from lrspec.program import Program

if TYPE_CHECKING:
    from typing_extensions import Self

IS_SUPPORTED = hasattr(jax, "shard_map")
"""Whether a primitive needs no rules of its own on meshes, as it did in older versions of JAX."""
_CONSTANTS = 128
"""Of so many starts at most, a search compares with constants alone; of more, with `_FIRST` of them at first."""
_FIRST = 32


class _Table:
    """A program as a parameter of the primitive, which JAX shows by its fingerprint."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and self.program.fingerprint == other.program.fingerprint

    def __hash__(self) -> int:
        return hash(self.program)

    def __repr__(self) -> str:
        return self.program.fingerprint


def values(program: Program, steps: jax.Array) -> jax.Array:
    """Return the float32 values of a program at int32 steps of any shape."""
    found: jax.Array = _primitive.bind(steps, table=_Table(program))
    return found


def _lowered(context: Any, step: Any, *, table: _Table) -> Any:
    """Return the operations of StableHLO."""
    (aval,) = context.avals_in
    if not all(isinstance(length, int) for length in aval.shape):  # symbolic, in an export
        return mlir.lower_fun(lambda steps: in_lax(table.program, steps), multiple_results=False)(context, step)
    wide = stablehlo.convert(_tensor(aval.shape, np.int64), step)
    return [on_device(table.program, _Integers(wide, aval.shape), HloArrays(aval.shape)).operation]


_primitive = Primitive("lrspec_schedule")
_primitive.def_abstract_eval(lambda step, *, table: step.update(dtype=np.dtype(np.float32), weak_type=False))  # noqa: ARG005
_primitive.def_impl(jax.jit(_primitive.bind, static_argnames="table"))
batching.defvectorized(_primitive)
ad.defjvp(_primitive, None)
mlir.register_lowering(_primitive, _lowered)


def _tensor(shape: Sequence[int], dtype: Any) -> Any:
    return mlir.ir.RankedTensorType.get(shape, mlir.dtype_to_ir_type(np.dtype(dtype)))


def _constant(array: Table) -> Any:
    attribute = mlir.ir.DenseElementsAttr.get(
        np.ascontiguousarray(array), type=mlir.dtype_to_ir_type(array.dtype), shape=array.shape
    )
    return stablehlo.constant(attribute)


class HloArrays:
    """The operations of `lrspec.device.Arrays` on tensors of StableHLO that all have one shape."""

    has_int64 = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    def row(self, table: Table, index: _Tensor) -> list[_Tensor]:
        """Return the columns of `table[index]`; one that is the same in every row is a constant."""
        kind = _Tensor if table.dtype == np.float32 else _Integers
        columns = []
        for column in table.T:
            same = (column == column[0]).all()
            found = _full(column[0], self._shape) if same else self._look_up(column, index)
            columns.append(kind(found, self._shape))
        return columns

    def _look_up(self, column: Table, index: _Tensor) -> Any:
        table = _constant(column)
        if not self._shape:
            return stablehlo.reshape(_tensor((), column.dtype), stablehlo.dynamic_slice(table, [index.operation], [1]))
        numbers = stablehlo.GatherDimensionNumbers.get([], [0], [], [], [0], len(self._shape))
        return stablehlo.gather(table, index.operation, numbers, [1])

    def search(self, starts: Table, index: _Integers) -> Any:
        """Return the number of the last row that starts at or before `index`.

        It goes by halves: each chooses among constants the start to compare with next, so that nothing is looked up.
        Where there are more starts than `_CONSTANTS`, this finds the first of a few, and the others are looked up.
        """
        count = len(np.unique(starts))
        stride = 1 if count <= _CONSTANTS else -(-count // _FIRST)
        candidates: list[Any] = [int(start) for start in starts[:count:stride, 0]]
        found: Any = _Integers(_full(np.int64(0), self._shape), self._shape)
        while len(candidates) > 1:
            half = len(candidates) // 2
            is_later = index >= candidates[half]
            found = found + self.where(is_later, half, 0)
            chosen = [self.where(is_later, candidates[half + k], candidates[k]) for k in range(1, half)]
            candidates = [None, *chosen, *candidates[2 * half :]]
        if stride == 1:
            return found
        first = found = found * stride
        never = np.full((stride, 1), LAST_STEP + 1, starts.dtype)
        for k in range(1, stride):
            (start,) = self.row(np.concatenate([starts[:count], never]), first + k)
            found = found + self.where(index >= start, 1, 0)
        return found

    def where(self, condition: Any, a: Any, b: Any) -> _Integers:
        """Return `a` where the condition holds, else `b`."""
        a, b = (n.operation if isinstance(n, _Tensor) else _full(np.int64(n), self._shape) for n in (a, b))
        return _Integers(stablehlo.select(condition, a, b), self._shape)

    def clamp(self, a: _Integers, low: int, high: int) -> _Integers:
        """Return integers, where they are below `low` or above `high` these."""
        least, most = (_full(np.int64(n), self._shape) for n in (low, high))
        return _Integers(stablehlo.clamp(least, a.operation, most), self._shape)

    def float32(self, a: _Tensor) -> _Tensor:
        """Return integers as float32."""
        return _Tensor(stablehlo.convert(_tensor(self._shape, np.float32), a.operation), self._shape)


def _full(value: Any, shape: tuple[int, ...]) -> Any:
    scalar = np.asarray(value)
    kind = mlir.dtype_to_ir_type(scalar.dtype)
    element = (
        mlir.ir.FloatAttr.get(kind, float(scalar))
        if scalar.dtype == np.float32
        else mlir.ir.IntegerAttr.get(kind, int(scalar))
    )
    return stablehlo.constant(mlir.ir.DenseElementsAttr.get_splat(mlir.ir.RankedTensorType.get(shape, kind), element))


class _Tensor:
    """A value of StableHLO with operators, and Python numbers as constants of its type and shape."""

    __slots__ = ("operation", "shape")
    dtype: Any = np.float32

    def __init__(self, operation: Any, shape: tuple[int, ...]) -> None:
        self.operation = operation
        self.shape = shape

    def _with(self, make: Any, other: Any) -> Self:
        other = other.operation if isinstance(other, _Tensor) else _full(self.dtype(other), self.shape)
        return type(self)(make(self.operation, other), self.shape)

    def __add__(self, other: Any) -> Self:
        return self._with(stablehlo.add, other)

    def __mul__(self, other: Any) -> Self:
        return self._with(stablehlo.multiply, other)


class _Integers(_Tensor):
    __slots__ = ()
    dtype = np.int64

    def __sub__(self, other: Any) -> _Integers:
        return self._with(stablehlo.subtract, other)

    def __floordiv__(self, other: Any) -> _Integers:
        return self._with(stablehlo.divide, other)

    def __lshift__(self, other: Any) -> _Integers:
        return self._with(stablehlo.shift_left, other)

    def __rshift__(self, other: Any) -> _Integers:
        return self._with(stablehlo.shift_right_arithmetic, other)

    def __and__(self, other: Any) -> _Integers:
        return self._with(stablehlo.and_, other)

    def __ge__(self, other: Any) -> Any:
        other = other.operation if isinstance(other, _Tensor) else _full(np.int64(other), self.shape)
        direction = stablehlo.ComparisonDirectionAttr.get("GE")
        kind = stablehlo.ComparisonTypeAttr.get("SIGNED")
        return stablehlo.compare(self.operation, other, direction, compare_type=kind)
