"""Reading schedules of `keras.optimizers.schedules`, their configurations, and optimizers that hold one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any

from lrspec.compiler.formula import HORIZON
from lrspec.document import from_dict
from lrspec.errors import LrspecError, SpecError
from lrspec.kinds.timing import Shift, Stretch
from lrspec.readers.build import constant
from lrspec.readers.keras.documented import DOCUMENTED
from lrspec.readers.keras.nodes import NODES, Config, refused
from lrspec.readers.reading import Own, Reading, as_table, bounded, called, compared
from lrspec.schedule import Schedule

_COUNTS = "step 0 is the first update; rates are absolute, in float32 in Keras"
_WITHIN = ("inner_optimizer", "optimizer_map")
_KEYS = {"class_name", "learning_rate", "initial_learning_rate", "boundaries", "document", *_WITHIN}
_WAY_OUT = "give sample=N, the number of steps of the run"


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a schedule, a configuration, an optimizer or a callback of Keras is, checked."""
    if isinstance(native, Mapping):
        return _from_config(native, sample)
    if is_a(native, "LearningRateSchedule"):
        return _from_schedule(native, name, sample)
    if is_a(native, "BaseOptimizer"):
        return _from_optimizer(native, name, sample)
    if is_a(native, "LearningRateScheduler"):
        return _from_callback(native, name, sample)
    raise refused(name, "neither a schedule nor an optimizer; give one of them, such as model.optimizer")


def is_of_keras(native: object) -> bool:
    """Tell whether an object is one of Keras, or derived from one, or a configuration as Keras writes it."""
    if isinstance(native, Mapping):
        return bool(_KEYS & native.keys())
    return any(kind.__module__.startswith("keras.") for kind in type(native).__mro__)


def is_a(native: object, word: str) -> bool:
    """Tell whether an object is of a class of Keras, or of one that a user derived from it."""
    return any(kind.__name__ == word and kind.__module__.startswith("keras.") for kind in type(native).__mro__)


def _from_schedule(native: Any, name: str, sample: int | None) -> Reading:
    if _is_own(native):
        return Reading(schedule=native.schedule, framework="keras", construct=name)
    if not type(native).__module__.startswith("keras.") or name not in DOCUMENTED:
        if sample is None:
            raise refused(name, f"a class of its own, whose formula is code; {_WAY_OUT}, to have it as a table")
        return as_table(lambda step: float(native(step)), "keras", name, sample)
    reading, documented, stop = _from_numbers(native.get_config(), name, sample)
    try:
        with _one_by_one():
            return called(reading, documented, lambda step: float(native(step)), stop)
    except LrspecError:
        raise
    except Exception as error:
        raise refused(name, f"the object itself cannot be evaluated: {error}") from error


def _one_by_one() -> AbstractContextManager[Any]:
    """Keep JAX, where it is loaded, from compiling the branches of a schedule again at each step."""
    jax = sys.modules.get("jax")
    return nullcontext() if jax is None else jax.disable_jit()


def is_config(data: Config) -> bool:
    """Tell whether a mapping says by itself that it is what `serialize` or `get_config` of Keras wrote."""
    rate = data.get("learning_rate")
    return (
        {"class_name", "config"} <= data.keys()
        or any(isinstance(data.get(key), Mapping) for key in _WITHIN)
        or (isinstance(rate, Mapping) and "class_name" in rate)
        or _is_own(data)
    )


def _is_own(rate: Any) -> bool:
    """Tell whether a rate is a schedule of lrspec in Keras, or the config of one."""
    if not isinstance(rate, Mapping):
        return type(rate).__module__.startswith("lrspec.") and isinstance(getattr(rate, "schedule", None), Schedule)
    if "lrspec" in str(rate.get("registered_name")):
        rate = rate.get("config")
    return isinstance(rate, Mapping) and isinstance(rate.get("document"), Mapping)


def _told(rate: Any) -> int:
    """Return how many batches make an update for a rate: 1 for a schedule of Keras' own."""
    if not _is_own(rate):
        return 1
    if not isinstance(rate, Mapping):
        return int(rate.gradient_accumulation_steps)
    told = rate.get("config", rate).get("gradient_accumulation_steps", 1)
    if type(told) is not int or told < 1:
        raise refused("KerasSchedule", f"gradient_accumulation_steps={told!r}, no number of batches")
    return told


def _from_config(config: Config, sample: int | None) -> Reading:
    inside = config.get("config")
    name = config.get("class_name")
    if _is_own(config):
        document = config.get("config", config)["document"]
        return Reading(schedule=from_dict(document), framework="keras", construct="KerasSchedule")
    if isinstance(name, str) and isinstance(inside, Mapping):
        if name in DOCUMENTED:
            if not str(config.get("module", "keras.")).startswith("keras.") or config.get("registered_name"):
                raise refused(
                    name, "a registered class of that name, which is not Keras' own; give the object, and sample=N"
                )
            return _from_numbers(inside, name, sample)[0]
        config = inside
    if isinstance(within := config.get("inner_optimizer"), Mapping):
        return _from_config(within, sample)
    if "optimizer_map" in config:
        return _of_several([_from_config(one, sample) for one in _mapped(config["optimizer_map"])])
    rate = config.get("learning_rate")
    if isinstance(rate, Mapping):
        reading = _from_config(rate, sample)
        return _per_update(reading, config.get("gradient_accumulation_steps"), _told(rate))
    if name is None:
        raise refused(
            "a configuration", "without a class_name it does not say which class; give {class_name: ..., config: ...}"
        )
    raise refused(str(name), "not a schedule that Keras has; give the object, and sample=N to have it as a table")


def _from_optimizer(native: Any, name: str, sample: int | None) -> Reading:
    inner = getattr(native, "inner_optimizer", None)
    if inner is not None:
        return _from_optimizer(inner, type(inner).__name__, sample)
    several = getattr(native, "optimizers", None)
    if several is not None:
        used = [one for one in several if one.built or not native.built]
        return _of_several([_from_optimizer(one, type(one).__name__, sample) for one in used])
    rate = native._learning_rate  # noqa: SLF001 - the public property evaluates it
    if is_a(rate, "LearningRateSchedule"):
        reading = _from_schedule(rate, type(rate).__name__, sample)
    elif isinstance(rate, Schedule):
        raise refused(name, "its rate is the schedule itself, which Keras cannot call; give it schedule.to_keras()")
    elif callable(rate):
        raise refused(name, "its rate is a function without an argument, which may return anything")
    else:
        value = float(rate.numpy() if hasattr(rate, "numpy") else rate)
        notes = ("the rate is a float32 variable, read as it is now; callbacks may change it",)
        return Reading(schedule=constant(value), framework="keras", construct=name, conventions=notes)
    return _per_update(reading, native.gradient_accumulation_steps, _told(rate))


def _of_several(readings: list[Reading]) -> Reading:
    """Return what the optimizers of a `MultiOptimizer` have in common."""
    if not readings:
        raise refused("MultiOptimizer", "it learns its optimizers when it is built; give one of them")
    if any(reading.schedule != readings[0].schedule for reading in readings):
        raise refused("MultiOptimizer", "its optimizers have different rates; give one of optimizer.optimizers")
    return readings[0]


def _mapped(optimizer_map: Any) -> list[Config]:
    """Return the configs of the optimizers in the config of an `OptimizerMap`."""
    inside = optimizer_map.get("config") if isinstance(optimizer_map, Mapping) else None
    by_name = inside.get("optimizer_map") if isinstance(inside, Mapping) else None
    if not isinstance(inside, Mapping) or not isinstance(by_name, Mapping) or "default_optimizer" not in inside:
        raise refused("MultiOptimizer", "its optimizers are chosen by a function, which is code; give one of them")
    found = [*by_name.values(), inside["default_optimizer"]]
    if not all(isinstance(one, Mapping) for one in found):
        raise refused("OptimizerMap", "it does not hold the configs of optimizers")
    return found


def _per_update(reading: Reading, batches: Any, told: int) -> Reading:
    """Keras hands the number of batches to a schedule, also where several make one update.

    One of lrspec was told how many: the steps of what was read are as many batches already.
    """
    batches = 1 if batches is None else batches
    if not isinstance(batches, Integral) or batches < 1:
        raise refused(reading.construct, f"gradient_accumulation_steps={batches!r}, no number of batches")
    if batches % told:
        made = f"a schedule that was made with gradient_accumulation_steps={told}"
        raise refused(reading.construct, f"{made}, in an optimizer with {batches}: give to_keras() the optimizer's")
    batches //= told
    if batches == 1:
        return reading
    try:
        late = Shift(part=reading.schedule.node, by=int(batches) - 1)
        node = Stretch(part=late, factor=Fraction(1, int(batches)))
    except SpecError as error:
        raise refused(reading.construct, f"gradient_accumulation_steps={batches}: {error}") from error
    note = (
        f"gradient_accumulation_steps={batches}: Keras counts batches, so that update k uses the rate of batch "
        f"{batches} * k + {batches - 1}; the steps read are updates (the comparison was made before this)"
    )
    return replace(reading, schedule=node, conventions=(*reading.conventions, note))


def _from_callback(native: Any, name: str, sample: int | None) -> Reading:
    function = native.schedule
    note = "a step is an epoch here: put it into `every`, with the steps of an epoch as the period"
    if isinstance(function, Schedule):
        return Reading(schedule=function, framework="keras", construct=name, conventions=(note,))
    if sample is None:
        raise refused(
            name, "a function of the epoch is code; give sample=N, the number of epochs, to have it as a table"
        )
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        pass
    except ValueError as error:
        raise refused(name, f"a function without a signature: {error}") from error
    else:
        raise refused(
            name, "its function takes the rate before, too: a recursion; evaluate it yourself, into a `table`"
        )
    reading = as_table(lambda epoch: float(function(epoch)), "keras", name, sample)
    return replace(reading, conventions=(*reading.conventions, note))


def _from_numbers(config: Config, name: str, sample: int | None) -> tuple[Reading, Own, int]:
    """Return the reading that `get_config()` stands for, its documentation, and how many steps are compared."""
    try:
        _check_types(config, name)
        node, notes = NODES[name](config, name, sample)
        documented = DOCUMENTED[name](config)
        node, stop = bounded(node, sample, "keras", name)
        if name == "CosineDecayRestarts" and config["t_mul"] < 1:
            stop = sample or 0
    except (SpecError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise refused(name, f"a parameter without an equivalent: {error}") from error
    notes = (_COUNTS, *notes, *([f"read up to step {stop}, after which the value is held"] if stop < HORIZON else []))
    reading = Reading(schedule=node, framework="keras", construct=name, conventions=notes)
    return compared(reading, documented, stop), documented, stop


def _check_types(config: Config, name: str) -> None:
    """Refuse what Keras computes in integers."""
    rates = {"initial_learning_rate": [config.get("initial_learning_rate")], "value": config.get("values", [])}
    for key, value in ((key, value) for key, values in rates.items() for value in values):
        if isinstance(value, Integral):
            reason = f"an integer {key}, {value}, with which Keras computes in integers; write {float(value)}"
            raise refused(name, reason)
