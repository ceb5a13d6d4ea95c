"""Evaluating a program with a framework's own integer operations, eagerly or inside any compiled function.

The arithmetic is add, multiply, shift, mask and compare, in int64, or in int32 alone where a framework has no int64:
then a 48-bit number is three limbs of 16 bits, the highest with the sign. Nothing is left to a compiler's choice: the
one rounding is that of the addition at the end, whose terms are exact in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from lrspec.fields import LAST_STEP
from lrspec.program import Program

Table: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Limbs: TypeAlias = tuple[Any, Any, Any]
"""The 16-bit limbs of a 48-bit integer, from high to low."""

_HALF = 15
_HALF_MASK = (1 << _HALF) - 1
_LIMB = 16
_LIMB_MASK = (1 << _LIMB) - 1
_MAX_SCALE = 126
_RECIPROCAL_BITS = 45


class Arrays(Protocol):
    """What a framework lends to `on_device`.

    Its integers have the operators `+ - * >> << & // >=` with one another and with Python integers; they wrap around on
    overflow, `>>` keeps the sign, and `//` is used on numbers that are not negative. Its floats have `+` and `*`.
    """

    @property
    def has_int64(self) -> bool:
        """Whether the integers are int64; int32 where not."""

    def row(self, table: Table, index: Any) -> Sequence[Any]:
        """Return the columns of `table[index]`, for each element of `index`, as integers or floats."""

    def search(self, starts: Table, index: Any) -> Any:
        """Return the number of the last row of a column of starts that is at or before `index`."""

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """Return `a` where the condition holds, else `b`; integers."""

    def float32(self, a: Any) -> Any:
        """Return integers, of 24 bits at most, as float32."""


class Tables(NamedTuple):
    """A program as arrays: rows padded, by repeating the last one, to a power of two."""

    phase_starts: Table
    phases: Table
    starts: Table
    segments: Table
    scales: Table


@lru_cache(maxsize=256)
def tables(program: Program, *, wide: bool) -> Tables:
    """Return the arrays that `on_device` looks up: in int64 where `wide`, else in int32 with coefficients as limbs."""
    integer = np.int64 if wide else np.int32
    segments, phases = program.segments, program.phases
    coefficients = np.array([s.coefficients for s in segments], np.int64)[:, : program.degree + 1]
    if not wide:
        limbs = [coefficients >> 32, (coefficients >> _LIMB) & _LIMB_MASK, coefficients & _LIMB_MASK]
        coefficients = np.stack(limbs, -1).reshape(len(segments), -1)
    head = np.array([[s.start, s.shift] for s in segments], np.int64)
    exponents = np.array([s.exponent for s in segments])
    last = np.minimum(exponents, _MAX_SCALE)  # 2**-exponent itself may be too small for float32
    before = exponents - last
    scales = [last] if exponents.max() <= _MAX_SCALE else [last, before, before - 24]
    maps = [[p.start, p.base, p.period, p.numerator, p.denominator] for p in phases]
    if not wide and any(p.numerator > 1 for p in phases):
        maps = [[*row, *reciprocal(*row[3:])] for row in maps]
    mapped = np.array(maps, np.int64).astype(integer)
    return Tables(
        phase_starts=_padded(mapped[:, :1]),
        phases=_padded(mapped),
        starts=_padded(head[:, :1].astype(integer)),
        segments=_padded(np.concatenate([head, coefficients], 1).astype(integer)),
        scales=_padded(np.ldexp(np.float32(1), -np.stack(scales, -1)).astype(np.float32)),
    )


def _padded(table: Table) -> Table:
    missing = (1 << (len(table) - 1).bit_length()) - len(table)
    return np.concatenate([table, np.repeat(table[-1:], missing, 0)])


def on_device(program: Program, step: Any, arrays: Arrays) -> Any:
    """Return the float32 values of a program at `step`, an integer array of the framework.

    Steps below 0 count as 0 and steps above 2^31 - 1 as 2^31 - 1; a device cannot raise.
    """
    table = tables(program, wide=arrays.has_int64)
    step = arrays.where(step >= 0, step, 0)
    if arrays.has_int64:
        step = arrays.where(step >= LAST_STEP, LAST_STEP, step)
    index = _index(program, table, step, arrays)
    found = arrays.search(table.starts, index)
    start, shift, *coefficients = arrays.row(table.segments, found)
    x = (index - start) << shift
    high, low = horner_int64(coefficients, x) if arrays.has_int64 else horner_int32(coefficients, x)
    last, *before = arrays.row(table.scales, found)
    low_scale, high_scale = before or (None, 2.0**24)
    value = arrays.float32(high) * high_scale
    value = value + (arrays.float32(low) if low_scale is None else arrays.float32(low) * low_scale)
    return value * last


def binary_search(arrays: Arrays, starts: Table, index: Any) -> Any:
    """Return the number of the last row that starts at or before `index`, by halves and without branches."""
    if len(starts) == 1:
        return arrays.where(index >= 0, 0, 0)
    half = len(starts) // 2
    found = arrays.where(index >= int(starts[half, 0]), half, 0)
    while half := half // 2:
        (start,) = arrays.row(starts, found + half)
        found = arrays.where(index >= start, found + half, found)
    return found


def _index(program: Program, table: Tables, step: Any, arrays: Arrays) -> Any:
    if len(program.phases) == 1 and program.phases[0].is_identity:
        return step
    found = arrays.search(table.phase_starts, step)
    start, base, period, numerator, denominator, *inverse = arrays.row(table.phases, found)
    offset = step - start
    if any(phase.period for phase in program.phases):
        modulus = arrays.where(period >= 1, period, 1)
        offset = arrays.where(period >= 1, offset - offset // modulus * modulus, offset)
    if all(phase.numerator == phase.denominator == 1 for phase in program.phases):
        return base + offset
    if inverse:
        return base + quotient_int32(offset, numerator, denominator, inverse, arrays)
    return base + offset * numerator // denominator


def horner_int64(coefficients: Sequence[Any], x: Any) -> tuple[Any, Any]:
    """Return the Horner sum as (the bits from 24 up, the low 24 bits)."""
    x1, x0 = x >> _HALF, x & _HALF_MASK
    acc = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        acc = ((acc * x1 + ((acc * x0) >> _HALF)) >> _HALF) + c
    return acc >> 24, acc & 0xFFFFFF


def horner_int32(coefficients: Sequence[Any], x: Any) -> tuple[Any, Any]:
    """Return the same as `horner_int64`, with every number in int32."""
    x1, x0 = x >> _HALF, x & _HALF_MASK
    acc: Limbs = (coefficients[-3], coefficients[-2], coefficients[-1])
    for k in range(len(coefficients) - 6, -1, -3):
        acc = _multiply_add(acc, x1, x0, (coefficients[k], coefficients[k + 1], coefficients[k + 2]))
    high, middle, low = acc
    return (high << 8) + (middle >> 8), ((middle & 0xFF) << _LIMB) + low


def _multiply_add(acc: Limbs, x1: Any, x0: Any, c: Limbs) -> Limbs:
    """Return `floor(acc * (x1 * 2**15 + x0) / 2**30) + c`; no sum leaves int32 while acc and c have 48 bits."""
    a2, a1, a0 = acc
    p0 = a0 * x0
    p1 = a1 * x0 + (p0 >> _LIMB)
    p2 = a2 * x0 + (p1 >> _LIMB)
    q0 = a0 * x1 + _shifted(p0, p1)
    q1 = a1 * x1 + _shifted(p1, p2) + (q0 >> _LIMB)
    q2 = a2 * x1 + (p2 >> _HALF) + (q1 >> _LIMB)
    low = _shifted(q0, q1) + c[2]
    middle = _shifted(q1, q2) + c[1] + (low >> _LIMB)
    high = (q2 >> _HALF) + c[0] + (middle >> _LIMB)
    return high, middle & _LIMB_MASK, low & _LIMB_MASK


def _shifted(low: Any, high: Any) -> Any:
    """Return one limb of a number shifted right by 15: bit 15 of its own limb and 15 bits of the next higher one."""
    return ((low >> _HALF) & 1) + ((high & _HALF_MASK) << 1)


def reciprocal(numerator: int, denominator: int) -> tuple[int, int, int]:
    """Return `floor(2**45 * numerator / denominator)`, at most `2**45 - 1`, as three parts of 15 bits.

    It is `m2 * 2**30 + m1 * 2**15 + m0`, with `0 < m2 <= 2**15`, `-2**15 <= m1 < 0` and `0 <= m0 < 2**15`.
    """
    whole = min((numerator << _RECIPROCAL_BITS) // denominator, (1 << _RECIPROCAL_BITS) - 1)
    return (whole >> (2 * _HALF)) + 1, ((whole >> _HALF) & _HALF_MASK) - (1 << _HALF), whole & _HALF_MASK


def quotient_int32(offset: Any, numerator: Any, denominator: Any, inverse: Sequence[Any], arrays: Arrays) -> Any:
    """Return `floor(offset * numerator / denominator)` in int32, for `numerator <= denominator < 2**31`.

    The product with the reciprocal is the quotient or one less. The remainder of the next integer tells which: it is
    exact, though both of its terms wrap around, because it fits in int32 (docs/spec.md has the proof).
    """
    m2, m1, m0 = inverse
    u1, u0 = offset >> _HALF, offset & _HALF_MASK
    quotient = u1 * m2 + ((u0 * m2 + u1 * m1 + ((u0 * m1 + u1 * m0) >> _HALF)) >> _HALF)
    following = quotient + 1
    remainder = offset * numerator - following * denominator
    return arrays.where(remainder >= 0, following, quotient)


class NumPyArrays:
    """NumPy as a device: the same code as on an accelerator, for tests and for arrays of steps on the host.

    Args:
        has_int64: Whether to compute in int64, or in int32 as JAX does by default.
    """

    def __init__(self, *, has_int64: bool = True) -> None:
        self.has_int64 = has_int64

    def step(self, steps: Any) -> Table:
        """Return host steps as the array that `on_device` takes."""
        return np.asarray(steps, np.int64 if self.has_int64 else np.int32)

    def row(self, table: Table, index: Table) -> list[Table]:
        """Return the columns of `table[index]`."""
        return [table[index, k] for k in range(table.shape[1])]

    def search(self, starts: Table, index: Table) -> Any:
        """Return the number of the last row that starts at or before `index`."""
        return binary_search(self, starts, index)

    def where(self, condition: Table, a: Any, b: Any) -> Table:
        """Return `np.where(condition, a, b)` in the integer type."""
        return np.asarray(np.where(condition, a, b), np.int64 if self.has_int64 else np.int32)

    def float32(self, a: Table) -> Table:
        """Return integers as float32."""
        return np.asarray(a, np.float32)
