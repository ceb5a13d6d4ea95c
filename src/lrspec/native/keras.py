"""Reading schedules of `keras.optimizers.schedules`, their configurations, and optimizers that hold one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from fractions import Fraction
from math import floor
from numbers import Integral
from typing import Any

from lrspec.errors import LrspecError, SpecError, UnsupportedError
from lrspec.fields import in_steps
from lrspec.formula import HORIZON, simple
from lrspec.kinds import Constant, Cosine, Exponential, InverseTime, Linear, Polynomial, Repeat, Sequence
from lrspec.kinds.timing import Shift, Stretch
from lrspec.native.build import constant, levels
from lrspec.native.keras_own import DOCUMENTED, time_of
from lrspec.native.reading import Own, Reading, as_table, bounded, called, compared
from lrspec.sampling import sample as sampled
from lrspec.schedule import Schedule
from lrspec.spec import Node

Config = Mapping[str, Any]
_COUNTS = "step 0 is the first update; rates are absolute, in float32 in Keras"
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
    raise _refused(name, "neither a schedule nor an optimizer; give one of them, such as model.optimizer")


def is_of_keras(native: object) -> bool:
    """Tell whether an object is one of Keras, or derived from one, or a configuration as Keras writes it."""
    if isinstance(native, Mapping):
        return bool({"class_name", "learning_rate", "initial_learning_rate", "boundaries"} & native.keys())
    return any(kind.__module__.startswith("keras.") for kind in type(native).__mro__)


def is_a(native: object, word: str) -> bool:
    """Tell whether an object is of a class of Keras, or of one that a user derived from it."""
    return any(kind.__name__ == word and kind.__module__.startswith("keras.") for kind in type(native).__mro__)


def _refused(name: str, reason: str) -> UnsupportedError:
    return UnsupportedError("keras", name, reason)


def _from_schedule(native: Any, name: str, sample: int | None) -> Reading:
    own = getattr(native, "schedule", None)
    if isinstance(own, Schedule):
        return Reading(schedule=own, framework="keras", construct=name)
    if not type(native).__module__.startswith("keras.") or name not in DOCUMENTED:
        if sample is None:
            raise _refused(name, f"a class of its own, whose formula is code; {_WAY_OUT}, to have it as a table")
        return as_table(lambda step: float(native(step)), "keras", name, sample)
    reading, documented, stop = _from_numbers(native.get_config(), name, sample)
    try:
        with _one_by_one():
            return called(reading, documented, lambda step: float(native(step)), stop)
    except LrspecError:
        raise
    except Exception as error:
        raise _refused(name, f"the object itself cannot be evaluated: {error}") from error


def _one_by_one() -> AbstractContextManager[Any]:
    """Keep JAX, where it is loaded, from compiling the branches of a schedule again at each step."""
    jax = sys.modules.get("jax")
    return nullcontext() if jax is None else jax.disable_jit()


def _from_config(config: Config, sample: int | None) -> Reading:
    inside = config.get("config")
    name = config.get("class_name")
    if isinstance(name, str) and isinstance(inside, Mapping):
        if name in DOCUMENTED:
            if not str(config.get("module", "keras.")).startswith("keras.") or config.get("registered_name"):
                raise _refused(
                    name, "a registered class of that name, which is not Keras' own; give the object, and sample=N"
                )
            return _from_numbers(inside, name, sample)[0]
        config = inside
    rate = config.get("learning_rate")
    if isinstance(rate, Mapping):
        reading = _from_config(rate, sample)
        return _per_update(reading, config.get("gradient_accumulation_steps"))
    if name is None:
        raise _refused(
            "a configuration", "without a class_name it does not say which class; give {class_name: ..., config: ...}"
        )
    raise _refused(str(name), "not a schedule that Keras has; give the object, and sample=N to have it as a table")


def _from_optimizer(native: Any, name: str, sample: int | None) -> Reading:
    inner = getattr(native, "inner_optimizer", None)
    if inner is not None:
        return _from_optimizer(inner, type(inner).__name__, sample)
    rate = native._learning_rate  # noqa: SLF001 - the public property evaluates it
    if is_a(rate, "LearningRateSchedule"):
        reading = _from_schedule(rate, type(rate).__name__, sample)
    elif callable(rate):
        raise _refused(name, "its rate is a function without an argument, which may return anything")
    else:
        value = float(rate.numpy() if hasattr(rate, "numpy") else rate)
        notes = ("the rate is a float32 variable, read as it is now; callbacks may change it",)
        return Reading(schedule=constant(value), framework="keras", construct=name, conventions=notes)
    return _per_update(reading, native.gradient_accumulation_steps)


def _per_update(reading: Reading, batches: Any) -> Reading:
    """Keras hands the number of batches to a schedule, also where several make one update."""
    if batches is None or batches == 1:
        return reading
    if not isinstance(batches, Integral) or batches < 1:
        raise _refused(reading.construct, f"gradient_accumulation_steps={batches!r}, no number of batches")
    try:
        late = Shift(part=reading.schedule.node, by=int(batches) - 1)
        node = Stretch(part=late, factor=Fraction(1, int(batches)))
    except SpecError as error:
        raise _refused(reading.construct, f"gradient_accumulation_steps={batches}: {error}") from error
    note = (
        f"gradient_accumulation_steps={batches}: Keras counts batches, so that update k uses the rate of batch "
        f"{batches} * k + {batches - 1}; the steps read are updates (the comparison was made before this)"
    )
    return replace(reading, schedule=node, conventions=(*reading.conventions, note))


def _from_callback(native: Any, name: str, sample: int | None) -> Reading:
    function = native.schedule
    if sample is None:
        raise _refused(
            name, "a function of the epoch is code; give sample=N, the number of epochs, to have it as a table"
        )
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        pass
    except ValueError as error:
        raise _refused(name, f"a function without a signature: {error}") from error
    else:
        raise _refused(
            name, "its function takes the rate before, too: a recursion; evaluate it yourself, into a `table`"
        )
    reading = as_table(lambda epoch: float(function(epoch)), "keras", name, sample)
    note = "a step is an epoch here: put it into `every`, with the steps of an epoch as the period"
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
        raise _refused(name, f"a parameter without an equivalent: {error}") from error
    notes = (_COUNTS, *notes, *([f"read up to step {stop}, after which the value is held"] if stop < HORIZON else []))
    reading = Reading(schedule=node, framework="keras", construct=name, conventions=notes)
    return compared(reading, documented, stop), documented, stop


def _check_types(config: Config, name: str) -> None:
    """Refuse what Keras computes in integers."""
    rates = {"initial_learning_rate": [config.get("initial_learning_rate")], "value": config.get("values", [])}
    for key, value in ((key, value) for key, values in rates.items() for value in values):
        if isinstance(value, Integral):
            reason = f"an integer {key}, {value}, with which Keras computes in integers; write {float(value)}"
            raise _refused(name, reason)


Found = tuple[Node, tuple[str, ...]]


def _decay(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001 - every reader takes the same
    init, rate, period = config["initial_learning_rate"], float(config["decay_rate"]), time_of(config["decay_steps"])
    stairs = bool(config["staircase"])
    inverse = name == "InverseTimeDecay"
    if rate < 0:
        raise _refused(name, f"a decay_rate of {rate}, below 0")
    notes = (f"decay_steps={period} is the period of decay_rate, not an end",)
    if rate == 0:
        first = time_of(period) if stairs else 1
        return (constant(init) if inverse else levels([0, -int(-first // 1)], [init, 0.0])), notes
    kind = InverseTime if inverse else Exponential
    return kind(init_value=init, decay_rate=rate, decay_period=period, staircase=stairs), notes


def _piecewise(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    boundaries = [time_of(boundary) for boundary in config["boundaries"]]
    if not boundaries:
        raise _refused(name, "no boundaries, without which Keras itself fails; use a constant")
    if boundaries != sorted(boundaries) or boundaries[0] < 0:
        raise _refused(name, f"boundaries {config['boundaries']}, not in order or below 0: Keras adds up what overlaps")
    held = {0: config["values"][0]} | {
        floor(boundary) + 1: value for boundary, value in zip(boundaries, config["values"][1:], strict=True)
    }
    note = "at a boundary itself Keras still has the old value: each change is one step after it here"
    return levels(list(held), list(held.values())), (note,)


def _polynomial(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    init, end = config["initial_learning_rate"], float(config["end_learning_rate"])
    steps, power = time_of(config["decay_steps"]), float(config["power"])
    if power < 0:
        raise _refused(name, f"a power of {power}, below 0")
    if power == 0:
        return constant(init), ("a power of 0: the rate never changes",)
    curve: Node = Polynomial(init_value=init, end_value=end, steps=steps, power=power)
    if power == 1:
        curve = Linear(init_value=init, end_value=end, steps=steps)
    if not config["cycle"]:
        return curve, (f"end_learning_rate={end:g} is reached at step {steps}, and held",)
    note = (
        "cycle=True: cycle i ends in end_learning_rate at the step i * decay_steps itself, the jump is one step later, "
        "and its height is 1 / i ** power of the first"
    )
    instant = Fraction(1, steps.denominator)  # the times of steps within a cycle are multiples of it
    if steps <= instant:
        return levels([0, 1], [init, end]), (note,)
    cycles = Repeat(
        part=Shift(part=curve, by=instant), cycle_steps=steps, peak_power=power, scaling="height", floor_value=end
    )
    rest = cycles if instant == 1 else Shift(part=cycles, by=1 - instant)
    return Sequence(parts=[Constant(value=init, steps=1), rest]), (note,)


def _cosine(config: Config, name: str, sample: int | None) -> Found:  # noqa: ARG001
    init, steps, alpha = config["initial_learning_rate"], time_of(config["decay_steps"]), float(config["alpha"])
    target, warmup = config.get("warmup_target"), time_of(config.get("warmup_steps") or 0)
    top = float(init if target is None else target)
    decay = Cosine(init_value=top, end_value=alpha * top, steps=steps)
    share = f"alpha={alpha:g} is a share of {top:g}"
    if target is None:
        ignored = (f"without a warmup_target Keras ignores warmup_steps={warmup}",) if warmup else ()
        return decay, (share, *ignored)
    if warmup < 0:
        raise _refused(name, f"warmup_steps={warmup}, below 0")
    note = f"decay_steps={steps} does not include the {in_steps(warmup)} of warmup: the end is at step {warmup + steps}"
    if not warmup:
        return decay, (share, note, "warmup_steps=0: the initial_learning_rate is never used")
    return Sequence(parts=[Linear(init_value=init, end_value=top, steps=warmup), decay]), (share, note)


def _restarts(config: Config, name: str, sample: int | None) -> Found:
    init, first = float(config["initial_learning_rate"]), time_of(config["first_decay_steps"])
    growth, shrink, alpha = time_of(config["t_mul"]), float(config["m_mul"]), float(config["alpha"])
    notes = (
        f"cycle i has {first} * {growth} ** i steps, not rounded; m_mul changes the height above alpha * {init:g}",
        "which cycle a step is in is exact here; Keras finds it with float32 logarithms, and may be a cycle off",
    )
    if growth <= 0 or shrink < 0:
        raise _refused(name, f"t_mul={growth}, m_mul={shrink}, of which one is below 0")
    if growth < 1:
        return _until_nan(config, name, sample, simple(first / (1 - Fraction(growth)))), notes
    cycle = Cosine(init_value=init, end_value=alpha * init, steps=first)
    if shrink == 0:
        return Sequence(parts=[cycle, constant(alpha * init)]), notes
    height: dict[str, Any] = {"peak_mult": shrink, "scaling": "height", "floor_value": alpha * init}
    return Repeat(part=cycle, cycle_mult=growth, **(height if shrink != 1 else {})), notes


def _until_nan(config: Config, name: str, sample: int | None, end: Any) -> Node:
    """Cycles that become shorter come to an end, after which Keras' rate is not a number."""
    if sample is None or sample > end:
        reason = f"t_mul={config['t_mul']}, below 1: from step {end} on the rate is NaN"
        raise _refused(name, f"{reason}; give sample=N, at most {end}, to have a table up to there")
    return sampled(DOCUMENTED[name](config).at, sample, source=f"keras: {name}, at {in_steps(sample)}")


NODES: dict[str, Callable[[Config, str, int | None], Found]] = {
    "ExponentialDecay": _decay,
    "InverseTimeDecay": _decay,
    "PiecewiseConstantDecay": _piecewise,
    "PolynomialDecay": _polynomial,
    "CosineDecay": _cosine,
    "CosineDecayRestarts": _restarts,
}
"""The node, and the conventions, of each class."""
