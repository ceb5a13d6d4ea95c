"""The cases of what holds numbers: `constant`, `piecewise_constant` and `table`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.points import LAST_STEP
from vectors.trees import LARGEST, ODD, SMALLEST


def constant_cases() -> Iterator[Case]:
    kind = "constant"
    numbers = {
        "tenth": (0.1, ()), "zero": (0.0, ("near-zero",)), "below-zero": (-0.3, ()), "smallest": (SMALLEST, ("extreme", "core", "essential")),
        "largest": (LARGEST, ("extreme", "core")), "one": (1, ()), "minus-zero": (-0.0, ("near-zero",)), "24-bits": (16777217, ()),
        "above-24-bits": (16777219, ()), "third": (1 / 3, ()), "just-above-half": (1 + 2**-24 + 2**-40, ()), "just-below-half": (1 + 2**-24 - 2**-40, ()),
    }  # fmt: skip
    for name, (value, flags) in numbers.items():
        yield case(
            name, f"The number {value!r} at every step.", kind, {"kind": kind, "value": value}, *flags, dense=20, few=20
        )
    yield case("held", "A length that is held shows nothing.", kind, {"kind": kind, "value": 0.7, "steps": 41})
    yield case(
        "continue",
        "Nor does one after which the formula goes on.",
        kind,
        {"kind": kind, "value": 0.7, "steps": 41, "after": "continue"},
        "continue",
    )
    yield case(
        "ends", "No value from step 41 on.", kind, {"kind": kind, "value": 0.7, "steps": 41, "after": "error"}, last=40
    )
    yield case(
        "ends-fraction",
        "No value from 1/3 on: step 0 is the only one.",
        kind,
        {"kind": kind, "value": 0.7, "steps": "1/3", "after": "error"},
        "fraction",
        "degenerate",
        last=0,
    )


def piecewise_constant_cases() -> Iterator[Case]:
    kind = "piecewise_constant"

    def make(boundaries: list[int], values: list[float], **more: Any) -> Plain:
        return {"kind": kind, "boundaries": boundaries, "values": values, **more}

    yield case(
        "usual",
        "Three drops.",
        kind,
        make([30, 60, 90], [0.1, 0.01, 0.001, 0.0001]),
        "stairs",
        marks=(30, 60, 90),
        dense=100,
    )
    yield case(
        "odd",
        "A new value at 41, 47, 55 and 61.",
        kind,
        make([41, 47, 55, 61], [0.1, -0.1, 0.0, 1e-30, 1e30]),
        "stairs",
        "near-zero",
        marks=ODD,
    )
    yield case("first-step", "A new value at step 1.", kind, make([1], [1.0, 0.5]), "stairs", "degenerate", marks=(1,))
    yield case(
        "neighbours",
        "A new value at every step.",
        kind,
        make([1, 2, 3, 4], [1.0, 0.7, 0.4, 0.2, 0.1]),
        "stairs",
        marks=(1, 2, 3, 4),
    )
    yield case(
        "24-bits",
        "New values around 2^24.",
        kind,
        make([2**24 - 1, 2**24, 2**24 + 1], [0.4, 0.3, 0.2, 0.1]),
        "stairs",
        marks=(2**24 - 1, 2**24, 2**24 + 1),
    )
    yield case(
        "last-step",
        "A new value at the last step that there is.",
        kind,
        make([LAST_STEP - 1, LAST_STEP], [0.3, 0.2, 0.1]),
        "stairs",
        marks=(LAST_STEP - 1, LAST_STEP),
    )
    yield case(
        "equal",
        "Neighbours that are equal.",
        kind,
        make([10, 20, 30], [0.5, 0.5, 0.25, 0.25]),
        "stairs",
        "degenerate",
        marks=(10, 20, 30),
    )
    yield case(
        "many",
        "100 boundaries.",
        kind,
        make([7 * k + k * k for k in range(1, 101)], [1 / (k + 3) for k in range(101)]),
        "stairs",
        marks=tuple(7 * k + k * k for k in range(1, 101)),
        steps=tuple(range(70, 10800, 13)),
    )
    yield case(
        "ends",
        "No value from step 9 on.",
        kind,
        make([1, 2], [1.0, -1.0, 0.0], steps=9, after="error"),
        "stairs",
        last=8,
        marks=(1, 2),
    )
    yield case(
        "held",
        "A length that is held shows nothing.",
        kind,
        make([41], [1.0, 0.5], steps="101/2"),
        "stairs",
        "fraction",
        marks=(41,),
    )


def table_cases() -> Iterator[Case]:
    kind = "table"
    noise = [((k * 2654435761) % 4294967296) / 4294967296 for k in range(1, 301)]

    def make(values: list[float], **more: Any) -> Plain:
        return {"kind": kind, "values": values, **more}

    yield case("noise", "300 numbers, one a step.", kind, make(noise), "stairs", dense=310, to_even=True)
    yield case("one", "A single number.", kind, make([0.3]), "degenerate", to_even=True)
    yield case(
        "ties",
        "Numbers in the middle between two float32 numbers: the even one, and no other, is right.",
        kind,
        make([1 + 2**-24, 1 + 3 * 2**-24, -1 - 2**-24, 1 + 2**-24 + 2**-52, 16777217, 16777219]),
        "negative",
        "near-tie",
        to_even=True,
    )
    yield case(
        "period-41",
        "A number for 41 steps each.",
        kind,
        make(noise[:20], period=41),
        "stairs",
        "core",
        marks=tuple(41 * k for k in range(1, 20)),
        to_even=True,
    )
    yield case(
        "period-decimal",
        "A number for 2.5 steps each.",
        kind,
        make(noise[:40], period=2.5),
        "stairs",
        "fraction",
        dense=110,
        to_even=True,
    )
    yield case(
        "period-thirds",
        "A number for 1000/3 steps each: an epoch that is not whole.",
        kind,
        make(noise[:12], period="1000/3"),
        "stairs",
        "fraction",
        marks=tuple(f"{1000 * k}/3" for k in range(1, 12)),
        to_even=True,
    )
    yield case(
        "ends",
        "No value after the last number.",
        kind,
        make(noise[:30], period="3/2", after="error"),
        "stairs",
        "fraction",
        last=44,
        to_even=True,
    )
    yield case(
        "equal",
        "Runs of equal numbers.",
        kind,
        make([0.5] * 20 + [0.25] * 3 + [0.1] * 2 + [0.0] * 30),
        "stairs",
        "near-zero",
        marks=(20, 23, 25),
        to_even=True,
    )
    yield case(
        "extremes",
        "The largest and the smallest numbers, both signs.",
        kind,
        make([LARGEST, -LARGEST, SMALLEST, -SMALLEST, 0.0, -0.0]),
        "extreme",
        "near-zero",
        to_even=True,
    )
    yield case(
        "long-period",
        "A number for 10^8 steps each.",
        kind,
        make(noise[:20], period=10**8),
        "stairs",
        marks=tuple(10**8 * k for k in range(1, 20)),
        to_even=True,
        few=600,
    )
