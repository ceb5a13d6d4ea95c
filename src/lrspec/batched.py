"""Many schedules as one: their programs padded to one shape, and evaluated at a step together.

The two ways of device.py, a table of values or polynomials, with one more dimension, the batch, so that a device does
each operation once for all schedules. Every value has the bits that its schedule has alone: tables are padded by
repeating their last row, and polynomials by coefficients of 0 for the highest powers, neither of which changes a bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lrspec.device import Arrays, NumPyArrays, Table, horner_int32, horner_int64, quotient_int32, reciprocal
from lrspec.document import Document
from lrspec.errors import SpecError
from lrspec.evaluate import index_values, out_of_range, values
from lrspec.fields import LAST_STEP, show, whole_step
from lrspec.program import Program
from lrspec.schedule import Schedule

Float32s = np.ndarray[Any, np.dtype[np.float32]]

TABLE_LIMIT = 1 << 24
"""The most values of a batch that is evaluated by a table of them: 64 MiB."""
_LIMB = 16
_ONE_FACTOR = (1.0, 2.0**24)
"""The factors of the two halves of a sum, where the last factor alone can hold the exponent."""
_MAX_SCALE = 126  # 2**-exponent itself may be too small for float32


class Tables(NamedTuple):
    """The programs of a batch as arrays, padded to one shape: schedules, rows, columns.

    Either `values` has no rows, or `starts`, `segments` and `scales` have none.

    Attributes:
        phases: start and base; where any has a period or a ratio, these three; in int32 with its reciprocal. There is
            no column where the index is the step in all of them.
        values: The value of each index up to the last, which further ones have too.
        starts: The first index of each segment.
        segments: start, shift and the coefficients, in int32 as three limbs each.
        scales: One factor, or three where an exponent is beyond what one can hold.
    """

    phases: Any
    values: Any
    starts: Any
    segments: Any
    scales: Any


def stacked(programs: Sequence[Program], *, wide: bool) -> Tables:
    """Return the arrays of a batch of programs: in int64 where `wide`, else in int32 with coefficients as limbs."""
    integer = np.int64 if wide else np.int32
    counts = [program.index_count for program in programs]
    values: list[Table] = [np.empty((0, 1))] * len(programs)
    segments, scales = [np.empty((0, 3))] * len(programs), values
    if len(counts) * max(counts) <= TABLE_LIMIT:
        values = [index_values(program, count)[:, None] for program, count in zip(programs, counts, strict=True)]
    else:
        degree = max(program.degree for program in programs)
        segments = [_segments(program, degree, wide=wide) for program in programs]
        scales = [_scales(program) for program in programs]
        if all((table[:, 1:] == _ONE_FACTOR).all() for table in scales):
            scales = [table[:, :1] for table in scales]
    return Tables(
        phases=_padded(_phases(programs, wide=wide), integer),
        values=_padded(values, np.float32, power_of_two=False),
        starts=_padded([table[:, :1] for table in segments], integer),
        segments=_padded(segments, integer),
        scales=_padded(scales, np.float32),
    )


def _phases(programs: Sequence[Program], *, wide: bool) -> list[Table]:
    """Return what a step becomes an index by; nothing where it is one."""
    phases = [phase for program in programs for phase in program.phases]
    if all(phase.is_identity and phase.start == phase.base == 0 for phase in phases):
        columns = 0
    elif all(phase.is_identity for phase in phases):
        columns = 2
    else:
        columns = 5 if wide else 8
    return [np.array([_phase(phase)[:columns] for phase in program.phases], np.int64) for program in programs]


def _phase(phase: Any) -> list[int]:
    map_ = [phase.start, phase.base, phase.period, phase.numerator, phase.denominator]
    return [*map_, *reciprocal(phase.numerator, phase.denominator)]


def _segments(program: Program, degree: int, *, wide: bool) -> Table:
    head = np.array([[s.start, s.shift] for s in program.segments], np.int64)
    coefficients = np.array([s.coefficients[: degree + 1] for s in program.segments], np.int64)
    if not wide:
        mask = (1 << _LIMB) - 1
        limbs = [coefficients >> (2 * _LIMB), (coefficients >> _LIMB) & mask, coefficients & mask]
        coefficients = np.stack(limbs, -1).reshape(len(head), -1)
    table: Table = np.concatenate([head, coefficients], 1)
    return table


def _scales(program: Program) -> Table:
    exponents = np.array([s.exponent for s in program.segments])
    last = np.minimum(exponents, _MAX_SCALE)
    before = exponents - last
    scales: Table = np.ldexp(np.float32(1), -np.stack([last, before, before - 24], -1)).astype(np.float32)
    return scales


def _padded(each: list[Table], dtype: Any, *, power_of_two: bool = True) -> Table:
    """Return tables as one, each with as many rows by repeating the last: the most, or the power of two from there."""
    rows = max(map(len, each))
    if rows and power_of_two:
        rows = 1 << (rows - 1).bit_length()
    out = np.empty((len(each), rows, each[0].shape[1]), dtype)
    for table, into in zip(each, out, strict=True):
        into[: len(table)] = table
        into[len(table) :] = table[-1:]
    return out


def evaluate(tables: Tables, step: Any, arrays: Arrays) -> Any:
    """Return the float32 values at `step`, an integer array of the framework; clamped as `on_device` does.

    Args:
        tables: The tables, as arrays of the framework, of which `arrays.row` returns the rows of each schedule.
        step: The steps, one for all schedules or one for each.
        arrays: The operations of the framework.
    """
    step = arrays.clamp(step, 0, LAST_STEP)
    index = _index(tables.phases, step, arrays) if tables.phases.shape[-1] else step
    if count := tables.values.shape[-2]:
        (value,) = arrays.row(tables.values, arrays.clamp(index, 0, count - 1))
        return value
    found = arrays.search(tables.starts, index)
    start, shift, *coefficients = arrays.row(tables.segments, found)
    x = (index - start) << shift
    if arrays.has_int64:
        high, low = horner_int64(coefficients, x, [False] * len(coefficients))
    else:
        high, low = horner_int32(coefficients, x)
    last, *before = arrays.row(tables.scales, found)
    low_scale, high_scale = before or _ONE_FACTOR
    return (arrays.float32(high) * high_scale + arrays.float32(low) * low_scale) * last


def _index(phases: Any, step: Any, arrays: Arrays) -> Any:
    start, base, *ratio = arrays.row(phases, arrays.search(phases[..., :1], step))
    offset = step - start
    if not ratio:
        return base + offset
    period, numerator, denominator, *inverse = ratio
    modulus = arrays.where(period >= 1, period, 1)
    offset = arrays.where(period >= 1, offset - offset // modulus * modulus, offset)
    if inverse:
        return base + quotient_int32(offset, numerator, denominator, inverse, arrays)
    return base + offset * numerator // denominator


def search(arrays: Arrays, starts: Any, index: Any) -> Any:
    """Return the number of the last row that starts at or before `index`, by halves, for each schedule."""
    found = arrays.where(index >= 0, 0, 0)
    half = starts.shape[-2]
    while half := half // 2:
        (start,) = arrays.row(starts, found + half)
        found = arrays.where(index >= start, found + half, found)
    return found


class _Members(NumPyArrays):
    """NumPy on tables with a batch, and an index for each schedule of it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._members = np.arange(size)

    def row(self, table: Table, index: Table) -> list[Table]:
        """Return the columns of each schedule's `table[index]`."""
        rows = table[self._members, index]
        return [rows[..., k] for k in range(table.shape[-1])]

    def search(self, starts: Table, index: Table) -> Any:
        """Return the number of the last row that starts at or before `index`."""
        return search(self, starts, index)


class Batch:
    """Many schedules, whose values at a step are one array: a sweep, a population, or a rate for each group.

    Args:
        schedules: The schedules or documents, at least one.

    Raises:
        SpecError: There is none.
        TypeError: One of them is something else.
        UnsupportedError: A document schedules more than a learning rate.

    Example:
        >>> import lrspec
        >>> batch = lrspec.Batch([lrspec.Linear(init_value=peak, end_value=0.0, steps=4) for peak in (0.5, 1.0)])
        >>> batch(1).tolist()
        [0.375, 0.75]
        >>> batch.values(0, 3).tolist()
        [[0.5, 0.375, 0.25], [1.0, 0.75, 0.5]]
    """

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        self.schedules = checked(schedules, "numpy")
        self.last_step = min(schedule.program.last_step for schedule in self.schedules)
        self._tables = stacked([schedule.program for schedule in self.schedules], wide=True)
        self._arrays = _Members(len(self.schedules))

    def __len__(self) -> int:
        return len(self.schedules)

    def __call__(self, step: int) -> Float32s:
        """Return the value of each schedule at a step, as a float32 array.

        Raises:
            StepError: One of the schedules has no value there.
            TypeError: The step is not an integer.
        """
        step = whole_step(step)
        if not 0 <= step <= self.last_step:
            raise out_of_range(step, self.last_step)
        result: Float32s = evaluate(self._tables, np.full(len(self), step), self._arrays)
        return result

    def values(self, start: int, stop: int) -> Float32s:
        """Return the values of the steps `start` to `stop - 1`, as a float32 array with a row for each schedule.

        Raises:
            StepError: One of the schedules has no value at one of the steps.
        """
        return np.stack([values(schedule.program, start, stop) for schedule in self.schedules])


def checked(schedules: Iterable[Schedule], framework: str) -> tuple[Schedule, ...]:
    """Return schedules, each of which is one learning rate.

    Raises:
        SpecError: There is none.
        TypeError: One of them is something else.
        UnsupportedError: A document schedules more than a learning rate.
    """
    found = tuple(schedules)
    if not found:
        raise SpecError("schedules", found="none", expected="at least one")
    for place, schedule in enumerate(found):
        if not isinstance(schedule, Schedule):
            raise TypeError(f"schedules[{place}]: found {show(schedule)}, expected a schedule or a document")
        if isinstance(schedule, Document):
            schedule.require_one_rate(framework, "document['learning_rate'] is the rate alone")
    return found
