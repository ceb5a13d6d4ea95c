"""The classes of schedules that Keras has, or had: one table, for objects and for configs."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from lrspec.compiler.formula import HORIZON
from lrspec.errors import SpecError
from lrspec.readers.keras.cosines import cosine, linear_cosine, restarts
from lrspec.readers.keras.decays import decay, piecewise, polynomial
from lrspec.readers.keras.described import Config, Shape, refused
from lrspec.readers.reading import Own, Reading, bounded, compared

_COUNTS = "step 0 is the first update; rates are absolute, in float32 in Keras"
_START = ("initial_learning_rate", "decay_steps")

SHAPES: Mapping[str, Shape] = {
    "ExponentialDecay": Shape(required=(*_START, "decay_rate"), defaults={"staircase": False}, describe=decay),
    "InverseTimeDecay": Shape(required=(*_START, "decay_rate"), defaults={"staircase": False}, describe=decay),
    "PiecewiseConstantDecay": Shape(required=("boundaries", "values"), defaults={}, describe=piecewise),
    "PolynomialDecay": Shape(
        required=_START, defaults={"end_learning_rate": 0.0001, "power": 1.0, "cycle": False}, describe=polynomial
    ),
    "CosineDecay": Shape(
        required=_START, defaults={"alpha": 0.0, "warmup_target": None, "warmup_steps": 0}, describe=cosine
    ),
    "CosineDecayRestarts": Shape(
        required=("initial_learning_rate", "first_decay_steps"),
        defaults={"t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0},
        describe=restarts,
    ),
    "LinearCosineDecay": Shape(
        required=_START, defaults={"num_periods": 0.5, "alpha": 0.0, "beta": 0.001}, describe=linear_cosine
    ),
}
"""Each class of Keras 3, and `LinearCosineDecay`, which Keras 2 and `tf.compat.v1.train` have."""

_HOLDS = "its config does not say which schedule comes after the warmup; write it as a document"
REFUSED: Mapping[str, str] = {
    "NoisyLinearCosineDecay": "a rate with noise, which no formula gives again; the rates that a run logged can be a "
    "`table`",
    "LinearWarmup": f"a class of the TensorFlow Model Garden: {_HOLDS}",
    "PolynomialWarmUp": f"a class of the TensorFlow Model Garden: {_HOLDS}",
}
"""Classes that are known by name, and why they are not read."""


def reading_of(name: str, parameters: Config, sample: int | None) -> tuple[Reading, Own, int]:
    """Return what a class with some parameters is, what it documents, and how many steps are compared.

    Args:
        name: The class, one of `SHAPES`.
        parameters: Its parameters; the others have Keras' own defaults.
        sample: Where to end what has no short form without an end.

    Raises:
        UnsupportedError: A parameter has no equivalent.
        MismatchError: What was read is not what Keras documents.
    """
    shape = SHAPES[name]
    complete = {**shape.defaults, **parameters}
    try:
        _check_types(complete, name)
        described = shape.describe(complete, name, sample)
        node, stop = bounded(described.node, sample, "keras", name)
    except (SpecError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise refused(name, f"a parameter without an equivalent: {error}") from error
    stop = described.until or stop
    end = [f"read up to step {stop}, after which the value is held"] if stop < HORIZON else []
    notes = (_COUNTS, *described.notes, *end)
    reading = Reading(schedule=node, framework="keras", construct=name, conventions=notes)
    return compared(reading, described.own, stop), described.own, stop


def _check_types(config: Config, name: str) -> None:
    """Refuse what Keras computes in integers, and text, which it does not take for a number."""
    rates: dict[str, Any] = {"initial_learning_rate": [config.get("initial_learning_rate")]}
    rates["value"] = config.get("values", [])
    for key, value in ((key, value) for key, values in rates.items() for value in values):
        if isinstance(value, Integral):
            reason = f"an integer {key}, {value}, with which Keras computes in integers; write {float(value)}"
            raise refused(name, reason)
    for key, value in config.items():
        if isinstance(value, str) and key != "name":
            raise refused(name, f"{key}={value!r}, a 'str', where Keras takes a number")
