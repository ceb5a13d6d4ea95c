"""The cases of what changes times: `shift`, `freeze`, `every` and `stretch`."""

from __future__ import annotations

from collections.abc import Iterator

from vectors.case import Case, case
from vectors.points import LAST_STEP
from vectors.trees import ODD, around, cosine, decay, line, of, stairs, table


def shift_cases() -> Iterator[Case]:
    kind = "shift"
    for by in ODD:
        yield case(f"{by}", f"Half a cosine from its step {by} on.", kind, around(kind, cosine(1.0, 0.1, 100), by=by))
        yield case(
            f"minus-{by}",
            f"The first value until step {by}.",
            kind,
            around(kind, cosine(1.0, 0.1, 100), by=-by),
            marks=(by,),
        )
    yield case("fraction", "From between two steps.", kind, around(kind, line(0.0, 1.0, 100), by="7/2"), "fraction")
    yield case(
        "decimal", "Later by 1.5 steps.", kind, around(kind, line(0.0, 1.0, 100), by=-1.5), "fraction", marks=(1.5,)
    )
    yield case("none", "By nothing.", kind, around(kind, cosine(1.0, 0.1, 61), by=0), "degenerate")
    yield case(
        "stairs",
        "Stairs of 41 steps from the middle of one.",
        kind,
        around(kind, stairs(41), by=20),
        "stairs",
        marks=(21, 62, 103),
    )
    yield case(
        "stairs-later",
        "Stairs of 5/2 steps that begin at 1/3.",
        kind,
        around(kind, stairs("5/2", 0.99), by="-1/3"),
        "stairs",
        "fraction",
        marks=("17/6", "32/6"),
    )
    yield case(
        "table",
        "A table from its third number on.",
        kind,
        around(kind, table([0.5, 0.4, 0.3, 0.2, 0.1], period=7), by=15),
        "stairs",
        marks=(6, 13),
    )
    yield case("large", "From step 2^30 on.", kind, around(kind, line(0.0, 1.0, LAST_STEP), by=2**30), marks=(2**30,))
    yield case(
        "power-law",
        "A power law that begins at step 1.",
        kind,
        around(kind, {"kind": "power_law", "init_value": 1.0, "power": 0.5, "timescale": 100}, by=1),
    )
    yield case(
        "min-time",
        "`max(t, 1)`: steps 0 and 1 have the same value.",
        kind,
        around(kind, decay(30), by=0, min_time=1),
        marks=(1,),
    )
    yield case(
        "min-time-later",
        "From the time 5 on, and the first value until step 41.",
        kind,
        around(kind, line(0.0, 1.0, 100), by=-36, min_time=5),
        marks=(41,),
    )
    yield case(
        "min-time-fraction",
        "From the time 7/2 on.",
        kind,
        around(kind, cosine(1.0, 0.1, 61), by="-1/3", min_time="7/2"),
        "fraction",
        marks=("23/6",),
    )
    yield case(
        "ends",
        "The end comes earlier, too.",
        kind,
        around(kind, line(1.0, 0.0, 61, after="error"), by="41/2"),
        "fraction",
        last=40,
    )


def freeze_cases() -> Iterator[Case]:
    kind = "freeze"
    for steps in ODD:
        yield case(
            f"{steps}", f"A decay that is held from step {steps} on.", kind, around(kind, decay(30), steps=steps)
        )
    yield case(
        "fraction",
        "Held from between two steps on, at the value that the formula has there.",
        kind,
        around(kind, line(1.0, 0.0, 100), steps="93/2"),
        "fraction",
    )
    yield case(
        "longer",
        "Longer than the part, which is held by its own rule.",
        kind,
        around(kind, line(1.0, 0.25, 41), steps=61),
        marks=(41,),
    )
    yield case(
        "continue",
        "The part goes on until then.",
        kind,
        around(kind, line(1.0, 0.9, 41, after="continue"), steps=101),
        "continue",
        marks=(41,),
    )
    yield case("ends", "No value from step 47 on.", kind, around(kind, decay(30), steps=47, after="error"), last=46)
    yield case(
        "part-ends",
        "The part has no value at the time that would be held.",
        kind,
        around(kind, line(1.0, 0.0, 41, after="error"), steps=41),
        last=40,
    )
    yield case(
        "stairs",
        "Stairs, held in the middle of one.",
        kind,
        around(kind, stairs("5/2"), steps=61),
        "stairs",
        "fraction",
        marks=("5/2", 5, "15/2"),
    )
    yield case(
        "repeat",
        "Endless cycles, held.",
        kind,
        around(kind, around("repeat", cosine(1.0, 0.1, 13)), steps=100),
        "nested",
        marks=tuple(13 * k for k in range(1, 8)),
        dense=110,
    )
    yield case("large", "Held from 2^24 + 1 on.", kind, around(kind, line(0.0, 1.0, 2**30), steps=2**24 + 1), few=1200)


def every_cases() -> Iterator[Case]:
    kind = "every"
    for period in ODD:
        yield case(
            f"{period}",
            f"A new value every {period} steps.",
            kind,
            around(kind, cosine(1.0, 0.1, 30), period=period),
            "stairs",
            marks=tuple(period * k for k in (1, 2, 3, 29)),
        )
    yield case(
        "fraction",
        "A new value every 1000/3 steps.",
        kind,
        around(kind, cosine(1.0, 0.1, 30), period="1000/3"),
        "stairs",
        "fraction",
        marks=tuple(f"{1000 * k}/3" for k in range(1, 30)),
    )
    yield case(
        "decimal",
        "A new value every 2.5 steps.",
        kind,
        around(kind, line(1.0, 0.0, 41), period=2.5),
        "stairs",
        "fraction",
        "near-zero",
        dense=110,
    )
    yield case("one", "A period of one step.", kind, around(kind, cosine(1.0, 0.1, 61), period=1), "degenerate")
    yield case(
        "ends-within",
        "A part of 7/2 periods ends within one.",
        kind,
        around(kind, line(1.0, 0.0, "7/2", after="error"), period=10),
        "stairs",
        "fraction",
        last=39,
    )
    yield case(
        "stairs",
        "Stairs of three epochs.",
        kind,
        around(kind, stairs(3), period=47),
        "stairs",
        "nested",
        marks=(141, 282),
    )
    yield case(
        "repeat",
        "Cycles of four epochs.",
        kind,
        around(kind, around("repeat", cosine(1.0, 0.1, 4)), period=13),
        "stairs",
        "nested",
        marks=(13, 26, 52),
        dense=120,
    )
    yield case(
        "previous",
        "An epoch-wise cosine from where a warmup ends.",
        kind,
        of("sequence", line(0.0, 0.3, 41), around(kind, cosine("previous", 0.0, 20), period=10)),
        "previous",
        "stairs",
        "near-zero",
        marks=(41, 51, 61),
    )
    yield case(
        "large",
        "A new value every 2^24 + 1 steps.",
        kind,
        around(kind, line(1.0, 0.0, 100), period=2**24 + 1),
        "stairs",
        "near-zero",
        marks=tuple((2**24 + 1) * k for k in (1, 2, 64, 99, 100)),
        few=300,
    )


def stretch_cases() -> Iterator[Case]:
    kind = "stretch"
    for factor in ODD:
        yield case(f"{factor}", f"{factor} times as slow.", kind, around(kind, cosine(1.0, 0.1, 3), factor=factor))
    yield case(
        "decimal",
        "2.5 times as slow: stairs change at the first step at which their own time is reached.",
        kind,
        around(kind, stairs(3), factor=2.5),
        "stairs",
        "fraction",
        marks=(7.5, 15, 22.5),
    )
    yield case("faster", "Three times as fast.", kind, around(kind, cosine(1.0, 0.1, 100), factor="1/3"), "fraction")
    yield case("one", "As fast as before.", kind, around(kind, cosine(1.0, 0.1, 61), factor=1), "degenerate")
    yield case(
        "sequence",
        "A sequence, stretched by 4/3.",
        kind,
        around(kind, of("sequence", line(0.0, 1.0, 10), cosine(1.0, 0.0, 31)), factor="4/3"),
        "fraction",
        "nested",
        "near-zero",
        marks=("40/3",),
    )
    yield case(
        "table",
        "A table whose numbers last 7/3 steps.",
        kind,
        around(kind, table([0.5, 0.25, 0.125, 1.0, 2.0] * 5), factor="7/3"),
        "stairs",
        "fraction",
    )
    yield case(
        "large", "10^8 times as slow.", kind, around(kind, line(0.0, 1.0, 10), factor=10**8), marks=(10**9,), few=1000
    )
    yield case(
        "ends",
        "The end comes later, too.",
        kind,
        around(kind, line(1.0, 0.0, 41, after="error"), factor=1.5),
        "fraction",
        last=61,
    )
