"""The cases of the combinators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case, case as valued
from vectors.curves import ODD
from vectors.plain import Plain
from vectors.points import LAST_STEP


def line(init: Any, end: float, steps: Any, **more: Any) -> Plain:
    return {"kind": "linear", "init_value": init, "end_value": end, "steps": steps, **more}


def cosine(init: Any, end: float, steps: Any, **more: Any) -> Plain:
    return {"kind": "cosine", "init_value": init, "end_value": end, "steps": steps, **more}


def stairs(period: Any, rate: float = 0.8, init: float = 1.0, **more: Any) -> Plain:
    return {
        "kind": "exponential",
        "init_value": init,
        "decay_rate": rate,
        "decay_period": period,
        "staircase": True,
        **more,
    }


def decay(period: Any, rate: float = 0.5, init: Any = 1.0, **more: Any) -> Plain:
    return {"kind": "exponential", "init_value": init, "decay_rate": rate, "decay_period": period, **more}


def flat(value: float, **more: Any) -> Plain:
    return {"kind": "constant", "value": value, **more}


def table(values: list[float], **more: Any) -> Plain:
    return {"kind": "table", "values": values, **more}


def of(kind: str, *parts: Plain, **more: Any) -> Plain:
    return {"kind": kind, "parts": list(parts), **more}


def around(kind: str, part: Plain, **more: Any) -> Plain:
    return {"kind": kind, "part": part, **more}


def _sequence() -> Iterator[Case]:
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


def _product() -> Iterator[Case]:
    kind = "product"

    def case(name: str, about: str, _: str, *rest: Any, **more: Any) -> Case:
        return valued(name, about, "product-sum-minimum-maximum", *rest, **more)

    for steps in ODD:
        node = of(kind, cosine(1.0, 0.1, steps), decay(steps, 0.9))
        yield case(f"{steps}", f"Half a cosine of {steps} steps times an endless decay.", kind, node)
    yield case("warmup", "A warmup times a decay.", kind, of(kind, line(0.0, 1.0, 1000), decay(3000, 0.5, 3e-4)))
    yield case(
        "stairs",
        "Stairs times stairs of another period, up to step 1000.",
        kind,
        around("freeze", of(kind, stairs(41), stairs("55/2", 0.9)), steps=1000),
        "stairs",
        "fraction",
        "nested",
        marks=tuple(41 * k for k in range(1, 24)),
    )
    repeated = of(kind, around("repeat", line(1.0, 0.25, 12)), stairs(12, 0.9, 0.1))
    yield case(
        "cycles",
        "A sawtooth times stairs of its period.",
        kind,
        around("freeze", repeated, steps=600),
        "nested",
        "core",
        marks=tuple(12 * k for k in range(1, 50)),
    )
    yield case("one", "A single part.", kind, of(kind, cosine(0.1, 0.0, 61)), "degenerate")
    yield case(
        "four",
        "Four parts.",
        kind,
        of(kind, line(1.0, 0.5, 41), line(1.0, -0.5, 47), line(0.3, 0.6, 55), cosine(1.0, 0.2, 61)),
        "near-zero",
        marks=(41, 47, 55, 61),
    )
    yield case(
        "ends",
        "No value from where the first part has none.",
        kind,
        of(kind, line(1.0, 0.0, 100), flat(0.5, steps="93/2", after="error")),
        "fraction",
        last=46,
        marks=("93/2",),
    )
    yield case(
        "tiny",
        "Products below 2^-126.",
        kind,
        of(kind, decay(41, 0.5, 1e-20), decay(47, 0.5, 1e-16)),
        "near-zero",
        "extreme",
    )


def _sum() -> Iterator[Case]:
    clause = "product-sum-minimum-maximum"

    def made(name: str, about: str, *parts: Plain, flags: tuple[str, ...] = (), **more: Any) -> Case:
        return case(name, about, clause, of("sum", *parts), *flags, **more)

    for steps in ODD:
        yield made(
            f"{steps}", f"A line of {steps} steps and an endless decay.", line(0.0, 0.1, steps), decay(steps, 0.9, 0.3)
        )
    blend = (
        of("product", line(1.0, 0.0, 200), cosine(0.1, 0.01, 1000)),
        of("product", line(0.0, 1.0, 200), decay(100, 0.9, 0.05)),
    )
    yield made("blend", "One curve fades into another over 200 steps.", *blend, flags=("nested",), marks=(200,))
    yield made(
        "cancels",
        "A curve and its negative: 0.",
        cosine(1.0, 0.1, 61),
        around("affine", cosine(1.0, 0.1, 61), scale=-1.0),
        flags=("near-zero", "degenerate"),
    )
    yield made(
        "through-zero",
        "A sum that crosses 0.",
        cosine(1.0, 0.0, 200),
        line(-0.2, -0.7, 100),
        flags=("near-zero",),
        dense=120,
    )
    yield made(
        "stairs",
        "Stairs and a line.",
        stairs(41),
        line(1.0, 0.0, 1000),
        flags=("stairs",),
        marks=tuple(41 * k for k in range(1, 20)),
    )
    yield made(
        "four",
        "Four parts of different lengths.",
        line(1.0, 0.5, 41),
        line(1.0, -0.5, 47),
        line(0.3, 0.6, 55),
        cosine(1.0, 0.2, 61),
        marks=(41, 47, 55, 61),
    )
    yield made(
        "large-and-small",
        "A number and one that is 2^-40 of it.",
        cosine(1.0, 0.5, 1000),
        around("affine", cosine(1.0, 0.5, 777), scale=2.0**-40),
        flags=("extreme",),
    )
    yield made("one", "A single part.", cosine(0.1, 0.0, 61), flags=("degenerate", "near-zero"))
    yield made("large", "Lines beyond 2^24.", line(0.0, 1.0, 2**26 + 1), line(1.0, 0.3, 2**25 + 3), few=120)
    yield made(
        "ends",
        "No value from where the first part has none.",
        line(1.0, 0.0, 100),
        flat(0.5, steps="93/2", after="error"),
        flags=("fraction",),
        last=46,
    )


def _power() -> Iterator[Case]:
    kind = "power"
    for steps in ODD:
        yield case(
            f"{steps}",
            f"The square root of half a cosine of {steps} steps.",
            kind,
            around(kind, cosine(1.0, 0.01, steps), exponent=0.5),
        )
    for exponent in (-100, -2, -1, -0.5, 0.01, 1, 2, 3.7, 100):
        yield case(
            f"exponent-{exponent}",
            f"An exponent of {exponent}.",
            kind,
            around(kind, line(1.0, 2.0, 1000), exponent=exponent),
        )
    yield case(
        "whole-of-negative",
        "A whole exponent of what goes below 0.",
        kind,
        around(kind, line(1.0, -1.0, 101), exponent=3),
        "near-zero",
    )
    yield case(
        "square-of-negative",
        "A square never is below 0.",
        kind,
        around(kind, line(1.0, -1.0, 101), exponent=2),
        "near-zero",
    )
    yield case("of-zero", "0 to a power is 0.", kind, around(kind, line(1.0, 0.0, 100), exponent=0.3), "near-zero")
    yield case(
        "stairs",
        "Stairs, squared.",
        kind,
        around(kind, stairs("1000/3"), exponent=2),
        "stairs",
        "fraction",
        "near-zero",
        marks=("1000/3", "2000/3", 1000),
    )
    yield case(
        "ends",
        "The part ends, and so does this.",
        kind,
        around(kind, line(1.0, 0.5, 41, after="error"), exponent=2),
        last=40,
    )
    yield case("large", "Beyond 2^24.", kind, around(kind, line(0.5, 1.0, 2**26 + 1), exponent=-1.5))


def _exp() -> Iterator[Case]:
    kind = "exp"
    for steps in ODD:
        yield case(f"{steps}", f"e to a line of {steps} steps.", kind, around(kind, line(-7.0, -1.0, steps)))
    for base in (2, 10, 0.5, 0.9, 1, 1e-3):
        yield case(
            f"base-{base}",
            f"A base of {base}.",
            kind,
            around(kind, cosine(-3.0, 3.0, 1000), base=base),
            *(["degenerate"] if base == 1 else []),
        )
    yield case("zero", "e to the 0 is 1.", kind, around(kind, line(1.0, 0.0, 50)))
    yield case(
        "tiny",
        "Below 2^-126, and so 0.",
        kind,
        around(kind, line(0.0, -200.0, 1000)),
        "near-zero",
        "extreme",
        marks=(436, 437, 438),
    )
    yield case("stairs", "e to stairs.", kind, around(kind, stairs(41)), "stairs", marks=(41, 82, 123))
    yield case(
        "gaussian",
        "e to a negative square: a bell.",
        kind,
        around(kind, around("affine", around("power", line(-3.0, 3.0, 600), exponent=2), scale=-0.5)),
        "nested",
        marks=(300,),
    )
    yield case(
        "ends", "The part ends, and so does this.", kind, around(kind, line(0.0, -1.0, 41, after="error")), last=40
    )
    yield case("large", "Beyond 2^24.", kind, around(kind, line(0.0, -5.0, 2**26 + 1)))


def _choices(kind: str) -> Iterator[Case]:
    clause = "product-sum-minimum-maximum"

    def made(name: str, about: str, *parts: Plain, flags: tuple[str, ...] = (), **more: Any) -> Case:
        return case(name, about, clause, of(kind, *parts), *flags, **more)

    for steps in ODD:
        yield made(
            f"{steps}", f"A line of {steps} steps and one of 20 that cross.", line(0.0, 1.0, steps), line(0.7, 0.2, 20)
        )
    yield made(
        "crossing-at-a-step",
        "Lines that meet at step 50 exactly.",
        line(0.0, 1.0, 100),
        line(1.0, 0.0, 100),
        flags=("tangent",),
        marks=(50,),
    )
    parabola = {
        "kind": "polynomial",
        "init_value": 1.0,
        "end_value": 0.0,
        "steps": 1000,
        "power": 2,
        "after": "continue",
    }
    for name, height in (("touch", 0.0), ("just-crosses", 1e-7), ("just-misses", -1e-7)):
        yield made(
            name,
            f"A parabola and a level {height} above its lowest point.",
            parabola,
            flat(height, steps=3000),
            flags=("tangent", "near-zero"),
            marks=(999, 1000, 1001),
            steps=tuple(range(960, 1041)),
        )
    tangent = (
        line(0.5, 1.0, 1000),
        {"kind": "one_minus_power", "init_value": 0.5, "end_value": 1.0, "steps": 1000, "power": 0.999},
    )
    yield made(
        "tangent", "A line and a curve of equal ends that keeps near to it.", *tangent, flags=("tangent",), dense=120
    )
    waves = cosine(1.0, 0.0, 1000, cycles=20), line(0.9, 0.1, 1000)
    yield made("waves", "A line that crosses twenty turns.", *waves, dense=150, few=150, flags=("near-zero",))
    yield made("three", "Three curves.", cosine(1.0, 0.0, 300), line(0.2, 0.8, 300), decay(100, 0.5, 0.9), few=100)
    yield made(
        "stairs",
        "Stairs and a line.",
        stairs(41),
        line(1.0, 0.0, 1000),
        flags=("stairs",),
        marks=tuple(41 * k for k in range(1, 20)),
    )
    yield made(
        "equal", "Two curves that are one.", cosine(1.0, 0.1, 1001), cosine(1.0, 0.1, 1001), flags=("degenerate",)
    )
    yield made(
        "below-zero", "Curves above and below 0.", line(-1.0, 1.0, 61), line(0.5, -0.5, 47), flags=("near-zero",)
    )
    yield made(
        "large",
        "A crossing beyond 2^24.",
        line(0.0, 1.0, 2**26 + 1),
        line(1.0, 0.3, 2**25 + 3),
        marks=(41_943_043,),
        few=120,
    )
    yield made("one", "A single part.", cosine(0.1, 0.0, 61), flags=("degenerate",))
    yield made(
        "ends",
        "No value from where the first part has none.",
        line(1.0, 0.0, 100),
        flat(0.5, steps=55, after="error"),
        last=54,
        marks=(55,),
    )
    yield made(
        "table",
        "A table and a level: the level where it is smaller or greater, or else the number itself.",
        table([0.1, 0.7, 0.3, 0.9] * 15),
        flat(0.5),
        flags=("stairs",),
    )


def _clamp() -> Iterator[Case]:
    kind = "clamp"
    for steps in ODD:
        yield case(
            f"{steps}",
            f"A line of {steps} steps between 0.25 and 0.75.",
            kind,
            around(kind, line(0.0, 1.0, steps), min_value=0.25, max_value=0.75),
        )
    yield case(
        "floor",
        "A decay that never goes below 1e-5.",
        kind,
        around(kind, decay(1000, 0.5, 1e-3), min_value=1e-5),
        marks=(6644,),
    )
    yield case(
        "ceiling",
        "Growth that never goes above 1.",
        kind,
        around(kind, cosine(0.0, 3.0, 1000), max_value=1.0),
        "near-zero",
        few=100,
    )
    yield case(
        "no-effect",
        "Bounds that are never met.",
        kind,
        around(kind, cosine(1.0, 0.1, 61), min_value=0.01, max_value=2.0),
        "degenerate",
    )
    yield case(
        "level",
        "Both bounds equal.",
        kind,
        around(kind, cosine(1.0, 0.1, 61), min_value=0.5, max_value=0.5),
        "degenerate",
    )
    yield case(
        "touch",
        "A bound that is the lowest value.",
        kind,
        around(kind, cosine(1.0, 0.1, 61, after="continue"), min_value=0.1),
        "tangent",
        "continue",
        marks=(122,),
    )
    yield case(
        "stairs",
        "Stairs with a floor.",
        kind,
        around(kind, stairs("1000/3", 0.9), min_value=0.01),
        "stairs",
        "fraction",
        "core",
        marks=tuple(f"{1000 * k}/3" for k in range(1, 46)),
    )
    yield case(
        "below-zero",
        "A bound below 0.",
        kind,
        around(kind, line(1.0, -1.0, 101), min_value=-0.5, max_value=0.0),
        "near-zero",
        dense=110,
    )
    yield case(
        "ends",
        "The part ends, and so does this.",
        kind,
        around(kind, line(1.0, 0.0, 41, after="error"), min_value=0.5),
        last=40,
    )


def _affine() -> Iterator[Case]:
    kind = "affine"
    for steps in ODD:
        yield case(
            f"{steps}",
            f"A tenth of half a cosine of {steps} steps, and 0.01.",
            kind,
            around(kind, cosine(1.0, 0.0, steps), scale=0.1, offset=0.01),
        )
    yield case("scale", "A factor alone.", kind, around(kind, decay(100), scale=3.0))
    yield case("offset", "A summand alone.", kind, around(kind, decay(100), offset=1e-3))
    yield case(
        "negative", "A factor below 0.", kind, around(kind, cosine(1.0, 0.1, 1000), scale=-0.5, offset=0.1), "near-zero"
    )
    yield case("zero", "A factor of 0.", kind, around(kind, cosine(1.0, 0.1, 61), scale=0, offset=0.1), "degenerate")
    yield case(
        "once",
        "Rounded once, after both: 1 - x for an x near 1.",
        kind,
        around(kind, line(1.0, 0.999, 1000), scale=-1.0, offset=1.0),
        "near-zero",
    )
    yield case(
        "huge",
        "A factor far beyond float32 of a part that is far below.",
        kind,
        around(kind, line(1e-30, 1e-35, 100), scale=1e40),
        "extreme",
    )
    yield case(
        "stairs", "Stairs, scaled.", kind, around(kind, stairs(41), scale=0.3, offset=0.05), "stairs", marks=(41, 82)
    )
    yield case(
        "nested",
        "One in another.",
        kind,
        around(kind, around(kind, cosine(1.0, 0.0, 41), scale=0.5, offset=0.1), scale=2, offset=-0.2),
        "nested",
        "near-zero",
    )
    yield case(
        "ends",
        "The part ends, and so does this.",
        kind,
        around(kind, line(1.0, 0.0, 41, after="error"), scale=0.5),
        last=40,
    )


def _shift() -> Iterator[Case]:
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


def _freeze() -> Iterator[Case]:
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
    yield case("large", "Held from 2^24 + 1 on.", kind, around(kind, line(0.0, 1.0, 2**30), steps=2**24 + 1))


def _repeat() -> Iterator[Case]:
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


def _every() -> Iterator[Case]:
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
    )


def _stretch() -> Iterator[Case]:
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
    yield case("large", "10^8 times as slow.", kind, around(kind, line(0.0, 1.0, 10), factor=10**8), marks=(10**9,))
    yield case(
        "ends",
        "The end comes later, too.",
        kind,
        around(kind, line(1.0, 0.0, 41, after="error"), factor=1.5),
        "fraction",
        last=61,
    )


COMBINATORS: dict[str, Callable[[], Iterator[Case]]] = {
    "sequence": _sequence, "product": _product, "sum": _sum, "power": _power, "exp": _exp, "minimum": lambda: _choices("minimum"), "maximum": lambda: _choices("maximum"), "clamp": _clamp,
    "affine": _affine, "shift": _shift, "freeze": _freeze, "repeat": _repeat, "every": _every, "stretch": _stretch,
}  # fmt: skip
"""The cases of each combinator, by its name."""
