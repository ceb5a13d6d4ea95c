"""The cases of the presets that begin with a warmup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.plain import Plain
from vectors.trees import ODD

WARMUPS = ("k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)")


def made(kind: str) -> Callable[..., Case]:
    def make(name: str, about: str, *flags: str, fields: Plain, **more: Any) -> Case:
        return case(name, about, f"presets.md#{kind}", {"kind": kind, **fields}, *flags, **more)

    return make


def _warmups(kind: str, rest: Plain) -> Iterator[Case]:
    """Yield the cases of a preset that warms up and then does something else."""
    make = made(kind)
    for steps in ODD:
        yield make(
            f"{steps}",
            f"A warmup of {steps} steps.",
            fields={"peak_value": 3e-4, "warmup_steps": steps, **rest},
            marks=(steps,),
            dense=80,
        )
    for number, warmup in enumerate(WARMUPS):
        yield make(
            f"warmup-{number + 1}",
            f"A warmup of 20 steps by {warmup}.",
            fields={"peak_value": 0.1, "warmup_steps": 20, "warmup": warmup, **rest},
            marks=(20,),
        )
        yield make(
            f"warmup-{number + 1}-init",
            f"A warmup from 0.01 by {warmup}.",
            fields={"peak_value": 0.1, "warmup_steps": 55, "init_value": 0.01, "warmup": warmup, **rest},
            marks=(55,),
        )
        yield make(
            f"warmup-{number + 1}-one",
            f"A warmup of one step by {warmup}.",
            "degenerate",
            fields={"peak_value": 0.1, "warmup_steps": 1, "warmup": warmup, **rest},
            marks=(1,),
        )
        yield make(
            f"warmup-{number + 1}-fraction",
            f"A warmup of 41/2 steps by {warmup}.",
            "fraction",
            fields={"peak_value": 0.1, "warmup_steps": "41/2", "warmup": warmup, **rest},
            marks=("41/2",),
        )
    if kind not in {"inverse_sqrt", "wsd", "warmup_constant"}:
        for decay_from in ("start", "warmup_end"):
            yield make(
                f"from-{decay_from}",
                f"`decay_from: {decay_from}`.",
                fields={"peak_value": 0.1, "warmup_steps": 41, "decay_from": decay_from, **rest},
                marks=(41,),
            )
    if "decay_steps" in rest:
        yield make(
            "continue",
            "The curve goes on after the decay.",
            "continue",
            "near-zero",
            fields={"peak_value": 0.1, "warmup_steps": 41, "after": "continue", **rest},
            marks=(41,),
        )
        yield make(
            "ends",
            "No value after the decay.",
            fields={"peak_value": 0.1, "warmup_steps": 41, "after": "error", **rest},
            last=41 + rest.get("stable_steps", 0) + rest["decay_steps"] - 1,
            marks=(41,),
        )
    if kind != "inverse_sqrt":
        yield make("no-warmup", "No warmup.", "degenerate", fields={"peak_value": 0.1, "warmup_steps": 0, **rest})
    yield make(
        "long",
        "A warmup of 2^24 + 1 steps.",
        fields={"peak_value": 0.1, "warmup_steps": 2**24 + 1, **rest},
        marks=(2**24 + 1,),
    )
    yield make(
        "percent",
        "A warmup of 2 % of the whole.",
        "units",
        fields={"peak_value": 0.1, "warmup_steps": "2 %", **rest},
        quantities={"total_steps": 10_000},
        marks=(200,),
    )


def warmup_cosine_cases() -> Iterator[Case]:
    yield from _warmups("warmup_cosine", {"decay_steps": 1000})
    make = made("warmup_cosine")
    yield make(
        "end-value",
        "Down to a tenth.",
        fields={"peak_value": 6e-4, "end_value": 6e-5, "warmup_steps": 2000, "decay_steps": 598_000},
        marks=(2000,),
    )
    yield make(
        "decay-fraction",
        "A decay of 199/2 steps.",
        "fraction",
        fields={"peak_value": 0.1, "warmup_steps": 10, "decay_steps": "199/2"},
        marks=(10,),
    )


def warmup_linear_cases() -> Iterator[Case]:
    yield from _warmups("warmup_linear", {"decay_steps": 1000})
    yield made("warmup_linear")(
        "end-value",
        "Down to 1e-7.",
        fields={"peak_value": 5e-5, "end_value": 1e-7, "warmup_steps": 1000, "decay_steps": 99_000},
        marks=(1000,),
    )


def warmup_polynomial_cases() -> Iterator[Case]:
    yield from _warmups("warmup_polynomial", {"decay_steps": 1000, "power": 2.0})
    yield made("warmup_polynomial")(
        "half",
        "A square root.",
        fields={"peak_value": 1e-4, "end_value": 1e-7, "warmup_steps": 1000, "decay_steps": 9000, "power": 0.5},
        marks=(1000,),
    )


def warmup_constant_cases() -> Iterator[Case]:
    yield from _warmups("warmup_constant", {})


def warmup_exponential_cases() -> Iterator[Case]:
    yield from _warmups("warmup_exponential", {"decay_rate": 0.9, "decay_period": 100})
    yield made("warmup_exponential")(
        "stairs",
        "Stairs after the warmup.",
        "stairs",
        fields={"peak_value": 0.1, "warmup_steps": 41, "decay_rate": 0.97, "decay_period": 2.4, "staircase": True},
        marks=(41, "217/5"),
    )


def warmup_multi_step_cases() -> Iterator[Case]:
    yield from _warmups("warmup_multi_step", {"boundaries": [2**24 + 10, 2**24 + 61]})
    yield made("warmup_multi_step")(
        "boundaries",
        "Boundaries that count from step 0.",
        fields={"peak_value": 0.02, "warmup_steps": 61, "boundaries": [80, 110], "init_value": 2e-5},
        marks=(61, 80, 110),
        dense=130,
    )


def inverse_sqrt_cases() -> Iterator[Case]:
    yield from _warmups("inverse_sqrt", {})


def noam_cases() -> Iterator[Case]:
    make = made("noam")
    for steps in (*ODD, 1, 4000, 2**24 + 1):
        yield make(
            f"{steps}",
            f"Width 512 and a warmup of {steps} steps.",
            fields={"model_size": 512, "warmup_steps": steps},
            marks=(steps - 1, 4 * steps),
        )
    for number, n in enumerate(("t+1", "max(t,1)", "t")):
        yield make(
            f"n-{number + 1}", f"`n: {n}`.", fields={"model_size": 512, "warmup_steps": 61, "n": n}, marks=(1, 61)
        )
    yield make(
        "factor",
        "Width 1000, a factor of 2.",
        fields={"model_size": 1000, "warmup_steps": 300, "factor": 2.0},
        marks=(299,),
    )
    yield make(
        "fraction",
        "A warmup of 41/2 steps.",
        "fraction",
        fields={"model_size": 512, "warmup_steps": "41/2"},
        marks=("39/2",),
    )


def wsd_cases() -> Iterator[Case]:
    yield from _warmups("wsd", {"stable_steps": 41, "decay_steps": 100})
    make = made("wsd")
    for shape in ("linear", "cosine", "one_minus_sqrt", "exponential", "geometric"):
        yield make(
            f"shape-{shape}",
            f"A cooldown of shape {shape}.",
            fields={
                "peak_value": 1e-3,
                "end_value": 1e-5,
                "warmup_steps": 20,
                "stable_steps": 100,
                "decay_steps": 200,
                "shape": shape,
            },
            marks=(20, 120),
            dense=40,
        )
    yield make(
        "no-stable",
        "Nothing held.",
        "degenerate",
        fields={"peak_value": 1e-3, "warmup_steps": 20, "stable_steps": 0, "decay_steps": 61},
        marks=(20,),
    )
