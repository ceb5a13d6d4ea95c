"""Evaluating a program on the host.

- `host_evaluator`: one step at a time. It is the reference for every other evaluator.
- `values`: a range of steps in NumPy.

What a value is, is said in integers. Both compute the polynomial in floating point, and where that is too near to the
middle between two numbers of float32 to tell them apart, in integers.

device.py does the same with a framework's own operations. All of them floor in the same places, so that they agree in
every bit; docs/spec.md says how.
"""

from __future__ import annotations

import math
import operator
import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from lrspec.errors import StepError
from lrspec.fields import LAST_STEP, whole_step
from lrspec.program import DEGREE, X_BITS, Phase, Program, Segment

Float32s = np.ndarray[tuple[int], np.dtype[np.float32]]
Int64s = np.ndarray[tuple[int], np.dtype[np.int64]]

_CHUNK = 1 << 14
_SPLIT = X_BITS // 2
_MASK = (1 << _SPLIT) - 1


def host_evaluator(program: Program) -> Callable[[int], float]:
    """Return a function from a step to the value there: a Python float that holds a float32 number.

    Raises (the function returned):
        StepError: The step is below 0 or past the last step that has a value.
        TypeError: The step is not an integer of the host.
    """
    starts = [segment.start for segment in program.segments]
    rows = [_row(segment) for segment in program.segments]
    last_step = program.last_step
    index_of = _host_index(program)
    pack, unpack = struct.Struct("f").pack, struct.Struct("f").unpack

    def evaluate(step: int) -> float:
        if type(step) is not int:
            try:
                step = operator.index(step)
            except TypeError:
                step = whole_step(step)  # raises it in words
        if not 0 <= step <= last_step:
            raise out_of_range(step, last_step)
        index = step if index_of is None else index_of(step)
        start, per_index, (c0, c1, c2, c3, c4, c5, c6, c7), scale, segment = rows[bisect_right(starts, index) - 1]
        x = (index - start) * per_index
        acc = ((((((c7 * x + c6) * x + c5) * x + c4) * x + c3) * x + c2) * x + c1) * x + c0
        packed = pack(acc - _FLOORS)
        if packed != pack(acc + 1.0):
            packed = pack(_horner(segment, index))
        rounded: float = unpack(packed)[0]
        return rounded * scale

    return evaluate


_FLOORS = DEGREE + 1.0
"""The integers of the Horner scheme are floored, each by less than one: the result is at most `DEGREE` below the
polynomial. Floating point, of 53 bits where the integers have 47, is off by less than one."""


def _row(segment: Segment) -> tuple[int, float, tuple[float, ...], float, Segment]:
    """Return the start, x per index, the coefficients and the unit of a segment as floats, and the segment."""
    coefficients = tuple(map(float, segment.coefficients))
    per_index = math.ldexp(1.0, segment.shift - X_BITS) if any(coefficients[1:]) else 0.0
    return segment.start, per_index, coefficients, math.ldexp(1.0, -segment.exponent), segment


def _horner(segment: Segment, index: int) -> int:
    """Return the integer of a segment at an index: what its value is by definition."""
    x, acc = (index - segment.start) << segment.shift, 0
    for c in reversed(segment.coefficients):
        acc = (acc * x >> X_BITS) + c
    return acc


@lru_cache(maxsize=256)
def clamped_evaluator(program: Program) -> Callable[[int], float]:
    """Return the same function as `host_evaluator` with a device's manners: it clamps a step that has no value."""
    evaluate = host_evaluator(replace(program, last_step=LAST_STEP))
    return lambda step: evaluate(min(max(whole_step(step), 0), LAST_STEP))


def out_of_range(step: int, last_step: int) -> StepError:
    """Return the error for a step that has no value."""
    return StepError(f"step {step} has no value: expected a step from 0 to {last_step}")


def _host_index(program: Program) -> Callable[[int], int] | None:
    """Return the map from step to index, or None where it is the identity."""
    phases = program.phases
    if program.index_is_step:
        return None
    starts = [phase.start for phase in phases]

    def index(step: int) -> int:
        phase = phases[bisect_right(starts, step) - 1]
        offset = step - phase.start
        if phase.period:
            offset %= phase.period
        return phase.base + offset * phase.numerator // phase.denominator

    return index


def values(program: Program, start: int, stop: int) -> Float32s:
    """Return the values of the steps `start` to `stop - 1`.

    Raises:
        StepError: A step of the range has no value.
    """
    start, stop = whole_step(start), whole_step(stop)
    if stop <= start:
        return np.empty(0, np.float32)
    for step in (start, stop - 1):
        if not 0 <= step <= program.last_step:
            raise out_of_range(step, program.last_step)
    out = np.empty(stop - start, np.float32)
    ends = [phase.start for phase in program.phases[1:]] + [LAST_STEP + 1]
    for phase, end in zip(program.phases, ends, strict=True):
        low, high = max(start, phase.start), min(stop, end)
        if low < high:
            _fill_phase(program, phase, low, out[low - start : high - start])
    return out


def index_values(program: Program, count: int) -> Float32s:
    """Return the values of the indices 0 to `count - 1`."""
    out = np.empty(count, np.float32)
    _fill_indices(program, 0, out)
    return out


def _fill_phase(program: Program, phase: Phase, low: int, out: Float32s) -> None:
    """Write into `out` the values of the steps from `low` on, all of them in one phase."""
    if phase.is_identity:
        _fill_indices(program, phase.base + low - phase.start, out)
        return
    offsets = np.arange(low - phase.start, low - phase.start + len(out), dtype=np.int64)
    if phase.period:
        offsets %= phase.period
    indices = offsets * phase.numerator // phase.denominator
    first, last = int(indices.min()), int(indices.max())
    table = np.empty(last - first + 1, np.float32)
    _fill_indices(program, phase.base + first, table)
    np.take(table, indices - first, out=out)


def _fill_indices(program: Program, low: int, out: Float32s) -> None:
    """Write into `out` the values of the indices from `low` on."""
    starts = [segment.start for segment in program.segments] + [LAST_STEP + 1]
    high = low + len(out)
    i = bisect_right(starts, low) - 1
    while i < len(program.segments) and starts[i] < high:
        begin, end = max(low, starts[i]), min(high, starts[i + 1])
        for chunk in range(begin, end, _CHUNK):
            stop = min(end, chunk + _CHUNK)
            _fill_segment(program.segments[i], chunk, out[chunk - low : stop - low])
        i += 1


def _fill_segment(segment: Segment, low: int, out: Float32s) -> None:
    degree = max((k for k in range(DEGREE + 1) if segment.coefficients[k]), default=0)
    scale = math.ldexp(1.0, -segment.exponent)
    if degree == 0:
        out.fill(segment.coefficients[0] * scale)
        return
    first = low - segment.start
    x = np.arange(first, first + len(out), dtype=np.float64)
    x *= math.ldexp(1.0, segment.shift - X_BITS)
    acc = np.full(len(out), float(segment.coefficients[degree]))
    for k in range(degree - 1, -1, -1):
        acc *= x
        acc += float(segment.coefficients[k])
    np.subtract(acc, _FLOORS, out=x)
    acc += 1.0
    out[:] = acc
    unsure = np.flatnonzero(x.astype(np.float32) != out)
    if len(unsure):
        out[unsure] = _horners(segment, degree, unsure + first).astype(np.float64)
    np.multiply(out, scale, out=out, dtype=np.float64, casting="same_kind")


def _horners(segment: Segment, degree: int, places: Int64s) -> Int64s:
    """Return the integers of a segment at places from its start on."""
    x = places << segment.shift
    high, low_half = x >> _SPLIT, x & _MASK
    acc = np.full(len(x), segment.coefficients[degree], np.int64)
    part = np.empty_like(acc)
    bound = 0
    for k in range(degree - 1, -1, -1):
        bound += abs(segment.coefficients[k + 1]) + 1
        if bound < 1 << (63 - X_BITS):  # the whole product fits
            acc *= x
            acc >>= X_BITS
        else:
            np.multiply(acc, low_half, out=part)
            part >>= _SPLIT
            acc *= high
            acc += part
            acc >>= _SPLIT
        acc += segment.coefficients[k]
    return acc
