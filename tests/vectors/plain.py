"""Documents as plain nodes, as docs/spec.md says: the fields of each kind, defaults, durations, presets, groups."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from vectors.named import NAMED

Plain = dict[str, Any]
_ENDS = "init_value end_value steps"
KINDS = {
    "constant": "value steps= after=hold",
    "linear": f"{_ENDS} after=hold",
    "polynomial": f"{_ENDS} power k_decay=1 after=hold",
    "cosine": f"{_ENDS} cycles=0.5 exponent=1 k_decay=1 after=hold",
    "sine": f"{_ENDS} after=hold",
    "geometric": f"{_ENDS} after=hold",
    "one_minus_power": f"{_ENDS} power after=hold",
    "normalized_exponential": f"{_ENDS} ratio after=hold",
    "tanh": f"{_ENDS} lower upper after=hold",
    "logarithmic": f"{_ENDS} after=hold",
    "rex": f"{_ENDS} after=hold",
    "exponential": "init_value decay_rate decay_period staircase=false steps= after=hold",
    "inverse_time": "init_value decay_rate decay_period staircase=false steps= after=hold",
    "power_law": "init_value power timescale offset=0 steps= after=hold",
    "piecewise_constant": "boundaries values steps= after=hold",
    "table": "values period=1 after=hold source=",
    "sequence": "parts time=local",
    "product": "parts",
    "sum": "parts",
    "minimum": "parts",
    "maximum": "parts",
    "clamp": "part min_value= max_value= outside=hold",
    "affine": "part scale=1 offset=0",
    "power": "part exponent",
    "exp": "part base=",
    "shift": "part by min_time=0",
    "freeze": "part steps after=hold",
    "repeat": "part cycle_steps= num_cycles= cycle_mult=1 cycle_rounding=none fixed_steps=0 peak_mult=1 peak_power=0 scaling=all "
    "floor_value=0 peak_value= after=hold",
    "every": "part period",
    "stretch": "part factor",
}
"""The fields of each kind; after `=` the default, and nothing where there is none."""
LENGTHS = {"steps", "cycle_steps", "fixed_steps"}
PERIODS = {"decay_period", "timescale", "period", "by", "min_time", "factor"}
_DURATION = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE]\+?[0-9]{1,2})?) *(step|epoch|sample|token|%)s?")
_ROUNDED: dict[str, Callable[[Fraction], int]] = {"floor": math.floor, "ceil": math.ceil, "round": round}


def exact(written: Any) -> Fraction:
    """Return a number of steps as it is written: an integer, the shortest decimal, or a fraction."""
    return Fraction(repr(written)) if isinstance(written, float) else Fraction(written)


class Units:
    """The quantities of a document."""

    def __init__(self, document: Plain) -> None:
        self._rounding = document.get("rounding", "exact")
        self._at_least_one = document.get("at_least_one", False)
        found = {key: document[key] for key in ("steps_per_epoch", "batch_size", "tokens_per_step") if key in document}
        self._quantities: dict[str, Fraction] = {key: exact(value) for key, value in found.items()}
        if "total_steps" in document:
            self._quantities["total_steps"] = self.length(document["total_steps"])

    def steps(self, written: Any) -> Fraction:
        """Return the exact number of steps that a number or a duration stands for."""
        match = _DURATION.fullmatch(written.strip()) if isinstance(written, str) else None
        if match is None:
            return exact(written)
        count, of = Fraction(match[1]), self._quantities
        if match[2] == "step":
            return count
        if match[2] == "epoch":
            return count * of["steps_per_epoch"]
        if match[2] == "%":
            return count * of["total_steps"] / 100
        return count / of["batch_size" if match[2] == "sample" else "tokens_per_step"]

    def length(self, written: Any) -> Fraction:
        """Return a length: a duration follows `rounding`."""
        found = self.steps(written)
        if not isinstance(written, str) or "/" in written:
            return found
        if self._rounding != "exact":
            found = Fraction(_ROUNDED[self._rounding](found))
        return Fraction(1) if self._at_least_one and found == 0 else found


def node_of(written: Plain, units: Units) -> SimpleNamespace:
    """Return the node that a node or preset of a document stands for."""
    if written["kind"] in NAMED:
        return node_of(
            NAMED[written["kind"]](units, **{key: one for key, one in written.items() if key != "kind"}), units
        )
    fields: Plain = {}
    for field in KINDS[written["kind"]].split():
        name, has_default, default = field.partition("=")
        assert name in written or has_default, name
        is_time = name in PERIODS or (name == "offset" and written["kind"] == "power_law")
        fields[name] = _field(name, written[name], units, is_time=is_time) if name in written else _default(default)
    assert set(fields) >= set(written) - {"kind"}, (written, fields)
    if "values" in fields:
        fields["levels"] = fields["values"]
    return SimpleNamespace(kind=written["kind"], **fields)


def _default(text: str) -> Any:
    return None if not text else text if text in {"hold", "none", "local", "all"} else json.loads(text)


def _field(name: str, written: Any, units: Units, *, is_time: bool) -> Any:
    if name == "part":
        return node_of(written, units)
    if name == "parts":
        return [node_of(part, units) for part in written]
    if name == "boundaries":
        return [units.length(one) for one in written]
    if name in LENGTHS:
        return units.length(written)
    return units.steps(written) if is_time else written


def schedules(document: Plain) -> dict[str, SimpleNamespace]:
    """Return the node of each hyperparameter by its path; those of groups where they stand in it or are scaled."""
    units = Units(document)
    found: dict[str, SimpleNamespace] = {
        name: _absolute(document, name, document[name], units)
        for name in ("learning_rate", "momentum", "weight_decay")
        if name in document
    }
    found |= {f"other.{name}": node_of(one, units) for name, one in document.get("other", {}).items()}
    groups = document.get("groups", {})
    named = (
        {f".{name}": group for name, group in groups.items()}
        if isinstance(groups, dict)
        else {f"[{i}]": group for i, group in enumerate(groups)}
    )
    for place, group in named.items():
        for name in ("learning_rate", "momentum", "weight_decay"):
            if name in group:
                found[f"groups{place}.{name}"] = _absolute(document, name, group[name], units)
        if "scale" in group:
            path = f"groups{place}.learning_rate"
            found[path] = SimpleNamespace(
                kind="affine", part=found.get(path, found["learning_rate"]), scale=group["scale"], offset=0
            )
    return found


def _absolute(document: Plain, name: str, written: Plain, units: Units) -> SimpleNamespace:
    node = node_of(written, units)
    if name == "learning_rate" and document.get("relative", False):
        return SimpleNamespace(kind="affine", part=node, scale=document["base_value"], offset=0)
    return node
