"""Configs of Lightning's command line and of Hydra: a scheduler and an optimizer, each by the name of its class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lrspec.errors import SpecError, argument
from lrspec.fields import show
from lrspec.kinds import Every
from lrspec.readers.build import schedule_of
from lrspec.readers.files import Unread
from lrspec.readers.keys import Keys
from lrspec.readers.reading import Reading, bounded
from lrspec.readers.targets.schedules import ABSOLUTE, curve_of, known
from lrspec.readers.targets.tree import Place, Tree, path_of
from lrspec.readers.torch.description import Curve
from lrspec.schedule import Schedule
from lrspec.spec import Node

SYSTEM = "targets"
_JOINED = {"SequentialLR", "ChainedScheduler"}
_RATES = {
    **dict.fromkeys(("Adam", "AdamW", "SGD", "SparseAdam", "RAdam"), 1e-3),
    **dict.fromkeys(("Adagrad", "RMSprop", "ASGD", "Rprop", "Adafactor"), 1e-2),
    **dict.fromkeys(("Adamax", "NAdam"), 2e-3),
    **dict.fromkeys(("Adadelta", "LBFGS"), 1.0),
}
"""The `lr` of torch's optimizers where none is given."""
_OF_OPTIMIZERS = ("lr", "lr_decay")
_LIKE_A_RATE = re.compile(r"(^|_)lrs?(_|$)|learning_?rate|(^|_)sched")
_LIGHTNING = ("scheduler", "interval", "frequency", "monitor", "strict", "reduce_on_plateau", "name")
"""The keys of Lightning's mapping of a scheduler."""
_SEVERAL = "one of them, by a file of its own"


class _Stepping(NamedTuple):
    """How often a scheduler is stepped: every so many steps or epochs."""

    is_step: bool
    frequency: int
    is_said: bool


def read(keys: Keys) -> Reading:
    """Return the schedule of a config that names a scheduler's class.

    Raises:
        UnsupportedError: The class is not one that is known, or has no equivalent.
        SpecError: A key is missing, unknown or not as it should be; or there are several schedulers.
    """
    if isinstance(keys.data.get("defaults"), Unread):
        raise keys.wrong("defaults", "")
    tree = Tree(keys.data, keys.context)
    place = _scheduler(keys, tree)
    name, arguments = _arguments(tree, place)
    if "_component_" in place.data:
        why = "torchtune fills num_training_steps in, with the epochs times the updates of one"
        arguments["num_training_steps"] = int(keys.quantity("total_steps", f"{place.path}.num_training_steps", why))
        period = 1
        notes: tuple[str, ...] = ("torchtune steps the scheduler after each update",)
    else:
        period, notes = _period(keys, tree, place)
    curve = _curve(keys, tree, place, name, arguments)
    _check_beside(keys, tree, place)
    return Reading(
        schedule=_schedule(curve, period, name),
        framework=SYSTEM,
        construct=name,
        conventions=(*curve.notes, *notes),
        native_faults=curve.faults,
    )


def _scheduler(keys: Keys, tree: Tree) -> Place:
    """Return the only scheduler of the config.

    Raises:
        UnsupportedError: It is of a class that is not known.
        SpecError: There is none, or several.
    """
    named = [place for place in tree.places() if place.target is not None]
    found = [place for place in named if known(str(place.target)) is not None]
    if not found:
        likely = [place for place in named if place.names and "sched" in str(place.names[-1]).lower()]
        if likely:
            reason = "only its code says what it computes; read the object itself, or write a document"
            raise keys.refused(f"{likely[0].path}: {likely[0].target}", reason)
        raise SpecError(
            "the config", found="no scheduler", expected="a class of torch.optim.lr_scheduler or transformers"
        )
    if len(found) > 1:
        paths = ", ".join(f"{place.path} ({place.target})" for place in found)
        raise SpecError("the config", found=f"the schedulers {paths}", expected=_SEVERAL)
    return found[0]


def _arguments(tree: Tree, place: Place) -> tuple[str, dict[str, Any]]:
    """Return the table's name of a scheduler, and its arguments, with those of the schedulers in it."""
    target = str(place.target)
    name, arguments = known(target), tree.arguments(place)
    if name is None:
        raise SpecError(place.path, found=show(target), expected="a class of torch.optim.lr_scheduler")
    if name in _JOINED:
        section = ("init_args",) if "class_path" in place.data else ()
        inside = (*place.names, *section, "schedulers")
        listed = tree.at(inside)
        if not isinstance(listed, list | tuple):
            raise SpecError(f"{place.path}.schedulers", found=show(listed), expected="a list of schedulers")
        children = [_child((*inside, i), one) for i, one in enumerate(listed)]
        arguments["schedulers"] = [_arguments(tree, child) for child in children]
    return name, arguments


def _child(names: tuple[str | int, ...], value: Any) -> Place:
    child = Place(value if isinstance(value, Mapping) else {}, names)
    if child.target is None:
        raise SpecError(child.path, found=show(value), expected="a scheduler, by the name of its class")
    return child


def _curve(keys: Keys, tree: Tree, place: Place, name: str, arguments: dict[str, Any]) -> Curve:
    base = 1.0 if name in ABSOLUTE else _base(keys, tree, place)
    filled: dict[str, Any] = {}
    try:
        curve = curve_of(name, arguments, base, filled)
    except SpecError as error:
        raise error.within(place.path) from None
    keys.context.defaults |= {f"{place.path}.{key}": value for key, value in filled.items() if value is not None}
    return curve


def _base(keys: Keys, tree: Tree, place: Place) -> float:
    """Return the rate of the optimizer that stands nearest to the scheduler.

    Raises:
        SpecError: There are several, or none, or it has no rate and the caller gives none.
    """
    if "base_value" in keys.quantities:
        return float(keys.quantities["base_value"])
    for depth in range(len(place.names) - 1, -1, -1):
        found = _optimizers(tree, place.names[:depth])
        if len(found) > 1:
            paths = ", ".join(one.path for one in found)
            raise SpecError("the config", found=f"the optimizers {paths}", expected=f"one; or {argument('base_value')}")
        if found:
            return _rate(keys, tree, found[0])
    return float(keys.quantity("base_value", "optimizer", "no optimizer stands beside the scheduler"))


def _optimizers(tree: Tree, names: tuple[str | int, ...]) -> list[Place]:
    """Return the optimizers among the keys of a mapping."""
    data = tree.at(names)
    if not isinstance(data, Mapping):
        return []
    likely = [(name, value) for name, value in data.items() if "optim" in str(name).lower()]
    places = [Place(value, (*names, name)) for name, value in likely if isinstance(value, Mapping)]
    return [one for one in places if one.target is not None and known(str(one.target)) is None]


def _rate(keys: Keys, tree: Tree, optimizer: Place) -> float:
    arguments = (*optimizer.names, "init_args") if "class_path" in optimizer.data else optimizer.names
    path = (*arguments, "lr")
    value = tree.value(path)
    where = path_of(path)
    _check_optimizer(tree.at(arguments), arguments)
    if value is None:
        module, _, name = str(optimizer.target).rpartition(".")
        if module.startswith("torch.optim") or not module:
            value = _RATES.get(name)
        if value is None:
            return float(keys.quantity("base_value", where, f"{optimizer.target} has a default of its own"))
        keys.context.defaults[where] = value
    if type(value) not in {int, float} or value < 0:
        raise SpecError(where, found=show(value), expected="a rate, 0 or above")
    return float(value)


def _check_optimizer(data: Any, names: tuple[str | int, ...]) -> None:
    """Refuse arguments of an optimizer that may be a rate, and are not the one that is read.

    Raises:
        SpecError: There is such an argument.
    """
    for name, value in data.items() if isinstance(data, Mapping) else ():
        if name not in _OF_OPTIMIZERS and value is not None and _LIKE_A_RATE.search(str(name)):
            expected = "no such key: the optimizer's rate is lr"
            raise SpecError(path_of((*names, name)), found=show(value), expected=expected)
        if name == "params" and "'lr'" in repr(value):
            expected = "no groups with an lr of their own"
            raise SpecError(path_of((*names, name)), found=show(value), expected=expected)


def _check_beside(keys: Keys, tree: Tree, place: Place) -> None:
    """Refuse what stands beside a scheduler, and only the code that reads the file knows.

    Raises:
        SpecError: There is a key that is none of Lightning's in its mapping of a scheduler, or one of a warmup.
    """
    around = tree.at(place.names[:-1])
    if not isinstance(around, Mapping):
        return
    own = len(place.names) > 1 and place.names[-1] == "scheduler" and "sched" in str(place.names[-2]).lower()
    for name, value in around.items():
        path = path_of((*place.names[:-1], name))
        if name == place.names[-1] or not value or path in keys.context.found:
            continue
        if own and name not in _LIGHTNING:
            raise SpecError(path, found=show(value), expected=f"one of Lightning's: {', '.join(_LIGHTNING)}")
        if "warm" in str(name).lower():
            expected = f"nothing: {place.target} has no such argument, and what the code makes of it is not known"
            raise SpecError(path, found=show(value), expected=expected)


def _stepping(tree: Tree, place: Place) -> _Stepping:
    """Return what stands beside a scheduler, as in Lightning's own mapping of one."""
    around = place.names[:-1]
    interval, frequency = tree.value((*around, "interval")), tree.value((*around, "frequency"))
    if interval not in {None, "step", "epoch"}:
        raise SpecError(f"{place.path}, interval", found=show(interval), expected="step or epoch")
    if frequency is None:
        frequency = 1
    if type(frequency) is not int or frequency < 1:
        raise SpecError(f"{place.path}, frequency", found=show(frequency), expected="a whole number of 1 or above")
    return _Stepping(interval == "step", frequency, interval is not None)


def _period(keys: Keys, tree: Tree, place: Place) -> tuple[int, tuple[str, ...]]:
    """Return how many updates each of a scheduler's steps has, and what to say of it.

    Raises:
        SpecError: The caller does not say how long an epoch is, or its end falls between two steps of the scheduler.
    """
    stepping = _stepping(tree, place)
    if stepping.is_step and stepping.frequency == 1:
        return 1, ("interval: step, a step of the scheduler is an update",)
    why = "interval: epoch"
    if not stepping.is_said:
        why = "nothing says an interval, which is an epoch to Lightning; give 1 where each update is a step of it"
    elif stepping.is_step:
        why = "Lightning counts the frequency from the begin of each epoch"
    epoch = int(keys.quantity("steps_per_epoch", f"{place.path} ({place.target})", why))
    if not stepping.is_step:
        said = "interval: epoch" if stepping.is_said else "no interval, so that steps_per_epoch says it"
        return epoch * stepping.frequency, (f"{said}: a step of the scheduler is {epoch * stepping.frequency} updates",)
    batches = tree.value(("trainer", "accumulate_grad_batches"))
    if batches not in {None, 1}:
        expected = "1 with a frequency, which counts batches"
        raise SpecError("trainer.accumulate_grad_batches", found=show(batches), expected=expected)
    if epoch % stepping.frequency:
        expected = f"one that divides an epoch of {epoch} updates: Lightning begins to count again in each"
        raise SpecError(f"{place.path}, frequency", found=str(stepping.frequency), expected=expected)
    return stepping.frequency, (f"a step of the scheduler is {stepping.frequency} updates",)


def _schedule(curve: Curve, period: int, name: str) -> Schedule:
    """Return the curve with each value held for a period; a document where it drives the momentum too."""

    def each(node: Node) -> Node:
        whole, _ = bounded(node, None, SYSTEM, name)
        return whole if period == 1 else Every(part=whole, period=period)

    return schedule_of(each(curve.node), momentum=None if curve.momentum is None else each(curve.momentum))
