"""The cases of the curves from one value to another: the same lengths, ends and edges, and each its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.points import LAST_STEP
from vectors.trees import LARGEST, ODD, SMALLEST


def _curve(kind: str, **fields: Any) -> Callable[..., Plain]:
    """Return a function that makes a node of a kind; by default from 0.1 to 0.001, with the fields given."""

    def make(steps: Any, init: Any = 0.1, end: Any = 0.001, **more: Any) -> Plain:
        return {"kind": kind, "init_value": init, "end_value": end, "steps": steps, **fields, **more}

    return make


def _common(kind: str, make: Callable[..., Plain], *, continues: bool = True, zero: bool = True) -> Iterator[Case]:
    """Yield the cases that every curve from one value to another has."""
    for steps in ODD:
        yield case(
            f"{steps}",
            f"A length of {steps} steps, held after it.",
            kind,
            make(steps),
            *(["core"] if (kind, steps) == ("cosine", 41) else []),
            dense=steps + 20,
        )
    yield case("one-step", "A length of one step: the first value, and then the last one.", kind, make(1), "degenerate")
    yield case(
        "fraction", "A length of 59/2 steps: step 29 is the last one before the end.", kind, make("59/2"), "fraction"
    )
    yield case(
        "less-than-a-step", "A length of 1/3 step: it has ended at step 1.", kind, make("1/3"), "fraction", "degenerate"
    )
    yield case("ends", "No value from step 47 on.", kind, make(47, after="error"), last=46)
    yield case(
        "ends-fraction",
        "No value from 95/2 on: step 47 is the last one.",
        kind,
        make("95/2", after="error"),
        "fraction",
        last=47,
    )
    yield case("24-bits", "A length of 2^24 + 1 steps, which is no float32 number.", kind, make(2**24 + 1))
    yield case("31-bits", "A length of 2^31 - 1 steps, the last step that there is.", kind, make(LAST_STEP))
    yield case("flat", "Equal ends.", kind, make(1000, 0.3, 0.3), "degenerate")
    yield case("rising", "From below to above.", kind, make(1001, 1e-5, 0.3))
    if zero:
        yield case("to-zero", "To 0.", kind, make(2500, 0.1, 0.0), "near-zero")
        yield case("from-zero", "From 0.", kind, make(997, 0.0, 0.1), "near-zero")
        yield case("through-zero", "From a value above 0 to one below.", kind, make(2001, 1.0, -2.0), "near-zero")
        yield case(
            "tiny",
            "So small that the last values are below 2^-126, and so 0.",
            kind,
            make(3000, 1e-36, 0.0),
            "near-zero",
            "extreme",
        )
    else:
        yield case("below-zero", "From one value below 0 to another.", kind, make(2001, -1.0, -0.002))
    largest = 1.0 if kind in {"cosine", "sine"} else LARGEST  # a cosine or sine is known to 2^-120 of the larger end
    yield case(
        "from-the-smallest", f"From the smallest value to {largest!r}.", kind, make(700, SMALLEST, largest), "extreme"
    )
    if continues:
        yield case(
            "continue",
            "The formula goes on after step 61.",
            kind,
            make(61, after="continue", **({} if kind != "linear" else {"end": 0.09})),
            "continue",
        )


def linear_cases() -> Iterator[Case]:
    make = _curve("linear")
    yield from _common("linear", make)
    yield case(
        "ties",
        "A line whose values are exact ties at every other step from the middle on.",
        "linear",
        make(2**25, 0.0, 1.0),
        steps=tuple(2**24 + k for k in range(1, 40)),
    )
    yield case("long-warmup", "Up to 1e-3 in 10,000 steps.", "linear", make(10_000, 0.0, 1e-3))
    yield case(
        "continue-through-zero",
        "A line that goes on below 0.",
        "linear",
        make(1000, 1.0, 0.5, after="continue"),
        "continue",
        "near-zero",
        marks=(2000,),
    )


def polynomial_cases() -> Iterator[Case]:
    yield from _common("polynomial", _curve("polynomial", power=2), continues=True)
    make = _curve("polynomial")
    for power in (0.01, 0.5, 0.9, 1, 3, 3.7, 100):
        yield case(f"power-{power}", f"An exponent of {power}.", "polynomial", make(2000, power=power))
    yield case(
        "continue-odd",
        "An exponent of 3 goes on below the end.",
        "polynomial",
        make(300, 1.0, 0.1, power=3, after="continue"),
        "continue",
        "near-zero",
    )
    yield case("k-decay", "The share of the way to the power of 1.5.", "polynomial", make(700, power=0.5, k_decay=1.5))
    yield case(
        "k-decay-small",
        "The share of the way to the power of 0.3.",
        "polynomial",
        make(700, end=0.0, power=2, k_decay=0.3),
        "near-zero",
    )


def cosine_cases() -> Iterator[Case]:
    yield from _common("cosine", _curve("cosine"), continues=True)
    make = _curve("cosine")
    yield case("long", "A million steps.", "cosine", make(1_000_000, 3e-4, 3e-5))
    for cycles in (0.75, 1, 2.5, 40, 1 / 3):
        yield case(
            f"cycles-{cycles:.3g}", f"{cycles:.3g} turns.", "cosine", make(500, end=0.0, cycles=cycles), "near-zero"
        )
    for exponent in (0.7, 2, 3.5):
        yield case(f"exponent-{exponent}", f"An exponent of {exponent}.", "cosine", make(400, exponent=exponent))
    yield case("k-decay", "The share of the way to the power of 1.5.", "cosine", make(700, k_decay=1.5))
    yield case(
        "continue-cycles",
        "A period of 400 steps that goes on.",
        "cosine",
        make(300, cycles=0.75, after="continue"),
        "continue",
        marks=(400, 800),
    )
    yield case(
        "continue-three",
        "A period of six steps.",
        "cosine",
        make(3, 1.0, 0.0, after="continue"),
        "continue",
        "near-zero",
        "core",
    )


def sine_cases() -> Iterator[Case]:
    yield from _common("sine", _curve("sine"), continues=False)
    yield case("long", "A million steps.", "sine", _curve("sine")(1_000_000, 0.0, 3e-4), "near-zero")


def geometric_cases() -> Iterator[Case]:
    yield from _common("geometric", _curve("geometric"), zero=False)
    yield case("range-test", "Up by 10^8 in 41,000 steps.", "geometric", _curve("geometric")(41_000, 1e-7, 10.0))


def one_minus_power_cases() -> Iterator[Case]:
    yield from _common("one_minus_power", _curve("one_minus_power", power=0.5), continues=False)
    for power in (0.01, 1, 2, 3.3, 100):
        yield case(
            f"power-{power}",
            f"An exponent of {power}.",
            "one_minus_power",
            _curve("one_minus_power")(2000, power=power),
        )


def normalized_exponential_cases() -> Iterator[Case]:
    yield from _common("normalized_exponential", _curve("normalized_exponential", ratio=0.5))
    for ratio in (1e-30, 0.01, 1 - 2**-20):
        yield case(
            f"ratio-{ratio:.7g}",
            f"A ratio of {ratio!r}.",
            "normalized_exponential",
            _curve("normalized_exponential")(2000, ratio=ratio),
        )


def tanh_cases() -> Iterator[Case]:
    yield from _common("tanh", _curve("tanh", lower=-6, upper=3))
    for lower, upper in ((-100, 100), (0, 2), (-0.001, 0.001), (5, 7.5)):
        yield case(
            f"{lower}-to-{upper}",
            f"From {lower} to {upper}.",
            "tanh",
            _curve("tanh")(2000, end=0.0, lower=lower, upper=upper),
            "near-zero",
        )


def logarithmic_cases() -> Iterator[Case]:
    yield from _common("logarithmic", _curve("logarithmic"))
    yield case("two-steps", "Two steps.", "logarithmic", _curve("logarithmic")(2, 0.0, 1.0), "degenerate")


def rex_cases() -> Iterator[Case]:
    yield from _common("rex", _curve("rex"), continues=False)
