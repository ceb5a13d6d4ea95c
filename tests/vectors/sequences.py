"""The cases of what follows one another: `sequence` and `repeat`."""

from __future__ import annotations

from collections.abc import Iterator

from vectors.case import Case, case
from vectors.points import LAST_STEP
from vectors.trees import ODD, around, cosine, decay, flat, line, of, stairs


def sequence_cases() -> Iterator[Case]:
    kind = "sequence"
    for steps in ODD:
        node = of(kind, line(0.0, 0.1, steps), cosine(0.1, 0.001, 350))
        yield case(f"{steps}", f"A warmup of {steps} steps, then half a cosine.", kind, node, marks=(steps,))
    yield case(
        "long",
        "A warmup of 10,000 steps, then half a cosine over 990,000.",
        kind,
        of(kind, line(0.0, 1e-3, 10_000), cosine(1e-3, 1e-4, 990_000)),
        marks=(10_000,),
    )
    yield case(
        "24-bits",
        "The second part begins at step 2^24 + 1.",
        kind,
        of(kind, line(0.0, 1.0, 2**24 + 1), cosine(1.0, 0.1, 2**24 + 1)),
        marks=(2**24 + 1,),
    )
    yield case(
        "last-step",
        "The second part begins at step 2^31 - 1.",
        kind,
        of(kind, line(0.0, 1.0, LAST_STEP), flat(0.25)),
        marks=(LAST_STEP,),
    )
    fraction = of(kind, line(0.0, 0.1, "7/2"), cosine(0.1, 0.0, "93/2"), decay(10, init=0.05))
    yield case(
        "fraction",
        "Parts that begin between steps: the second has the time 1/2 at step 4.",
        kind,
        fraction,
        "fraction",
        marks=("7/2",),
    )
    short = of(
        kind, flat(1.0, steps="41/4"), flat(2.0, steps="1/4"), flat(3.0, steps="1/8"), flat(4.0, steps=5), flat(5.0)
    )
    yield case(
        "passed-over",
        "Parts too short to have a step are passed over.",
        kind,
        short,
        "fraction",
        "degenerate",
        marks=("41/4", "21/2", "85/8", "125/8"),
    )
    yield case(
        "global",
        "In global time, parts that are asked for the step itself.",
        kind,
        of(kind, line(0.0, 0.1, 41), cosine(0.2, 0.0, 161), time="global"),
        marks=(41,),
    )
    early = of(kind, line(0.0, 0.1, 100), line(1.0, 0.0, 41), time="global")
    yield case(
        "global-over", "In global time, a last part that has ended before it begins.", kind, early, marks=(41, 100)
    )
    follows = of(kind, around("affine", early, scale=1.0), line(5.0, 6.0, 10))
    yield case(
        "length-global",
        "The length of the one before is the start of its last part, which is later than that part's end.",
        kind,
        follows,
        "nested",
        marks=(100, 110),
    )
    previous = of(kind, line(0.0, 0.3, 41), cosine("previous", 0.01, 100), decay(30, init="previous", rate=0.9))
    yield case(
        "previous",
        "Each part begins at the number to which the one before comes, in binary64.",
        kind,
        previous,
        "previous",
        marks=(41, 141),
    )
    deep = of(
        kind,
        decay("47/3", rate=0.7, steps="101/2"),
        around(
            "freeze", around("stretch", of(kind, line("previous", 0.5, 20), flat(0.1, steps=7)), factor=1.5), steps=33
        ),
        flat(0.2),
    )
    yield case(
        "previous-deep",
        "`previous` in the first part of a sequence inside `stretch` inside `freeze`.",
        kind,
        deep,
        "previous",
        "nested",
        "fraction",
        marks=("101/2", "161/2", "167/2"),
    )
    over = of(kind, line(0.1, 0.2, 30), line("previous", 0.0, 90), time="global")
    yield case(
        "previous-global",
        "In global time the value need not go on smoothly from `previous`.",
        kind,
        over,
        "previous",
        marks=(30,),
    )
    every = of(
        kind, flat(0.01, steps=7), line(0.01, 0.1, 50), {"kind": "polynomial", "init_value": 0.1, "end_value": 0.2, "steps": 300, "power": 2.5},
        stairs(41, 0.9, 0.2, steps=420), {"kind": "piecewise_constant", "boundaries": [5, 6], "values": [0.3, 0.2, 0.1], "steps": 11},
        decay(2.5, init=0.1, steps=33), cosine(0.05, 0.0, 500, after="continue"),
    )  # fmt: skip
    yield case(
        "many",
        "Seven parts of seven kinds, of which the last goes on.",
        kind,
        every,
        "continue",
        "core",
        "near-zero",
        marks=(7, 57, 357, 777, 788, 821, 1321, 1821),
    )
    yield case(
        "ends",
        "No value after the last part.",
        kind,
        of(kind, line(0.0, 0.1, 50), line(0.1, 0.0, 20, after="error")),
        "core",
        last=69,
        marks=(50,),
    )
    yield case(
        "nested",
        "Sequences in a sequence.",
        kind,
        of(kind, of(kind, line(0.0, 0.1, 50), cosine(0.1, 0.001, 350)), of(kind, cosine(0.1, 0.01, 55), stairs(1.1))),
        "nested",
        "stairs",
        marks=(50, 400, 455),
    )
    yield case("one", "A single part.", kind, of(kind, cosine(0.1, 0.0, 61)), "degenerate")
    yield case(
        "stairs-shifted",
        "Stairs of 5/2 steps that begin at 7/2.",
        kind,
        of(kind, flat(1.0, steps="7/2"), stairs("5/2", 0.9)),
        "stairs",
        "fraction",
        marks=("7/2", 6, "17/2"),
    )


def repeat_cases() -> Iterator[Case]:
    kind = "repeat"
    for steps in ODD:
        yield case(
            f"{steps}",
            f"Half cosines of {steps} steps, without end.",
            kind,
            around(kind, cosine(1.0, 0.1, steps)),
            *(["core"] if steps == 41 else []),
            marks=tuple(steps * k for k in (1, 2, 3, 100, 1000)),
        )
    yield case(
        "mult",
        "Each cycle twice as long as the one before.",
        kind,
        around(kind, cosine(1.0, 0.0, 10), cycle_mult=2),
        "near-zero",
        marks=tuple(10 * (2**k - 1) for k in range(1, 25)),
    )
    yield case(
        "mult-decimal",
        "Each 1.5 times as long: starts that are no whole steps.",
        kind,
        around(kind, cosine(1.0, 0.1, 10), cycle_mult=1.5, num_cycles=10),
        "fraction",
        marks=(10, 25, "95/2"),
        few=100,
    )
    for rounding in ("floor", "ceil"):
        yield case(
            f"mult-{rounding}",
            f"The same, and each length is rounded ({rounding}).",
            kind,
            around(kind, cosine(1.0, 0.1, 11), cycle_mult=1.5, cycle_rounding=rounding, num_cycles=9),
            marks=(11, 27 if rounding == "floor" else 28),
            few=100,
        )
    yield case(
        "peak-mult",
        "Each cycle half as high.",
        kind,
        around(kind, cosine(1.0, 0.1, 20), peak_mult=0.5, num_cycles=12),
        marks=tuple(20 * k for k in range(1, 12)),
        dense=245,
    )
    yield case(
        "height",
        "The height above a floor shrinks.",
        kind,
        around(kind, cosine(1.0, 0.1, 20), peak_mult=0.5, scaling="height", floor_value=0.1),
        marks=tuple(20 * k for k in range(1, 12)),
        dense=245,
    )
    yield case(
        "peak",
        "The peak shrinks, and the floor stays.",
        kind,
        around(
            kind, cosine(1.0, 0.1, 20), peak_mult=0.7, scaling="peak", floor_value=0.1, peak_value=1.0, num_cycles=8
        ),
        marks=tuple(20 * k for k in range(1, 8)),
        dense=170,
    )
    yield case(
        "power",
        "The heights of the cycles are 1, 1/2, 1/3, ...",
        kind,
        around(kind, cosine(1.0, 0.0, 20), peak_power=1, num_cycles=20),
        "near-zero",
        marks=tuple(20 * k for k in range(1, 20)),
    )
    yield case(
        "fades",
        "Cycles that become too small to show.",
        kind,
        around(kind, line(1.0, 0.5, 7), peak_mult=0.01),
        "near-zero",
        dense=160,
        marks=tuple(7 * k for k in range(1, 22)),
    )
    yield case(
        "fraction",
        "Cycles of 41/2 steps.",
        kind,
        around(kind, line(1.0, 0.0, "41/2")),
        "fraction",
        "near-zero",
        marks=("41/2", 41, "123/2", 82),
    )
    yield case(
        "cut",
        "Cycles shorter than the part.",
        kind,
        around(kind, cosine(1.0, 0.0, 100), cycle_steps=41),
        marks=(41, 82),
    )
    yield case(
        "filled",
        "Cycles longer than the part, which is held in each.",
        kind,
        around(kind, cosine(1.0, 0.1, 41), cycle_steps=61),
        marks=(41, 61, 102, 122),
    )
    yield case(
        "ends",
        "Three cycles, and no value after.",
        kind,
        around(kind, line(1.0, 0.0, 15), num_cycles=3, after="error"),
        "near-zero",
        last=44,
        marks=(15, 30),
    )
    yield case(
        "held",
        "Three cycles, and the last value after.",
        kind,
        around(kind, line(1.0, 0.25, 15), num_cycles=3),
        marks=(15, 30),
    )
    yield case("one", "A single cycle.", kind, around(kind, cosine(1.0, 0.1, 61), num_cycles=1), "degenerate")
    yield case(
        "long",
        "Cycles of 2^24 + 1 steps.",
        kind,
        around(kind, line(1.0, 0.0, 2**24 + 1)),
        "near-zero",
        marks=(2**24 + 1, 2 * (2**24 + 1), 64 * (2**24 + 1)),
        few=100,
    )
    yield case(
        "last-step",
        "Cycles of 12 steps at the last step.",
        kind,
        around(kind, line(1.0, 0.25, 12)),
        marks=(LAST_STEP // 12 * 12,),
    )
    warm = of("sequence", line(0.0, 1.0, 5), cosine(1.0, 0.0, 15))
    yield case(
        "fixed",
        "A warmup of 5 steps in each cycle, which are twice as long as the one before.",
        kind,
        around(kind, warm, cycle_mult=2, fixed_steps=5),
        "nested",
        "near-zero",
        marks=(5, 20, 25, 60, 65, 140, 145),
    )
    yield case(
        "fixed-fraction",
        "The same with fractions.",
        kind,
        around(kind, warm, cycle_mult=1.5, fixed_steps="5/2", num_cycles=6),
        "nested",
        "fraction",
        "near-zero",
        marks=("5/2", 20, "45/2", 50, "105/2"),
        dense=110,
    )
    yield case(
        "stairs",
        "Stairs that begin anew.",
        kind,
        around(kind, stairs("5/2", steps=30)),
        "stairs",
        "fraction",
        marks=(30, 60, "5/2", "65/2"),
    )
