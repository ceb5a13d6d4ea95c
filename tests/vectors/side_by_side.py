"""The cases of several parts at once: `product`, `sum`, `minimum` and `maximum`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.trees import ODD, around, cosine, decay, flat, line, of, stairs, table


def product_cases() -> Iterator[Case]:
    kind, clause = "product", "product-sum-minimum-maximum"

    for steps in ODD:
        node = of(kind, cosine(1.0, 0.1, steps), decay(steps, 0.9))
        yield case(f"{steps}", f"Half a cosine of {steps} steps times an endless decay.", clause, node)
    yield case(
        "warmup",
        "A warmup times a decay.",
        clause,
        of(kind, line(0.0, 1.0, 1000), decay(3000, 0.5, 3e-4)),
        steps=tuple(range(70, 9000, 11)),
    )
    yield case(
        "stairs",
        "Stairs times stairs of another period, up to step 1000.",
        clause,
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
        clause,
        around("freeze", repeated, steps=600),
        "nested",
        "core",
        marks=tuple(12 * k for k in range(1, 50)),
    )
    yield case("one", "A single part.", clause, of(kind, cosine(0.1, 0.0, 61)), "degenerate")
    yield case(
        "four",
        "Four parts.",
        clause,
        of(kind, line(1.0, 0.5, 41), line(1.0, -0.5, 47), line(0.3, 0.6, 55), cosine(1.0, 0.2, 61)),
        "near-zero",
        marks=(41, 47, 55, 61),
    )
    yield case(
        "ends",
        "No value from where the first part has none.",
        clause,
        of(kind, line(1.0, 0.0, 100), flat(0.5, steps="93/2", after="error")),
        "fraction",
        last=46,
        marks=("93/2",),
    )
    yield case(
        "tiny",
        "Products below 2^-126.",
        clause,
        of(kind, decay(41, 0.5, 1e-20), decay(47, 0.5, 1e-16)),
        "near-zero",
        "extreme",
    )


def sum_cases() -> Iterator[Case]:
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
    yield made("large", "Lines beyond 2^24.", line(0.0, 1.0, 2**26 + 1), line(1.0, 0.3, 2**25 + 3), few=800)
    yield made(
        "ends",
        "No value from where the first part has none.",
        line(1.0, 0.0, 100),
        flat(0.5, steps="93/2", after="error"),
        flags=("fraction",),
        last=46,
    )


def choices_cases(kind: str) -> Iterator[Case]:
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
