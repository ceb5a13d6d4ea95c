"""Rows 21 to 31: restarts, one cycle, triangles."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

from coverage_rows import M, Row, between, f, half_cosine, real
from lrspec import (
    Affine,
    Constant,
    Cosine,
    Every,
    Exponential,
    Freeze,
    InverseTime,
    Linear,
    Product,
    Repeat,
    Sequence,
    Shift,
)

HALF = Cosine(init_value=0.1, end_value=0.001, steps=41)


def cycle(t: int, first: Fraction, mult: Fraction, *, truncate: bool = False) -> tuple[int, Fraction]:
    """Return the number of the cycle of a step, and how far the step is in it, from 0 to 1."""
    i, start, length = 0, Fraction(0), first
    while t >= start + length:
        start, length, i = start + length, length * mult, i + 1
        length = Fraction(math.floor(length)) if truncate else length
    return i, (t - start) / length


def restarts(first: int, mult: str, *, truncate: bool = False) -> Any:
    """Return `0.001 + (0.1 - 0.001) * half cosine` in each cycle."""

    def formula(t: int) -> Any:
        _, x = cycle(t, Fraction(first), Fraction(mult), truncate=truncate)
        return between(0.1, 0.001, half_cosine(x))

    return formula


def hf_restarts(t: int) -> Any:
    """Warmup 20, three cycles in the 100 steps after it, each 33 and a third, then 0."""
    if t < 20:
        return f(0.1) * Fraction(t, 20)
    x = Fraction(t - 20, 100)
    return real(f(0.1)) * half_cosine(3 * x % 1) if x < 1 else Fraction(0)


def keras_height(t: int) -> Any:
    """CosineDecayRestarts(0.1, 50, t_mul=1.5, m_mul=0.8, alpha=0.05)."""
    i, x = cycle(t, Fraction(50), Fraction(3, 2))
    return real(f(0.1)) * ((1 - real(f(0.05))) * real(f(0.8)) ** i * half_cosine(x) + real(f(0.05)))


def timm_peak(t: int) -> Any:
    """t_initial 30, cycle_mul 2, cycle_decay 0.5, cycle_limit 4, lr_min 0.001: the peak falls, the floor stays."""
    i, x = cycle(t, Fraction(30), Fraction(2))
    if i >= 4:
        return f(0.001)
    return real(f(0.001)) + real(f(0.1) * f(0.5) ** i - f(0.001)) * half_cosine(x)


def fairseq_all(t: int) -> Any:
    """Period 40, t_mult 2, lr_shrink 0.7: both ends shrink."""
    i, x = cycle(t, Fraction(40), Fraction(2))
    return real(f(0.7)) ** i * between(0.1, 0.01, half_cosine(x))


def sgdr(t: int) -> Any:
    """Cycles of 50 and 80 steps, each with a warmup of 10 from 0, to peaks 0.1 and 0.04; then the end."""
    start, length, peak = (0, 50, 0.1) if t < 50 else (50, 80, 0.04)
    u = t - start
    if u < 10:
        return f(peak) * Fraction(u, 10)
    return between(peak, 0.001, half_cosine(Fraction(min(u, length) - 10, length - 10)))


def warm_cycle(steps: int, peak: float) -> Sequence:
    rise = Linear(init_value=0.0, end_value=peak, steps=10)
    return Sequence(parts=[rise, Cosine(init_value=peak, end_value=0.001, steps=steps - 10)])


def onecycle(total: int, pct: Fraction, *, phases: int, linear: bool = False) -> Any:
    """PyTorch's OneCycleLR with max 0.1, start 0.004 and end 4e-7: phases end at real times, the last at total - 1."""
    last = Fraction(total - 1)
    ends = [pct * total - 1, 2 * pct * total - 2, last] if phases == 3 else [pct * total - 1, last]
    levels = [0.004, 0.1, 0.004, 4e-7] if phases == 3 else [0.004, 0.1, 4e-7]

    def formula(t: int) -> Any:
        i = next(i for i, end in enumerate(ends) if t <= end)
        start = ends[i - 1] if i else 0
        x = Fraction(t - start) / (ends[i] - start)
        return between(levels[i], levels[i + 1], 1 - x if linear else half_cosine(x))

    return formula


def ramps(kind: Any, ends: list[Fraction], levels: list[float]) -> Sequence:
    lengths = [end - start for start, end in zip([Fraction(0), *ends], ends, strict=False)]
    parts = [
        kind(init_value=a, end_value=b, steps=length) for a, b, length in zip(levels, levels[1:], lengths, strict=False)
    ]
    return Sequence(parts=parts)


def optax_onecycle(t: int) -> Fraction:
    """linear_onecycle_schedule(101, 0.1): knots at int(30.3), int(85.85) and 101."""
    points = [(0, 0.004), (30, 0.1), (85, 0.004), (101, 4e-7)]
    for (left, a), (right, b) in pairwise(points):
        if t < right:
            return f(a) + (f(b) - f(a)) * Fraction(t - left, right - left)
    return f(4e-7)


def triangle(t: int, up: int, down: int) -> Fraction:
    """Return the height of a triangle, from 0 to 1."""
    r = t % (up + down)
    return Fraction(r, up) if r <= up else Fraction(up + down - r, down)


def peak_of(up: int, down: int, low: float, high: float) -> Sequence:
    rise = Linear(init_value=low, end_value=high, steps=up)
    return Sequence(parts=[rise, Linear(init_value=high, end_value=low, steps=down)])


def stairs(t: int) -> Any:
    """DeepSpeed's OneCycle: 40 steps up in 5 stairs, 60 down in 4, then decay by 1 / (1 + 0.5 u / 20)."""
    low, high = f(0.01), f(0.1)
    if t < 40:
        return low + (high - low) * Fraction(t * 5 // 40, 5)
    if t < 100:
        return low + (high - low) * Fraction((100 - t) * 4 // 60, 4)
    return low / (1 + f(0.5) * Fraction(t - 100, 20))


DOWN_STAIRS = Every(part=Shift(part=Linear(init_value=0.1, end_value=0.01, steps=4), by=1), period=15)
ROWS = [
    Row(21, "cosine, hard restarts every 41 steps", Repeat(part=HALF), restarts(41, "1")),
    Row(
        21,
        "cosine, three cycles in a fixed length after a warmup",
        Sequence(
            parts=[
                Linear(init_value=0.0, end_value=0.1, steps=20),
                Repeat(part=Cosine(init_value=0.1, end_value=0.0, steps=Fraction(100, 3)), num_cycles=3),
            ]
        ),
        hf_restarts,
    ),
    Row(22, "restarts of twice the length", Repeat(part=HALF, cycle_mult=2), restarts(41, "2"), stop=2000),
    Row(
        22,
        "restarts of 1.5 times the length, not rounded",
        Repeat(part=Cosine(init_value=0.1, end_value=0.001, steps=50), cycle_mult=1.5),
        restarts(50, "3/2"),
        stop=2000,
    ),
    Row(
        22,
        "restarts of 1.5 times the length, truncated",
        Repeat(part=HALF, cycle_mult=1.5, cycle_rounding="floor"),
        restarts(41, "3/2", truncate=True),
        stop=2000,
    ),
    Row(
        23,
        "restarts of less height above the floor",
        Repeat(
            part=Cosine(init_value=0.1, end_value=0.1 * 0.05, steps=50),
            cycle_mult=1.5,
            peak_mult=0.8,
            scaling="height",
            floor_value=0.1 * 0.05,
        ),
        keras_height,
        stop=2000,
    ),
    Row(
        23,
        "restarts whose peak and floor shrink",
        Repeat(part=Cosine(init_value=0.1, end_value=0.01, steps=40), cycle_mult=2, peak_mult=0.7),
        fairseq_all,
        stop=2000,
    ),
    Row(
        24,
        "four cycles of smaller peaks, then the floor",
        Repeat(
            part=Cosine(init_value=0.1, end_value=0.001, steps=30),
            cycle_mult=2,
            peak_mult=0.5,
            scaling="peak",
            peak_value=0.1,
            floor_value=0.001,
            num_cycles=4,
        ),
        timm_peak,
        stop=600,
    ),
    Row(25, "a warmup in each cycle", Sequence(parts=[warm_cycle(50, 0.1), warm_cycle(80, 0.04)]), sgdr),
    Row(
        26,
        "one cycle of two cosines, which meet between two steps",
        ramps(Cosine, [Fraction("29.3"), Fraction(100)], [0.004, 0.1, 4e-7]),
        onecycle(101, Fraction("0.3"), phases=2),
        stop=101,
    ),
    Row(
        26,
        "one cycle of three cosines",
        ramps(Cosine, [Fraction("29.3"), Fraction("58.6"), Fraction(100)], [0.004, 0.1, 0.004, 4e-7]),
        onecycle(101, Fraction("0.3"), phases=3),
        stop=101,
    ),
    Row(
        27,
        "one cycle of lines, which meet between two steps",
        ramps(Linear, [Fraction("29.3"), Fraction(100)], [0.004, 0.1, 4e-7]),
        onecycle(101, Fraction("0.3"), phases=2, linear=True),
        stop=101,
    ),
    Row(
        27,
        "one cycle of three lines, truncated, end at N",
        Sequence(
            parts=[
                Linear(init_value=0.004, end_value=0.1, steps=30),
                Linear(init_value=0.1, end_value=0.004, steps=55),
                Linear(init_value=0.004, end_value=4e-7, steps=16),
            ]
        ),
        optax_onecycle,
    ),
    Row(
        28,
        "triangles",
        Repeat(part=peak_of(20, 33, 0.001, 0.1)),
        lambda t: f(0.001) + (f(0.1) - f(0.001)) * triangle(t, 20, 33),
    ),
    Row(
        29,
        "triangles of half the height",
        Repeat(part=peak_of(20, 33, 0.001, 0.1), peak_mult=0.5, scaling="height", floor_value=0.001),
        lambda t: f(0.001) + (f(0.1) - f(0.001)) * triangle(t, 20, 33) / 2 ** (t // 53),
        stop=1000,
    ),
    Row(
        30,
        "triangles in an exponential",
        Affine(
            part=Product(
                parts=[
                    Freeze(part=Repeat(part=peak_of(20, 33, 0.0, 1.0)), steps=1000),
                    Exponential(init_value=1.0, decay_rate=0.999, decay_period=1),
                ]
            ),
            scale=0.099,
            offset=0.001,
        ),
        lambda t: real(f(0.001)) + real(f(0.099)) * real(triangle(t, 20, 33)) * M.power(real(f(0.999)), t),
        stop=1000,
    ),
    Row(
        31,
        "a cycle in stairs, up and down, and a decay",
        Sequence(
            parts=[
                Freeze(part=Every(part=Linear(init_value=0.01, end_value=0.1, steps=5), period=8), steps=40),
                Constant(value=0.1, steps=1),
                Freeze(part=DOWN_STAIRS, steps=59),
                InverseTime(init_value=0.01, decay_rate=0.5, decay_period=20),
            ]
        ),
        stairs,
    ),
]
