"""The cases of the curves: each kind with the same lengths, ends and edges, and with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.points import LAST_STEP

ODD = (41, 47, 55, 61)
"""Lengths at which a division by the length in float32, or a product with its reciprocal, is often not exact."""
LARGEST = (2 - 2**-23) * 2.0**127
SMALLEST = 2.0**-126


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


def _decay(kind: str, **fields: Any) -> Callable[..., Plain]:
    def make(period: Any, init: Any = 0.1, **more: Any) -> Plain:
        return {"kind": kind, "init_value": init, "decay_period": period, **fields, **more}

    return make


def _decays(kind: str, rate: float) -> Iterator[Case]:
    """Yield the cases of `exponential` and `inverse_time`."""
    make = _decay(kind, decay_rate=rate)
    for period in ODD:
        core = ["core"] if (kind, period) == ("inverse_time", 41) else []
        yield case(f"{period}", f"A period of {period} steps.", kind, make(period), marks=(period, 2 * period))
        yield case(
            f"stairs-{period}",
            f"Stairs of {period} steps.",
            kind,
            make(period, staircase=True),
            "stairs",
            *core,
            marks=(period, 2 * period, 17 * period),
        )
    yield case("decimal", "A period of 1501.32 steps, which is 37533/25 exactly.", kind, make(1501.32), "fraction")
    marks = tuple(1501.32 * k for k in range(1, 30))
    yield case(
        "stairs-decimal",
        "Stairs of 37533/25 steps: the floor of an exact division.",
        kind,
        make(1501.32, staircase=True),
        "stairs",
        "fraction",
        *(["core", "essential"] if kind == "exponential" else []),
        marks=marks,
    )
    yield case(
        "stairs-thirds",
        "Stairs of 1000/3 steps: every third begins at a step exactly.",
        kind,
        make("1000/3", staircase=True),
        "stairs",
        "fraction",
        marks=(1000, 2000, "1000/3", "2000/3"),
    )
    yield case("stairs-one", "Stairs of one step.", kind, make(1, staircase=True), "stairs", "degenerate")
    yield case(
        "stairs-24-bits",
        "Stairs of 2^24 + 1 steps.",
        kind,
        make(2**24 + 1, staircase=True),
        "stairs",
        marks=tuple((2**24 + 1) * k for k in (1, 2, 3, 64, 127)),
    )
    yield case("held", "Held from step 61 on, between two whole periods.", kind, make(41, steps=61))
    yield case(
        "held-stairs",
        "Held from 61/2 on, in the middle of a stair.",
        kind,
        make(41, steps="61/2", staircase=True),
        "stairs",
        "fraction",
    )
    yield case("continue", "A length that changes nothing.", kind, make(41, steps=61, after="continue"), "continue")
    yield case("ends", "No value from step 61 on.", kind, make(41, steps=61, after="error"), last=60)
    yield case("below-zero", "A rate below 0 at the start.", kind, make(47, -0.1))
    yield case(
        "flat",
        "A rate of change that changes next to nothing.",
        kind,
        make(47, decay_rate=1.0 if kind == "exponential" else 2.0**-40),
        "degenerate",
    )
    yield case(
        "tiny",
        "From 1e-30 to below 2^-126.",
        kind,
        make(300, 1e-30, decay_rate=0.5 if kind == "exponential" else 100.0),
        "near-zero",
    )


def _exponential() -> Iterator[Case]:
    yield from _decays("exponential", 0.6)
    make = _decay("exponential")
    yield case(
        "growth",
        "A factor above 1, held before it leaves float32.",
        "exponential",
        make(100, 1e-6, decay_rate=10.0, steps=4400 // 10),
        marks=(),
    )
    yield case("slow", "A decay over 10^8 steps.", "exponential", make(10**8, decay_rate=0.5), marks=(10**8,))
    yield case("steep", "Gone in a few steps.", "exponential", make(0.7, 1.0, decay_rate=1e-3), "near-zero", "fraction")


def _inverse_time() -> Iterator[Case]:
    yield from _decays("inverse_time", 0.5)
    make = _decay("inverse_time")
    yield case("slow", "A decay over 10^8 steps.", "inverse_time", make(10**8, decay_rate=3.0), marks=(10**8,))


def _power_law() -> Iterator[Case]:
    kind = "power_law"

    def make(timescale: Any, power: Any = 0.5, offset: Any = 1, **more: Any) -> Plain:
        return {"kind": kind, "init_value": 0.1, "power": power, "timescale": timescale, "offset": offset, **more}

    for timescale in ODD:
        yield case(
            f"{timescale}",
            f"A square root over {timescale} steps.",
            kind,
            make(timescale, offset=timescale),
            marks=(timescale, 3 * timescale),
        )
    for power in (0.5, 1, 2, 1.5, 0.01, 7.25):
        yield case(
            f"power-{power}",
            f"An exponent of {power}.",
            kind,
            make(100, power, 100),
            "near-zero" if power == 7.25 else "boundary",
            marks=(100, 10**6),
        )
    yield case(
        "decimal-offset",
        "An offset of 0.25: the value at step 0 is that at 1/4.",
        kind,
        make(4000, 0.5, 0.25),
        "fraction",
    )
    yield case(
        "fractions", "A timescale and an offset that are fractions.", kind, make("1000/3", 0.75, "7/2"), "fraction"
    )
    yield case("held", "Held from step 100 on.", kind, make(41, steps=100))
    yield case("continue", "A length that changes nothing.", kind, make(41, steps=100, after="continue"), "continue")
    yield case("ends", "No value from step 55 on.", kind, make(41, steps=55, after="error"), last=54)
    later = {
        "kind": "sequence",
        "time": "global",
        "parts": [{"kind": "linear", "init_value": 0.0, "end_value": 0.1, "steps": 4000}, make(4000, offset=0)],
    }
    yield case(
        "no-offset", "Without an offset, as a part that begins later in global time.", kind, later, marks=(4000,)
    )
    yield case("24-bits", "A timescale of 2^24 + 1 steps.", kind, make(2**24 + 1, offset=2**24 + 1), marks=(2**24 + 1,))


def _constant() -> Iterator[Case]:
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


def _linear() -> Iterator[Case]:
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


def _polynomial() -> Iterator[Case]:
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


def _cosine() -> Iterator[Case]:
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


def _sine() -> Iterator[Case]:
    yield from _common("sine", _curve("sine"), continues=False)
    yield case("long", "A million steps.", "sine", _curve("sine")(1_000_000, 0.0, 3e-4), "near-zero")


def _geometric() -> Iterator[Case]:
    yield from _common("geometric", _curve("geometric"), zero=False)
    yield case("range-test", "Up by 10^8 in 41,000 steps.", "geometric", _curve("geometric")(41_000, 1e-7, 10.0))


def _one_minus_power() -> Iterator[Case]:
    yield from _common("one_minus_power", _curve("one_minus_power", power=0.5), continues=False)
    for power in (0.01, 1, 2, 3.3, 100):
        yield case(
            f"power-{power}",
            f"An exponent of {power}.",
            "one_minus_power",
            _curve("one_minus_power")(2000, power=power),
        )


def _normalized_exponential() -> Iterator[Case]:
    yield from _common("normalized_exponential", _curve("normalized_exponential", ratio=0.5))
    for ratio in (1e-30, 0.01, 1 - 2**-20):
        yield case(
            f"ratio-{ratio:.7g}",
            f"A ratio of {ratio!r}.",
            "normalized_exponential",
            _curve("normalized_exponential")(2000, ratio=ratio),
        )


def _tanh() -> Iterator[Case]:
    yield from _common("tanh", _curve("tanh", lower=-6, upper=3))
    for lower, upper in ((-100, 100), (0, 2), (-0.001, 0.001), (5, 7.5)):
        yield case(
            f"{lower}-to-{upper}",
            f"From {lower} to {upper}.",
            "tanh",
            _curve("tanh")(2000, end=0.0, lower=lower, upper=upper),
            "near-zero",
        )


def _logarithmic() -> Iterator[Case]:
    yield from _common("logarithmic", _curve("logarithmic"))
    yield case("two-steps", "Two steps.", "logarithmic", _curve("logarithmic")(2, 0.0, 1.0), "degenerate")


def _rex() -> Iterator[Case]:
    yield from _common("rex", _curve("rex"), continues=False)


def _piecewise_constant() -> Iterator[Case]:
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


def _table() -> Iterator[Case]:
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
    )


CURVES: dict[str, Callable[[], Iterator[Case]]] = {
    "constant": _constant, "linear": _linear, "polynomial": _polynomial, "cosine": _cosine, "sine": _sine, "geometric": _geometric,
    "one_minus_power": _one_minus_power, "normalized_exponential": _normalized_exponential, "tanh": _tanh, "logarithmic": _logarithmic,
    "rex": _rex, "exponential": _exponential, "inverse_time": _inverse_time, "power_law": _power_law,
    "piecewise_constant": _piecewise_constant, "table": _table,
}  # fmt: skip
"""The cases of each kind, by its name."""
