"""Keras 3 on the backend of the process, eagerly, compiled, and inside a real optimizer."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from lrspec.kinds import Cosine, Exponential, Linear, PiecewiseConstant, Polynomial, Sequence
from lrspec.probes import Mode, Native, Sampler, Values, is_common
from lrspec.schedule import Schedule
from lrspec.spec import Node

BACKEND: str = keras.backend.backend()


def _version() -> str:
    if BACKEND == "tensorflow":
        import tensorflow as framework  # noqa: ICN001
    elif BACKEND == "jax":
        import jax as framework
    else:
        import torch as framework
    return f"{keras.__version__}, {BACKEND} {framework.__version__}"


def _device() -> str:
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    if BACKEND == "jax":
        import jax

        return str(jax.default_backend())
    return str(keras.ops.zeros(1).device.type)


VERSION = _version()


def modes() -> list[Mode]:
    """Return the ways to run on the current backend and its default device."""
    device = _device()
    found = [
        Mode(name="eager", device=device, sampler=lambda schedule: _eager(schedule.to_keras()), slow=True),
        Mode(name="SGD.apply", device=device, sampler=_applied, slow=True),
    ]
    if BACKEND == "tensorflow":
        for name, xla in (("graph", False), ("xla", True)):
            found.append(Mode(name=name, device=device, sampler=partial(_in_graph, xla=xla), builds=True))
    if BACKEND == "jax":
        found.append(
            Mode(name="jit (xla)", device=device, sampler=lambda schedule: _jit(schedule.to_keras()), builds=True)
        )
    return found


def _applied(schedule: Schedule) -> Sampler:
    """Sample what SGD adds to a parameter of 0 whose gradient is -1: the rate itself, with no rounding."""
    variable = keras.Variable(np.zeros(1, np.float32))
    optimizer = keras.optimizers.SGD(learning_rate=schedule.to_keras())
    optimizer.build([variable])
    gradient = keras.ops.convert_to_tensor(-np.ones(1, np.float32))
    zero = np.zeros(1, np.float32)

    def sample(start: int, stop: int) -> Values:
        optimizer.iterations.assign(start)
        applied = np.empty(stop - start, np.float32)
        for i in range(stop - start):
            optimizer.apply([gradient])
            applied[i] = keras.ops.convert_to_numpy(variable.value)[0]
            variable.assign(zero)
        return applied

    return sample


def _in_graph(schedule: Schedule, *, xla: bool) -> Sampler:
    return _graph(schedule.to_keras(), xla=xla)


def _graph(function: Any, *, xla: bool) -> Sampler:
    import tensorflow as tf

    compiled = tf.function(function, jit_compile=xla)
    return lambda start, stop: np.asarray(compiled(tf.range(start, stop, dtype=tf.int64)))


def _jit(function: Any) -> Sampler:
    import jax

    compiled = jax.jit(jax.vmap(function))
    return lambda start, stop: np.asarray(compiled(np.arange(start, stop, dtype=np.int32)))


def _one_at_a_time(function: Any) -> Sampler:
    """Sample as `fit` does on this backend, one step at a time: Keras' own schedules take no arrays of steps."""
    if BACKEND == "jax":
        return _jit(function)
    if BACKEND == "torch":
        return _eager(function)
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator]  # tensorflow is untyped
    def compiled(steps: Any) -> Any:
        return tf.map_fn(function, steps, fn_output_signature=tf.float32)

    return lambda start, stop: np.asarray(compiled(tf.range(start, stop, dtype=tf.int64)))


def _eager(function: Any) -> Sampler:
    def sample(start: int, stop: int) -> Values:
        steps = (keras.ops.convert_to_tensor(step, "int32") for step in range(start, stop))
        return np.array([keras.ops.convert_to_numpy(function(step)) for step in steps])

    return sample


def native(node: Node) -> Native | None:
    """Return Keras' own schedule for a node, or None where it has none."""
    schedule = _native(node) if is_common(node) else None
    if schedule is None:
        return None
    config = {key: value for key, value in schedule.get_config().items() if key != "name"}
    arguments = ", ".join(f"{value:g}" if isinstance(value, float) else f"{value}" for value in config.values())
    name = f"{type(schedule).__name__}({arguments})"
    steps = {"jax": 1_000_000, "tensorflow": 100_000}.get(BACKEND, 10_000)
    return Native(name=name, sample=_one_at_a_time(schedule), steps=steps)


def _native(node: Node) -> Any:
    schedules = keras.optimizers.schedules
    match node:
        case Linear(after="hold"):
            return schedules.PolynomialDecay(node.init_value, node.steps, node.end_value, 1.0)
        case Polynomial(after="hold"):
            return schedules.PolynomialDecay(node.init_value, node.steps, node.end_value, node.power)
        case Cosine(after="hold") if node.init_value != 0:
            return schedules.CosineDecay(node.init_value, node.steps, node.end_value / node.init)
        case Exponential(steps=None):
            period = float(node.decay_period)
            return schedules.ExponentialDecay(node.init_value, period, node.decay_rate, staircase=node.staircase)
        case PiecewiseConstant():
            return schedules.PiecewiseConstantDecay([b - 1 for b in node.boundaries], list(node.levels))
        case Sequence(parts=(Linear() as warmup, Cosine(after="hold") as decay)) if (
            warmup.end_value == decay.init_value != 0
        ):
            return schedules.CosineDecay(
                warmup.init_value,
                decay.steps,
                decay.end_value / decay.init,
                warmup_target=warmup.end_value,
                warmup_steps=warmup.steps,
            )
    return None
