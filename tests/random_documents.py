"""Random documents as JSON texts: presets with units, groups and names; and documents with one thing wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Make = Callable[[random.Random], Any]


def one_of(*choices: Any) -> Make:
    """One of some values, or of what some functions make."""

    def make(draw: random.Random) -> Any:
        found = draw.choice(choices)
        return found(draw) if callable(found) else found

    return make


VALUE = one_of(0.1, 3e-4, 1, 0.5, 0, -0.2, lambda draw: draw.uniform(0, 1), lambda draw: draw.uniform(1e-6, 1e-3))
POSITIVE = one_of(0.1, 3e-4, 1, 2.5, lambda draw: draw.uniform(1e-9, 1))
LENGTH = one_of(
    1, 2, 5, 100, lambda draw: draw.randint(1, 10**5), lambda draw: f"{draw.randint(1, 200)}/{draw.randint(1, 7)}",
    "12 steps", "2.5 epochs", "0.3 epoch", "1e3 samples", "33 samples", "1e6 tokens", "77777 tokens", "10.5 %", "0 %",
)  # fmt: skip
LENGTH_OR_0 = one_of(0, LENGTH, LENGTH, LENGTH)
PERIOD = one_of(1, 7, 2.5, 1501.32, "1000/3", "3 epochs", "10 %", lambda draw: draw.uniform(1, 50), 0.7)
STEPS = one_of(1, 2, 100, lambda draw: draw.randint(1, 3000))
FLAG: Make = lambda draw: draw.random() < 0.5  # noqa: E731
WARMUP = one_of("k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)")
SHAPE = one_of("linear", "cosine", "one_minus_sqrt", "exponential", "geometric")
AFTER = one_of("hold", "hold", "continue", "error")
FROM = one_of("warmup_end", "start")
SHARE = one_of(0.1, 0.37, 0.5, 1, lambda draw: draw.uniform(0.01, 1))

WARM = {"peak_value": VALUE, "warmup_steps": LENGTH_OR_0}, {"init_value": VALUE, "warmup": WARMUP}
DECAY = {**WARM[0], "decay_steps": LENGTH}, {**WARM[1], "end_value": VALUE, "decay_from": FROM, "after": AFTER}
CYCLE = {"total_steps": STEPS}, {"pct_start": SHARE, "shape": SHAPE, "three_phase": FLAG, "after": AFTER}
ZIGZAG = {"init_value": VALUE, "peak_value": VALUE, "up_steps": LENGTH}, {"down_steps": LENGTH}
BOUNDS: Make = lambda draw: sorted({draw.randint(1, 1000) for _ in range(draw.randint(1, 5))})  # noqa: E731
RATE = {"decay_rate": POSITIVE}
RATES = {"decay_rates": one_of([0.5], [0.5, 0.1], [2, 0.3, 0.3])}

# of each preset: what it must have, and what it may have
PRESETS: dict[str, tuple[dict[str, Make], dict[str, Make]]] = {
    "warmup_cosine": DECAY,
    "warmup_linear": DECAY,
    "warmup_polynomial": ({**DECAY[0], "power": one_of(1, 2, 0.5, 3.7, 101)}, DECAY[1]),
    "warmup_constant": WARM,
    "warmup_exponential": (
        {**WARM[0], **RATE, "decay_period": PERIOD},
        {**WARM[1], "staircase": FLAG, "decay_from": FROM},
    ),
    "warmup_multi_step": ({**WARM[0], "boundaries": BOUNDS}, {**WARM[1], **RATE, **RATES, "decay_from": FROM}),
    "step": ({"init_value": VALUE, "decay_period": PERIOD}, RATE),
    "multi_step": ({"init_value": VALUE, "boundaries": BOUNDS}, {**RATE, **RATES}),
    "inverse_sqrt": WARM,
    "noam": (
        {"model_size": one_of(1, 3, 512), "warmup_steps": LENGTH_OR_0},
        {"factor": POSITIVE, "n": one_of("t+1", "max(t,1)", "t")},
    ),
    "wsd": ({**DECAY[0], "stable_steps": LENGTH_OR_0}, {**WARM[1], "end_value": VALUE, "shape": SHAPE, "after": AFTER}),
    "one_cycle": (
        {**CYCLE[0], "peak_value": VALUE},
        {**CYCLE[1], "div_factor": POSITIVE, "final_div_factor": POSITIVE},
    ),
    "one_cycle_momentum": (CYCLE[0], {**CYCLE[1], "base_momentum": VALUE, "max_momentum": VALUE}),
    "triangular": ZIGZAG,
    "triangular2": ZIGZAG,
    "exp_range": ({**ZIGZAG[0], "decay_rate": one_of(0.9, 0.99994, 1), "total_steps": STEPS}, ZIGZAG[1]),
    "sigmoid": ({"init_value": VALUE, "end_value": VALUE, "steps": LENGTH}, {"steepness": POSITIVE, "after": AFTER}),
    "cosine_restarts": (
        {"peak_value": VALUE, "cycle_steps": LENGTH},
        {
            "end_value": VALUE, "cycle_mult": one_of(1, 2, 1.5, "4/3"), "peak_mult": one_of(1, 0.5, 0.9),
            "scaling": one_of("all", "height", "peak"), "num_cycles": one_of(1, 3, 5),
            "cycle_warmup_steps": LENGTH_OR_0, "warmup_steps": LENGTH_OR_0, "decay_from": FROM, **WARM[1],
        },
    ),
}  # fmt: skip


def some(
    draw: random.Random, required: dict[str, Make], optional: dict[str, Make], share: float = 0.4
) -> dict[str, Any]:
    chosen = required | {name: make for name, make in optional.items() if draw.random() < share}
    return {name: make(draw) for name, make in chosen.items()}


def preset(draw: random.Random) -> dict[str, Any]:
    kind = draw.choice([*PRESETS])
    return {"kind": kind, **some(draw, *PRESETS[kind])}


def schedule(draw: random.Random) -> dict[str, Any]:
    """A preset, or one inside something."""
    part = preset(draw)
    around = {
        "affine": {"scale": 2, "offset": 0.25}, "shift": {"by": PERIOD(draw)}, "every": {"period": 2.5},
        "freeze": {"steps": LENGTH(draw)}, "stretch": {"factor": PERIOD(draw)}, "power": {"exponent": 2},
        "clamp": {"min_value": 1e-3},
    }  # fmt: skip
    after = {"kind": "cosine", "init_value": "previous", "end_value": 0, "steps": LENGTH(draw)}
    kind = draw.choice([*around, "sequence", *[""] * 16])
    if kind == "sequence":
        return {"kind": kind, "parts": [part, after]}
    return {"kind": kind, "part": part, **around[kind]} if kind else part


def group(draw: random.Random) -> dict[str, Any]:
    constant: Make = lambda draw: {"kind": "constant", "value": VALUE(draw)}  # noqa: E731
    return some(draw, {}, {"scale": POSITIVE, "learning_rate": schedule, "weight_decay": constant})


QUANTITIES: dict[str, Make] = {
    "steps_per_epoch": one_of(10, "1001/2", 12.5, 391),
    "batch_size": one_of(32, 1, 7),
    "tokens_per_step": one_of(1024, 524288, "3/2"),
    "total_steps": one_of(1000, 12345, "10 epochs", "1e6 samples", 7),
}
REST: dict[str, Make] = {
    "rounding": one_of("exact", "floor", "ceil", "round"),
    "at_least_one": FLAG,
    "momentum": schedule,
    "other": lambda draw: {draw.choice(["a", "é", 'a"b', "😀z", "\uffee", "x\n"]): schedule(draw) for _ in range(2)},
    "groups": one_of(
        lambda draw: [group(draw) for _ in range(draw.randint(1, 3))],
        lambda draw: {"head": group(draw), "ü": group(draw)},
    ),
    "relative": FLAG,
    "base_value": VALUE,
}


def documents(number: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """So many random documents; not all of them are valid."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(number):
        quantities = some(draw, {}, QUANTITIES, 0.95)
        yield {"lrspec": 1, "learning_rate": schedule(draw), **quantities, **some(draw, {}, REST, 0.2)}


# fmt: off
WRONG = [
    None, True, False, 0, -1, 1, 1.0, 0.5, -0.0, 100.0, 2**31 - 1, 2**31, 2**31 - 2**18, 2**31 - 2**18 + 1, 2**53 + 1,
    1e-40, 2.0**-126, 3.5e38, 101, 1 - 2**-20, 0.01, 0.009999999999999998, "previous", "hold", "continue", "error",
    "", [], {}, [1], {"a": 1}, "3/2", "0/1", "-3/2", "3/0", "7 steps", " 7  epochs ", "0 steps", "-1 steps", "10%",
    "1E+2 tokens", "1e-2 tokens", "7 Steps", "7 epochss", "\uff11 steps", "1e99 steps", "1 /3", "+3/2", "1e3",
    "1/9223372036854775807", "1/9223372036854775808", "2147483648/1", "4294967295/2", "k/W", "global", "\ud83d",
    "a" * 4001, 1e300, 10**400,
]
KEYS = [
    "steps", "after", "staircase", "power", "init_value", "part", "parts", "kind", "value", "values", "scale",
    "groups", "other", "relative", "base_value", "rounding", "total_steps", "momentum", "cycle_steps", "num_cycles",
    "fixed_steps", "min_time", "peak_value", "floor_value", "scaling", "warmup", "decay_from", "offset", "unknown",
    "<<",
]
# fmt: on


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Each item of a tree: what it is in, and its key or index there."""
    for key in [*(tree if isinstance(tree, dict) else range(len(tree) if isinstance(tree, list) else 0))]:
        yield tree, key
        yield from places(tree[key])


def with_mistakes(texts: list[str], number: int, seed: int = 0) -> Iterator[str]:
    """So many documents that are changed in one place or two."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(number):
        tree = json.loads(draw.choice(texts))
        for _ in range(draw.choice([1, 1, 1, 2])):
            parent, key = draw.choice([*places(tree)])
            way = draw.random()
            if way < 0.6 or isinstance(parent, list):
                parent[key] = draw.choice(WRONG)
            elif way < 0.7:
                del parent[key]
            else:
                parent[draw.choice(KEYS)] = draw.choice([*WRONG, parent[key]])
        yield json.dumps(tree)
