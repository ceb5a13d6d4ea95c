"""DeepSpeed: the scheduler section of its JSON config."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lrspec.errors import SpecError
from lrspec.kinds import Constant, Cosine, Every, InverseTime, Linear, Logarithmic, PiecewiseConstant, Shift
from lrspec.readers.build import schedule_of
from lrspec.readers.deepspeed.auto import Filled
from lrspec.readers.keys import Keys, joined, ramp, share
from lrspec.readers.reading import Reading
from lrspec.schedule import Schedule
from lrspec.spec import Node

Mapped: TypeAlias = tuple[Schedule, list[str]]
_LATE = (
    "DeepSpeed steps its scheduler after an update: update k has the scheduler's value k - 1, update 0 its first one"
)
_WITH_BETAS = {"adam", "adamw", "lamb", "onebitadam", "onebitlamb", "zerooneadam", "fusedadam", "cpuadam"}


def read(keys: Keys) -> Reading:
    """Return the schedule of a DeepSpeed config.

    Raises:
        UnsupportedError: A scheduler that DeepSpeed does not have, or parameters that mean nothing.
        SpecError: A key is missing, unknown or not as it should be.
    """
    section = keys.inside("scheduler")
    if not section.data:
        raise keys.refused("a config without a scheduler", "the rate is that of the script; give what says it there")
    name = section.get("type")
    if not isinstance(name, str) or name not in SHAPES:
        raise section.wrong("type", f"one of {', '.join(SHAPES)}")
    if section.data.get("params") is None:
        raise section.wrong("params", "a mapping; DeepSpeed fails without one too")
    _refuse_dynamic_batches(keys)
    section.read.add("params")
    filled = Filled(keys)
    params = filled.at("scheduler")
    if params.whole("last_batch_iteration", -1, least=-1) != -1:
        raise params.wrong("last_batch_iteration", "-1: the schedule from its beginning")
    schedule, notes = SHAPES[name](params, filled)
    total = params.steps("total_num_steps") if "total_num_steps" in params.read & params.data.keys() else None
    params.no_more()
    section.no_more()
    optimizer = keys.inside("optimizer").inside("params")
    optimizer.read.add("lr")
    optimizer.no_more(about=r"(^|_)lrs?(_|$)|learning_?rate")
    notes = [*dict.fromkeys(filled.notes), *notes]
    return Reading(schedule=schedule, framework="deepspeed", construct=name, conventions=tuple(notes), total=total)


def _refuse_dynamic_batches(keys: Keys) -> None:
    """Refuse batches of several sizes, with which DeepSpeed scales the rate."""
    batches = keys.inside("data_efficiency").inside("data_sampling").inside("dynamic_batching")
    if batches.get("enabled") is True:
        raise batches.refused(batches.path, "the rate of an update is scaled with the size of its batch")


def _warmup(params: Keys, first: float, peak: float) -> tuple[list[Node], int, list[str]]:
    """Return the parts of a warmup of W values, the W."""
    count = max(2, params.whole("warmup_num_steps", 1000, least=1))
    kind = params.word("warmup_type", ("log", "linear"), "log")
    if kind == "linear":
        return ramp(first, peak, count), count, [_LATE]
    rise = Logarithmic(init_value=first, end_value=peak, steps=count - 1)
    return [rise, Constant(value=peak, steps=1)], count, [_LATE, "warmup_type log: ln(n + 1) / ln(W)"]


def _peak(params: Keys, filled: Filled, default: float | None, notes: list[str]) -> float:
    """Return the rate at the end of the warmup: its own, or that of the optimizer where the system has no default."""
    if default is None and params.data.get("warmup_max_lr") is None:
        params.read.add("warmup_max_lr")
        return filled.rate()
    peak = _one(params, "warmup_max_lr", default)
    optimizer = filled.keys.inside("optimizer").inside("params").data.get("lr")
    if optimizer not in {None, "auto", peak}:
        notes.append(f"optimizer.params.lr, {optimizer}, is not used: warmup_max_lr goes before it")
    return peak


def _one(params: Keys, name: str, default: float | None = None) -> float:
    """Return a rate; a list of one for each group is refused."""
    if isinstance(params.get(name), list | tuple):
        raise params.refused(params.at(name), "a rate for each parameter group; read each by itself")
    return params.number(name, default, least=0)


def _total(params: Keys) -> int:
    if params.data.get("total_num_steps") is None:
        params.read.add("total_num_steps")
        return int(params.quantity("total_steps", "total_num_steps", "the config has none"))
    return params.steps("total_num_steps")


def _warmup_lr(params: Keys, filled: Filled) -> Mapped:
    said: list[str] = []
    peak = _peak(params, filled, None, said)
    parts, _, notes = _warmup(params, _one(params, "warmup_min_lr", 0.0), peak)
    return Shift(part=joined(*parts, Constant(value=peak)), by=-1), [*said, *notes]


def _warmup_decay(params: Keys, filled: Filled) -> Mapped:
    said: list[str] = []
    low, peak, total = _one(params, "warmup_min_lr", 0.0), _peak(params, filled, 0.001, said), _total(params)
    parts, count, notes = _warmup(params, low, peak)
    decay = Linear(init_value=peak, end_value=low, steps=total - count) if total > count else Constant(value=low)
    return Shift(part=joined(*parts, decay), by=-1), [*said, *notes]


def _warmup_cosine(params: Keys, filled: Filled) -> Mapped:
    peak, total = filled.rate(), _total(params)
    low = share(peak, params.number("warmup_min_ratio", 0.0, least=0))
    floor = share(peak, params.number("cos_min_ratio", 0.0001, least=0))
    parts, count, notes = _warmup(params, low, peak)
    decay: Node = Constant(value=floor)
    if total > count + 1:
        decay = Shift(part=Cosine(init_value=peak, end_value=floor, steps=total - count), by=1)
    notes += ["update 0 has the rate 0, whatever warmup_min_ratio says", "the decay is one step ahead"]
    return joined(Constant(value=0.0, steps=1), *parts, decay), notes


def _range_test(params: Keys, filled: Filled) -> Mapped:  # noqa: ARG001 - every schedule takes the same
    low, size = _one(params, "lr_range_test_min_lr", 1e-3), params.steps("lr_range_test_step_size", 2000)
    rate = params.number("lr_range_test_step_rate", 1.0, least=0)
    stairs = params.flag("lr_range_test_staircase", default=False)
    notes = ["the rate grows without end; update k has the value k"]
    if low == 0 or rate == 0:
        return Constant(value=low), notes
    line = Linear(init_value=low, end_value=share(low, 1 + rate), steps=1 if stairs else size, after="continue")
    return (Every(part=line, period=size) if stairs else line), notes


def _one_cycle(params: Keys, filled: Filled) -> Mapped:
    low, high = _one(params, "cycle_min_lr"), _one(params, "cycle_max_lr")
    first = params.steps("cycle_first_step_size", 2000)
    second = params.steps("cycle_second_step_size", first)
    up = params.whole("cycle_first_stair_count", 0)
    down = params.whole("cycle_second_stair_count", up)
    period, rate = params.whole("decay_step_size", 0), params.number("decay_lr_rate", 0.0, least=0)
    cycle = [_rise(low, high, first, up), _fall(low, high, second, down)]
    after: Node = Constant(value=low)
    if period and rate and low:
        after = InverseTime(init_value=low, decay_rate=rate, decay_period=period)
    rates = joined(*cycle, after)
    notes = [
        "update k has the cycle's value k; after the cycle cycle_min_lr / (1 + decay_lr_rate * n / decay_step_size)"
    ]
    names = ("cycle_min_mom", "cycle_max_mom", "decay_mom_rate")
    least, most, growth = (params.number(n, d, least=0) for n, d in zip(names, (0.8, 0.9, 0.0), strict=True))
    if not params.flag("cycle_momentum", default=True):
        return rates, notes
    kind = filled.keys.inside("optimizer").get("type")
    if not isinstance(kind, str) or kind.lower() not in _WITH_BETAS:
        return rates, [
            *notes,
            f"the momentum is left out: DeepSpeed drives it in optimizers with betas, this is {kind}",
        ]
    end: Node = Constant(value=most)
    if period and growth and most:
        end = Linear(init_value=most, end_value=share(most, 1 + growth), steps=period, after="continue")
    moments = joined(_rise(most, least, first, up), _fall(most, least, second, down), end)
    momentum = joined(Constant(value=least, steps=1), Shift(part=moments, by=1))
    notes.append("beta1 runs the other way; update 0 has cycle_min_mom, where the cycle would begin at cycle_max_mom")
    return schedule_of(rates, momentum=momentum), notes


def _rise(low: float, high: float, steps: int, stairs: int) -> Node:
    if not stairs:
        return Linear(init_value=low, end_value=high, steps=steps)
    begins = {-(-i * steps // stairs): i for i in range(stairs)}
    return _stairs(begins, stairs, low, high, steps)


def _fall(low: float, high: float, steps: int, stairs: int) -> Node:
    """Return the way down; a stair ends after the step at which its time is reached."""
    if not stairs:
        return Linear(init_value=high, end_value=low, steps=steps)
    begins = {0: stairs, **{(stairs - i) * steps // stairs + 1: i - 1 for i in range(stairs, 0, -1)}}
    return _stairs({begin: i for begin, i in begins.items() if begin < steps}, stairs, low, high, steps)


def _stairs(begins: dict[int, int], stairs: int, low: float, high: float, steps: int) -> Node:
    values = [low + (high - low) * i / stairs for i in begins.values()]
    if len(values) == 1:
        return Constant(value=values[0], steps=steps)
    try:
        return PiecewiseConstant(boundaries=list(begins)[1:], values=values, steps=steps)
    except SpecError as error:
        raise error.within("scheduler.params") from None


SHAPES: dict[str, Callable[[Keys, Filled], Mapped]] = {
    "WarmupLR": _warmup_lr,
    "WarmupDecayLR": _warmup_decay,
    "WarmupCosineLR": _warmup_cosine,
    "OneCycle": _one_cycle,
    "LRRangeTest": _range_test,
}
"""The schedule of each scheduler type, with what is mapped."""
