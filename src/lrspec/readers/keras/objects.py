"""Reading schedules of Keras 3, of TF-Keras and of `tf.compat.v1.train`, and optimizers and callbacks that hold one."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from lrspec.errors import Advice, LrspecError, argument
from lrspec.readers.keras import config
from lrspec.readers.keras.described import refused
from lrspec.readers.keras.rates import batches_told, decaying, fixed, is_own, of_several, per_update
from lrspec.readers.keras.shapes import REFUSED, SHAPES, reading_of
from lrspec.readers.keys import Context, Keys, known
from lrspec.readers.numbers import short_float32
from lrspec.readers.reading import Reading, as_table, called
from lrspec.schedule import Schedule

_KEYS = {"class_name", "learning_rate", "lr", "initial_learning_rate", "boundaries", "document", "inner_optimizer"}
_KEYS |= {"optimizer_map", "compile_config", "training_config", "optimizer_config"}
_WAY_OUT = Advice("give {argument}, the number of steps of the run", "sample", "N")
_PACKAGES = ("keras.", "tf_keras.", "tensorflow.python.keras.")
_OF_TENSORFLOW_1 = ("tensorflow.python.training.optimizer", "Optimizer")
_GRAPH = (
    "a tensor of a graph, of which no formula can be read; make the schedule where eager execution is on, or put "
    "schedule.to_keras()(global_step) in its place"
)


def read(native: Any, name: str, sample: int | None) -> Reading:
    """Return what a schedule, a configuration, an optimizer or a callback of Keras is, checked.

    Args:
        native: The object, or the mapping that is its config.
        name: Its class.
        sample: At how many steps to evaluate code.

    Raises:
        UnsupportedError: It has no equivalent.
        SpecError: A key of a config is missing or not as it should be.
        MismatchError: What was read is not what it computes.
    """
    if isinstance(native, Mapping):
        context = Context(system="keras", quantities=known({} if sample is None else {"total_steps": sample}))
        reading = config.read(Keys(native, context))
        return replace(reading, keys=context.found, defaults=context.defaults)
    if isinstance(native, functools.partial):
        return _from_partial(native, sample)
    if is_a(native, "LearningRateSchedule"):
        return _from_schedule(native, name, sample)
    if _is_optimizer(native):
        return _from_optimizer(native, name, sample)
    if is_a(native, "LearningRateScheduler"):
        return _from_callback(native, name, sample)
    if _is_tensor(native):
        raise refused(name, _GRAPH)
    raise refused(name, "neither a schedule nor an optimizer; give one of them, such as model.optimizer")


def is_of_keras(native: object) -> bool:
    """Tell whether an object is one of Keras, or derived from one, or a configuration as Keras writes it.

    Args:
        native: The object.
    """
    if isinstance(native, Mapping):
        return bool(_KEYS & native.keys())
    if isinstance(native, functools.partial):
        return is_a(native.func, "LearningRateSchedule")
    kinds = type(native).__mro__
    of_tensorflow = any((kind.__module__, kind.__name__) == _OF_TENSORFLOW_1 for kind in kinds)
    return of_tensorflow or _is_tensor(native) or any(kind.__module__.startswith(_PACKAGES) for kind in kinds)


def is_a(native: object, word: str) -> bool:
    """Tell whether an object is of a class of Keras, or of one that a user derived from it.

    Args:
        native: The object.
        word: The name of the class.
    """
    return any(kind.__name__ == word and kind.__module__.startswith(_PACKAGES) for kind in type(native).__mro__)


def _is_tensor(native: object) -> bool:
    return type(native).__module__ == "tensorflow.python.framework.ops" and type(native).__name__ == "SymbolicTensor"


def _is_optimizer(native: object) -> bool:
    if any(is_a(native, word) for word in ("BaseOptimizer", "_BaseOptimizer", "OptimizerV2")):
        return True
    return any((kind.__module__, kind.__name__) == _OF_TENSORFLOW_1 for kind in type(native).__mro__)


def _from_schedule(native: Any, name: str, sample: int | None) -> Reading:
    if is_own(native):
        return Reading(schedule=native.schedule, framework="keras", construct=name)
    is_keras_own = type(native).__module__.startswith(_PACKAGES)
    if is_keras_own and name in REFUSED:
        raise refused(name, REFUSED[name])
    if not is_keras_own or name not in SHAPES:
        if sample is None:
            raise refused(name, f"a class of its own, whose formula is code; {_WAY_OUT}, to have it as a table")
        return as_table(lambda step: float(native(step)), "keras", name, sample)
    parameters = {key: _number(value) for key, value in native.get_config().items() if key != "name"}
    reading, documented, stop = reading_of(name, parameters, sample)
    try:
        with _one_by_one():
            return called(reading, documented, lambda step: float(native(step)), stop)
    except LrspecError:
        raise
    except Exception as error:
        raise refused(name, f"the object itself cannot be evaluated: {error}") from error


def _number(value: Any) -> Any:
    """Return a parameter as Python's own number: in TensorFlow it may be a tensor."""
    if isinstance(value, list | tuple):
        return [_number(one) for one in value]
    if not hasattr(value, "numpy"):
        return value
    number = value.numpy().item()
    return short_float32(number) if isinstance(number, float) else number


def _one_by_one() -> AbstractContextManager[Any]:
    """Keep JAX, where it is loaded, from compiling the branches of a schedule again at each step."""
    jax = sys.modules.get("jax")
    return nullcontext() if jax is None else jax.disable_jit()


def _from_partial(native: functools.partial[Any], sample: int | None) -> Reading:
    """Return what a function of `tf.compat.v1.train` returns in eager mode: a schedule with the step to call it at.

    The step is a variable that the optimizer counts up; where it is a number, the function stays at it.
    """
    steps = [*native.args, *native.keywords.values()]
    reading = _from_schedule(native.func, type(native.func).__name__, sample)
    note = (
        "a function of tf.compat.v1.train, whose step is its global_step: the updates, where the optimizer has it too"
    )
    reading = reading.noting(note)
    step = steps[0] if len(steps) == 1 else None
    if step is None or callable(step):
        return reading
    if hasattr(step, "assign"):
        count = _number(step)
        return replace(reading, position=count) if isinstance(count, int) and count >= 0 else reading
    stays = f"its step is the number {_number(step)}, at which it stays for ever; the schedule of all steps was read"
    return replace(reading, native_faults=(*reading.native_faults, stays))


def _from_optimizer(native: Any, name: str, sample: int | None) -> Reading:
    inner = getattr(native, "inner_optimizer", None)
    if inner is not None:
        return _from_optimizer(inner, type(inner).__name__, sample)
    several = getattr(native, "optimizers", None)
    if several is not None:
        used = [one for one in several if one.built or not native.built]
        return of_several([_from_optimizer(one, type(one).__name__, sample) for one in used])
    rate = _rate_of(native, name)
    if isinstance(rate, functools.partial) and is_of_keras(rate):
        return _from_partial(rate, sample)
    if is_a(rate, "LearningRateSchedule"):
        reading = _from_schedule(rate, type(rate).__name__, sample)
    elif isinstance(rate, Schedule):
        raise refused(name, "its rate is the schedule itself, which Keras cannot call; give it schedule.to_keras()")
    elif _is_tensor(rate):
        raise refused(name, f"its rate is {_GRAPH}")
    elif callable(rate) and not hasattr(rate, "numpy"):
        raise refused(name, "its rate is a function without an argument, which may return anything")
    else:
        reading = fixed(float(_number(rate)), name)
        reading = reading.noting("the rate is a float32 variable, read as it is now; callbacks may change it")
    reading = decaying(reading, float(_number(getattr(native, "_initial_decay", 0.0))), sample)
    return per_update(reading, getattr(native, "gradient_accumulation_steps", None), batches_told(rate))


def _rate_of(native: Any, name: str) -> Any:
    """Return what an optimizer holds as its rate; the public property of Keras evaluates it."""
    if is_a(native, "OptimizerV2"):
        return native._hyper["learning_rate"]  # noqa: SLF001
    for attribute in ("_learning_rate", "_lr"):
        if (rate := getattr(native, attribute, None)) is not None:
            return rate
    raise refused(name, "an optimizer without a learning rate")


def _from_callback(native: Any, name: str, sample: int | None) -> Reading:
    function = native.schedule
    note = "a step is an epoch here: put it into `every`, with the steps of an epoch as the period"
    if isinstance(function, Schedule):
        return Reading(schedule=function, framework="keras", construct=name, conventions=(note,))
    if sample is None:
        raise refused(
            name,
            "a function of the epoch is code; "
            f"give {argument('sample', 'N')}, the number of epochs, to have it as a table",
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
