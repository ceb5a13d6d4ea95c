"""MMEngine: the param_scheduler list of a config."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from lrspec.fields import in_steps
from lrspec.kinds import (
    Affine,
    Constant,
    Cosine,
    Every,
    Exponential,
    Freeze,
    Linear,
    Polynomial,
    Product,
    Shift,
    Stretch,
)
from lrspec.presets import one_cycle
from lrspec.readers.build import levels
from lrspec.readers.keys import Keys, joined, share
from lrspec.readers.reading import Reading, exact_values
from lrspec.spec import Node

SYSTEM = "mmengine"
_WITHOUT_END = 10**9


@dataclass(frozen=True, kw_only=True)
class _Window:
    """One scheduler: where it begins and ends in its own unit, the unit in steps, and its values."""

    name: str
    begin: int
    end: int
    unit: int
    values: Callable[[float], Node]
    is_ratio: bool
    by_epoch: bool

    @property
    def first(self) -> int:
        return self.begin * self.unit

    @property
    def last(self) -> int:
        return self.end * self.unit

    def node(self, value: float) -> Node:
        """Return the values from the window's begin on, the last of which stays."""
        node, count = self.values(value), self.end - self.begin
        if self.end < _WITHOUT_END:
            node = Freeze(part=node, steps=count - 1) if count > 1 else Constant(value=exact_values(node, [0])[0])
        return node if self.unit == 1 else Every(part=node, period=self.unit)


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of MMEngine.

    Raises:
        UnsupportedError: A scheduler that has no equivalent, or ones that overlap and do not multiply.
        SpecError: A key is missing, unknown or not as it should be.
    """
    listed = keys.get("param_scheduler")
    listed = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(listed, list | tuple) or not listed:
        raise keys.wrong("param_scheduler", "a scheduler or a list of them")
    wrapper = keys.inside("optim_wrapper")
    base = wrapper.inside("optimizer").rate("lr")
    scaling = keys.inside("auto_scale_lr")
    if scaling.flag("enable", default=False) and "base_value" not in keys.quantities:
        reason = "lr times the samples of an update over base_batch_size; give that rate as base_value=..."
        raise keys.refused("auto_scale_lr", reason)
    micro = wrapper.whole("accumulative_counts", 1, least=1)
    notes = [
        "a scheduler is silent outside begin and end, where the value stays; the end value comes one step before end"
    ]
    windows = []
    for i, one in enumerate(listed):
        window, more = _window(Keys(one, keys.context, f"param_scheduler[{i}]"), base, micro)
        windows.append(window)
        notes += [note for note in more if note not in notes]
    _check_together(keys, windows, micro)
    windows.sort(key=lambda window: window.first)
    if all(one.last <= two.first for one, two in pairwise(windows)):
        node = _in_turn(windows, base)
    elif all(window.is_ratio for window in windows):
        node = Affine(part=Product(parts=[_delayed(window) for window in windows]), scale=base)
        notes.append("schedulers whose windows overlap multiply one another")
    else:
        wrong = next(window.name for window in windows if not window.is_ratio)
        raise keys.refused(wrong, "its window overlaps another's, and it does not multiply what it finds")
    if micro > 1 and not windows[0].by_epoch:
        node = Stretch(part=Shift(part=node, by=micro - 1), factor=Fraction(1, micro))
        notes.append(f"MMEngine counts micro-batches: update k has the value of micro-batch {micro} k + {micro - 1}")
    name = " + ".join(window.name for window in windows)
    return Reading(schedule=node, framework=SYSTEM, construct=name, conventions=tuple(notes))


def _check_together(keys: Keys, windows: list[_Window], micro: int) -> None:
    """Refuse schedulers that MMEngine does not run as each would be by itself."""
    names = [window.name for window in windows]
    if set(names) == {"OneCycleLR"} and "base_value" in keys.quantities:
        raise keys.refused("OneCycleLR", "its rates come from eta_max, and not from a base_value")
    if "OneCycleLR" in names and "CosineRestartLR" in names[names.index("OneCycleLR") :]:
        raise keys.refused("OneCycleLR", "it replaces the base rate, which a CosineRestartLR after it begins at")
    if micro > 1 and len({window.by_epoch for window in windows}) > 1:
        reason = "schedulers by epoch count updates, and others micro-batches; write all of them by epoch, or none"
        raise keys.refused("optim_wrapper.accumulative_counts", reason)


def _in_turn(windows: list[_Window], value: float) -> Node:
    """Return windows that do not overlap: each begins from the value that the one before left."""
    parts: list[Node] = []
    position = 0
    for window in windows:
        if window.first > position:
            parts.append(Constant(value=value, steps=window.first - position))
        node = window.node(value)
        if window is windows[-1]:
            return joined(*parts, node)
        parts.append(Freeze(part=node, steps=window.last - window.first))
        value = exact_values(node, [window.last - window.first - 1])[0]
        position = window.last
    return joined(*parts)


def _delayed(window: _Window) -> Node:
    node = window.node(1.0)
    return joined(Constant(value=1.0, steps=window.first), node) if window.first else node


def _window(keys: Keys, base: float, micro: int) -> tuple[_Window, list[str]]:
    name = keys.get("type")
    if not isinstance(name, str) or name not in _SCHEDULERS:
        if isinstance(name, str) and name.startswith("ReduceOnPlateau"):
            raise keys.refused(name, "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
        if isinstance(name, str) and name.endswith(("Momentum", "ParamScheduler")):
            raise keys.refused(name, "it drives another parameter than the learning rate")
        raise keys.wrong("type", f"one of {', '.join(_SCHEDULERS)}")
    by_epoch = keys.flag("by_epoch", default=True)
    convert = keys.flag("convert_to_iter_based", default=False)
    begin, end = keys.number("begin", 0, least=0), keys.number("end", _WITHOUT_END)
    if end <= begin:
        raise keys.wrong("end", "a number above begin")
    unit = int(keys.quantity("steps_per_epoch", "by_epoch", "it counts epochs")) if by_epoch else 1
    if convert and not by_epoch:
        raise keys.refused(keys.at("convert_to_iter_based"), "by_epoch must be true; MMEngine refuses it too")
    notes = [f"{name}: epochs of {in_steps(unit)}" + (", converted to steps" if convert else "")] if by_epoch else []
    unit *= micro if convert else 1
    scale = unit if convert else 1
    begin, end = int(begin * scale), min(int(end * scale), _WITHOUT_END) if end < _WITHOUT_END else _WITHOUT_END
    unit = 1 if convert else unit
    values, is_ratio = _SCHEDULERS[name](keys, base, end - begin, scale)
    keys.get("verbose")
    keys.no_more()
    if convert and name == "ExponentialLR":
        notes.append("ExponentialLR: gamma is not converted: it is a factor per step now")
    held = by_epoch and not convert
    return _Window(name=name, begin=begin, end=end, unit=unit, values=values, is_ratio=is_ratio, by_epoch=held), notes


Found = tuple[Callable[[float], Node], bool]


def _linear(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001 - every scheduler takes the same
    first, last = keys.number("start_factor", 1 / 3, least=0), keys.number("end_factor", 1.0, least=0)
    if not 0 < first <= 1 or last > 1:
        raise keys.wrong("start_factor", "above 0 and at most 1, and an end_factor of at most 1")
    if count == 1:
        return lambda x: Constant(value=share(x, first)), True
    return lambda x: Linear(init_value=share(x, first), end_value=share(x, last), steps=count - 1), True


def _constant(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    factor = keys.number("factor", 1 / 3, least=0)
    if not 0 < factor <= 1:
        raise keys.wrong("factor", "above 0 and at most 1: MMEngine divides by it at the end")
    if count == 1:
        return lambda x: Constant(value=share(x, factor)), True
    return lambda x: joined(Constant(value=share(x, factor), steps=count - 1), Constant(value=x)), True


def _floor(keys: Keys, base: float) -> float:
    if keys.get("eta_min_ratio") is not None:
        if keys.get("eta_min") is not None:
            raise keys.wrong("eta_min", "nothing, because there is an eta_min_ratio")
        return share(base, keys.number("eta_min_ratio", least=0))
    return keys.number("eta_min", 0.0, least=0)


def _poly(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    floor, power = keys.number("eta_min", 0.0, least=0), keys.number("power", 1.0)
    if count == 1:
        return lambda x: Constant(value=x), True
    return lambda x: Polynomial(init_value=x, end_value=floor, steps=count - 1, power=power), floor == 0


def _cosine(keys: Keys, base: float, count: int, scale: int) -> Found:
    floor = _floor(keys, base)
    period = count if keys.get("T_max") is None else keys.steps("T_max") * scale
    if count <= period + 1:
        return lambda x: Cosine(init_value=x, end_value=floor, steps=period), floor == 0

    def bouncing(value: float) -> Node:
        if value != base:
            raise keys.refused(
                "CosineAnnealingLR", "it goes on after T_max, from the base rate, which it did not begin at"
            )
        return Cosine(init_value=value, end_value=floor, steps=period, after="continue")

    return bouncing, False


def _exponential(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    gamma = keys.number("gamma")
    return lambda x: Exponential(init_value=x, decay_rate=gamma, decay_period=1), True


def _step(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    period, gamma = keys.steps("step_size") * scale, keys.number("gamma", 0.1)
    return lambda x: Exponential(init_value=x, decay_rate=gamma, decay_period=period, staircase=True), True


def _multi_step(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    listed, gamma = keys.get("milestones"), keys.number("gamma", 0.1)
    if not isinstance(listed, list | tuple) or not all(type(m) is int and m >= 0 for m in listed):
        raise keys.wrong("milestones", "a list of whole numbers")

    def values(first: float) -> Node:
        held, value = {0: first}, Fraction(first)
        for milestone in sorted(listed):
            value *= Fraction(gamma)
            held[milestone * scale] = float(value)
        return levels(list(held), list(held.values()))

    return values, True


def _one_cycle(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    shape = {"cos": "cosine", "linear": "linear"}[keys.word("anneal_strategy", ("cos", "linear"), "cos")]
    node = one_cycle(
        peak_value=keys.number("eta_max"),
        total_steps=keys.steps("total_steps") * scale,
        pct_start=keys.number("pct_start", 0.3),
        div_factor=keys.number("div_factor", 25.0),
        final_div_factor=keys.number("final_div_factor", 1e4),
        shape="cosine" if shape == "cosine" else "linear",
        three_phase=keys.flag("three_phase", default=False),
    )
    return lambda _: node, False


def _restart(keys: Keys, base: float, count: int, scale: int) -> Found:  # noqa: ARG001
    floor, periods, weights = _floor(keys, base), keys.get("periods"), keys.get("restart_weights", [1])
    if not isinstance(periods, list | tuple) or not all(type(p) is int and p > 0 for p in periods) or not periods:
        raise keys.wrong("periods", "a list of whole numbers above 0")
    if not isinstance(weights, list | tuple) or len(weights) != len(periods):
        raise keys.wrong("restart_weights", f"a list of {len(periods)} numbers, one for each period")
    if not all(type(weight) in {int, float} and math.isfinite(weight) for weight in weights):
        raise keys.wrong("restart_weights", "finite numbers")
    parts: list[Node] = []
    for period, weight in zip(periods, weights, strict=True):
        steps = period * scale
        parts.append(Cosine(init_value=share(base, float(weight)), end_value=floor, steps=steps))
    last = parts[-1].length
    end = exact_values(parts[-1], [int(last or 1) - 1])[0]
    return lambda _: joined(*parts, Constant(value=end)), False


_SCHEDULERS: dict[str, Callable[[Keys, float, int, int], Found]] = {
    "LinearLR": _linear,
    "ConstantLR": _constant,
    "PolyLR": _poly,
    "CosineAnnealingLR": _cosine,
    "ExponentialLR": _exponential,
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "OneCycleLR": _one_cycle,
    "CosineRestartLR": _restart,
}
"""What each type makes: its values from a first one on, and whether it multiplies what it finds."""
