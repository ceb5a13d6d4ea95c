"""The cases of the curves without an end: `exponential`, `inverse_time` and `power_law`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.trees import ODD


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


def exponential_cases() -> Iterator[Case]:
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


def inverse_time_cases() -> Iterator[Case]:
    yield from _decays("inverse_time", 0.5)
    make = _decay("inverse_time")
    yield case("slow", "A decay over 10^8 steps.", "inverse_time", make(10**8, decay_rate=3.0), marks=(10**8,))


def power_law_cases() -> Iterator[Case]:
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
