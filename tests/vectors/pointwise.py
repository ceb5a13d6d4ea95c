"""The cases of what changes values: `clamp`, `affine`, `power` and `exp`."""

from __future__ import annotations

from collections.abc import Iterator

from vectors.case import Case, case
from vectors.trees import ODD, around, cosine, decay, line, stairs


def clamp_cases() -> Iterator[Case]:
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
        steps=tuple(range(70, 6700, 9)),
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


def affine_cases() -> Iterator[Case]:
    kind = "affine"
    for steps in ODD:
        yield case(
            f"{steps}",
            f"A tenth of half a cosine of {steps} steps, and 0.01.",
            kind,
            around(kind, cosine(1.0, 0.0, steps), scale=0.1, offset=0.01),
        )
    yield case("scale", "A factor alone.", kind, around(kind, decay(100), scale=3.0), steps=tuple(range(70, 9000, 11)))
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


def power_cases() -> Iterator[Case]:
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


def exp_cases() -> Iterator[Case]:
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
