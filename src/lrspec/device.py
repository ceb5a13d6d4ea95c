"""Evaluating a program with a framework's own integer operations, eagerly or inside any compiled function.

There are two ways, and the size of the program alone says which. One of few indices is a table of its float32 values,
which the host fills: a step is a division, a clamp and a look-up. Of more indices, its polynomials are computed: add,
multiply, shift, mask and compare, in int64, or in int32 alone where a framework has no int64: then a 48-bit number is
three limbs of 16 bits, the highest with the sign. Nothing is left to a compiler's choice: the one rounding is that of
the addition at the end, whose terms are exact in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from lrspec.evaluate import index_values
from lrspec.fields import LAST_STEP
from lrspec.program import X_BITS, Phase, Program

Table: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Limbs: TypeAlias = tuple[Any, Any, Any]
"""The 16-bit limbs of a 48-bit integer, from high to low."""

TABLE_LIMIT = 1 << 16
"""The most indices of a program that is evaluated by a table of its values; docs/how-it-works.md says why."""
_UNROLLED = 4
_INT64_BITS = 63
_STEP_BITS = 31
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

    def clamp(self, a: Any, low: int, high: int) -> Any:
        """Return integers, where they are below `low` or above `high` these."""

    def float32(self, a: Any) -> Any:
        """Return integers, of 24 bits at most, as float32."""


class Tables(NamedTuple):
    """A program as arrays: rows padded, by repeating the last one, to a power of two."""

    phase_starts: Table
    phases: Table
    starts: Table
    segments: Table
    scales: Table
    values: Table


@lru_cache(maxsize=64)
def value_table(program: Program) -> Table | None:
    """Return the values of all indices as a column of float32, or None of a program with more than `TABLE_LIMIT`.

    An index beyond its end has the last value.
    """
    count = program.index_count
    return index_values(program, count)[:, None] if count <= TABLE_LIMIT else None


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
        values=_padded(
            np.ldexp(np.array([[s.coefficients[0]] for s in segments], np.float64), -exponents[:, None]).astype(
                np.float32
            )
        ),
    )


def _padded(table: Table) -> Table:
    missing = (1 << (len(table) - 1).bit_length()) - len(table)
    return np.concatenate([table, np.repeat(table[-1:], missing, 0)])


def on_device(program: Program, step: Any, arrays: Arrays) -> Any:
    """Return the float32 values of a program at `step`, an integer array of the framework.

    Steps below 0 count as 0 and steps above 2^31 - 1 as 2^31 - 1; a device cannot raise.
    """
    values = value_table(program)
    if values is None:
        return _polynomial(program, _index(program, arrays.clamp(step, 0, LAST_STEP), arrays), arrays)
    last = len(values) - 1
    if program.index_is_step:
        index = arrays.clamp(step, 0, last)
    else:
        index = arrays.clamp(_index(program, arrays.clamp(step, 0, LAST_STEP), arrays), 0, last)
    (value,) = arrays.row(values, index)
    return value


def _polynomial(program: Program, index: Any, arrays: Arrays) -> Any:
    """Return the float32 values of a program at an index, by the polynomials of its segments."""
    table = tables(program, wide=arrays.has_int64)
    found = arrays.search(table.starts, index)
    if not program.degree:
        (value,) = arrays.row(table.values, found)
        return value
    start, shift, *coefficients = arrays.row(table.segments, found)
    x = (index - start) << shift
    if arrays.has_int64:
        high, low = horner_int64(coefficients, x, products_that_fit(program))
    else:
        high, low = horner_int32(coefficients, x)
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


def _index(program: Program, step: Any, arrays: Arrays) -> Any:
    """Return the index of a step: of few phases each one's, with its numbers as constants, of which one is chosen."""
    first, *later = program.phases
    if len(later) >= _UNROLLED:
        return _looked_up_index(program, step, arrays)
    index = _index_in(first, step, arrays)
    for phase in later:
        index = arrays.where(step >= phase.start, _index_in(phase, step, arrays), index)
    return index


def _index_in(phase: Phase, step: Any, arrays: Arrays) -> Any:
    """Return the index of a step of one phase; of a step outside it, which is not chosen, any number."""
    offset = step - phase.start if phase.start else step
    if phase.period:
        offset = offset - _quotient(offset, 1, phase.period, arrays) * phase.period
    index = _quotient(offset, phase.numerator, phase.denominator, arrays)
    return index + phase.base if phase.base else index


def _quotient(offset: Any, numerator: int, denominator: int, arrays: Arrays) -> Any:
    """Return `floor(offset * numerator / denominator)`; by multiplication, because XLA gives a division its own kernel.

    With `k = 31 + ceil(log2(d))` and `m = floor(2**k / d) + 1`, `m * d - 2**k` is from 1 to `2**(k - 31)`, so that
    `u * m / 2**k` exceeds `u / d` by less than `1 / d`, for `0 <= u < 2**31`; and `u * m < 2**63`.
    """
    if numerator == denominator:
        return offset
    if not arrays.has_int64:
        return quotient_int32(offset, numerator, denominator, reciprocal(numerator, denominator), arrays)
    if numerator > 1:
        return offset * numerator // denominator
    bits = _STEP_BITS + (denominator - 1).bit_length()
    return (offset * ((1 << bits) // denominator + 1)) >> bits


def _looked_up_index(program: Program, step: Any, arrays: Arrays) -> Any:
    table = tables(program, wide=arrays.has_int64)
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


@lru_cache(maxsize=256)
def products_that_fit(program: Program) -> tuple[bool, ...]:
    """Return for each power whether the sum from it on, times `x`, fits in int64, in every segment."""
    sizes = np.abs(np.array([segment.coefficients for segment in program.segments], np.int64))
    sums = np.cumsum(sizes[:, ::-1] + 1, 1)[:, ::-1].max(0)
    return tuple(bool(total < 1 << (_INT64_BITS - X_BITS)) for total in sums)


def horner_int64(coefficients: Sequence[Any], x: Any, fits: Sequence[bool]) -> tuple[Any, Any]:
    """Return the Horner sum as (the bits from 24 up, the low 24 bits).

    Args:
        coefficients: From the lowest power to the highest.
        x: The fraction of 30 bits.
        fits: For each power whether the product of the sum from it on with `x` fits in int64.
    """
    x1, x0 = x >> _HALF, x & _HALF_MASK
    acc = coefficients[-1]
    for power in range(len(coefficients) - 1, 0, -1):
        product = (acc * x) >> X_BITS if fits[power] else (acc * x1 + ((acc * x0) >> _HALF)) >> _HALF
        acc = product + coefficients[power - 1]
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

    def clamp(self, a: Table, low: int, high: int) -> Table:
        """Return `np.clip(a, low, high)` in the integer type."""
        return np.asarray(np.clip(a, low, high), np.int64 if self.has_int64 else np.int32)

    def float32(self, a: Table) -> Table:
        """Return integers as float32."""
        return np.asarray(a, np.float32)
