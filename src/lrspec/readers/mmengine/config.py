"""MMEngine: the param_scheduler of a config, and what its runner fills in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from lrspec.errors import LrspecError, SpecError, UnsupportedError, argument
from lrspec.fields import in_steps, show
from lrspec.kinds import Constant
from lrspec.readers.build import schedule_of
from lrspec.readers.files.bases import BASE
from lrspec.readers.keys import Keys
from lrspec.readers.mmengine import legacy
from lrspec.readers.mmengine.optimizers import base_of, check_hooks, check_scaling, groups_note, of_updates, rate_of
from lrspec.readers.mmengine.run import Run, in_ticks, run_of
from lrspec.readers.mmengine.shapes import SHAPES, Span
from lrspec.readers.mmengine.windows import Window, course, overlap
from lrspec.readers.reading import Reading
from lrspec.spec import Node

SYSTEM = "mmengine"
_RATE = "learning_rate"
_NAME = re.compile(r"(?:mmengine\.)?(?:\w+\.)*(?P<shape>\w+?)(?P<what>LR|Momentum|ParamScheduler)")
_FORWARD = {"lr": _RATE, "momentum": "momentum", "weight_decay": "weight_decay"}
_NO_END = 10**9
"""MMEngine's default where no runner gives one."""
_OUTSIDE = "a scheduler is silent outside begin and end, where the value stays; the end value comes one step before end"


class _Scheduler(NamedTuple):
    """One entry of param_scheduler: its keys, its shape by name, and which hyperparameter it drives."""

    keys: Keys
    shape: str
    drives: str

    @property
    def name(self) -> str:
        """Its type, without the package."""
        return str(self.keys.data.get("type")).rpartition(".")[2]


def read(keys: Keys) -> Reading:
    """Return the schedule of a config of MMEngine, or of the MMCV before it.

    Raises:
        UnsupportedError: A scheduler that has no equivalent, or ones that overlap and do not multiply.
        SpecError: A key is missing, unknown or not as it should be.
    """
    if keys.data.get(BASE) is not None:
        raise keys.wrong(BASE, "none in data without a file; load the file, which the bases are beside")
    if keys.data.get("lr_config") is not None and keys.data.get("param_scheduler") is None:
        return legacy.read(keys)
    wrapper = keys.inside("optim_wrapper")
    notes = _check_others(keys, wrapper)
    optimizer = wrapper.inside("optimizer")
    base, micro = rate_of(optimizer), wrapper.whole("accumulative_counts", 1, least=1)
    wrapper.no_more(about="accum")
    schedulers = [_scheduler(one) for one in _listed(keys)]
    by_batch = micro > 1 and any(not _held(one.keys) for one in schedulers)
    run = run_of(keys, micro, by_batch=by_batch)
    mine = [one for one in schedulers if one.drives == _RATE]
    node, name, more = _driven(keys, run, mine, base)
    notes += more
    nodes = {_RATE: node}
    for drives in sorted({one.drives for one in schedulers} - {_RATE}):
        notes += _beside(keys, run, nodes, [one for one in schedulers if one.drives == drives], optimizer)
    if by_batch:
        notes.append(f"MMEngine counts micro-batches: update k has the value of micro-batch {micro} k + {micro - 1}")
    schedule = schedule_of(nodes.pop(_RATE), None, **nodes)
    notes = list(dict.fromkeys(notes))
    return Reading(schedule=schedule, framework=SYSTEM, construct=name, conventions=tuple(notes), total=run.total)


def _listed(keys: Keys) -> list[Keys]:
    """Return the schedulers, of which there may be none.

    Raises:
        UnsupportedError: There is a list for each of several optimizers.
        SpecError: There are none where they belong, and some under another name.
    """
    value = keys.data.get("param_scheduler")
    keys.read.add("param_scheduler")
    if value is None or value == []:
        for name, one in keys.data.items():
            if (
                re.search(r"(?i)sched|lr_?(config|updater)", str(name))
                and one
                and isinstance(one, Mapping | list | tuple)
            ):
                raise SpecError(keys.at(str(name)), found=show(one), expected="a scheduler in param_scheduler alone")
        return []
    if isinstance(value, Mapping) and "type" not in value:
        reason = f"schedulers of several optimizers ({', '.join(map(str, value))}); write the list of one"
        raise keys.refused("param_scheduler", reason)
    return keys.items("param_scheduler")


def _scheduler(keys: Keys) -> _Scheduler:
    """Return what a scheduler is by its type.

    Raises:
        UnsupportedError: It drives the rate, and is none that has an equivalent.
        SpecError: It has no type that is MMEngine's.
    """
    kind = keys.get("type")
    found = _NAME.fullmatch(kind) if isinstance(kind, str) else None
    if found is None:
        raise keys.wrong("type", f"one of {', '.join(f'{shape}LR' for shape in SHAPES)}")
    drives = {"LR": _RATE, "Momentum": "momentum"}.get(found["what"]) or str(keys.get("param_name"))
    drives = _FORWARD.get(drives, drives)
    if drives == _RATE and found["shape"] not in SHAPES:
        if found["shape"].startswith("ReduceOnPlateau"):
            raise keys.refused(str(kind), "it follows a metric, not the step; see lrspec.ReduceOnPlateau")
        raise keys.wrong("type", f"one of {', '.join(f'{shape}LR' for shape in SHAPES)}")
    return _Scheduler(keys, found["shape"], drives)


def _held(keys: Keys) -> bool:
    """Tell whether a scheduler is stepped once in an epoch."""
    return keys.data.get("by_epoch", True) is not False and keys.data.get("convert_to_iter_based", False) is not True


def _check_others(keys: Keys, wrapper: Keys) -> list[str]:
    """Return what is to be said of other keys that change the rate.

    Raises:
        UnsupportedError: One of them changes it in a way that the config alone does not say.
    """
    check_scaling(keys)
    check_hooks(keys, keys.inside("default_hooks").data.get("param_scheduler"))
    several = [name for name, one in wrapper.data.items() if isinstance(one, Mapping) and "optimizer" in one]
    if several and "optimizer" not in wrapper.data:
        reason = f"several optimizers ({', '.join(map(str, several))}); write the optim_wrapper of one"
        raise keys.refused("optim_wrapper", reason)
    return groups_note(wrapper, "paramwise_cfg")


def _driven(keys: Keys, run: Run, schedulers: list[_Scheduler], base: float) -> tuple[Node, str, list[str]]:
    """Return the values of one hyperparameter, what makes them, and what is to be said of that."""
    if not schedulers:
        return Constant(value=base), "no param_scheduler", ["no scheduler: the value of the optimizer stays"]
    notes, windows = [_OUTSIDE], []
    for one in schedulers:
        window, more = _window(one, run, base)
        windows.append(window)
        notes += more
    _check_one_cycle(keys, schedulers)
    reason = "its window overlaps another's, and it does not multiply what it finds"
    active = [window for window in windows if window.steps or (window.first == 0 and not window.shape.waits)]
    node = course(active, base, lambda name: keys.refused(name, reason)) if active else Constant(value=base)
    if overlap(active) and len(active) > 1:
        notes.append("schedulers whose windows overlap multiply one another")
    if run.by_batch:
        node = of_updates(node, run.micro, None if run.total is None else run.total * run.micro)
    return node, " + ".join(one.name for one in schedulers), notes


def _window(scheduler: _Scheduler, run: Run, base: float) -> tuple[Window, list[str]]:
    """Return when a scheduler does what, and what is to be said of it."""
    keys, notes, name = scheduler.keys, [], scheduler.name
    by_epoch = keys.flag("by_epoch", default=True)
    convert = keys.flag("convert_to_iter_based", default=False)
    if convert and not by_epoch:
        raise keys.refused(keys.at("convert_to_iter_based"), "by_epoch must be true; MMEngine refuses it too")
    stepped = not (by_epoch and not convert and run.loop == "iter")
    if not stepped:
        notes.append(f"{name}: by epoch, in a run of train_cfg that counts iterations: MMEngine never steps it")
    unit = run.epoch(keys, "by_epoch") if by_epoch and stepped else 1
    if by_epoch and stepped:
        notes.append(f"{name}: epochs of {in_steps(unit // run.tick)}" + (", converted to steps" if convert else ""))
    scale, unit = (unit, 1) if convert else (1, unit)
    begin = in_ticks(keys, "begin", keys.number("begin", 0, least=0), scale)
    given = keys.number("end") if keys.data.get("end") is not None else run.end(keys, by_epoch=by_epoch)
    keys.read.add("end")
    if keys.data.get("end") is None and given is not None:
        keys.context.defaults[keys.at("end")] = given
    end = None if given is None or given >= _NO_END else in_ticks(keys, "end", given, scale)
    if end is not None and end <= begin:
        raise keys.wrong("end", f"a number above begin, {begin / scale:g}")
    runner = "or a train_cfg with max_epochs or max_iters, from which the runner takes it"
    whole = f"a number, {runner}, or {argument('total_steps')}"
    span = Span(base=base, count=None if end is None else end - begin, scale=scale, end=whole)
    shape = SHAPES[scheduler.shape](keys, span)
    for ignored in ("verbose", "_scope_", "last_step", "param_name"):
        keys.read.add(ignored)
    if keys.data.get("last_step") not in {None, -1}:
        raise keys.wrong("last_step", "-1, a run from its beginning")
    keys.no_more()
    if convert and scheduler.shape == "Exponential":
        notes.append(f"{name}: gamma is not converted: it is a factor per step now")
    total = run.total
    window = Window(
        name=name,
        shape=shape,
        first=begin * unit,
        last=None if end is None or not stepped else end * unit,
        unit=unit,
        count=span.count,
        lasts=end is None or (total is not None and end * unit >= total * run.tick),
        steps=stepped,
    )
    return window, notes


def _check_one_cycle(keys: Keys, schedulers: list[_Scheduler]) -> None:
    """Refuse schedulers that MMEngine does not run as each would be by itself."""
    shapes = [one.shape for one in schedulers]
    if schedulers[0].drives == _RATE and set(shapes) == {"OneCycle"} and "base_value" in keys.quantities:
        raise keys.refused("OneCycleLR", "its rates come from eta_max, and not from a base_value")
    after = schedulers[shapes.index("OneCycle") + 1 :] if "OneCycle" in shapes else []
    if any(one.shape in {"OneCycle", "CosineRestart"} or "eta_min_ratio" in one.keys.data for one in after):
        raise keys.refused("OneCycleLR", "it replaces the base rate, which a scheduler after it asks for")


def _beside(keys: Keys, run: Run, nodes: dict[str, Node], schedulers: list[_Scheduler], optimizer: Keys) -> list[str]:
    """Add what is driven beside the rate, where it can be read; return what is to be said of it."""
    drives, names = schedulers[0].drives, " + ".join(one.name for one in schedulers)
    try:
        unknown = [one.name for one in schedulers if one.shape not in SHAPES or one.drives not in _FORWARD.values()]
        if unknown:
            raise UnsupportedError(SYSTEM, unknown[0], f"it drives the {drives}, and has no equivalent")
        node, _, notes = _driven(keys, run, schedulers, base_of(optimizer, drives))
        node.program  # noqa: B018 - compiled here, to see whether it can be
    except LrspecError as error:
        return [f"{names}: the {drives} is not read: {error}"]
    nodes[drives] = node
    return notes
