"""The cases of the presets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vectors.case import Case, case
from vectors.curves import ODD
from vectors.plain import Plain

WARMUPS = ("k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)")


def _made(kind: str) -> Callable[..., Case]:
    def make(name: str, about: str, *flags: str, fields: Plain, **more: Any) -> Case:
        return case(name, about, f"presets.md#{kind}", {"kind": kind, **fields}, *flags, **more)

    return make


def _warmups(kind: str, rest: Plain) -> Iterator[Case]:
    """Yield the cases of a preset that warms up and then does something else."""
    make = _made(kind)
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


def _warmup_cosine() -> Iterator[Case]:
    yield from _warmups("warmup_cosine", {"decay_steps": 1000})
    make = _made("warmup_cosine")
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


def _warmup_linear() -> Iterator[Case]:
    yield from _warmups("warmup_linear", {"decay_steps": 1000})
    yield _made("warmup_linear")(
        "end-value",
        "Down to 1e-7.",
        fields={"peak_value": 5e-5, "end_value": 1e-7, "warmup_steps": 1000, "decay_steps": 99_000},
        marks=(1000,),
    )


def _warmup_polynomial() -> Iterator[Case]:
    yield from _warmups("warmup_polynomial", {"decay_steps": 1000, "power": 2.0})
    yield _made("warmup_polynomial")(
        "half",
        "A square root.",
        fields={"peak_value": 1e-4, "end_value": 1e-7, "warmup_steps": 1000, "decay_steps": 9000, "power": 0.5},
        marks=(1000,),
    )


def _warmup_constant() -> Iterator[Case]:
    yield from _warmups("warmup_constant", {})


def _warmup_exponential() -> Iterator[Case]:
    yield from _warmups("warmup_exponential", {"decay_rate": 0.9, "decay_period": 100})
    yield _made("warmup_exponential")(
        "stairs",
        "Stairs after the warmup.",
        "stairs",
        fields={"peak_value": 0.1, "warmup_steps": 41, "decay_rate": 0.97, "decay_period": 2.4, "staircase": True},
        marks=(41, "217/5"),
    )


def _warmup_multi_step() -> Iterator[Case]:
    yield from _warmups("warmup_multi_step", {"boundaries": [2**24 + 10, 2**24 + 61]})
    yield _made("warmup_multi_step")(
        "boundaries",
        "Boundaries that count from step 0.",
        fields={"peak_value": 0.02, "warmup_steps": 61, "boundaries": [80, 110], "init_value": 2e-5},
        marks=(61, 80, 110),
        dense=130,
    )


def _step() -> Iterator[Case]:
    make = _made("step")
    for period in (*ODD, 1, 30, 100_000, 2**24 + 1):
        yield make(
            f"{period}",
            f"A tenth every {period} steps.",
            "stairs",
            fields={"init_value": 0.1, "decay_period": period},
            marks=tuple(period * k for k in (1, 2, 3, 10)),
        )
    yield make(
        "fraction",
        "A factor of 0.9 every 1501.32 steps.",
        "stairs",
        "fraction",
        fields={"init_value": 1.0, "decay_period": 1501.32, "decay_rate": 0.9},
        marks=tuple(1501.32 * k for k in range(1, 30)),
    )
    yield make(
        "epochs",
        "A tenth every 30 epochs.",
        "stairs",
        "units",
        fields={"init_value": 0.1, "decay_period": "30 epochs"},
        quantities={"steps_per_epoch": "1001/2"},
        marks=(15015, 30030),
    )


def _multi_step() -> Iterator[Case]:
    make = _made("multi_step")
    yield make(
        "odd",
        "A tenth at 41, 47, 55 and 61, by exact products that are rounded to binary64 once.",
        "stairs",
        fields={"init_value": 0.1, "boundaries": list(ODD)},
        marks=ODD,
    )
    yield make(
        "rate",
        "A factor of 0.2 at each boundary.",
        "stairs",
        fields={"init_value": 0.1, "boundaries": [60, 120, 160], "decay_rate": 0.2},
        marks=(60, 120, 160),
        dense=180,
    )
    yield make(
        "rates",
        "A factor for each boundary.",
        "stairs",
        fields={"init_value": 0.1, "boundaries": [30, 60, 80], "decay_rates": [0.5, 2.0, 0.1]},
        marks=(30, 60, 80),
        dense=90,
    )
    yield make(
        "thirds",
        "A factor of 1/3, eleven times.",
        "stairs",
        fields={"init_value": 1.0, "boundaries": [5 * k for k in range(1, 12)], "decay_rate": 1 / 3},
        marks=tuple(5 * k for k in range(1, 12)),
    )
    yield make(
        "epochs",
        "At epochs 30 and 60.",
        "stairs",
        "units",
        fields={"init_value": 0.1, "boundaries": ["30 epochs", "60 epochs"]},
        quantities={"steps_per_epoch": 1252},
        marks=(37560, 75120),
    )
    yield make(
        "large",
        "At 2^24 + 1 and 2^31 - 1.",
        "stairs",
        fields={"init_value": 0.1, "boundaries": [2**24 + 1, 2**31 - 1]},
        marks=(2**24 + 1, 2**31 - 1),
    )


def _inverse_sqrt() -> Iterator[Case]:
    yield from _warmups("inverse_sqrt", {})


def _noam() -> Iterator[Case]:
    make = _made("noam")
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


def _wsd() -> Iterator[Case]:
    yield from _warmups("wsd", {"stable_steps": 41, "decay_steps": 100})
    make = _made("wsd")
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


def _one_cycle() -> Iterator[Case]:
    make = _made("one_cycle")
    for steps in (10, *ODD, 1000, 100_001):
        yield make(
            f"{steps}",
            f"{steps} steps, with phases that end between steps.",
            fields={"peak_value": 0.1, "total_steps": steps},
        )
    yield make("three", "Three phases.", fields={"peak_value": 0.1, "total_steps": 101, "three_phase": True}, dense=110)
    yield make(
        "ends", "No value from step 40 on.", fields={"peak_value": 0.1, "total_steps": 41, "after": "error"}, last=39
    )
    yield make(
        "linear",
        "Lines.",
        fields={"peak_value": 0.1, "total_steps": 101, "shape": "linear", "pct_start": 0.37},
        dense=110,
    )
    yield make(
        "factors",
        "Other factors, rounded to binary64 as quotients.",
        fields={"peak_value": 0.3, "total_steps": 101, "div_factor": 3.0, "final_div_factor": 7.0},
        dense=110,
    )


def _one_cycle_momentum() -> Iterator[Case]:
    make = _made("one_cycle_momentum")
    for steps in (10, *ODD, 1000):
        yield make(f"{steps}", f"{steps} steps.", fields={"total_steps": steps})
    yield make(
        "three",
        "Three phases, of which the last is flat.",
        fields={"total_steps": 101, "three_phase": True, "base_momentum": 0.8, "max_momentum": 0.9, "shape": "linear"},
        dense=110,
    )


def _triangles(kind: str) -> Iterator[Case]:
    make = _made(kind)
    for steps in ODD:
        yield make(
            f"{steps}",
            f"Up in {steps} steps, and down in as many.",
            fields={"init_value": 1e-3, "peak_value": 6e-3, "up_steps": steps},
            marks=tuple(steps * k for k in (1, 2, 3, 4)),
            dense=140,
        )
    yield make(
        "down",
        "Down in 13 steps.",
        fields={"init_value": 0.0, "peak_value": 1.0, "up_steps": 41, "down_steps": 13},
        marks=(41, 54, 95, 108),
        dense=120,
    )
    yield make(
        "fraction",
        "Up in 7/2 steps, down in 5/2.",
        "fraction",
        fields={"init_value": 0.1, "peak_value": 1.0, "up_steps": "7/2", "down_steps": "5/2"},
        marks=("7/2", 6, 12),
    )


def _exp_range() -> Iterator[Case]:
    make = _made("exp_range")
    for steps in ODD:
        yield make(
            f"{steps}",
            f"Up in {steps} steps; the height shrinks at each step.",
            fields={"init_value": 1e-3, "peak_value": 6e-3, "up_steps": steps, "decay_rate": 0.999, "total_steps": 500},
            marks=(steps, 2 * steps),
            dense=140,
        )
    yield make(
        "down",
        "Down in 13 steps.",
        fields={
            "init_value": 0.1,
            "peak_value": 0.7,
            "up_steps": 41,
            "down_steps": 13,
            "decay_rate": 0.99,
            "total_steps": 300,
        },
        marks=(41, 54, 95, 108),
        dense=140,
    )


def _sigmoid() -> Iterator[Case]:
    make = _made("sigmoid")
    for steps in ODD:
        yield make(
            f"{steps}", f"A ramp of {steps} steps.", fields={"init_value": 0.0, "end_value": 1.0, "steps": steps}
        )
    for steepness in (0.1, 5, 200):
        yield make(
            f"steepness-{steepness}",
            f"A steepness of {steepness}.",
            fields={"init_value": 1.0, "end_value": 0.1, "steps": 10_000, "steepness": steepness},
        )
    yield make(
        "continue",
        "The curve goes on.",
        "continue",
        fields={"init_value": 0.0, "end_value": 1.0, "steps": 100, "after": "continue"},
    )
    yield make(
        "ends",
        "No value after the end.",
        fields={"init_value": 0.0, "end_value": 1.0, "steps": 47, "after": "error"},
        last=46,
    )


def _cosine_restarts() -> Iterator[Case]:
    make = _made("cosine_restarts")
    for steps in ODD:
        yield make(
            f"{steps}",
            f"Cycles of {steps} steps.",
            fields={"peak_value": 0.1, "cycle_steps": steps, "end_value": 0.001},
            marks=(steps, 2 * steps),
        )
    for scaling in ("peak", "height", "all"):
        yield make(
            f"scaling-{scaling}",
            f"Half of the {scaling} in each cycle.",
            fields={
                "peak_value": 0.1,
                "cycle_steps": 20,
                "end_value": 0.01,
                "peak_mult": 0.5,
                "scaling": scaling,
                "num_cycles": 6,
            },
            marks=tuple(20 * k for k in range(1, 6)),
            dense=130,
        )
    yield make(
        "cycle-warmup",
        "A warmup of 5 steps in each cycle.",
        fields={"peak_value": 0.1, "cycle_steps": 41, "end_value": 0.001, "cycle_warmup_steps": 5, "cycle_mult": 2},
        marks=(5, 41, 46, 123, 128),
    )
    yield make(
        "from-start",
        "The cycles count from step 0.",
        fields={"peak_value": 0.1, "cycle_steps": 41, "warmup_steps": 20, "warmup": "(k+1)/W", "decay_from": "start"},
        marks=(20, 41),
    )
    yield make(
        "mult",
        "Each cycle twice as long.",
        fields={"peak_value": 0.1, "cycle_steps": 10, "cycle_mult": 2},
        marks=tuple(10 * (2**k - 1) for k in range(1, 25)),
    )
    yield make(
        "peak-mult",
        "Each peak three quarters of the one before.",
        fields={"peak_value": 0.1, "cycle_steps": 20, "end_value": 0.001, "peak_mult": 0.75, "num_cycles": 6},
        marks=tuple(20 * k for k in range(1, 6)),
        dense=130,
    )
    fields = {
        "peak_value": 0.1,
        "cycle_steps": 100,
        "cycle_mult": 1.5,
        "num_cycles": 5,
        "warmup_steps": 41,
        "init_value": 1e-4,
    }
    yield make("warmup", "A warmup before the first cycle.", "fraction", fields=fields, marks=(41, 141, 291))


PRESETS: dict[str, Callable[[], Iterator[Case]]] = {
    "warmup_cosine": _warmup_cosine, "warmup_linear": _warmup_linear, "warmup_polynomial": _warmup_polynomial, "warmup_constant": _warmup_constant,
    "warmup_exponential": _warmup_exponential, "warmup_multi_step": _warmup_multi_step, "step": _step, "multi_step": _multi_step,
    "inverse_sqrt": _inverse_sqrt, "noam": _noam, "wsd": _wsd, "one_cycle": _one_cycle, "one_cycle_momentum": _one_cycle_momentum,
    "triangular": lambda: _triangles("triangular"), "triangular2": lambda: _triangles("triangular2"), "exp_range": _exp_range, "sigmoid": _sigmoid,
    "cosine_restarts": _cosine_restarts,
}  # fmt: skip
"""The cases of each preset, by its name."""
