"""The cases of the presets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vectors.case import Case
from vectors.presets_warmup import (
    inverse_sqrt_cases,
    made,
    noam_cases,
    warmup_constant_cases,
    warmup_cosine_cases,
    warmup_exponential_cases,
    warmup_linear_cases,
    warmup_multi_step_cases,
    warmup_polynomial_cases,
    wsd_cases,
)
from vectors.trees import ODD


def step_cases() -> Iterator[Case]:
    make = made("step")
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


def multi_step_cases() -> Iterator[Case]:
    make = made("multi_step")
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


def one_cycle_cases() -> Iterator[Case]:
    make = made("one_cycle")
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


def one_cycle_momentum_cases() -> Iterator[Case]:
    make = made("one_cycle_momentum")
    for steps in (10, *ODD, 1000):
        yield make(f"{steps}", f"{steps} steps.", fields={"total_steps": steps})
    yield make(
        "three",
        "Three phases, of which the last is flat.",
        fields={"total_steps": 101, "three_phase": True, "base_momentum": 0.8, "max_momentum": 0.9, "shape": "linear"},
        dense=110,
    )


def triangles_cases(kind: str) -> Iterator[Case]:
    make = made(kind)
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


def exp_range_cases() -> Iterator[Case]:
    make = made("exp_range")
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


def sigmoid_cases() -> Iterator[Case]:
    make = made("sigmoid")
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


def cosine_restarts_cases() -> Iterator[Case]:
    make = made("cosine_restarts")
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
    "warmup_cosine": warmup_cosine_cases, "warmup_linear": warmup_linear_cases, "warmup_polynomial": warmup_polynomial_cases, "warmup_constant": warmup_constant_cases,
    "warmup_exponential": warmup_exponential_cases, "warmup_multi_step": warmup_multi_step_cases, "step": step_cases, "multi_step": multi_step_cases,
    "inverse_sqrt": inverse_sqrt_cases, "noam": noam_cases, "wsd": wsd_cases, "one_cycle": one_cycle_cases, "one_cycle_momentum": one_cycle_momentum_cases,
    "triangular": lambda: triangles_cases("triangular"), "triangular2": lambda: triangles_cases("triangular2"), "exp_range": exp_range_cases, "sigmoid": sigmoid_cases,
    "cosine_restarts": cosine_restarts_cases,
}  # fmt: skip
"""The cases of each preset, by its name."""
