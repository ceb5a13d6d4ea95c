"""docs/presets.md: the tree that it says each preset stands for, computed from the page, is the one that it returns."""

from __future__ import annotations

import importlib.util
import itertools
import re
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrspec import SpecError
from lrspec.documents.plain import node_from_dict
from lrspec.presets import PRESETS

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "presets.md").read_text(encoding="utf-8")
LENGTHS: tuple[Any, ...] = (1, 7, Fraction(1, 2), Fraction(61, 2))
CHOICES: dict[str, tuple[Any, ...]] = {
    "peak_value": (0.3, 1e-3),
    "init_value": (0.0, 0.07),
    "end_value": (0.0, 0.011),
    "steps": LENGTHS,
    **dict.fromkeys(("warmup_steps", "stable_steps"), (0, *LENGTHS)),
    **dict.fromkeys(("decay_steps", "cycle_steps", "up_steps", "down_steps"), (*LENGTHS[1:2], Fraction(91, 4))),
    "cycle_warmup_steps": (0, 3, Fraction(5, 2)),
    "decay_rate": (0.3, 0.96),
    "decay_rates": ([0.1, 3.0],),
    "decay_period": (1, Fraction(150132, 100)),
    "boundaries": ([5, 90],),
    "power": (2.0, 0.3),
    "model_size": (512, 1),
    "factor": (1.0, 0.3),
    "total_steps": (101, 1000),
    "pct_start": (0.37, 0.3),
    "div_factor": (25.0, 7.0),
    "final_div_factor": (1e4, 3.0),
    "cycle_mult": (1, Fraction(3, 2)),
    "num_cycles": (3,),
    "peak_mult": (1.0, 0.7),
    "base_momentum": (0.85,),
    "max_momentum": (0.95, 0.7),
    "steepness": (10.0, 0.3),
    **dict.fromkeys(("three_phase", "staircase"), (True, False)),
}


def words_of(name: str, argument: str) -> tuple[str, ...]:
    """Return the words that the page allows for an argument of a preset."""
    row = re.search(rf"^\| `{argument}` \| word: (.*?) \|", section(name), re.MULTILINE)
    assert row, (name, argument)
    return tuple(re.findall(r"`(.+?)`", row[1]))


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def defaults(name: str) -> dict[str, Any]:
    """Return the defaults of the page."""
    rows = re.findall(r"^\| `(\w+)` \| .*? \| (required|none|`.+?`) \|", section(name), re.MULTILINE)
    return {
        key: yaml.safe_load(text.strip("`")) if text != "none" else None for key, text in rows if text != "required"
    }


def required(name: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \| .*? \| required \|", section(name), re.MULTILINE)


def ramp(init: float, peak: float, steps: Any, warmup: str) -> list[Any]:
    """Return the parts of a warmup, by the table of the page."""
    lines = {"k/W": steps, "(k+1)/W": steps, "(k+1)/(W+1)": steps + 1, "k/(W-1)": steps - 1}
    line = {"kind": "linear", "init_value": init, "end_value": peak, "steps": lines[warmup]}
    if steps == 0:
        return []
    if warmup == "k/W":
        return [line]
    if steps <= 1 and warmup in ("(k+1)/W", "k/(W-1)"):
        return [{"kind": "constant", "value": peak if warmup == "(k+1)/W" else init, "steps": steps}]
    part = line if warmup == "k/(W-1)" else {"kind": "shift", "by": 1, "part": line}
    return [{"kind": "freeze", "steps": steps, "part": part}]


def levels(a: dict[str, Any]) -> list[float]:
    rates = a["decay_rates"] or [0.1 if a["decay_rate"] is None else a["decay_rate"]] * len(a["boundaries"])
    exact = itertools.accumulate(
        (Fraction(r) for r in rates), initial=Fraction(a.get("peak_value", a["init_value"])), func=lambda x, r: x * r
    )
    return [x.numerator / x.denominator for x in exact]


def noam_peak(a: dict[str, Any]) -> float:
    s = Fraction(a["factor"]) ** 2 / (a["model_size"] * a["warmup_steps"])
    return isqrt(int(2**400 * s)) / 2**200


def cooldown(a: dict[str, Any]) -> dict[str, Any]:
    named = {
        "one_minus_sqrt": {"kind": "one_minus_power", "power": 0.5},
        "exponential": {"kind": "normalized_exponential", "ratio": 0.5},
    }
    node = named.get(a["shape"], {"kind": a["shape"]})
    return node | {
        "init_value": a["peak_value"],
        "end_value": a["end_value"],
        "steps": a["decay_steps"],
        "after": a["after"],
    }


def names_of(a: dict[str, Any]) -> dict[str, Any]:
    """Return what the names in a tree stand for that the arguments have."""
    names: dict[str, Any] = dict(a)
    if "decay_from" in a:
        names["DECAY_TIME"] = "global" if a["decay_from"] == "start" else "local"
    if "boundaries" in a:
        names["LEVELS"] = levels(a)
    if "model_size" in a:
        names["PEAK"] = noam_peak(a)
    if "decay_steps" in a and "shape" in a:
        names["COOLDOWN"] = cooldown(a)
    if "div_factor" in a:
        names["FIRST"] = a["peak_value"] / a["div_factor"]
        names["LAST"] = names["FIRST"] / a["final_div_factor"]
    if "pct_start" in a:
        up, end = a["pct_start"] * a["total_steps"] - 1, 2 * a["pct_start"] * a["total_steps"] - 2
        names |= {"UP": Fraction(up), "BACK": Fraction(end) - Fraction(up)}
        names["REST"] = a["total_steps"] - 1 - Fraction(end if a["three_phase"] else up)
    if "up_steps" in a:
        names["DOWN"] = a["down_steps"] or a["up_steps"]
        names["HEIGHT"] = a["peak_value"] - a["init_value"]
    if "steepness" in a:
        names |= {"QUARTER": a["steepness"] / 4, "-QUARTER": -a["steepness"] / 4}
    if "cycle_warmup_steps" in a:
        names["cycle_steps - cycle_warmup_steps"] = a["cycle_steps"] - a["cycle_warmup_steps"]
    return names


CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "`three_phase` is false": lambda a: not a["three_phase"],
    "`three_phase` is true": lambda a: a["three_phase"],
    "`n` is `t+1`": lambda a: a["n"] == "t+1",
    "`n` is `max(t,1)`": lambda a: a["n"] == "max(t,1)",
    "`n` is `t`": lambda a: a["n"] == "t",
    "stable_steps is not 0": lambda a: a["stable_steps"] != 0,
    "num_cycles is given": lambda a: a["num_cycles"] is not None,
    "peak_mult is not 1": lambda a: a["peak_mult"] != 1,
    "peak_mult is not 1, and scaling is not all": lambda a: a["peak_mult"] != 1 and a["scaling"] != "all",
    "peak_mult is not 1, and scaling is peak": lambda a: a["peak_mult"] != 1 and a["scaling"] == "peak",
}


def tree_of(name: str, a: dict[str, Any]) -> Any:
    """Return the tree that the page has for the arguments of a preset, as plain data."""
    blocks = re.findall(r"^(The tree|Where .*?):\n\n((?: {4}.*\n|\n)+)", section(name), re.MULTILINE)
    (text,) = (block for title, block in blocks if title == "The tree" or CONDITIONS[title[6:]](a))
    lines = [line.partition("# if ") for line in text.splitlines()]
    kept = "\n".join(line for line, _, condition in lines if not condition or CONDITIONS[condition.strip()](a))
    return filled(yaml.safe_load(kept), names_of(a), a)


def filled(data: Any, names: dict[str, Any], a: dict[str, Any]) -> Any:
    if isinstance(data, dict):
        data = {key: filled(value, names, a) for key, value in data.items()}
        return data["parts"][0] if data["kind"] == "sequence" and len(data["parts"]) == 1 else data
    if isinstance(data, list):
        return [node for part in data for node in parts_of(part, names, a)]
    return names.get(data, data) if isinstance(data, str) else data


def parts_of(part: Any, names: dict[str, Any], a: dict[str, Any]) -> list[Any]:
    if part == "WARMUP":
        return ramp(a["init_value"], a["peak_value"], a["warmup_steps"], a.get("warmup", "k/W"))
    if part == "CYCLE_WARMUP":
        return ramp(a["end_value"], a["peak_value"], a["cycle_warmup_steps"], "k/W")
    return [filled(part, names, a)]


def arguments(name: str) -> list[dict[str, Any]]:
    """Return the required arguments, with each choice of each argument once beside the first of the others."""
    parameters = [*required(name), *defaults(name)]
    choices = {key: CHOICES[key] if key in CHOICES else words_of(name, key) for key in parameters}
    first = {key: choices[key][-1] for key in required(name)}
    found = [first]
    for one, other in itertools.combinations(parameters, 2):
        found += [first | {one: x, other: y} for x in choices[one] for y in choices[other]]
    return found[::3]


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_has_the_tree_of_each_preset(name: str) -> None:
    compared = 0
    for given in arguments(name):
        try:
            node = PRESETS[name](**given)
        except SpecError:
            continue
        assert node == node_from_dict(tree_of(name, defaults(name) | given), name), given
        compared += 1
    assert compared > len(arguments(name)) / 4


def test_the_page_is_what_its_presets_say() -> None:
    spec = importlib.util.spec_from_file_location("make_presets", DOCS / "make_presets.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(["--check"]) is None


def test_the_example_of_real_valued_ends() -> None:
    assert Fraction(0.37 * 101 - 1) == Fraction(5118622451483279, 2**47)
